"""Tonight, this weekend: the spans that people mean when they talk of who is on call."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from bridge.domain.office.hours import Calendar

DAY = timedelta(days=1)
MORNING, NOON, EVENING = time(8), time(12), time(17)
"""When a night ends and begins where the office neither opens nor closes then."""

FRIDAY, SUNDAY = 4, 6

Span = tuple[datetime, datetime]


def night_of(day: date, calendars: Sequence[Calendar]) -> Span:
    """From when the last of these lines closes that day until the first opens in the morning."""
    clock = calendars[0]
    noon, evening = (clock.instant(datetime.combine(day, at)) for at in (NOON, EVENING))
    morning, following = (clock.instant(datetime.combine(day + DAY, at)) for at in (MORNING, NOON))
    closing = [at for calendar in calendars for at in _closings(calendar, noon, morning)]
    start = max(closing, default=evening)
    opening = [at for calendar in calendars for at in _openings(calendar, start, following)]
    return start, min(opening, default=morning)


def tonight(calendars: Sequence[Calendar], now: datetime) -> tuple[date, Span]:
    """The night that goes on, or else the one that comes, with the day that it belongs to."""
    today = now.astimezone(calendars[0].zone).date()
    last = night_of(today - DAY, calendars)
    return (today - DAY, last) if now < last[1] else (today, night_of(today, calendars))


def weekend(calendars: Sequence[Calendar], now: datetime) -> Span:
    """From Friday's closing until Monday's opening: the weekend that goes on, or else the one that comes."""
    day, _ = tonight(calendars, now)
    friday = day + (FRIDAY - day.weekday()) * DAY
    return night_of(friday, calendars)[0], night_of(friday + (SUNDAY - FRIDAY) * DAY, calendars)[1]


def _closings(calendar: Calendar, after: datetime, until: datetime) -> Iterator[datetime]:
    ends = (opening.end for opening in calendar.openings(after, until))
    return (at for at in ends if after < at < until and not calendar.is_open(at))


def _openings(calendar: Calendar, after: datetime, until: datetime) -> Iterator[datetime]:
    before = timedelta(seconds=1)
    starts = (opening.start for opening in calendar.openings(after, until))
    return (at for at in starts if after < at <= until and not calendar.is_open(at - before))
