"""What time alone brings about: snoozed rows wake, idle claims end, texts whose rest never came are shown."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bridge.callbacks import Callbacks
from bridge.inbox import Inbox
from storage.errors import StorageError

LOOK_EVERY = timedelta(seconds=15)


class Upkeep:
    def __init__(self, callbacks: Callbacks, inbox: Inbox, *, clock: Callable[[], datetime]) -> None:
        self._callbacks = callbacks
        self._inbox = inbox
        self._clock = clock
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                self._log.error("upkeep.storage", error=str(error))
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self) -> None:
        now = self._clock()
        await self._inbox.show_incomplete(now)
        await self._callbacks.wake_due(now)
        await self._callbacks.release_idle(now)
