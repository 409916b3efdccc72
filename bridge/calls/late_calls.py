"""Backfill from CDR: calls that ended while the daemon was stopped or the line to the PBX was cut. They are found again
in what the PBX wrote down itself, marked late, and then treated like any other call.

Nothing is guessed: a call of which the PBX wrote nothing stays `unknown`, and is listed. Calls from before this office
first listened are none of ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bridge.domain.calls.calls import CallKey, Direction, EndedCall, Verdict
from bridge.domain.texts.policy import NoTextReason
from bridge.ports import CallRecords
from storage import calls
from storage.calls import CallRow
from storage.database import Database, Reader
from storage.errors import StorageError

LOOK_EVERY = timedelta(seconds=5)
COME_WITHIN = timedelta(minutes=10)
"""After a call records may take half of this: PBXs may write them in batches."""

TOGETHER = 100
"""Calls taken in at one time."""

WHOLE_SECOND = timedelta(seconds=1)
"""Records tell no more: what ended in the same second as the first call we heard would seem to be before it."""

OVERLAP = timedelta(hours=1)
"""So far before the last call we heard, others may have ended unheard."""


class LateCallTaker(Protocol):
    def __call__(self, call: EndedCall, now: datetime, *, late: bool) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class ListeningGap:
    """Calls that ended between these moments may have been missed by us. link: the connection that ended the gap."""

    since: datetime
    link: datetime


class Backfill:
    """One PBX. connected_since: None while there is no connection, another moment after every new one.

    unreadable: why its records could not be read when they were needed last, "" if they could.
    """

    def __init__(
        self,
        database: Database,
        pbx: str,
        records: CallRecords,
        connected_since: Callable[[], datetime | None],
        ended: LateCallTaker,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self.pbx = pbx
        self._records = records
        self._connected_since = connected_since
        self._ended = ended
        self._clock = clock
        self._gap: ListeningGap | None = None
        self.unreadable = ""
        self._undigested: set[CallKey] = set()
        self._log = structlog.get_logger().bind(pbx=pbx)

    async def run(self) -> None:
        """Until cancelled. A disk that fails for a while makes it late."""
        while True:
            try:
                await self.run_due()
            except StorageError as error:
                self._log.warning("backfill.storage", why=error.advice)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def run_due(self) -> None:
        """Take in what ended unheard, as far as there are records of it by now."""
        gap, now = await self._current_gap(), self._clock()
        if gap is None or not await self._records_may_come(gap, now):
            return
        told = await self._read(gap.since, now)
        fresh = [call for call in told if call.key not in self._undigested]
        for start in range(0, len(fresh), TOGETHER):
            await self._take(fresh[start : start + TOGETHER], gap, now)

    async def _current_gap(self) -> ListeningGap | None:
        """Kept for as long as the connection lasts: what is heard meanwhile must not make it smaller."""
        link = self._connected_since()
        if link is not None and (self._gap is None or self._gap.link != link):
            async with self._database.read() as db:
                listened = await calls.listened(db, self.pbx)
            since = max(listened[0], listened[1] - OVERLAP) - WHOLE_SECOND if listened else None
            self._gap = ListeningGap(since, link) if since else None
        return self._gap if link is not None else None

    async def _records_may_come(self, gap: ListeningGap, now: datetime) -> bool:
        if now - gap.link < COME_WITHIN:
            return True
        async with self._database.read() as db:
            return await calls.ended_unseen(db, self.pbx, now - COME_WITHIN)

    async def _read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        try:
            found = await self._records.read(since, now)
        except OSError as error:
            if not self.unreadable:
                self._log.error("backfill.unreadable", why=str(error))
            self.unreadable = str(error) or type(error).__name__
            return ()
        self.unreadable = ""
        return [call for call in found if call.direction is Direction.INBOUND]

    async def _take(self, told: Sequence[EndedCall], gap: ListeningGap, now: datetime) -> None:
        """In their order: what is handed over at one time shares a commit."""

        async def find(db: Reader) -> list[CallRow | None]:
            return [await calls.find(db, call.key) for call in told]

        known = await self._database.query(find)
        found = [late for call, row in zip(told, known, strict=True) if (late := _unheard(call, row, gap))]
        results = await asyncio.gather(*(self._ended(call, now, late=True) for call in found), return_exceptions=True)
        for call, error in zip(found, results, strict=True):
            if isinstance(error, StorageError):
                raise error
            if error is not None:  # a mistake of ours must not take the other calls with it
                self._undigested.add(call.key)
                self._log.error("call.undigested", uniqueid=call.key.uniqueid, verdict=call.verdict, exc_info=error)


def _unheard(told: EndedCall, known: CallRow | None, gap: ListeningGap) -> EndedCall | None:
    """The call, where we do not know yet what became of it."""
    if known is None:
        return told if told.ended_at and told.ended_at - WHOLE_SECOND <= gap.link else None
    unheard = known.filing.verdict is Verdict.UNKNOWN and known.filing.text_why != NoTextReason.ELSEWHERE
    return _completed(known, told) if unheard else None


def _completed(known: CallRow, told: EndedCall) -> EndedCall:
    """What we heard ourselves of who called whom is better than what the records say."""
    heard = known.call
    return replace(
        told, key=heard.key, linkedid=heard.linkedid, caller=heard.caller, did=heard.did, started_at=heard.started_at
    )
