"""The week of who is on call (rota) as the page shows it, and the weekly plan as a form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from multidict import MultiDictProxy

from bridge.domain.office.hours import ALL_DAY, FOR_GOOD, Calendar, OpeningSpan
from bridge.domain.office.nights import DAY, Span, night_of, tonight
from bridge.domain.office.office import Office
from bridge.domain.office.roster import AHEAD, OnCallGap, PatternChange, Shift, Stretch, WeekShift
from bridge.web.forms import RefusedError
from bridge.web.language import N_

DAYS_SHOWN = 7
SPARE_LINES = 2
"""Empty lines under the plan, to be filled."""

RANKS = ("first", "second", "third")
"""Whoever comes behind the third is one more `third`."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Night:
    """One day of the week: who is on call from that morning to the next, and when nobody is. night: for a swap."""

    day: date
    night: Span
    people: Sequence[str]
    stretches: Sequence[Stretch]
    gaps: Sequence[OnCallGap]


@dataclass(frozen=True, slots=True)
class Watch:
    """One branch: whom urgent work goes to now, who has the nights of the week, and the plan behind it.

    tonight: the night that goes on or comes. changed: the plan's last change, None where it is the file's.
    """

    branch: str
    ladder: Sequence[str]
    gaps: Sequence[OnCallGap]
    tonight: Night
    week: Sequence[Night]
    plan: Sequence[WeekShift]
    changed: PatternChange | None


def calendars_of(office: Office, branch: str) -> Sequence[Calendar]:
    return [line.calendar for line in office.lines if line.branch == branch]


def watches(office: Office, branches: Sequence[str], now: datetime) -> Iterator[Watch]:
    roster = office.roster
    for branch in branches:
        calendars = calendars_of(office, branch)
        gaps = roster.gaps(branch, calendars, now, now + AHEAD) if roster.is_kept else ()
        today, _ = tonight(calendars, now)
        week = [_night(office, branch, today + n * DAY) for n in range(DAYS_SHOWN)]
        plan = [line for shift in roster.shifts_at(branch, now) for line in week_shifts(shift)]
        yield Watch(branch, roster.ladder(branch, now), gaps, week[0], week, plan, roster.pattern_at(branch, now))


def first_tonight(office: Office, now: datetime) -> Sequence[tuple[str, str]]:
    """By branch, who goes first tonight; one entry where that is the same person everywhere."""
    found = {branch: _tonight(office, branch, now) for branch in dict.fromkeys(line.branch for line in office.lines)}
    kept = [(branch, name) for branch, name in found.items() if name]
    return kept[:1] if len(set(found.values())) == 1 else kept


def _tonight(office: Office, branch: str, now: datetime) -> str:
    _, (start, _) = tonight(calendars_of(office, branch), now)
    return next(iter(office.roster.on_call(branch, max(start, now))), "")


def _night(office: Office, branch: str, day: date) -> Night:
    roster, calendars = office.roster, calendars_of(office, branch)
    (_, start), night = night_of(day - DAY, calendars), night_of(day, calendars)
    gaps = roster.gaps(branch, calendars, start, night[1]) if roster.is_kept else ()
    people = roster.on_call(branch, night[0])
    return Night(day, night, people, roster.stretches(branch, start, night[1]), gaps)


def week_shifts(shift: Shift) -> Iterator[WeekShift]:
    """A shift as lines of a plan: one for each span, with the days that have it."""
    spans = dict.fromkeys(span for spans in shift.hours.weekly for span in spans)
    for span in spans:
        days = tuple(day for day in range(7) if span in shift.hours.weekly[day])
        yield WeekShift(days, span, shift.people)


# --- the plan's form: for each line `days-0`, `opens-0`, `closes-0`, `first-0`, `second-0`, `third-0` -----------------


def read_plan(form: MultiDictProxy[Any], calendars: Sequence[Calendar], who: str, now: datetime) -> PatternChange:
    """Lines without a day and without a person are none. from, until: days; from now on, for good."""
    numbers = sorted({name.partition("-")[2] for name in form if name.startswith("first-")})
    lines = [line for number in numbers if (line := _line(form, number))]
    if not lines:
        raise RefusedError(N_("a plan needs a line with a day and a person"))
    start = read_day(form["from"], calendars)[0] if form.get("from") else now
    until = read_day(form["until"], calendars)[1] if form.get("until") else FOR_GOOD
    return PatternChange(tuple(lines), max(start, now), until, str(form.get("branch", "")) or None, who)


def _line(form: MultiDictProxy[Any], number: str) -> WeekShift | None:
    days = tuple(day for day in range(7) if str(day) in form.getall(f"days-{number}", []))
    people = dict.fromkeys(str(name) for rank in RANKS for name in form.getall(f"{rank}-{number}", []))
    people.pop("", None)
    if not days and not people:
        return None
    return WeekShift(days, _hours(form, number), tuple(people))


def _hours(form: Fields, number: str) -> OpeningSpan:
    """Neither beginning nor end: the whole day."""
    written = [str(form.get(f"{name}-{number}", "")) for name in ("opens", "closes")]
    if not any(written):
        return ALL_DAY
    try:
        return OpeningSpan(*(time.fromisoformat(one).replace(tzinfo=None) for one in written))
    except ValueError:
        raise RefusedError(N_("pick a time")) from None


def read_day(written: object, calendars: Sequence[Calendar]) -> Span:
    """From that morning to the next: a night belongs to the evening on which it begins."""
    day = read_date(written)
    return night_of(day - DAY, calendars)[1], night_of(day, calendars)[1]


def read_date(written: object) -> date:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise RefusedError(N_("pick a day")) from None
