"""Is what happens on disk? Asked of the database itself, and answered by what it took last.

Every second the file is looked for under its path, and other processes' commits are noticed. A daemon at rest also
writes, every other second: a real commit, synchronised like any other, is the cheapest thing that a full disk, one that
fails or is read-only, and somebody else's lock all stop. (To begin and to roll back touches no disk; to write without
synchronising misses the disk that fails; what others commit shows nothing of ours.) A busy one writes anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bridge.ops.health import Backlog
from storage.database import Database
from storage.errors import STANDS, LostError, RejectedError, StorageError

LOOK_EVERY = 1.0
WRITE_EVERY = 1.5  # seconds, so every other look
QUIET_LOOKS = 5
"""Without a refused write, and with one of now that went well, end that fault."""

WRITES_WITHIN = 2.0
"""Seconds: SQLite itself gives up on another program's lock after five."""

STANDS_STILL = 30.0
"""Seconds without an answer from the database, good or bad."""

log = structlog.get_logger()


class DatabaseWatch:
    """overdue: the texts that should have left by then."""

    def __init__(
        self, database: Database, overdue: Callable[[datetime], Awaitable[Backlog]], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._overdue = overdue
        self._clock = clock
        self._version, self._written = 0, database.written
        self._written_at = self._answered_at = _monotonic()
        self._refusals, self._looks_since = database.refusals, QUIET_LOOKS
        self._said = ""
        self.lost = False
        self.texts = Backlog()

    @property
    def fault(self) -> str:
        """At once where a write is refused: what the watch writes is small, and may go well all the same."""
        return self._said or self._refusal() or self._standing()

    def _standing(self) -> str:
        """Told while it lasts: who asks how we do need not wait until SQLite has given up."""
        stands = self._database.stands_for > WRITES_WITHIN
        return str(StorageError(self._database.path, STANDS)) if stands else ""

    def _refusal(self) -> str:
        """Why, while there was none of it for less than some looks."""
        is_over = self._refusals == self._database.refusals and self._looks_since >= QUIET_LOOKS
        return "" if is_over else self._database.refusal

    @property
    def unwritten_for(self) -> timedelta:
        return timedelta(seconds=_monotonic() - self._written_at)

    @property
    def would_restart_help(self) -> bool:
        """Where the database answers, with whatever error, what waits in memory is better kept than begun anew."""
        return self.lost or _monotonic() - self._answered_at > STANDS_STILL

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self) -> None:
        if self._refusals != self._database.refusals:
            self._refusals, self._looks_since = self._database.refusals, 0
        try:
            await self._notice_others()
            await self._see_it_written()
            self.texts = await self._overdue(self._clock())
        except (StorageError, RejectedError) as error:
            self._say(str(error), lost=isinstance(error, LostError))
        else:
            self._looks_since += 1
            self._say(self._refusal(), lost=False)
        self._answered_at = _monotonic()

    async def _notice_others(self) -> None:
        version = await self._database.look()
        if version != self._version:
            self._database.commits.tell()
        self._version = version

    async def _see_it_written(self) -> None:
        at_rest = self._database.written == self._written and _monotonic() - self._written_at > WRITE_EVERY
        if self.fault or at_rest:  # what went wrong is over by a write of now: one from before may be heard of late
            await self._database.beat()
        if self._database.written != self._written:
            self._written, self._written_at = self._database.written, _monotonic()

    def _say(self, fault: str, *, lost: bool) -> None:
        """Once, when it begins and when it is over: a disk that is full for a night is one line."""
        if fault and fault != self._said:
            log.error("database.fault", why=fault)
        elif self._said and not fault:
            log.info("database.well_again")
        self._said, self.lost = fault, lost


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
