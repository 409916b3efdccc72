"""The ladder of who takes urgent work, and when: a weekly pattern for each branch, dated changes of it and of single
nights (a swap, a holiday), the owner last.
Also the quiet hours of staff, which urgent work passes.

People are named as in `[[person]]`. All instants are aware UTC; the pattern is wall time of the office's zone, so that
a night in which the clock changes has the same people as any other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from bridge.domain.i18n import N_, UserError
from bridge.domain.office.hours import FOR_GOOD, Calendar, OpeningSpan

AHEAD = timedelta(days=7)
"""How far gaps are looked for, and the next person on call where nobody is."""


@dataclass(frozen=True, slots=True)
class Shift:
    """people: first to last; those after the first are the alternates. branch: None for every branch."""

    hours: Calendar
    people: tuple[str, ...]
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class WeekShift:
    """One line of a weekly pattern as people enter it. days: Monday is 0; a span over midnight is of its first day."""

    days: tuple[int, ...]
    hours: OpeningSpan
    people: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.days or not self.people:
            raise UserError(N_("a line of the weekly plan needs a day and a person"))

    def shift(self, zone: ZoneInfo, branch: str | None) -> Shift:
        weekly = tuple((self.hours,) if day in self.days else () for day in range(7))
        return Shift(Calendar(zone, weekly), self.people, branch)


@dataclass(frozen=True, slots=True)
class PatternChange:
    """Another weekly pattern, in the place of the file's: from `start` until just before `end`. branch, by: as below.

    A change for every branch leaves none of the shifts that the file has for single ones.
    """

    shifts: tuple[WeekShift, ...]
    start: datetime
    end: datetime = FOR_GOOD
    branch: str | None = None
    by: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(N_("a change of the on-call list ends after it begins"))

    def holds(self, branch: str, at: datetime) -> bool:
        return self.start <= at < self.end and self.branch in (None, branch)


class Change(StrEnum):
    """TAKES: goes first, whatever the pattern says. AWAY: is left out."""

    TAKES = "takes"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Override:
    """A dated change: from `start` until just before `end`. branch: None for every branch. by: who entered it."""

    person: str
    change: Change
    start: datetime
    end: datetime
    branch: str | None = None
    by: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(N_("a change of the on-call list ends after it begins"))

    def holds(self, branch: str, at: datetime) -> bool:
        return self.start <= at < self.end and self.branch in (None, branch)


@dataclass(frozen=True, slots=True)
class OnCallGap:
    """Closed, and nobody on call."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until just before `end` the same people are on call, first to last."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """owner: told after everybody else, also when nobody is on call. patterns: in the order in which they were entered,
    each with its shifts."""

    shifts: tuple[Shift, ...] = ()
    owner: str | None = None
    overrides: tuple[Override, ...] = ()
    patterns: tuple[tuple[PatternChange, tuple[Shift, ...]], ...] = ()

    def changed(
        self, overrides: Iterable[Override], patterns: Iterable[PatternChange] = (), zone: ZoneInfo | None = None
    ) -> "Roster":
        """zone: of the office; the patterns are wall time of it."""
        entered = [(one, tuple(line.shift(zone, one.branch) for line in one.shifts)) for one in patterns if zone]
        return replace(self, overrides=tuple(overrides), patterns=tuple(entered))

    @property
    def is_kept(self) -> bool:
        """Is anybody ever on call?"""
        return bool(self.shifts or self.patterns or self.overrides)

    def on_call(self, branch: str, at: datetime) -> tuple[str, ...]:
        """First to last. Of several changes the one entered last counts."""
        shifts = self.shifts_at(branch, at)
        ranked = [person for shift in shifts if shift.hours.is_open(at) for person in shift.people]
        for override in self.overrides:
            if override.holds(branch, at):
                ranked = [person for person in ranked if person != override.person]
                ranked = [override.person, *ranked] if override.change is Change.TAKES else ranked
        return tuple(dict.fromkeys(ranked))

    def ladder(self, branch: str, at: datetime) -> tuple[str, ...]:
        """Whom to tell one after the other: who is on call, then the owner."""
        owner = (self.owner,) if self.owner else ()
        return tuple(dict.fromkeys((*self.on_call(branch, at), *owner)))

    def somebody_from(self, branch: str, at: datetime) -> datetime | None:
        """The first moment from `at` on with somebody to tell; None if there is none in the days ahead."""
        moments = self._turns(branch, (), at, at + AHEAD)
        return next((moment for moment in moments if self.ladder(branch, moment)), None)

    def gaps(self, branch: str, calendars: Sequence[Calendar], start: datetime, until: datetime) -> Sequence[OnCallGap]:
        """When a line of the branch is closed and nobody is on call. calendars: of its lines."""
        found: list[OnCallGap] = []
        turns = [*self._turns(branch, calendars, start, until), until]
        for turn, following in pairwise(turns):
            if self.on_call(branch, turn) or all(calendar.is_open(turn) for calendar in calendars):
                continue
            if found and found[-1].end == turn:
                found[-1] = replace(found[-1], end=following)
            else:
                found.append(OnCallGap(turn, following))
        return found

    def stretches(self, branch: str, start: datetime, until: datetime) -> Sequence[Stretch]:
        """Everybody who is on call in that time, in order; where nobody is, there is no stretch."""
        found: list[Stretch] = []
        for turn, following in pairwise([*self._turns(branch, (), start, until), until]):
            people = self.on_call(branch, turn)
            if found and found[-1].end == turn and found[-1].people == people:
                found[-1] = replace(found[-1], end=following)
            elif people:
                found.append(Stretch(turn, following, people))
        return found

    def pattern_at(self, branch: str, at: datetime) -> PatternChange | None:
        """None where the file's own pattern holds."""
        return next((pattern for pattern, _ in reversed(self.patterns) if pattern.holds(branch, at)), None)

    def shifts_at(self, branch: str, at: datetime) -> Sequence[Shift]:
        """The weekly pattern of then: those of the branch by name before those of every branch."""
        entered = (shifts for pattern, shifts in reversed(self.patterns) if pattern.holds(branch, at))
        return next(entered, None) or _of_branch(self.shifts, branch)

    def _all_shifts(self, branch: str) -> Iterator[Shift]:
        yield from _of_branch(self.shifts, branch)
        for _, shifts in self.patterns:
            yield from shifts

    def _turns(
        self, branch: str, calendars: Sequence[Calendar], start: datetime, until: datetime
    ) -> Sequence[datetime]:
        """`start` and every later moment before `until` at which somebody comes or goes, in order."""
        hours = [*calendars, *(shift.hours for shift in self._all_shifts(branch))]
        moments = {start}
        for calendar in hours:
            moments |= {at for opening in calendar.openings(start, until) for at in (opening.start, opening.end)}
        moments |= {at for override in self.overrides for at in (override.start, override.end)}
        moments |= {at for pattern, _ in self.patterns for at in (pattern.start, pattern.end)}
        return sorted(at for at in moments if start <= at < until)


def _of_branch(shifts: Sequence[Shift], branch: str) -> Sequence[Shift]:
    return [shift for wanted in (branch, None) for shift in shifts if shift.branch == wanted]


def is_quiet(hours: OpeningSpan | None, at: datetime, zone: ZoneInfo) -> bool:
    """Are these a person's own quiet hours? Urgent work passes them, everything else waits or goes to another."""
    if hours is None:
        return False
    wall = at.astimezone(zone).time()
    if hours.opens < hours.closes:
        return hours.opens <= wall < hours.closes
    return wall >= hours.opens or wall < hours.closes
