"""The figures of any period, recounted from what is stored; of days whose rows are gone, from the counts kept."""

from datetime import date, datetime, time, timedelta

from bridge.domain import figures
from bridge.domain.figures import Figures
from bridge.domain.hours import Calendar
from bridge.domain.office import Office
from bridge.duties import office_with_changes
from storage import figures as stored
from storage.database import Reader

DAY = timedelta(days=1)


def day_start(office: Office, day: date) -> datetime:
    """The moment at which that day begins in the office's zone."""
    return Calendar(office.zone).instant(datetime.combine(day, time(0)))


async def of_period(db: Reader, office: Office, first: date, last: date, now: datetime) -> Figures:
    """From the first day to the last one, both included."""
    gone = await stored.last_frozen(db)
    begins = max(first, gone + DAY) if gone else first
    start, end = day_start(office, begins), day_start(office, last + DAY)
    return Figures(
        first=first,
        last=last,
        counts=figures.added(await stored.frozen(db, first, last), await stored.counted(db, start, end)),
        times=await stored.times(db, start, end),
        no_next_step=await no_next_step(db, office, now),
    )


async def no_next_step(db: Reader, office: Office, now: datetime) -> int:
    """The headline number: open rows, one office hour old, that nobody has and that nobody put off."""
    office = await office_with_changes(db, office, now)
    limits = {line.name: figures.an_office_hour_before(line.calendar, now) for line in office.lines}
    count = 0
    for name, opened_at in await stored.opened_without_next_step(db):
        limit = limits[office.line_named(name).name]
        count += limit is not None and opened_at <= limit
    return count
