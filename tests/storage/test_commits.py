"""Whoever follows commits is woken by those that concern it, and by whatever another process wrote."""

import asyncio
from collections.abc import Set

import pytest

from storage import settings
from storage.commits import Commits
from storage.database import Database, Writer
from tests.desk import MONDAY_NOON, Desk, missed_call

OF_TEXTS = {"part.queued"}


def waiting(commits: Commits, of: Set[str] | None) -> "asyncio.Task[int]":
    return asyncio.create_task(commits.beyond(commits.count, of))


async def is_woken(task: "asyncio.Task[int]") -> bool:
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return not task.cancelled()


@pytest.mark.parametrize(
    ("told", "of", "woken"),
    [
        ({"part", "part.queued"}, OF_TEXTS, True),
        ({"part", "part.sending"}, OF_TEXTS, False),
        ({"part", "part.sending"}, {"part"}, True),
        ({"part", "part.sending"}, None, True),
        (set(), OF_TEXTS, False),
        (None, OF_TEXTS, True),
    ],
)
async def test_a_follower_wakes_for_what_concerns_it(told: Set[str] | None, of: Set[str] | None, woken: bool) -> None:
    commits = Commits()
    follower = waiting(commits, of)
    await asyncio.sleep(0)
    commits.tell(told)
    assert await is_woken(follower) is woken


async def test_what_was_told_before_one_began_to_wait_is_not_missed() -> None:
    commits = Commits()
    seen = commits.count
    commits.tell({"part.queued"})
    commits.tell({"reply.received"})
    assert await commits.beyond(seen, OF_TEXTS) == 2


async def test_a_commit_tells_what_its_audit_entries_say(desk: Desk) -> None:
    before = desk.database.commits.count
    await desk.call(missed_call())
    for what in ("call.ended", "callback.opened", "callback", "part.queued"):
        assert desk.database.commits.newest({what}) > before, what
    assert desk.database.commits.newest({"reply", "part.sending"}) == 0


async def test_what_failed_tells_nothing_beside_what_was_committed_with_it(database: Database) -> None:
    async def fails(tx: Writer) -> None:
        await settings.turn(tx, settings.BREAKER, True, "Ann", MONDAY_NOON)
        raise RuntimeError("after it was written")

    async def works(tx: Writer) -> None:
        await settings.turn(tx, settings.PAUSED, False, "Ann", MONDAY_NOON)

    async with database.transaction():  # what comes meanwhile is committed together
        both = [asyncio.create_task(database.write(work)) for work in (fails, works)]
        await asyncio.sleep(0)
    await asyncio.wait(both)
    assert database.commits.newest({"setting.paused_off"}) == database.commits.count
    assert database.commits.newest({"setting.breaker_on"}) == 0
