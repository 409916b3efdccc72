"""The queue as a list of customers, and the digest of it that goes to staff when the office opens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bridge.domain.callbacks.queue import TEXTBACK
from bridge.domain.office.office import Office
from bridge.domain.oncall import summary
from bridge.domain.reports import digest
from bridge.domain.reports.digest import WaitingCustomer
from bridge.office.schedule_changes import office_with_changes
from bridge.oncall.staff_messages import StaffMessages
from bridge.reports import figures
from bridge.reports.settings import DigestSettings
from storage import alerts, callbacks, settings
from storage.audit import Act
from storage.callbacks import Key
from storage.database import Database, Reader

WORTH_SENDING = timedelta(hours=2)
"""A morning's digest that could not be made for so long is not sent any more."""

PAGE = 200


class Digest:
    """Of the whole office, and of a branch alone: its first line's calendar says when it opens."""

    def __init__(
        self, database: Database, office: Office, limits: DigestSettings, staff_messages: StaffMessages
    ) -> None:
        self._database = database
        self._office = office
        self._settings = limits
        self._staff_messages = staff_messages
        self._log = structlog.get_logger()

    async def waiting(self, db: Reader, branch: str | None = None) -> Sequence[WaitingCustomer]:
        """Everybody who needs a call: urgent first, then the oldest; one entry per customer, withheld numbers apart."""
        found: list[WaitingCustomer] = []
        known: set[object] = set()
        after: Key | None = None
        while page := await callbacks.to_call(db, after=after, limit=PAGE):
            for row in page:
                if branch not in (None, row.branch):
                    continue
                if row.number is None or row.shared or row.number not in known:
                    known.add(row.number)
                    case = await alerts.live(db, row.id)
                    found.append(
                        WaitingCustomer(row, await self._staff_messages.facts(db, row, case.why if case else ()))
                    )
            after = Key.of(page[-1])
        return found

    async def text(self, db: Reader, now: datetime, branch: str | None = None) -> str:
        """What waits now, and what came of the calls since the last working day."""
        return (await self._told(db, now, branch))[0]

    async def _told(self, db: Reader, now: datetime, branch: str | None) -> tuple[str, str]:
        """What there is room for in a text, and all of it."""
        office = await office_with_changes(db, self._office, now)
        today = now.astimezone(office.zone).date()
        since = digest.last_working_day(office.line_of(branch).calendar, today)
        counted = await figures.of_period(db, office, since, today, now, branch=branch)
        waiting, whose = await self.waiting(db, branch), f"{summary.clean(branch)}: " if branch else ""
        text, page = (tell(waiting, counted, office, now) for tell in (digest.text, digest.page))
        return whose + text, whose + page

    async def run_due(self, now: datetime) -> None:
        """Send those whose time has come: each once a day, also over restarts."""
        for branch, people in self._settings.audiences:
            await self._look(branch, people, now)

    async def _look(self, branch: str | None, people: Sequence[str], now: datetime) -> None:
        key = settings.DIGEST if branch is None else f"{settings.DIGEST}.{branch}"
        today = now.astimezone(self._office.zone).date()
        async with self._database.read() as db:
            office = await office_with_changes(db, self._office, now)
            due_at = digest.due_at(office.line_of(branch).calendar, today, self._settings.at)
            too_late = due_at is None or not due_at <= now < due_at + WORTH_SENDING
            if too_late or await settings.value(db, key) == today.isoformat():
                return
        async with self._database.transaction() as tx:
            await settings.put(tx, key, today.isoformat(), Act(TEXTBACK, "digest_sent", now))
            text, page = await self._told(tx, now, branch)
            for name in people:
                await self._staff_messages.digest(tx, name, text, page, now, branch)
        self._log.info("digest.sent", branch=branch, people=len(people))
