"""Promises 13 and 15: health tells the truth about what is written, and only one daemon writes.

The disk, the file and its neighbours misbehave under the real daemon, between a PBX and a gateway that only play.
Whatever happens: while nothing can be recorded it is not ready, says so, sends nothing and acknowledges nothing; and
what was heard meanwhile is recorded once it can be.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bridge.cli.control import NagiosState, looked
from bridge.config import load
from bridge.daemon import watch
from bridge.daemon.daemon import Daemon, wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from bridge.smpp import status
from storage import backup
from storage.database import PRAGMAS, Database
from tests import forked, site
from tests.depth import runs
from tests.lab.fixtures import missing
from tests.ports import reserve
from tests.web.served import COOKIES, let_in

CALLER, OFFICE = "+12015550123", site.DID
WHEN_IDLE = 2.0  # seconds in which a daemon must notice that its file is gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@dataclass
class Site:
    """The running daemon, and whom it talks with."""

    config: Path
    database: Path
    pbx: SimulatedPbx
    smsc: Smsc
    page: str

    async def is_ready(self) -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{self.page}/readyz") as answer:
            return answer.status == 200

    async def becomes(self, *, ready: bool) -> None:
        async with asyncio.timeout(30):
            while await self.is_ready() is not ready:  # noqa: ASYNC110  only asking tells
                await asyncio.sleep(0.05)

    async def shown(self, path: str) -> str:
        async with aiohttp.ClientSession(cookies=COOKIES) as http, http.get(f"{self.page}{path}") as answer:
            return await answer.text()

    async def customer_writes(self, words: str) -> int:
        """With which command_status the gateway was answered."""
        (answer,) = await self.smsc.deliver(CALLER, OFFICE, words)
        return answer

    async def customer_calls_in_vain(self) -> None:
        await self.pbx.play(Tape.named("noanswer_one_phone"), caller=CALLER, did=OFFICE, speed=50)

    async def says(self) -> tuple[NagiosState, str]:
        return await asyncio.to_thread(looked, self.config)

    def stored(self, query: str) -> int:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])

    async def stores(self, query: str, count: int) -> None:
        async with asyncio.timeout(30):
            while self.stored(query) != count:  # noqa: ASYNC110  it is another connection that writes
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    async with SimulatedPbx(clock=wall_clock, secret="secret") as pbx, Smsc().serve() as smsc:
        page = reserve()
        config = await site.texting(folder, pbx.port, smsc.port, page)
        async with await Database.open(folder / "textback.db") as database:
            await let_in(database, wall_clock())
        daemon = Daemon(load(config, {}), {}, wall_clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run())
            await daemon.started.wait()
            at = Site(config, folder / "textback.db", pbx, smsc, f"http://127.0.0.1:{page}")
            try:
                await at.becomes(ready=True)
                yield at
            finally:
                daemon.stop()


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks ten times as often, and waits less long for whoever has the lock."""
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.15)
    monkeypatch.setattr("storage.database.PRAGMAS", (*PRAGMAS[:-1], "busy_timeout = 300"))


async def nothing_is_acknowledged_sent_or_well(at: Site) -> None:
    """While it lasts: a call and a reply come, and go nowhere but into memory and back to the gateway."""
    await at.customer_calls_in_vain()
    await nothing_is_acknowledged_or_well(at)
    assert "Nothing is recorded" in await at.shown("/")
    assert at.smsc.submitted == []


async def nothing_is_acknowledged_or_well(at: Site) -> None:
    assert await at.customer_writes("Water is leaking, 12 Elm St") == status.TRY_AGAIN
    level, said = await at.says()
    assert level is NagiosState.CRITICAL, said
    assert "textback_recording 0.0" in await at.shown("/metrics")
    assert not await at.is_ready()


async def everything_is_well_again(at: Site) -> None:
    """What was heard meanwhile is recorded, and the gateway brings its reply again."""
    await at.becomes(ready=True)
    await at.stores("SELECT count(*) FROM call", 1)
    assert await at.customer_writes("Water is leaking, 12 Elm St") == status.OK
    await at.stores("SELECT count(*) FROM reply", 1)


# --- promise 13 ----------------------------------------------------------------------------------------------------


async def test_a_database_that_is_deleted_under_an_idle_daemon_is_noticed_within_two_seconds(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        kept = tmp_path / "kept"
        os.link(at.database, kept)
        at.database.unlink()
        async with asyncio.timeout(WHEN_IDLE):
            await at.becomes(ready=False)
        await nothing_is_acknowledged_sent_or_well(at)
        kept.rename(at.database)
        await everything_is_well_again(at)


def replaced(database: Path) -> None:
    copy = database.with_name("copy")
    backup.back_up(database, copy)
    copy.replace(database)


def cut_short(database: Path) -> None:
    os.truncate(database, 4096)


@pytest.mark.parametrize("happens", [replaced, cut_short])
async def test_a_database_that_is_replaced_or_cut_short_takes_not_even_the_next_reply(
    tmp_path: Path, in_haste: None, happens: Callable[[Path], None]
) -> None:
    async with running(tmp_path) as at:
        happens(at.database)
        await nothing_is_acknowledged_or_well(at)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Three megabytes of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        missing("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_full_disk_is_not_ready_and_well_again_once_there_is_room(small_disk: Path, in_haste: None) -> None:
    async with running(small_disk) as at:
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)) == 4096:
                if shutil.disk_usage(small_disk).free == 0:
                    break
        await at.becomes(ready=False)
        await nothing_is_acknowledged_sent_or_well(at)
        ballast.unlink()
        await everything_is_well_again(at)


@contextmanager
def failing(*calls: str) -> Iterator[None]:
    """These system calls of this process fail: its disk says EIO."""
    if not shutil.which("strace"):
        missing("strace is not installed")
    with forked.injected(os.getpid(), ",".join(calls), "error=EIO"):
        yield


async def test_a_disk_that_fails_is_not_ready_and_well_again_once_it_works(tmp_path: Path, in_haste: None) -> None:
    async with running(tmp_path) as at:
        with failing("fdatasync", "fsync"):
            await at.becomes(ready=False)
            await nothing_is_acknowledged_sent_or_well(at)
        await everything_is_well_again(at)


async def test_whoever_holds_the_lock_makes_it_unready_for_as_long_as_they_do(tmp_path: Path, in_haste: None) -> None:
    rounds = runs(1)  # of five seconds: a minute of it in `make deep`
    async with running(tmp_path) as at:
        with closing(sqlite3.connect(at.database, isolation_level=None, check_same_thread=False)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            await at.becomes(ready=False)
            await nothing_is_acknowledged_sent_or_well(at)
            for _ in range(min(rounds - 1, 12)):
                await asyncio.sleep(5)
                assert not await at.is_ready()
            other.execute("ROLLBACK")
        await everything_is_well_again(at)


async def test_calls_that_a_stop_could_not_store_are_counted_in_status(
    tmp_path: Path, in_haste: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.daemon.daemon.DRAIN_WITHIN", 0.3)
    with closing(sqlite3.connect(tmp_path / "textback.db", isolation_level=None, check_same_thread=False)) as other:
        async with running(tmp_path) as at:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            await at.customer_calls_in_vain()
            await at.becomes(ready=False)
        other.execute("ROLLBACK")
    assert at.stored("SELECT count(*) FROM call") == 0
    assert "1 call was not stored by the stop at" in (await at.says())[1]


# --- promise 15 ----------------------------------------------------------------------------------------------------


async def test_a_second_daemon_on_one_database_says_who_has_it_and_ends_while_commands_go_on(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        second = await asyncio.to_thread(site.process, "run", "--config", str(at.config))
        assert second.returncode == 1
        assert f"another textback (pid {os.getpid()}, since " in second.stderr
        paused = await asyncio.to_thread(site.run, "pause", "--config", str(at.config))
        assert paused.stdout.startswith("paused:")
        level, said = await at.says()
        assert (level, "paused, customers get no texts" in said) == (NagiosState.WARNING, True)
        assert await at.customer_writes("my sink is clogged") == status.OK
