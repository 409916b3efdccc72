"""Middles, ranks and the office hour: what the figures are made with."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.calls.calls import Reason
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.reports.figures import HOUR, Peak, ResponseTimes, an_office_hour_before, middle, minutes, peak

NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = Calendar(NEW_YORK, ((OpeningSpan(time(9), time(12)), OpeningSpan(time(13), time(17))),) * 5 + ((),) * 2)


def in_minutes(*values: float) -> list[timedelta]:
    return [timedelta(minutes=value) for value in values]


def test_a_middle_is_a_middle() -> None:
    assert middle([]) is None
    assert minutes(middle(in_minutes(9, 1, 5))) == 5
    assert minutes(middle(in_minutes(1, 2))) == 1.5


def test_nine_of_ten_took_no_longer_than_the_ninetieth() -> None:
    assert ResponseTimes().contact.p90 is None
    assert minutes(ResponseTimes(to_contact=in_minutes(*range(1, 11))).contact.p90) == 9
    assert minutes(ResponseTimes(to_contact=in_minutes(7)).contact.p90) == 7


def test_whoever_still_waits_counts_with_their_wait_so_far() -> None:
    reached = ResponseTimes(to_contact=in_minutes(1, 2, 3))
    assert (minutes(reached.contact.median), reached.contact.p90_at_least) == (2, False)
    found = ResponseTimes(to_contact=in_minutes(1, 2, 3), waiting=in_minutes(50, 60)).contact
    assert (minutes(found.median), found.median_at_least) == (3, False)
    assert (minutes(found.p90), found.p90_at_least) == (60, True)
    assert ResponseTimes(waiting=in_minutes(5)).contact.median_at_least


def test_the_hour_in_which_most_calls_are_missed_is_named_with_its_reason() -> None:
    tuesday = datetime(2026, 11, 24, 16, 15, tzinfo=UTC)
    missed = [(tuesday, Reason.BUSY, 5), (tuesday + timedelta(days=7), Reason.BUSY, 2), (tuesday, Reason.NO_ANSWER, 2)]
    later = (tuesday + timedelta(hours=1), Reason.NO_ANSWER, 8)
    assert peak([*missed, later], NEW_YORK) == Peak(1, 11, 9, Reason.BUSY)
    assert peak(missed[1:], NEW_YORK) is not None
    assert peak([(tuesday, Reason.BUSY, 2)], NEW_YORK) is None
    assert peak([], NEW_YORK) is None


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
