"""Tells the page and the lamps what was committed, by this process or another, in the order of the audit."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from storage import audit
from storage.audit import Entry
from storage.database import Database

LOOK_EVERY = timedelta(seconds=1)
BACKLOG = 1000


class Subscription:
    """What changed since one began to listen. Iterating waits for the next change."""

    def __init__(self) -> None:
        self._entries: asyncio.Queue[Entry] = asyncio.Queue(BACKLOG)
        self.lagged = False

    def put(self, entry: Entry) -> None:
        """Never waits: a listener that is BACKLOG changes behind loses the oldest and is told so by `lagged`."""
        if self._entries.full():
            self._entries.get_nowait()
            self.lagged = True
        self._entries.put_nowait(entry)

    async def __aiter__(self) -> AsyncIterator[Entry]:
        while True:
            yield await self._entries.get()


class Changes:
    def __init__(self, database: Database, *, look_every: timedelta = LOOK_EVERY) -> None:
        self._database = database
        self._look_every = look_every
        self._subscriptions: set[Subscription] = set()
        self.started = asyncio.Event()

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Until cancelled. Our own commits are seen at once, those of other processes within `look_every`."""
        async with self._database.read() as db:
            last = await audit.newest_id(db)
        version = await self._database.data_version()
        self.started.set()
        while True:
            seen = self._database.commits.count
            for entry in await self._after(last):
                last = entry.id
                self._announce(entry)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every.total_seconds()):
                    await self._database.commits.beyond(seen)
            version = await self._notice_others(seen, version)

    async def _notice_others(self, seen: int, version: int) -> int:
        """Somebody else committed: let everybody who waits for commits know."""
        current = await self._database.data_version()
        if current != version and self._database.commits.count == seen:
            self._database.commits.tell()
        return current

    async def _after(self, last: int) -> Sequence[Entry]:
        async with self._database.read() as db:
            return await audit.after(db, last)

    def _announce(self, entry: Entry) -> None:
        for subscription in self._subscriptions:
            subscription.put(entry)
