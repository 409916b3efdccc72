"""The daemon is killed in the middle of a system call, at every step of sending a text, and started again.

`strace` sends SIGKILL at the Kth write to disk or to the network, so that nothing after it happens. Whatever K: no part
is submitted twice, and none is forgotten that had not left.
"""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from bridge.daemon.daemon import wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from tests import forked, site
from tests.lab.fixtures import missing

CALLER, OFFICE = "+12015550123", "+12125550100"
SECRET = "simulated"

SETTLED = ("submitted", "delivered", "unknown")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def strace() -> None:
    if not shutil.which("strace"):
        missing("strace is not installed")


@pytest.mark.parametrize("nth", range(3, 7))
async def test_killed_at_a_write_to_disk(tmp_path: Path, unused_tcp_port: int, nth: int) -> None:
    await _killed_and_started_again(tmp_path, unused_tcp_port, "fdatasync", nth)


@pytest.mark.parametrize("nth", [17, 26, 28, 29, 30])
async def test_killed_at_a_write_to_the_network(tmp_path: Path, unused_tcp_port: int, nth: int) -> None:
    """asyncio's own wake-ups count too, so that the text itself goes out at about the 28th."""
    await _killed_and_started_again(tmp_path, unused_tcp_port, "sendto", nth)


async def _killed_and_started_again(folder: Path, page: int, call: str, nth: int) -> None:
    """The writes are counted from when the daemon is at rest: call stored, text claimed, text sent, answer stored."""
    database = folder / "textback.db"
    async with SimulatedPbx(clock=wall_clock, secret=SECRET) as pbx, Smsc().serve() as smsc:
        config = _configured(folder, pbx.port, smsc.port, page)
        assert (await forked.said("resume", "-c", config))[0] == 0
        async with _running(config) as first:
            await _ready(page)
            with forked.injected(first.pid, call, f"signal=SIGKILL:when={nth}"):  # counted from here on
                await pbx.play(Tape.named("noanswer_one_phone"), caller=CALLER, did=OFFICE, speed=20)
                with contextlib.suppress(TimeoutError):  # of fewer writes than this it dies at rest
                    async with asyncio.timeout(20):
                        await first.wait()
        async with _running(config) as second:
            await _settled(database, smsc, second)
        submits = [submit for submit in smsc.submitted if submit.destination == CALLER.removeprefix("+")]
        assert len(submits) <= 1
        assert not submits or _part_states(database), "what was sent is known"


async def _ready(page: int) -> None:
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{page}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass  # it has not opened its port yet
            await asyncio.sleep(0.05)


async def _settled(database: Path, smsc: Smsc, daemon: forked.Process) -> None:
    """The second daemon is connected and has nothing left to send."""
    await smsc.until_bound()
    async with asyncio.timeout(20):
        while any(state not in SETTLED for state in _part_states(database)):
            assert daemon.returncode is None
            await asyncio.sleep(0.05)


def _part_states(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM message_part")]


def _configured(folder: Path, ami: int, smpp: int, page: int) -> Path:
    return site.write(
        folder,
        pbx={"port": ami, "secret": SECRET},
        smpp={"port": smpp, "reconnect_after": 0.2},
        web={"listen": f"127.0.0.1:{page}"},
        log={"level": "warning"},
    )


@asynccontextmanager
async def _running(config: Path) -> AsyncIterator[forked.Process]:
    process = await forked.textback("run", "-c", config)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()
