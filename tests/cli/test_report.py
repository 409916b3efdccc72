"""`textback report` as people, spreadsheets and scripts read it."""

import json
from pathlib import Path

import pytest

from storage.migrate import migrate
from tests.site import run

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-23")


@pytest.fixture(autouse=True)
def _database(example: Path) -> None:
    migrate(example.parent / "t.db")


def test_scripts_get_one_object_with_every_figure(example: Path) -> None:
    report = json.loads(run("report", "--json", *PERIOD, "--config", str(example)).stdout)
    assert (report["from"], report["to"]) == ("2026-11-01", "2026-11-23")
    assert (report["missed_calls"], report["leads_with_no_next_step"], report["text_reply_share"]) == (0, 0, None)


def test_spreadsheets_get_two_columns(example: Path) -> None:
    lines = run("report", "--csv", *PERIOD, "--config", str(example)).stdout.splitlines()
    assert lines[:4] == ["figure,value", "from,2026-11-01", "to,2026-11-23", "missed_calls,0"]


def test_people_get_words_and_a_dash_for_what_nobody_knows(example: Path) -> None:
    shown = run("report", "--config", str(example)).stdout
    (share,) = (line for line in shown.splitlines() if line.startswith("text reply share"))
    assert share.split()[-1] == "-"


def test_what_makes_no_period_is_wrong_usage(example: Path) -> None:
    for arguments in (("--from", "2026-11-23", "--to", "2026-11-22"), ("--from", "yesterday"), ("--json", "--csv")):
        assert run("report", *arguments, "--config", str(example)).returncode == 2
