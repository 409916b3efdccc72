"""Whoever listens is told what was committed, by whatever process, in its order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from bridge.web import changes
from bridge.web.changes import Changes, Subscription
from storage import audit, settings
from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Subscription]:
    """A listener that is really there before anything happens."""
    announcer = Changes(database, look_every=timedelta(milliseconds=20))
    running = asyncio.create_task(announcer.run())
    with announcer.subscribe() as subscription:
        await announcer.started.wait()
        yield subscription
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def heard(subscription: Subscription, number: int) -> list[str]:
    said: list[str] = []
    async for entry in subscription:
        said.append(entry.what)
        if len(said) == number:
            break
    return said


async def test_a_listener_hears_every_change_in_order(desk: Desk) -> None:
    async with listening(desk.database) as subscription:
        await desk.call(missed_call())
        assert await heard(subscription, 3) == ["callback.opened", "call.ended", "part.queued"]


async def test_a_listener_hears_of_other_processes(desk: Desk) -> None:
    async with listening(desk.database) as subscription:
        async with await Database.open(desk.database.path) as other, other.transaction() as tx:
            await settings.turn(tx, settings.PAUSED, True, "Ann", MONDAY_NOON)
        assert await heard(subscription, 1) == ["setting.paused_on"]


async def test_what_was_rolled_back_is_not_heard_of(desk: Desk) -> None:
    async with listening(desk.database) as subscription:
        with suppress(RuntimeError):
            async with desk.database.transaction() as tx:
                await settings.turn(tx, settings.PAUSED, True, "Ann", MONDAY_NOON)
                raise RuntimeError
        await desk.call(missed_call())
        assert await heard(subscription, 1) == ["callback.opened"]


async def test_a_listener_that_sleeps_loses_the_oldest_and_is_told_so(desk: Desk) -> None:
    subscription = Subscription()
    async with desk.database.read() as db:
        (entry,) = await audit.after(db, 0, limit=1)
    for _ in range(changes.BACKLOG + 1):
        subscription.put(entry)
    assert subscription.lagged
    assert len(await heard(subscription, changes.BACKLOG)) == changes.BACKLOG
