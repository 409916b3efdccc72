"""Middles, ranks and the office hour: what the figures are made with."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.reports.figures import HOUR, an_office_hour_before, middle, minutes, ninetieth

NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = Calendar(NEW_YORK, ((OpeningSpan(time(9), time(12)), OpeningSpan(time(13), time(17))),) * 5 + ((),) * 2)


def in_minutes(*values: float) -> list[timedelta]:
    return [timedelta(minutes=value) for value in values]


def test_a_middle_is_a_middle() -> None:
    assert middle([]) is None
    assert minutes(middle(in_minutes(9, 1, 5))) == 5
    assert minutes(middle(in_minutes(1, 2))) == 1.5


def test_nine_of_ten_took_no_longer_than_the_ninetieth() -> None:
    assert ninetieth([]) is None
    assert minutes(ninetieth(in_minutes(*range(1, 11)))) == 9
    assert minutes(ninetieth(in_minutes(7))) == 7


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ("2026-11-23T11:00", "2026-11-23T10:00"),
        ("2026-11-23T13:30", "2026-11-23T11:30"),
        ("2026-11-23T09:15", "2026-11-20T16:15"),
        ("2026-11-22T20:00", "2026-11-20T16:00"),
    ],
)
def test_an_office_hour_passes_only_while_the_office_is_open(now: str, since: str) -> None:
    wall = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK).astimezone(UTC)
    found = an_office_hour_before(WEEKDAYS, wall)
    assert found is not None
    assert found.astimezone(NEW_YORK).isoformat().startswith(since)


def test_an_office_that_never_opens_has_no_office_hour() -> None:
    assert an_office_hour_before(Calendar(NEW_YORK, ((),) * 7), datetime(2026, 11, 23, tzinfo=UTC)) is None


@given(st.integers(0, 366 * 24 * 3600))
def test_between_then_and_now_the_office_was_open_for_an_hour(seconds: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    found = an_office_hour_before(WEEKDAYS, now)
    assert found is not None
    assert WEEKDAYS.office_time_between(found, now) == HOUR
