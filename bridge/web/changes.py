"""Tells the page and the lamps what was committed, by this process or another, in the order of the audit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

from bridge.ops.following import follow_commits
from storage import audit
from storage.audit import Entry, Subject
from storage.database import Database

LOOK_EVERY = timedelta(seconds=1)
REST = timedelta(milliseconds=100)
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
        self._last = 0  # audit entry that was announced
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
        self._last = await self._database.query(audit.newest_id)
        self.started.set()
        await follow_commits(self._database, self._announce, name="changes", rest=REST, of=set(Subject))

    async def _announce(self) -> timedelta:
        for entry in await self._database.query(lambda db: audit.after(db, self._last)):
            self._last = entry.id
            for subscription in self._subscriptions:
                subscription.put(entry)
        return self._look_every
