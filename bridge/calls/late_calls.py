"""Calls that ended while nobody listened: the daemon was stopped, or the line to the PBX was cut. They are found again
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

from bridge.domain.calls.calls import CallKey, EndedCall, Verdict
from bridge.ports import CdrSource
from storage import calls
from storage.calls import CallRow
from storage.database import Database
from storage.errors import StorageError

LOOK_EVERY = timedelta(seconds=5)
COME_WITHIN = timedelta(minutes=10)
"""After a call records may take half of this: PBXs may write them in batches."""

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
    """One PBX. connected_since: None while there is no connection, another moment after every new one."""

    def __init__(
        self,
        database: Database,
        pbx: str,
        records: CdrSource,
        connected_since: Callable[[], datetime | None],
        ended: LateCallTaker,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._pbx = pbx
        self._records = records
        self._connected_since = connected_since
        self._ended = ended
        self._clock = clock
        self._gap: ListeningGap | None = None
        self._unreadable = False
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
        for call in await self._read(now):
            if call.ended_at and call.ended_at >= gap.since and call.key not in self._undigested:
                await self._try_to_take(call, gap, now)

    async def _current_gap(self) -> ListeningGap | None:
        """Kept for as long as the connection lasts: what is heard meanwhile must not make it smaller."""
        link = self._connected_since()
        if link is not None and (self._gap is None or self._gap.link != link):
            async with self._database.read() as db:
                listened = await calls.listened(db, self._pbx)
            self._gap = ListeningGap(max(listened[0], listened[1] - OVERLAP), link) if listened else None
        return self._gap if link is not None else None

    async def _records_may_come(self, gap: ListeningGap, now: datetime) -> bool:
        if now - gap.link < COME_WITHIN:
            return True
        async with self._database.read() as db:
            return await calls.ended_unseen(db, self._pbx, now - COME_WITHIN)

    async def _read(self, now: datetime) -> Sequence[EndedCall]:
        try:
            found = await self._records.read(now)
        except OSError as error:
            if not self._unreadable:
                self._log.error("backfill.unreadable", why=str(error))
            self._unreadable = True
            return ()
        self._unreadable = False
        return found

    async def _try_to_take(self, call: EndedCall, gap: ListeningGap, now: datetime) -> None:
        try:
            await self._take(call, gap, now)
        except StorageError:
            raise
        except Exception:  # a mistake of ours must not take the other calls with it
            self._undigested.add(call.key)
            self._log.exception("call.undigested", uniqueid=call.key.uniqueid, verdict=call.verdict)

    async def _take(self, call: EndedCall, gap: ListeningGap, now: datetime) -> None:
        async with self._database.read() as db:
            known = await calls.find(db, call.key)
        if known is None and call.ended_at and call.ended_at <= gap.link:
            await self._ended(call, now, late=True)
        elif known is not None and known.filing.verdict is Verdict.UNKNOWN:
            await self._ended(_completed(known, call), now, late=True)


def _completed(known: CallRow, told: EndedCall) -> EndedCall:
    """What we heard ourselves of who called whom is better than what the records say."""
    heard = known.call
    return replace(
        told, key=heard.key, linkedid=heard.linkedid, caller=heard.caller, did=heard.did, started_at=heard.started_at
    )
