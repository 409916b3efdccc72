"""The figures of any period, recounted from what is stored; of days whose rows are gone, from the counts kept."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Office
from bridge.domain.reports import figures
from bridge.domain.reports.figures import Counts, EventCount, Figures, Peak, Recovery
from bridge.office.schedule_changes import office_with_changes
from storage import figures as stored
from storage.database import Reader

DAY = timedelta(days=1)


def day_start(office: Office, day: date) -> datetime:
    """The moment at which that day begins in the office's zone."""
    return Calendar(office.zone).instant(datetime.combine(day, time(0)))


async def of_period(
    db: Reader, office: Office, first: date, last: date, now: datetime, *, branch: str | None = None
) -> Figures:
    """From the first day to the last one, both included; of one branch as far back as there are rows."""
    start, end = await _kept(db, office, first, last)
    return Figures(
        first=first,
        last=last,
        counts=await counts_of_period(db, office, first, last, branch),
        times=await stored.times(db, start, end, now, branch),
        no_next_step=await no_next_step(db, office, now, branch),
    )


async def counts_of_period(db: Reader, office: Office, first: date, last: date, branch: str | None = None) -> Counts:
    start, end = await _kept(db, office, first, last)
    gone = {} if branch else await stored.frozen(db, first, last)
    return figures.added(gone, await stored.counted(db, start, end, branch))


async def happened(db: Reader, office: Office, first: date, last: date) -> Sequence[EventCount]:
    """When and on which line, as far as the rows are still there: of older days only counts are kept."""
    start, end = await _kept(db, office, first, last)
    return await stored.happened(db, start, end)


async def _kept(db: Reader, office: Office, first: date, last: date) -> tuple[datetime, datetime]:
    """The time of these days of which rows are stored."""
    gone = await stored.last_frozen(db)
    begins = max(first, gone + DAY) if gone else first
    return day_start(office, begins), day_start(office, last + DAY)


async def recovery(db: Reader, office: Office, first: date, last: date) -> Recovery:
    """As far as the rows are still there."""
    start, end = await _kept(db, office, first, last)
    return await stored.recovery(db, start, end)


async def peak(db: Reader, office: Office, first: date, last: date) -> Peak | None:
    start, end = await _kept(db, office, first, last)
    return figures.peak(await stored.missed_while_open(db, start, end), office.zone)


async def first_day(db: Reader, office: Office) -> date | None:
    """The day of the first call that is known."""
    at = await stored.first_call(db)
    days = [at.astimezone(office.zone).date()] if at else []
    return min([*days, *[day for day in [await stored.first_frozen(db)] if day]], default=None)


async def no_next_step(db: Reader, office: Office, now: datetime, branch: str | None = None) -> int:
    """The headline number: open rows, one office hour old, that nobody has and that nobody put off."""
    office = await office_with_changes(db, office, now)
    limits = {line.name: figures.an_office_hour_before(line.calendar, now) for line in office.lines}
    count = 0
    for name, opened_at in await stored.opened_without_next_step(db, branch):
        limit = limits[office.line_named(name).name]
        count += limit is not None and opened_at <= limit
    return count
