"""`textback on-call` as whoever makes the plan meets it."""

import getpass
from pathlib import Path

import pytest

from bridge.cli.configuration import report
from bridge.config import load
from tests.cli.test_configuration import MONDAY_EVENING
from tests.site import run

SHIFTS = """
[[person]]
name = "Ben"
mobile = "+12125550143"
[[person]]
name = "Olga"
mobile = "+12125550144"
[[shift]]
people = ["Ana", "Ben"]
days = "mon-fri"
hours = "17:00-08:00"
[on_call]
owner = "Olga"
"""


@pytest.fixture
def planned(example: Path) -> Path:
    example.write_text(example.read_text() + SHIFTS)
    return example


def on_call(config: Path, *arguments: str) -> tuple[int, list[str]]:
    done = run("on-call", "--config", str(config), *arguments)
    return done.returncode, (done.stdout or done.stderr).splitlines()


def test_check_config_names_who_is_told_and_the_gaps(planned: Path) -> None:
    rows = list(report(load(planned, {}), MONDAY_EVENING))
    start = rows.index("On call: Ana, +12125550142")
    assert rows[start:] == [
        "On call: Ana, +12125550142",
        "then: Ben, +12125550143",
        "at last, the owner: Olga, +12125550144",
        "Nobody on call from Tue 2026-11-24 12:00 to Tue 2026-11-24 13:00: only the owner, Olga, is told",
        "Nobody on call from Wed 2026-11-25 12:00 to Wed 2026-11-25 13:00: only the owner, Olga, is told",
        "Nobody on call from Thu 2026-11-26 12:00 to Thu 2026-11-26 13:00: only the owner, Olga, is told",
        "Nobody on call from Fri 2026-11-27 12:00 to Fri 2026-11-27 13:00: only the owner, Olga, is told",
        "Nobody on call from Sat 2026-11-28 08:00 to Mon 2026-11-30 08:00: only the owner, Olga, is told",
        "Nobody on call from Mon 2026-11-30 12:00 to Mon 2026-11-30 13:00: only the owner, Olga, is told",
    ]


def test_both_texts_are_shown_where_somebody_is_on_call_only_at_times(planned: Path) -> None:
    labels = [row.strip().partition(":")[0] for row in report(load(planned, {}), MONDAY_EVENING)]
    assert "missed while closed" in labels
    assert "missed while closed, nobody on call" in labels


def test_a_change_is_entered_shown_and_taken_back(planned: Path) -> None:
    span = ("--from", "2099-12-24 17:00", "--until", "2099-12-27 08:00")
    said = f"Change 1: Ben goes first from Thu 2099-12-24 17:00 to Sun 2099-12-27 08:00, says {getpass.getuser()}"
    assert on_call(planned, "take", "Ben", *span) == (0, [said])
    code, shown = on_call(planned)
    assert (code, shown[-1]) == (0, said)
    assert on_call(planned, "undo", "1") == (0, ["taken back: Ben takes"])
    assert said not in on_call(planned)[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("take", "Zoe", "--until", "2099-12-27 08:00"), "Zoe is not among the people"),
        (("away", "Ben", "--until", "2020-12-27 08:00"), "ends after it begins"),
        (("away", "Ben", "--until", "tomorrow"), "does not match"),
        (("undo", "7"), "there is no change 7"),
    ],
)
def test_what_makes_no_sense_is_said_with_code_2(planned: Path, arguments: tuple[str, ...], says: str) -> None:
    code, rows = on_call(planned, *arguments)
    assert code == 2
    assert says in " ".join(" ".join(rows).replace("│", " ").split())
