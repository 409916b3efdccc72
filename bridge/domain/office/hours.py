"""Opening hours, holidays, DST: spans of wall time in the office's zone, turned into instants.

A wall time means the first instant at which the office's clock shows it or has passed it. So a time that a clock change
skips is the moment of the change, and of a time that happens twice it is the first. All instants are aware UTC.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from itertools import pairwise
from zoneinfo import ZoneInfo

from bridge.domain.i18n import N_, UserError

HORIZON = timedelta(days=400)
"""How far ahead an opening is looked for: an office that opens once a year is found."""

FOR_GOOD = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of a dated change that holds until it is taken back."""

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True, order=True)
class OpeningSpan:
    """Open from `opens` until `closes`, wall time; a `closes` not after `opens` is on the following day.

    00:00 to 00:00 is the whole day.
    """

    opens: time
    closes: time

    def __str__(self) -> str:
        closes = "24:00" if self.closes == MIDNIGHT else f"{self.closes:%H:%M}"
        return f"{self.opens:%H:%M}-{closes}"

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The naive wall times at which it begins and ends on that day."""
        last_day = day if self.closes > self.opens else day + timedelta(days=1)
        return datetime.combine(day, self.opens), datetime.combine(last_day, self.closes)


ALL_DAY = OpeningSpan(MIDNIGHT, MIDNIGHT)


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch in which the office is open: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime


class OpenOrClosed(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class HoursChange:
    """A dated change of the hours: open, or closed, from `start` until just before `end`, whatever the week says.

    branch, line: None for every one. by: who entered it.
    """

    door: OpenOrClosed
    start: datetime
    end: datetime
    branch: str | None = None
    line: str | None = None
    by: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(N_("a change of the hours ends after it begins"))

    def concerns(self, branch: str, line: str) -> bool:
        return self.branch in (None, branch) and self.line in (None, line)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When an office (or one line of it) is open.

    weekly: seven days, Monday first. exceptions: the spans of single dates, () for closed; they go before holidays,
    holidays before the week. A span over midnight belongs to the day on which it begins. opened, closed: when people
    said otherwise, whatever all of these say; in order, and apart from each other.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[OpeningSpan, ...], ...] = ((ALL_DAY,),) * 7
    exceptions: Mapping[date, tuple[OpeningSpan, ...]] = field(default_factory=dict, hash=False)
    holidays: Container[date] = field(default=frozenset(), hash=False)
    opened: tuple[Opening, ...] = ()
    closed: tuple[Opening, ...] = ()

    @property
    def never_closes(self) -> bool:
        planned = self.weekly == ((ALL_DAY,),) * 7 and not self.exceptions and self.holidays == frozenset()
        return planned and not self.closed

    def changed(self, changes: Sequence[HoursChange]) -> "Calendar":
        """The same hours with these changes. Where several hold, the one entered last counts."""
        if not changes:
            return self
        moments = sorted({at for change in changes for at in (change.start, change.end)})
        said: dict[OpenOrClosed, list[Opening]] = {door: [] for door in OpenOrClosed}
        for start, end in pairwise(moments):
            holding = [change for change in changes if change.start <= start < change.end]
            if holding:
                said[holding[-1].door].append(Opening(start, end))
        return replace(
            self, opened=tuple(_joined(said[OpenOrClosed.OPEN])), closed=tuple(_joined(said[OpenOrClosed.CLOSED]))
        )

    def spans_on(self, day: date) -> tuple[OpeningSpan, ...]:
        """Of a day of which people said otherwise: what is left from midnight to midnight."""
        start, end = (self.instant(datetime.combine(day + timedelta(days=n), MIDNIGHT)) for n in (0, 1))
        if not any(said.start < end and start < said.end for said in (*self.opened, *self.closed)):
            return self._planned_on(day)
        within = [Opening(o.start, min(o.end, end)) for o in self.openings(start, until=end) if o.start < end]
        return tuple(OpeningSpan(self._wall(opening.start), self._wall(opening.end)) for opening in within)

    def _wall(self, at: datetime) -> time:
        return at.astimezone(self.zone).time()

    def _planned_on(self, day: date) -> tuple[OpeningSpan, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        return () if day in self.holidays else self.weekly[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        return any(True for _ in self.openings(at, until=at))

    def opens_at(self, at: datetime) -> datetime | None:
        """When the office is next open: `at` itself while it is, None if not within the horizon."""
        opening = next(self.openings(at), None)
        return opening.start if opening else None

    def opens_tomorrow(self, at: datetime) -> datetime | None:
        """The first moment after today in which the office is open, today being the day of `at` in its zone."""
        return self.opens_at(self.day_start(at, days=1))

    def office_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` the office was open; zero if `end` comes first."""
        return sum((min(o.end, end) - o.start for o in self.openings(start, until=end)), timedelta(0))

    def add_office_time(self, at: datetime, duration: timedelta) -> datetime | None:
        """When the office will have been open for `duration` since `at`; None if not within the horizon."""
        left = duration
        for opening in self.openings(at):
            if opening.end - opening.start >= left:
                return opening.start + left
            left -= opening.end - opening.start
        return None

    def day_start(self, at: datetime, days: int = 0) -> datetime:
        """When the day of `at` began in the office's zone, or the day `days` later."""
        day = at.astimezone(self.zone).date() + timedelta(days=days)
        return self.instant(datetime.combine(day, MIDNIGHT))

    def instant(self, wall: datetime) -> datetime:
        """The first moment at which the office's clock shows the naive `wall` or has passed it."""
        return _instant(wall, self.zone)

    def openings(self, after: datetime, until: datetime | None = None) -> Iterator[Opening]:
        """When the office is open from `after` on, in order and without overlaps.

        Openings that begin after `until` (the horizon, if not given) are left out; the last one is not cut there.
        """
        until = until or after + HORIZON
        done = after
        for opening in self._said(after, until):
            start = max(opening.start, done)
            if start < opening.end and start <= until:
                yield Opening(start, opening.end)
                done = opening.end

    def _said(self, after: datetime, until: datetime) -> Iterator[Opening]:
        """The plan, but for when people said otherwise; by their starts."""
        planned = self._planned(after, until)
        if not (self.opened or self.closed):
            return planned
        others = sorted((*self.opened, *self.closed), key=_start)
        left = (piece for opening in planned for piece in _without(opening, others))
        return _joined(merge(left, self.opened, key=_start))

    def _planned(self, after: datetime, until: datetime) -> Iterator[Opening]:
        """The spans of the days from `after` to `until`, and of the day before for the sake of those over midnight."""
        day = after.astimezone(self.zone).date() - timedelta(days=1)
        last_day = until.astimezone(self.zone).date()
        while day <= last_day:
            for span in sorted(self._planned_on(day)):
                start, end = span.on(day)
                yield Opening(self.instant(start), self.instant(end))
            day += timedelta(days=1)


@lru_cache(maxsize=1024)
def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Asked of the same few openings with every call."""
    late = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _clock_change(early, late, zone)


def _clock_change(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The moment in (early, late] at which the zone's offset changes, to the second."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def _start(opening: Opening) -> datetime:
    return opening.start


def _without(opening: Opening, others: Iterable[Opening]) -> Iterator[Opening]:
    """What is left of an opening; others: in order."""
    start = opening.start
    for other in others:
        if other.start >= opening.end:
            break
        if start < other.start:
            yield Opening(start, other.start)
        start = max(start, other.end)
    if start < opening.end:
        yield Opening(start, opening.end)


def _joined(openings: Iterable[Opening]) -> Iterator[Opening]:
    """Those that touch or overlap as one; by their starts, one after the other as they are asked for."""
    last: Opening | None = None
    for opening in openings:
        if last is not None and opening.start <= last.end:
            last = Opening(last.start, max(last.end, opening.end))
            continue
        if last is not None:
            yield last
        last = opening
    if last is not None:
        yield last
