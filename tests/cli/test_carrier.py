"""`textback carrier`: the texts in it are those that this configuration sends."""

from datetime import UTC, datetime
from pathlib import Path

from bridge.cli.carrier import report
from bridge.cli.configuration import renderings
from bridge.config import load

MONDAY = datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_sample_messages_are_the_texts_that_would_be_sent(example: Path) -> None:
    config = load(example, {})
    said = [row.split(": ", 1)[1] for row in report(config, MONDAY) if row.startswith("Sample message")]
    sent = {rendered.text for _, rendered in renderings(config.office.lines[0], config.office, MONDAY)}
    assert len(said) == len(set(said)) == 5
    assert set(said) <= sent


def test_every_line_has_its_campaign_and_the_greeting_names_the_business(example: Path) -> None:
    example.write_text(
        example.read_text() + '\n[[line]]\nname = "east"\ndids = ["+12125550188"]\nsms_number = "+12125550188"\n'
    )
    whole = "\n".join(report(load(example, {}), MONDAY))
    assert "10DLC campaign: main, +12125550100" in whole
    assert "10DLC campaign: east, +12125550188" in whole
    assert "Thank you for calling Ace Plumbing" in whole
    assert "STOP" in whole
