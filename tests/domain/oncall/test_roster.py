"""Who is on call: patterns over midnight and over clock changes, swaps, absences, and the gaps nobody thought of."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.nights import tonight, weekend
from bridge.domain.office.roster import (
    Change,
    OnCallGap,
    Override,
    PatternChange,
    Roster,
    Shift,
    WeekShift,
    is_quiet,
)

NEW_YORK = ZoneInfo("America/New_York")
OFFICE_HOURS = Calendar(NEW_YORK, ((OpeningSpan(time(8), time(17)),),) * 5 + ((), ()))
NIGHT = OpeningSpan(time(17), time(8))


def nights(*days: int) -> Calendar:
    return Calendar(NEW_YORK, tuple((NIGHT,) if day in days else () for day in range(7)))


ALWAYS = Calendar(NEW_YORK)
WEEK = Roster(
    shifts=(Shift(nights(0, 1, 2, 3), ("Ann", "Bob")), Shift(nights(4), ("Bob",))),
    owner="Olga",
)


def at(wall: str) -> datetime:
    """Monday is 23 November 2026."""
    return datetime.fromisoformat(wall).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("wall", "people"),
    [
        ("2026-11-23 16:59", ()),
        ("2026-11-23 17:00", ("Ann", "Bob")),
        ("2026-11-24 07:59", ("Ann", "Bob")),
        ("2026-11-24 08:00", ()),
        ("2026-11-28 03:00", ("Bob",)),
        ("2026-11-28 12:00", ()),
    ],
)
def test_a_night_belongs_to_the_evening_on_which_it_begins(wall: str, people: tuple[str, ...]) -> None:
    assert WEEK.on_call("main", at(wall)) == people


def test_the_owner_is_told_last_and_where_nobody_is_on_call() -> None:
    assert WEEK.ladder("main", at("2026-11-23 22:00")) == ("Ann", "Bob", "Olga")
    assert WEEK.ladder("main", at("2026-11-28 12:00")) == ("Olga",)


def test_an_owner_who_is_on_call_is_told_once() -> None:
    assert Roster((Shift(ALWAYS, ("Olga", "Ann")),), owner="Olga").ladder("main", at("2026-11-23 22:00")) == (
        "Olga",
        "Ann",
    )


def test_a_branch_has_its_own_people_before_those_of_every_branch() -> None:
    roster = Roster((Shift(ALWAYS, ("Ann",)), Shift(ALWAYS, ("Eve",), branch="east")))
    assert roster.on_call("east", at("2026-11-23 22:00")) == ("Eve", "Ann")
    assert roster.on_call("main", at("2026-11-23 22:00")) == ("Ann",)


def change(person: str, what: Change, start: str, end: str, branch: str | None = None) -> Override:
    return Override(person, what, at(start), at(end), branch)


def test_somebody_who_takes_a_night_goes_first_and_only_for_that_night() -> None:
    swapped = WEEK.changed([change("Cid", Change.TAKES, "2026-11-23 17:00", "2026-11-24 08:00")])
    assert swapped.on_call("main", at("2026-11-24 07:59")) == ("Cid", "Ann", "Bob")
    assert swapped.on_call("main", at("2026-11-24 22:00")) == ("Ann", "Bob")


def test_another_plan_holds_from_its_day_on_and_the_last_one_entered_counts() -> None:
    shift = WeekShift((0, 1), NIGHT, ("Cid",))
    first = PatternChange((shift,), at("2026-11-24 08:00"))
    then = PatternChange((replace(shift, people=("Eve",)),), at("2026-12-01 00:00"), at("2026-12-03 00:00"), "main")
    roster = WEEK.changed([], [first, then], NEW_YORK)
    nights_of = {"2026-11-23 22:00": ("Ann", "Bob"), "2026-11-24 22:00": ("Cid",), "2026-11-26 22:00": ()}
    assert {when: roster.on_call("main", at(when)) for when in nights_of} == nights_of
    assert roster.on_call("main", at("2026-12-01 22:00")) == ("Eve",)
    assert roster.on_call("east", at("2026-12-01 22:00")) == ("Cid",)
    assert roster.on_call("main", at("2026-12-07 22:00")) == ("Cid",)
    week = roster.stretches("main", at("2026-11-23 12:00"), at("2026-11-25 12:00"))
    assert [(one.people[0], one.start, one.end) for one in week] == [
        ("Ann", at("2026-11-23 17:00"), at("2026-11-24 08:00")),
        ("Cid", at("2026-11-24 17:00"), at("2026-11-25 08:00")),
    ]


@pytest.mark.parametrize(
    ("now", "night", "weekend_then"),
    [
        ("2026-11-23 12:00", ("2026-11-23 17:00", "2026-11-24 08:00"), ("2026-11-27 17:00", "2026-11-30 08:00")),
        ("2026-11-24 02:00", ("2026-11-23 17:00", "2026-11-24 08:00"), ("2026-11-27 17:00", "2026-11-30 08:00")),
        ("2026-11-28 12:00", ("2026-11-28 17:00", "2026-11-29 08:00"), ("2026-11-27 17:00", "2026-11-30 08:00")),
        ("2026-11-30 03:00", ("2026-11-29 17:00", "2026-11-30 08:00"), ("2026-11-27 17:00", "2026-11-30 08:00")),
        ("2026-11-30 09:00", ("2026-11-30 17:00", "2026-12-01 08:00"), ("2026-12-04 17:00", "2026-12-07 08:00")),
    ],
)
@pytest.mark.parametrize("calendars", [[OFFICE_HOURS], [ALWAYS]])
def test_tonight_and_this_weekend_are_what_people_mean(
    now: str, night: tuple[str, str], weekend_then: tuple[str, str], calendars: list[Calendar]
) -> None:
    assert tonight(calendars, at(now))[1] == tuple(map(at, night))
    assert weekend(calendars, at(now)) == tuple(map(at, weekend_then))


def test_somebody_who_is_away_is_left_out() -> None:
    away = WEEK.changed([change("Ann", Change.AWAY, "2026-11-23 00:00", "2026-11-25 00:00")])
    assert away.on_call("main", at("2026-11-23 22:00")) == ("Bob",)
    assert away.on_call("main", at("2026-11-25 22:00")) == ("Ann", "Bob")


def test_of_two_changes_the_later_entry_counts() -> None:
    first = change("Ann", Change.TAKES, "2026-11-23 17:00", "2026-11-24 08:00")
    then = replace(first, change=Change.AWAY)
    assert WEEK.changed([first, then]).on_call("main", at("2026-11-23 22:00")) == ("Bob",)


def test_a_change_for_one_branch_leaves_the_others_alone() -> None:
    east = WEEK.changed([change("Cid", Change.TAKES, "2026-11-23 17:00", "2026-11-24 08:00", "east")])
    assert east.on_call("main", at("2026-11-23 22:00")) == ("Ann", "Bob")


def test_a_change_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        change("Ann", Change.AWAY, "2026-11-25 00:00", "2026-11-23 00:00")


def test_gaps_are_the_closed_hours_with_nobody_on_call() -> None:
    start = at("2026-11-23 12:00")
    assert WEEK.gaps("main", [OFFICE_HOURS], start, start + timedelta(days=7)) == [
        OnCallGap(at("2026-11-28 08:00"), at("2026-11-30 08:00"))
    ]


def test_an_absence_opens_a_gap_and_somebody_who_takes_it_closes_it() -> None:
    start = at("2026-11-27 12:00")
    away = change("Bob", Change.AWAY, "2026-11-27 20:00", "2026-11-27 23:00")
    taken = change("Ann", Change.TAKES, "2026-11-27 20:00", "2026-11-30 08:00")
    assert WEEK.changed([away]).gaps("main", [OFFICE_HOURS], start, at("2026-11-28 08:00")) == [
        OnCallGap(away.start, away.end)
    ]
    assert WEEK.changed([away, taken]).gaps("main", [OFFICE_HOURS], start, at("2026-11-30 12:00")) == []


def test_a_line_that_never_closes_has_no_gap_and_an_empty_roster_is_one() -> None:
    start, end = at("2026-11-27 18:00"), at("2026-11-28 18:00")
    assert Roster().gaps("main", [ALWAYS], start, end) == []
    assert Roster().gaps("main", [OFFICE_HOURS], start, end) == [OnCallGap(start, end)]


def test_where_nobody_can_be_told_the_next_one_who_can_is_known() -> None:
    no_owner = replace(WEEK, owner=None)
    assert no_owner.somebody_from("main", at("2026-11-28 12:00")) == at("2026-11-30 17:00")
    assert no_owner.somebody_from("main", at("2026-11-23 22:00")) == at("2026-11-23 22:00")
    assert Roster().somebody_from("main", at("2026-11-28 12:00")) is None


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-10-31 17:00", 16), ("2026-03-07 17:00", 14)],  # the clock goes back, and forward, in that night
)
def test_the_night_of_a_clock_change_has_its_people_from_end_to_end(evening: str, hours: int) -> None:
    roster = Roster((Shift(nights(5), ("Ann",)),))
    begin = at(evening)
    inside = [begin + timedelta(minutes=10 * n) for n in range(hours * 6)]
    assert {roster.on_call("main", moment) for moment in inside} == {("Ann",)}
    assert roster.on_call("main", begin + timedelta(hours=hours)) == ()


@pytest.mark.parametrize(
    ("span", "wall", "quiet"),
    [
        (OpeningSpan(time(22), time(7)), "2026-11-23 23:00", True),
        (OpeningSpan(time(22), time(7)), "2026-11-23 06:59", True),
        (OpeningSpan(time(22), time(7)), "2026-11-23 07:00", False),
        (OpeningSpan(time(12), time(13)), "2026-11-23 12:30", True),
        (OpeningSpan(time(12), time(13)), "2026-11-23 13:00", False),
        (None, "2026-11-23 12:30", False),
    ],
)
def test_quiet_hours_are_a_persons_own_and_may_cross_midnight(span: OpeningSpan | None, wall: str, quiet: bool) -> None:
    assert is_quiet(span, at(wall), NEW_YORK) is quiet
