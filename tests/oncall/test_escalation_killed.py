"""The main ladder, killed at every write to disk: nobody is forgotten, and nobody is told twice of the same step.

Each look of the escalation runs as its own process, which `strace` kills at its Kth fdatasync, that is in the middle of
a commit; then another process looks. The clock is the test's.
"""

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from storage.database import Database
from tests import forked
from tests.desk import text
from tests.lab.fixtures import missing
from tests.oncall.night import BOB, LEAK, Night, night

__all__ = ["night"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def strace() -> None:
    if not shutil.which("strace"):
        missing("strace is not installed")


@pytest.mark.parametrize("nth", range(1, 5))
async def test_killed_at_a_write_of_any_step_the_ladder_ends_as_if_nothing_had_happened(
    night: Night, tmp_path: Path, nth: int
) -> None:
    database = tmp_path / "textback.db"
    await night.inbox.received(text(LEAK))
    await killed_and_looked_again(database, night, nth)
    await night.alerts_arrive()
    await killed_and_looked_again(database, night, nth)
    night.clock.advance(minutes=10)
    await killed_and_looked_again(database, night, nth)
    await night.alerts_arrive()
    await killed_and_looked_again(database, night, nth)
    await night.inbox.received(text(await night.digits(BOB), BOB.value))
    await killed_and_looked_again(database, night, nth)
    await night.inbox.received(text(f"T {await night.digits(BOB)} on my way, Bob", BOB.value))
    await killed_and_looked_again(database, night, nth)
    assert await night.minutes() == [("Ann", 0), ("Bob", 10)]
    assert await night.minutes("alert.news") == [("Ann", 10)]
    assert await night.minutes("staff.answer") == [("Bob", 10), ("Bob", 10)]
    assert await night.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [1]
    assert (await night.row()).owner == "Bob"


async def killed_and_looked_again(database: Path, night: Night, nth: int) -> None:
    await asyncio.to_thread(forked.killed_at, "fdatasync", nth, look, database, night.clock())
    assert await asyncio.to_thread(forked.ended, look, database, night.clock()) == 0


def look(database: Path, now: datetime) -> None:
    """One look, as a process of its own."""
    asyncio.run(_look(database, now))


async def _look(database: Path, now: datetime) -> None:
    async with await Database.open(database) as opened:
        watch = Night(opened)
        watch.clock.now = now
        await watch.look()
