"""Quiet hours as wall time: which moments are held, until when, and how old a text is in the morning."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.office.hours import OpeningSpan
from bridge.domain.texts.night import NightHold

NEW_YORK = ZoneInfo("America/New_York")
HOLD = NightHold(OpeningSpan(time(21), time(8)), NEW_YORK)
QUARTER = timedelta(minutes=15)


def at(wall: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(f"2026-{wall}").replace(tzinfo=NEW_YORK, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("11-23T20:59:59", None),
        ("11-23T21:00", "11-24T08:00"),
        ("11-23T23:59:59", "11-24T08:00"),
        ("11-24T00:00", "11-24T08:00"),
        ("11-24T07:59:59", "11-24T08:00"),
        ("11-24T08:00", None),
        ("11-24T12:00", None),
        ("10-31T22:00", "11-01T08:00"),  # the clocks go back in this night
        ("03-07T22:00", "03-08T08:00"),  # and forward in this one
        ("12-31T23:00", None),
    ],
)
def test_a_moment_of_the_night_is_held_until_its_end(moment: str, until: str | None) -> None:
    held = HOLD.until(at(moment))
    if moment.startswith("12-31"):
        assert held == at("12-31T08:00").replace(year=2027, month=1, day=1)
    else:
        assert held == (at(until) if until else None)


def test_hours_within_one_day_are_held_too() -> None:
    siesta = NightHold(OpeningSpan(time(13), time(15)), NEW_YORK)

    assert siesta.until(at("11-23T14:00")) == at("11-23T15:00")
    assert siesta.until(at("11-23T15:00")) is None
    assert siesta.until(at("11-24T01:00")) is None


def test_without_quiet_hours_nothing_is_held() -> None:
    assert NightHold(None, NEW_YORK).until(at("11-24T02:00")) is None


@pytest.mark.parametrize(
    ("ended", "fresh_from"),
    [
        ("11-23T12:00", "11-23T12:00"),
        ("11-23T20:40", "11-23T20:40"),
        ("11-23T20:50", "11-24T08:00"),  # the night began while the text was still worth sending
        ("11-24T03:00", "11-24T08:00"),
        ("11-24T07:59", "11-24T08:00"),
        ("11-24T08:00", "11-24T08:00"),
    ],
)
def test_a_text_grows_old_from_the_end_of_the_hold(ended: str, fresh_from: str) -> None:
    assert HOLD.fresh_from(at(ended), QUARTER) == at(fresh_from)
