"""What time alone brings about: snoozed rows wake, idle claims end, receipts and digests fall due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from storage.errors import StorageError

LOOK_EVERY = timedelta(seconds=15)

Job = Callable[[datetime], Awaitable[None]]


class Jobs:
    """jobs: each looks whether something is due, and does it."""

    def __init__(self, jobs: Sequence[Job], *, clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._clock = clock
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.run_due()
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def run_due(self) -> None:
        """A disk, or a mistake of ours, that fails one of them keeps none of the others from their turn."""
        for job in self._jobs:
            try:
                await job(self._clock())
            except StorageError as error:
                self._log.error("upkeep.storage", error=str(error))
            except Exception:
                self._log.exception("upkeep.failed")
