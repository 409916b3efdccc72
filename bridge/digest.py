"""The queue as a list of customers, and the digest of it that goes to staff when the office opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog

from bridge import figures
from bridge.domain import digest
from bridge.domain.digest import Waiting
from bridge.domain.office import Office
from bridge.domain.queue import TEXTBACK
from bridge.duties import office_with_changes
from bridge.telling import Telling
from storage import alerts, callbacks, settings
from storage.audit import Act
from storage.callbacks import Key
from storage.database import Database, Reader

WORTH_SENDING = timedelta(hours=2)
"""A morning's digest that could not be made for so long is not sent any more."""

PAGE = 200


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """people: who gets it, by name. at: a time of day instead of the opening."""

    people: tuple[str, ...] = ()
    at: time | None = None


class Digest:
    """The calendar of the first line says when the office opens."""

    def __init__(self, database: Database, office: Office, limits: DigestSettings, telling: Telling) -> None:
        self._database = database
        self._office = office
        self._settings = limits
        self._telling = telling
        self._log = structlog.get_logger()

    async def waiting(self, db: Reader) -> Sequence[Waiting]:
        """Everybody who needs a call: urgent first, then the oldest; one entry per customer, withheld numbers apart."""
        found: list[Waiting] = []
        known: set[object] = set()
        after: Key | None = None
        while page := await callbacks.to_call(db, after=after, limit=PAGE):
            for row in page:
                if row.number is None or row.shared or row.number not in known:
                    known.add(row.number)
                    case = await alerts.live(db, row.id)
                    found.append(Waiting(row, await self._telling.facts(db, row, case.why if case else ())))
            after = Key.of(page[-1])
        return found

    async def text(self, db: Reader, now: datetime) -> str:
        """What waits now, and what came of the calls since the last working day."""
        office = await office_with_changes(db, self._office, now)
        today = now.astimezone(office.zone).date()
        since = digest.last_working_day(office.lines[0].calendar, today)
        counted = await figures.of_period(db, office, since, today, now)
        return digest.text(await self.waiting(db), counted, office, now)

    async def look(self, now: datetime) -> None:
        """Send it if its time has come: once a day, also over restarts."""
        today = now.astimezone(self._office.zone).date()
        if not self._settings.people:
            return
        async with self._database.read() as db:
            calendar = (await office_with_changes(db, self._office, now)).lines[0].calendar
            due_at = digest.due_at(calendar, today, self._settings.at)
            if due_at is None or not due_at <= now < due_at + WORTH_SENDING or await _sent_on(db) == today:
                return
        async with self._database.transaction() as tx:
            await settings.put(tx, settings.DIGEST, today.isoformat(), Act(TEXTBACK, "digest_sent", now))
            text = await self.text(tx, now)
            for name in self._settings.people:
                await self._telling.digest(tx, name, text, now)
        self._log.info("digest.sent", people=len(self._settings.people))


async def _sent_on(db: Reader) -> date | None:
    written = await settings.value(db, settings.DIGEST)
    return date.fromisoformat(written) if written else None
