"""Keeps what desk phones show in step with the queue: the lamp (BLF: a hint), and the words in front of a name (CNAM).

The PBX holds both itself, so that a call never waits for us, whether we run, hang or are gone. It is told all when we
(re)connect and twice a day, between that what changes; and the lamp once a minute, whatever happened to it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bridge.domain.callbacks import desk_label as display
from bridge.domain.callbacks.desk_label import Lamp
from bridge.domain.phone import E164
from bridge.ops.following import follow_commits
from bridge.ports import Display
from storage import audit, callbacks, phones
from storage.audit import Subject
from storage.database import Database, Reader

LOOK_EVERY = timedelta(seconds=1)
REST = timedelta(milliseconds=250)
PACE = timedelta(milliseconds=200)  # the PBX runs what it is asked to side by side: this keeps it in order
REFRESH = timedelta(minutes=1)
ALL_AGAIN = timedelta(hours=12)  # what was forgotten here is forgotten there
AT_ONCE = 10  # labels

log = structlog.get_logger()


class DeskPhoneSync:
    """What one PBX shows. clock: aware UTC."""

    def __init__(self, database: Database, pbx: Display, country: str, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._pbx = pbx
        self._country = country
        self._clock = clock
        self._link: datetime | None = None
        self._told = 0  # the last audit entry whose consequences are shown
        self._told_at = self._all_told_at = clock()

    async def run(self) -> None:
        """Until cancelled. A disk that fails for a while makes the phones late, not wrong for ever."""
        await follow_commits(self._database, self.run_due, name="lamp", rest=REST, of={Subject.CALLBACK})

    async def run_due(self) -> timedelta:
        """Tell the PBX what it does not know yet."""
        link = self._pbx.connected_since
        if link is None:
            self._link = None
        elif link != self._link or self._clock() - self._all_told_at >= ALL_AGAIN:
            await self._tell_all(link)
        else:
            await self._tell_changes()
        return LOOK_EVERY

    async def _tell_all(self, link: datetime) -> None:
        async with self._database.read() as db:
            newest, customers = await audit.newest_id(db), await phones.customers_waiting(db)
        if await self._tell(customers, forget=True):
            self._link, self._told, self._all_told_at = link, newest, self._clock()

    async def _tell_changes(self) -> None:
        newest = await self._database.query(audit.newest_id)
        if newest == self._told and not self._is_stale:
            return
        customers = await self._database.query(lambda db: phones.customers_changed(db, self._told))
        if await self._tell(customers):
            self._told = newest

    @property
    def _is_stale(self) -> bool:
        return self._clock() - self._told_at >= REFRESH

    async def _tell(self, customers: Sequence[E164], *, forget: bool = False) -> bool:
        """A few customers at a time, and each time the lamp as it is by then. False where the PBX did not take it."""
        for start in range(0, max(len(customers), 1), AT_ONCE):
            some = customers[start : start + AT_ONCE]
            async with self._database.read() as db:
                lamp = await _lamp(db)
                labels = [(display.spellings(number, self._country), await _words(db, number)) for number in some]
            taken = await self._pbx.show(lamp, labels, forget=forget and start == 0)
            if not taken.accepted:
                log.warning("lamp.not_told", why=taken.error)
                return False
            await asyncio.sleep(PACE.total_seconds())
        self._told_at = self._clock()
        return True


async def _words(db: Reader, number: E164) -> str:
    return display.words(await callbacks.unfinished_about(db, number))


async def _lamp(db: Reader) -> Lamp:
    found = await phones.waiting(db)
    return display.lamp(waiting=found.rows > 0, urgent_unseen=found.urgent_unseen)
