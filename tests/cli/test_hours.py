"""`textback hours` as whoever closes the office for a day meets it."""

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.site import run

SPAN = ("--from", "2099-12-24 00:00", "--until", "2099-12-27 00:00")


def hours(config: Path, *arguments: str) -> tuple[int, list[str]]:
    done = run("hours", "--config", str(config), *arguments)
    return done.returncode, (done.stdout or done.stderr).splitlines()


def test_a_change_is_entered_shown_and_taken_back(example: Path) -> None:
    said = f"Change 1: closed from Thu 2099-12-24 00:00 to Sun 2099-12-27 00:00, says {getpass.getuser()}"
    assert hours(example, "closed", *SPAN) == (0, [said])
    code, shown = hours(example)
    assert (code, shown[-1]) == (0, said)
    assert hours(example, "undo", "1") == (0, ["taken back: closed"])
    assert said not in hours(example)[1]


def test_the_days_ahead_are_shown_as_changed_also_by_check_config(example: Path) -> None:
    day = datetime.now(UTC).date() + timedelta(days=3)
    hours(example, "closed", "--from", f"{day} 00:00", "--until", f"{day + timedelta(days=1)} 00:00")
    hours(example, "open", "--from", f"{day} 02:00", "--until", f"{day} 03:30")
    row = f"  {day:%a %Y-%m-%d}  02:00-03:30"
    assert row in hours(example)[1]
    assert row in run("check-config", "--config", str(example)).stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("closed", *SPAN, "--line", "none"), "there is no line or branch none"),
        (("open", "--until", "2020-12-27 08:00"), "ends after it begins"),
        (("open", "--until", "tomorrow"), "does not match"),
        (("undo", "7"), "there is no change 7"),
    ],
)
def test_what_makes_no_sense_is_said_with_code_2(example: Path, arguments: tuple[str, ...], says: str) -> None:
    code, rows = hours(example, *arguments)
    assert code == 2
    assert says in " ".join(" ".join(rows).replace("│", " ").split())
