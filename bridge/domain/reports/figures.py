"""The figures of a period, as defined once for the page, the report and the metrics alike.

What is counted of callbacks is counted by the day on which they were opened, whatever day they were closed or reached
on: so opened is always open and closed together, and no share can exceed the whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from statistics import median
from zoneinfo import ZoneInfo

from bridge.domain.calls.calls import FilterReason, Reason
from bridge.domain.office.hours import Calendar

HOUR = timedelta(hours=1)
FURTHEST = 400
"""Days looked back for an hour in which the office was open."""


class Count(StrEnum):
    """What can be added up day by day. Each is one sentence of the definitions.

    MISSED_CALLS: inbound calls with the verdict `missed`, without those that are nobody's callback: FILTERED_CALLS, and
    each by its reason. MISSED_CALLERS: distinct numbers, or digits, among them; of withheld ones, each branch has one.
    TEXTS_SENT: first texts that the gateway took, or may have taken. TEXT_REPLIES: conversations with a customer's text
    after our first text. CALLS_RECOVERED: callbacks whose customer talked with a person later. APPOINTMENTS_BOOKED:
    closed by a person as booked.
    """

    MISSED_CALLS = "missed_calls"
    MISSED_CALLERS = "missed_callers"
    FILTERED_CALLS = "filtered_calls"
    FILTERED_STAFF = "filtered_staff"
    FILTERED_BLOCKED = "filtered_blocked"
    FILTERED_MACHINE = "filtered_machine"
    FILTERED_REFUSED = "filtered_refused"
    FILTERED_SERVICE = "filtered_service"
    FILTERED_SISTER_OFFICE = "filtered_sister_office"
    TEXTS_SENT = "texts_sent"
    TEXT_REPLIES = "text_replies"
    CALLBACKS_OPENED = "callbacks_opened"
    CALLBACKS_OPEN = "callbacks_open"
    CALLBACKS_CLOSED = "callbacks_closed"
    CALLS_RECOVERED = "calls_recovered"
    APPOINTMENTS_BOOKED = "appointments_booked"
    URGENT_FLAGGED = "urgent_leads_flagged"
    URGENT_ACKNOWLEDGED = "urgent_leads_acknowledged"


Counts = Mapping[Count, int]

FILTERED = {reason: Count(f"filtered_{reason}") for reason in FilterReason}
"""Together they are `FILTERED_CALLS`."""

ADDITIVE = tuple(count for count in Count if count is not Count.MISSED_CALLERS)
"""Those of which hours and lines add up to the whole: somebody who calls twice is one caller, whenever and wherever."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """`number` of one kind, within the same quarter of an hour, on the same line.

    Callbacks, and what came of them, stand at the time they were opened and at the line that they rang last. did: the
    number that was called, as the PBX writes it; "" for callbacks.
    """

    count: Count
    at: datetime
    line: str
    did: str
    number: int


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """to_acknowledge: from an urgent flag to whoever acknowledged it. to_contact: from the end of the first missed call
    to the first talk with a person. One for each callback of which both ends are known. waiting: since the end of the
    first missed call, of those whom nobody has talked with yet and who are still to be called."""

    to_acknowledge: Sequence[timedelta] = ()
    to_contact: Sequence[timedelta] = ()
    waiting: Sequence[timedelta] = ()

    @property
    def contact(self) -> "ContactTimes":
        """Time to first contact. Whoever still waits counts with their wait so far: it can only become longer."""
        times = sorted([*((time, False) for time in self.to_contact), *((time, True) for time in self.waiting)])
        if not times:
            return ContactTimes(None, None)
        ninth = times[ceil(0.9 * len(times)) - 1]
        half = times[len(times) // 2] if len(times) % 2 else times[len(times) // 2 - 1]
        return ContactTimes(middle([time for time, _ in times]), ninth[0], half[1], ninth[1])


@dataclass(frozen=True, slots=True)
class ContactTimes:
    """median, p90; None where nobody called. at_least: they are of people who still wait."""

    median: timedelta | None
    p90: timedelta | None
    median_at_least: bool = False
    p90_at_least: bool = False


@dataclass(frozen=True, slots=True)
class Recovery:
    """How customers were reached after all: they called again and a person answered, or we called them back.

    after_text: how many of both had our first text before.
    """

    called_again: int
    called_back: int
    after_text: int


@dataclass(frozen=True, slots=True)
class Peak:
    """An hour of a weekday (Monday is 0) in which calls are missed most, with the reason most of them share."""

    weekday: int
    hour: int
    calls: int
    reason: Reason


PEAK_FROM = 3  # calls; fewer say nothing about staffing


def peak(missed: Iterable[tuple[datetime, Reason, int]], zone: ZoneInfo) -> Peak | None:
    """missed: while open, a moment, a reason and how many. None where no hour stands out."""
    hours: dict[tuple[int, int], Counter[Reason]] = {}
    for at, reason, number in missed:
        wall = at.astimezone(zone)
        hours.setdefault((wall.weekday(), wall.hour), Counter())[reason] += number
    if not hours:
        return None
    (weekday, hour), reasons = max(hours.items(), key=lambda found: found[1].total())
    calls = reasons.total()
    return Peak(weekday, hour, calls, reasons.most_common(1)[0][0]) if calls >= PEAK_FROM else None


@dataclass(frozen=True, slots=True)
class Figures:
    """first, last: days in the office's zone, both included. no_next_step: as it is now, whatever the period."""

    first: date
    last: date
    counts: Counts
    times: ResponseTimes
    no_next_step: int

    @property
    def reply_share(self) -> float | None:
        """Conversations with a reply per text sent; None where nothing was sent."""
        sent = self.counts[Count.TEXTS_SENT]
        return self.counts[Count.TEXT_REPLIES] / sent if sent else None

    def as_json(self) -> dict[str, object]:
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            **{str(count): self.counts[count] for count in Count},
            "text_reply_share": None if self.reply_share is None else round(self.reply_share, 3),
            "median_minutes_to_acknowledgement": minutes(middle(self.times.to_acknowledge)),
            "median_minutes_to_first_contact": minutes(self.times.contact.median),
            "p90_minutes_to_first_contact": minutes(self.times.contact.p90),
            "still_waiting_for_first_contact": len(self.times.waiting),
            "leads_with_no_next_step": self.no_next_step,
        }


def added(one: Counts, other: Counts) -> Counts:
    return {count: one.get(count, 0) + other.get(count, 0) for count in Count}


def by_hour(happened: Iterable[EventCount], zone: ZoneInfo) -> list[Counts]:
    """Of the 24 hours of a day, as the office's clock shows them."""
    hours: list[dict[Count, int]] = [dict.fromkeys(ADDITIVE, 0) for _ in range(24)]
    for one in happened:
        hours[one.at.astimezone(zone).hour][one.count] += one.number
    return list(hours)


def by_line(happened: Iterable[EventCount], lines: Iterable[str]) -> dict[str, Counts]:
    """Of these lines, and of those that have left the configuration since and still count."""
    found: dict[str, dict[Count, int]] = {name: dict.fromkeys(ADDITIVE, 0) for name in lines}
    for one in happened:
        found.setdefault(one.line, dict.fromkeys(ADDITIVE, 0))[one.count] += one.number
    return dict(found)


def middle(times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(time.total_seconds() for time in times)) if times else None


def minutes(time: timedelta | None) -> float | None:
    return None if time is None else round(time.total_seconds() / 60, 1)


def an_office_hour_before(calendar: Calendar, now: datetime) -> datetime | None:
    """The moment since which the office has been open for an hour; None if it was not, for more than a year."""
    for days in range(FURTHEST):
        start = calendar.day_start(now, -days)
        left = calendar.office_time_between(start, now) - HOUR
        if left >= timedelta(0):
            return calendar.add_office_time(start, left)
    return None
