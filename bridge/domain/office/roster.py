"""The ladder of who takes urgent work, and when: a weekly pattern for each branch, dated changes, the owner last.
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
from bridge.domain.office.hours import Calendar, OpeningSpan

AHEAD = timedelta(days=7)
"""How far gaps are looked for, and the next person on call where nobody is."""


@dataclass(frozen=True, slots=True)
class Shift:
    """people: first to last; those after the first are the alternates. branch: None for every branch."""

    hours: Calendar
    people: tuple[str, ...]
    branch: str | None = None


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
class Roster:
    """owner: told after everybody else, also when nobody is on call."""

    shifts: tuple[Shift, ...] = ()
    owner: str | None = None
    overrides: tuple[Override, ...] = ()

    def changed(self, overrides: Iterable[Override]) -> "Roster":
        return replace(self, overrides=tuple(overrides))

    def on_call(self, branch: str, at: datetime) -> tuple[str, ...]:
        """First to last. Of several changes the one entered last counts."""
        ranked = [person for shift in self._shifts_of(branch) if shift.hours.is_open(at) for person in shift.people]
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

    def _shifts_of(self, branch: str) -> Iterator[Shift]:
        """Those of the branch by name before those of every branch."""
        yield from (shift for shift in self.shifts if shift.branch == branch)
        yield from (shift for shift in self.shifts if shift.branch is None)

    def _turns(
        self, branch: str, calendars: Sequence[Calendar], start: datetime, until: datetime
    ) -> Sequence[datetime]:
        """`start` and every later moment before `until` at which somebody comes or goes, in order."""
        hours = [*calendars, *(shift.hours for shift in self._shifts_of(branch))]
        moments = {start}
        for calendar in hours:
            moments |= {at for opening in calendar.openings(start, until) for at in (opening.start, opening.end)}
        moments |= {at for override in self.overrides for at in (override.start, override.end)}
        return sorted(at for at in moments if start <= at < until)


def is_quiet(hours: OpeningSpan | None, at: datetime, zone: ZoneInfo) -> bool:
    """Are these a person's own quiet hours? Urgent work passes them, everything else waits or goes to another."""
    if hours is None:
        return False
    wall = at.astimezone(zone).time()
    if hours.opens < hours.closes:
        return hours.opens <= wall < hours.closes
    return wall >= hours.opens or wall < hours.closes
