"""`textback check-config` as an administrator sees it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bridge.cli.configuration import report
from bridge.config import load
from bridge.domain.office.office import Changes
from bridge.domain.office.templates import Language, Template, WordsChange
from tests.site import run
from tests.web.test_listener import certificate

__all__ = ["certificate"]

MONDAY_EVENING = datetime(2026, 11, 24, 1, tzinfo=UTC)


def shown(path: Path) -> list[str]:
    return list(report(load(path, {}), MONDAY_EVENING))


def test_every_text_is_shown_as_it_would_be_sent_with_its_parts(example: Path) -> None:
    rows = shown(example)
    where = rows.index("  missed while closed: 1 part, 150 characters of GSM7")
    assert rows[where + 1].startswith("    Ace Plumbing: Sorry we missed you, our office is closed.")
    assert sum(" part" in row for row in rows) == 14


def test_the_hours_of_the_next_seven_days_are_in_the_offices_zone(example: Path) -> None:
    days = [row.strip() for row in shown(example) if row.strip()[3:8] == " 2026"]
    assert days[0] == "Mon 2026-11-23  08:00-12:00, 13:00-17:00"  # Tuesday already, in UTC
    assert days[5:] == ["Sat 2026-11-28  closed", "Sun 2026-11-29  closed"]
    assert len(days) == 7


def test_who_is_on_call_is_named_or_that_nobody_is(example: Path) -> None:
    assert shown(example)[-1] == "On call: Ana, +12125550142"
    example.write_text(example.read_text().replace("on_call = true", "on_call = false"))
    assert shown(example)[-1] == "On call: nobody, so texts sent while closed do not ask about urgency"


def test_without_hours_the_office_is_said_to_be_always_open(example: Path) -> None:
    text = example.read_text()
    start, end = text.index("[hours]"), text.index("[[person]]")
    example.write_text(text[:start] + text[end:])
    rows = shown(example)
    assert "  always open: no [hours] are configured" in rows
    assert not [row for row in rows if "while closed:" in row]


def test_secrets_are_not_shown(example: Path) -> None:
    assert "hunter2" not in "\n".join(shown(example))


def test_the_page_is_shown_as_it_is_reached_and_names_that_nobody_can_ask_for_are_told(
    example: Path, certificate: Path
) -> None:
    hosts = [
        "https://a.example",
        "b.example:8080",
        "c.example/calls",
        "*.d.example",
        "büro.example",
        "[fd00::7]",
        "a b",
        "//",
    ]
    right = ["office", "office.example", "192.0.2.7", "fd00::7", "my_host"]
    text = example.read_text().replace("listen =", f"hosts = {json.dumps([*right, *hosts])}\nlisten =")
    example.write_text(f'{text}certificate = "{certificate}"\n'.replace("127.0.0.1:", "[::1]:"))
    done = run("check-config", "--config", str(example))
    assert re.search(r"(?m)^Page: https://\[::1\]:\d+/$", done.stdout)
    assert done.returncode == 1
    told = dict(row.split(": ", 1) for row in done.stderr.splitlines())
    assert list(told) == [f"web.hosts[{len(right) + n}]" for n in range(len(hosts))]
    here = [words.rpartition(": ")[2] for words in told.values()]
    assert [*here[:3], here[5]] == ["a.example", "b.example", "c.example", "fd00::7"]


def test_it_says_who_reads_how_it_goes_and_what_would_say_so(example: Path) -> None:
    machines = "Machines: /metrics and /healthz are for"
    said = f"{machines} whoever reaches the page; [web] metrics_from or metrics_token_file says who may"
    assert said in shown(example)
    (example.parent / "metrics.token").write_text("0123456789abcdef")
    (example.parent / "metrics.token").chmod(0o600)
    example.write_text(example.read_text() + 'metrics_from = ["192.0.2.7"]\nmetrics_token_file = "metrics.token"\n')
    assert f"{machines} 192.0.2.7/32, whoever has the token, and textback status" in shown(example)
    example.write_text(example.read_text().replace('"192.0.2.7"', '"127.0.0.1"'))
    (row,) = [row for row in shown(example) if row.startswith(machines)]
    assert "for whom a proxy on this machine asks" in row


def test_a_right_file_exits_0_and_a_wrong_one_1_with_one_line_a_mistake(example: Path) -> None:
    fine = run("check-config", "--config", str(example))
    assert (fine.returncode, fine.stderr) == (0, "")
    example.write_text(example.read_text().replace('"US"', '"XX"').replace("\nsystem_id", "\nsistem_id"))
    wrong = run("check-config", "--config", str(example))
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert [row.split(":")[1].strip() for row in wrong.stderr.splitlines()] == [
        "country",
        "smpp.system_id",
        "smpp.sistem_id",
    ]


def test_quiet_hours_are_shown_with_the_words_of_the_morning(example: Path) -> None:
    assert not any("Night:" in row or "held at night" in row for row in shown(example))
    example.write_text(example.read_text() + '\n[rules]\nhold_at_night = "21:00-08:00"\n')

    rows = shown(example)

    assert "Night: first texts after calls from 21:00-08:00 wait for its end" in "\n".join(rows)
    [where] = [n for n, row in enumerate(rows) if row.startswith("  held at night: 1 part")]
    assert rows[where + 1].startswith("    Ace Plumbing: Sorry we missed your call earlier.")
    assert sum("held at night" in row and ": 1 part" in row for row in rows) == 3


def test_the_character_that_costs_is_named(example: Path) -> None:
    """A curly apostrophe is sent as a straight one; an accent stays, unless the site would rather save the part."""
    example.write_text(example.read_text().replace("Ace Plumbing", "Joe’s Plomería"))
    rows = shown(example)
    (opt_out,) = [row for row in rows if row.startswith("  opt out (en): ")]
    assert opt_out.endswith('of UCS2, since the short alphabet lacks "í" (LATIN SMALL LETTER I WITH ACUTE)')
    assert any("Joe's Plomería: You will get no more" in row for row in rows)
    example.write_text(example.read_text() + '\n[texts]\nunaccented = ["en", "es"]\n')
    rows = shown(example)
    assert any("Joe's Plomeria: You will get no more" in row for row in rows)
    assert not any(row.startswith("  missed") and "lacks" in row for row in rows)


def test_a_pattern_that_can_match_no_channel_is_told_with_what_would(example: Path) -> None:
    example.write_text(example.read_text().replace('"PJSIP/trunk-*"', '"PJSIP/trunk-*", "pjsip/telnyx-*", "PJSIP/old"'))
    done = run("check-config", "--config", str(example))
    assert done.returncode == 1
    assert [row.split(":")[0] for row in done.stderr.splitlines()] == ["pbx[0].trunks[1]", "pbx[0].trunks[2]"]
    assert "PJSIP/old-*" in done.stderr
    assert "calls come in on PJSIP/trunk-*" in done.stdout


def test_every_setting_that_cannot_be_meant_is_told_with_its_place_and_what_to_write(example: Path) -> None:
    odd = 'machines = ["PJSIP/trunk*"]\nignore_contexts = ["ivr, 9"]\nextensions = ["_3XX"]\ntrunks = ["PJSIP/trunk-*"]'
    written = example.read_text().replace('trunks = ["PJSIP/trunk-*"]', odd)
    example.write_text(f'{written}\n[rules]\nspam_names = ["spam", "scam|fraud"]\n')
    done = run("check-config", "--config", str(example))
    assert done.returncode == 1
    told = dict(row.split(": ", 1) for row in done.stderr.splitlines())
    wanted = {
        "pbx[0].machines[0]": "trunks[0]",
        "pbx[0].ignore_contexts[0]": "ivr,9",
        "pbx[0].extensions[0]": "3??",
        "rules.spam_names[1]": "scam, fraud",
    }
    assert told.keys() == wanted.keys()
    assert all(wanted[where] in told[where] for where in wanted)


def test_what_the_page_changed_and_what_is_not_registered_is_told(example: Path) -> None:
    config = load(example, {})
    words = "Sorry we missed your call. Reply with the service address and issue."
    change = WordsChange(Template.MISSED, Language.EN, words, MONDAY_EVENING)
    changed = config.office.changed(Changes(words=(change,)), MONDAY_EVENING)
    rows = list(report(config, MONDAY_EVENING, replace(changed, samples=("Sorry we missed your call. [...] out.",))))
    assert f"  changed on the page: missed (en) says: {words}" in rows
    assert rows[rows.index(f"  changed on the page: missed (en) says: {words}") + 1].startswith(
        "    the file: Sorry we"
    )
    first = next(row for row in rows if row.startswith("  missed while open: "))
    assert first.endswith("none of texts.samples")
