"""Follows the commits of the database: whoever waits for something in it looks when it may have come.

After a quiet time the first commit is looked at at once; in a storm of them everybody looks a few times a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Set
from contextlib import suppress
from datetime import timedelta

import structlog

from bridge.ops.seldom_log import SeldomLog
from storage.database import Database
from storage.errors import StorageError

RETRY = timedelta(seconds=1)
AFTER_A_FAULT = timedelta(seconds=30)

log = structlog.get_logger()


async def follow_commits(
    database: Database,
    run_due: Callable[[], Awaitable[timedelta]],
    *,
    name: str,
    rest: timedelta,
    of: Set[str] | None = None,
) -> None:
    """Until cancelled. run_due: does what is due, and says how long nothing is, unless somebody commits.

    of: what concerns it, of what audit entries say (`storage.commits`). rest: between two looks. A disk that fails for
    a while makes it late; a mistake of ours is logged, and tried again.
    """
    storage_fails = SeldomLog(f"{name}.storage", tell=log.error)
    while True:
        seen = database.commits.count
        try:
            wait = await run_due()
        except StorageError as error:
            storage_fails(error=str(error))
            wait = RETRY
        except Exception:
            log.exception(f"{name}.fault")
            wait = AFTER_A_FAULT
        await asyncio.sleep(rest.total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(max((wait - rest).total_seconds(), 0)):
                await database.commits.beyond(seen, of)
