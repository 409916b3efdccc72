"""What is forgotten in time (retention), and at somebody's wish; and all that is stored of one number (GDPR, CCPA)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

import structlog

from bridge.domain.callbacks.queue import TEXTBACK
from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Office
from bridge.reports.figures import DAY, day_start
from bridge.reports.settings import RetentionSettings
from storage import figures, privacy, retention, settings
from storage.audit import Act
from storage.database import Database, Writer

AT_NIGHT = time(3)
"""By the office's clock: nobody looks at the page, and the night's backup has been made or is still to come."""


class Retention:
    def __init__(self, database: Database, office: Office, limits: RetentionSettings) -> None:
        self._database = database
        self._office = office
        self._limits = limits
        self._log = structlog.get_logger()

    async def run_due(self, now: datetime) -> None:
        """Once a night, or as soon as we run again."""
        night = _last_night(self._office, now)
        async with self._database.read() as db:
            done = await settings.value(db, settings.PRUNED)
        if done is None or date.fromisoformat(done) < night:
            await self.prune(now, night)

    async def prune(self, now: datetime, night: date) -> None:
        """Empty old texts, and delete old rows once their days are counted. Whole days only."""
        today = now.astimezone(self._office.zone).date()
        bodies_before = day_start(self._office, today - self._limits.bodies)
        rows_until = today - self._limits.rows - DAY
        async with self._database.transaction() as tx:
            await self._freeze(tx, rows_until)
            deleted = await retention.delete_rows(tx, day_start(self._office, rows_until + DAY))
            emptied = await retention.empty_texts(tx, bodies_before, Act(TEXTBACK, "emptied", now))
            await settings.put(
                tx,
                settings.PRUNED,
                night.isoformat(),
                Act(TEXTBACK, "pruned", now, {"rows": deleted, "texts": emptied}),
            )
        self._log.info("retention.done", rows=deleted, texts=emptied)

    async def _freeze(self, tx: Writer, until: date) -> None:
        """Count every day up to that one which has not been counted yet."""
        begins = await retention.oldest(tx)
        frozen = await figures.last_frozen(tx)
        if begins is None:
            return
        day = max(begins.astimezone(self._office.zone).date(), frozen + DAY if frozen else date.min)
        while day <= until:
            start, end = day_start(self._office, day), day_start(self._office, day + DAY)
            await figures.freeze(tx, day, await figures.counted(tx, start, end))
            day += DAY


def _last_night(office: Office, now: datetime) -> date:
    """The day on which it was three at night last."""
    today = now.astimezone(office.zone).date()
    three = Calendar(office.zone).instant(datetime.combine(today, AT_NIGHT))
    return today if now >= three else today - DAY


class Privacy:
    """What one may ask about one number: to see all of it, and to have it forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_shown(self, digits: str) -> bool:
        """Has anybody called or written under these digits, which are no number?"""
        async with self._database.read() as db:
            return await privacy.has_shown(db, digits)

    async def export(self, number: privacy.Party) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Every stored row about it, table by table, as plain values; times are ISO 8601 in UTC."""
        async with self._database.read() as db:
            return await privacy.everything(db, number)

    async def forget(self, number: privacy.Party, who: str, now: datetime) -> int:
        """Take the number and its words out of everything; how many rows were about it.

        The counts stay as they were, under a pseudonym that leads back to nobody; so does an opt-out, which holds again
        as soon as that number calls or writes.
        """
        async with self._database.transaction() as tx:
            pseudonym = await privacy.pseudonym(tx, number, who, now)
            return await privacy.forget(tx, number, pseudonym, Act(who, "forgotten", now))
