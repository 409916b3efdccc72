"""Opening hours against a naive walk that looks at the office's clock minute by minute."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bridge.domain.office.hours import ALL_DAY, Calendar, HoursChange, OpeningSpan, OpenOrClosed

NEW_YORK = ZoneInfo("America/New_York")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)
EIGHT_TO_FIVE = OpeningSpan(time(8), time(17))
LUNCH_BREAK = (OpeningSpan(time(8), time(12)), OpeningSpan(time(13), time(17)))
NIGHT = OpeningSpan(time(22), time(6))

# Zones, and a day in each around which the clock changes (or, in Phoenix, does not).
CLOCK_CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Amsterdam", date(2026, 3, 29)),
    ("Europe/Amsterdam", date(2026, 10, 25)),
    ("America/Phoenix", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 3, 8)),  # at midnight
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that did not happen
]


def weekdays(*spans: OpeningSpan) -> tuple[tuple[OpeningSpan, ...], ...]:
    return (spans,) * 5 + ((),) * 2


def local(zone: ZoneInfo, *wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


OFFICE = Calendar(NEW_YORK, weekdays(*LUNCH_BREAK))


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ((2026, 11, 23, 7, 59), False),
        ((2026, 11, 23, 8, 0), True),
        ((2026, 11, 23, 12, 0), False),
        ((2026, 11, 23, 13, 0), True),
        ((2026, 11, 23, 17, 0), False),
        ((2026, 11, 28, 10, 0), False),
    ],
)
def test_a_span_begins_with_its_first_minute_and_ends_before_its_last(wall: tuple[int, ...], expected: bool) -> None:
    assert OFFICE.is_open(local(NEW_YORK, *wall)) is expected


def test_an_office_without_hours_is_always_open() -> None:
    calendar = Calendar(NEW_YORK)
    at = local(NEW_YORK, 2026, 11, 28, 3)
    assert calendar.is_open(at)
    assert calendar.never_closes
    assert calendar.opens_at(at) == at


def test_on_friday_evening_the_next_opening_is_on_monday() -> None:
    assert OFFICE.opens_at(local(NEW_YORK, 2026, 11, 27, 17)) == local(NEW_YORK, 2026, 11, 30, 8)


def test_while_open_the_next_opening_is_now() -> None:
    at = local(NEW_YORK, 2026, 11, 23, 9)
    assert OFFICE.opens_at(at) == at


def test_tomorrow_at_opening_skips_the_rest_of_today_and_the_weekend() -> None:
    assert OFFICE.opens_tomorrow(local(NEW_YORK, 2026, 11, 23, 7)) == local(NEW_YORK, 2026, 11, 24, 8)
    assert OFFICE.opens_tomorrow(local(NEW_YORK, 2026, 11, 27, 9)) == local(NEW_YORK, 2026, 11, 30, 8)


def test_an_office_that_never_opens_has_no_next_opening() -> None:
    calendar = Calendar(NEW_YORK, ((),) * 7)
    at = local(NEW_YORK, 2026, 11, 23, 9)
    assert calendar.opens_at(at) is None
    assert calendar.add_office_time(at, timedelta(hours=2)) is None


def test_a_dated_exception_goes_before_the_week_and_before_holidays() -> None:
    thanksgiving = date(2026, 11, 26)
    calendar = Calendar(NEW_YORK, weekdays(EIGHT_TO_FIVE), holidays=holidays.country_holidays("US"))
    assert not calendar.is_open(local(NEW_YORK, 2026, 11, 26, 10))
    emergency_desk = replace(calendar, exceptions={thanksgiving: (OpeningSpan(time(10), time(12)),)})
    assert emergency_desk.is_open(local(NEW_YORK, 2026, 11, 26, 10))
    assert not emergency_desk.is_open(local(NEW_YORK, 2026, 11, 26, 13))
    assert emergency_desk.is_open(local(NEW_YORK, 2026, 11, 27, 10))


def test_a_night_span_belongs_to_the_day_on_which_it_begins() -> None:
    calendar = Calendar(NEW_YORK, weekdays(NIGHT), exceptions={date(2026, 11, 24): ()})
    assert calendar.is_open(local(NEW_YORK, 2026, 11, 24, 5))  # Monday's night
    assert not calendar.is_open(local(NEW_YORK, 2026, 11, 25, 5))  # Tuesday's, which is an exception
    assert calendar.is_open(local(NEW_YORK, 2026, 11, 28, 5))  # Friday's, on Saturday morning


def test_office_time_skips_lunch_nights_and_weekends() -> None:
    friday_4pm = local(NEW_YORK, 2026, 11, 27, 16)
    monday_9am = local(NEW_YORK, 2026, 11, 30, 9)
    assert OFFICE.office_time_between(friday_4pm, monday_9am) == timedelta(hours=2)
    assert OFFICE.add_office_time(friday_4pm, timedelta(hours=2)) == monday_9am
    assert OFFICE.office_time_between(monday_9am, friday_4pm) == timedelta(0)
    noon_minus_one = local(NEW_YORK, 2026, 11, 23, 11)
    assert OFFICE.add_office_time(noon_minus_one, timedelta(hours=2)) == local(NEW_YORK, 2026, 11, 23, 14)


def test_overlapping_spans_count_once() -> None:
    calendar = Calendar(NEW_YORK, weekdays(OpeningSpan(time(8), time(13)), OpeningSpan(time(12), time(17))))
    start, end = local(NEW_YORK, 2026, 11, 23, 0), local(NEW_YORK, 2026, 11, 24, 0)
    assert calendar.office_time_between(start, end) == timedelta(hours=9)


def test_the_day_has_25_hours_in_autumn_and_23_in_spring() -> None:
    always = Calendar(AMSTERDAM)
    for day, hours in ((date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 6, 1), 24)):
        start = always.day_start(local(AMSTERDAM, day.year, day.month, day.day, 12))
        assert always.day_start(start, days=1) - start == timedelta(hours=hours)


def test_an_opening_time_that_the_clock_skips_is_the_moment_of_the_change() -> None:
    calendar = Calendar(NEW_YORK, ((OpeningSpan(time(2, 30), time(5)),),) * 7)
    assert calendar.opens_at(local(NEW_YORK, 2026, 3, 8, 0)) == local(NEW_YORK, 2026, 3, 8, 3)


def test_a_time_that_happens_twice_counts_the_first_time() -> None:
    calendar = Calendar(NEW_YORK, ((OpeningSpan(time(1, 30), time(5)),),) * 7)
    assert calendar.opens_at(local(NEW_YORK, 2026, 11, 1, 0)) == local(NEW_YORK, 2026, 11, 1, 1, 30)
    assert calendar.is_open(local(NEW_YORK, 2026, 11, 1, 1, 15, fold=1))


def test_spans_read_as_they_are_written() -> None:
    assert [str(span) for span in (EIGHT_TO_FIVE, NIGHT, ALL_DAY)] == ["08:00-17:00", "22:00-06:00", "00:00-24:00"]


# --- against the naive walk --------------------------------------------------------------------------------------

quarter_hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
spans = st.lists(st.builds(OpeningSpan, quarter_hours, quarter_hours), max_size=3).map(tuple)
weeks = st.tuples(*[spans] * 7)


def naive_walk(calendar: Calendar, start: datetime, minutes: int) -> list[bool]:
    """Open or not in each minute: a span runs from the minute its start is first shown or passed to that of its end."""
    first_day = start.astimezone(calendar.zone).date() - timedelta(days=2)
    days = [first_day + timedelta(days=n) for n in range(minutes // 1440 + 5)]
    walls = [span.on(day) for day in days for span in calendar.spans_on(day)]
    early = start - timedelta(days=3)
    shown = [(early + MINUTE * n).astimezone(calendar.zone).replace(tzinfo=None) for n in range(minutes + 3 * 1440)]
    latest = shown[0]
    reached = []
    for wall in shown:
        latest = max(latest, wall)
        reached.append(latest)
    return [any(begin <= now < end for begin, end in walls) for now in reached][3 * 1440 :]


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(place=st.sampled_from(CLOCK_CHANGES), week=weeks, exception=spans)
def test_open_and_office_time_agree_with_the_naive_walk(
    place: tuple[str, date], week: tuple[tuple[OpeningSpan, ...], ...], exception: tuple[OpeningSpan, ...]
) -> None:
    name, day = place
    calendar = Calendar(ZoneInfo(name), week, {day: exception})
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    walk = naive_walk(calendar, start, 3 * 1440)
    for n in range(0, len(walk), 7):
        assert calendar.is_open(start + MINUTE * n) is walk[n]
    end = start + MINUTE * len(walk)
    assert calendar.office_time_between(start, end) == MINUTE * sum(walk)
    if any(walk):
        assert calendar.opens_at(start) == start + MINUTE * walk.index(True)
        assert calendar.add_office_time(start, MINUTE * sum(walk)) == start + MINUTE * (
            len(walk) - walk[::-1].index(True)
        )


@given(place=st.sampled_from(CLOCK_CHANGES), week=weeks, offset=st.integers(0, 3 * 1440))
def test_openings_come_in_order_without_overlaps(
    place: tuple[str, date], week: tuple[tuple[OpeningSpan, ...], ...], offset: int
) -> None:
    name, day = place
    calendar = Calendar(ZoneInfo(name), week)
    after = datetime(day.year, day.month, day.day, tzinfo=UTC) + MINUTE * (offset - 1440)
    openings = list(calendar.openings(after, until=after + timedelta(days=5)))
    assert all(opening.start < opening.end for opening in openings)
    assert all(earlier.end <= later.start for earlier, later in pairwise(openings))
    assert all(opening.start >= after for opening in openings)


# --- what people say of the hours ---------------------------------------------------------------------------------

MONDAY = date(2026, 11, 23)


def said(door: OpenOrClosed, *hours: int) -> HoursChange:
    """From an hour to another, counted from Monday's midnight in the office."""
    start, end = (OFFICE.day_start(local(NEW_YORK, 2026, 11, 23), 0) + timedelta(hours=hour) for hour in hours)
    return HoursChange(door, start, end)


@pytest.mark.parametrize(
    ("changes", "monday"),
    [
        ([], "08:00-12:00, 13:00-17:00"),
        ([said(OpenOrClosed.CLOSED, 0, 24)], ""),
        ([said(OpenOrClosed.CLOSED, 14, 24)], "08:00-12:00, 13:00-14:00"),
        ([said(OpenOrClosed.OPEN, 17, 19)], "08:00-12:00, 13:00-19:00"),
        ([said(OpenOrClosed.OPEN, 10, 15)], "08:00-17:00"),
        ([said(OpenOrClosed.CLOSED, 0, 24), said(OpenOrClosed.OPEN, 9, 12)], "09:00-12:00"),
        ([said(OpenOrClosed.OPEN, 9, 12), said(OpenOrClosed.CLOSED, 0, 24)], ""),
        ([said(OpenOrClosed.OPEN, 20, 26)], "08:00-12:00, 13:00-17:00, 20:00-24:00"),
        ([said(OpenOrClosed.CLOSED, 24, 48)], "08:00-12:00, 13:00-17:00"),
    ],
)
def test_what_was_entered_last_goes_before_the_week(changes: list[HoursChange], monday: str) -> None:
    assert ", ".join(map(str, OFFICE.changed(changes).spans_on(MONDAY))) == monday


def test_an_evening_that_goes_on_after_midnight_is_open_all_through() -> None:
    late = OFFICE.changed([said(OpenOrClosed.OPEN, 20, 26)])
    assert [str(span) for span in late.spans_on(date(2026, 11, 24))] == ["00:00-02:00", "08:00-12:00", "13:00-17:00"]
    assert late.is_open(local(NEW_YORK, 2026, 11, 24, 1, 59))
    assert not late.is_open(local(NEW_YORK, 2026, 11, 24, 2))


def test_an_office_that_never_closes_can_be_closed_for_a_day() -> None:
    always = Calendar(NEW_YORK)
    day_off = always.changed([said(OpenOrClosed.CLOSED, 24, 48)])
    assert always.never_closes
    assert not day_off.never_closes
    assert day_off.spans_on(date(2026, 11, 24)) == ()
    assert day_off.opens_at(local(NEW_YORK, 2026, 11, 24, 12)) == local(NEW_YORK, 2026, 11, 25)


@settings(max_examples=60, phases=[Phase.generate])
@given(
    st.lists(
        st.tuples(st.sampled_from(OpenOrClosed), st.integers(-30, 80), st.integers(1, 60)).map(
            lambda drawn: said(drawn[0], drawn[1], drawn[1] + drawn[2])
        ),
        max_size=6,
    )
)
def test_at_every_moment_the_last_change_that_holds_decides_and_else_the_week(changes: list[HoursChange]) -> None:
    calendar = OFFICE.changed(changes)
    start = OFFICE.day_start(local(NEW_YORK, 2026, 11, 22))
    openings = list(calendar.openings(start, until=start + timedelta(days=4)))
    for half_hour in range(4 * 48):
        at = start + half_hour * timedelta(minutes=30)
        holding = [change for change in changes if change.start <= at < change.end]
        is_open = holding[-1].door is OpenOrClosed.OPEN if holding else OFFICE.is_open(at)
        assert calendar.is_open(at) is is_open
        assert any(opening.start <= at < opening.end for opening in openings) is is_open
