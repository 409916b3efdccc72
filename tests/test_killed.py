"""The daemon is killed in the middle of a system call, at every step of sending a text, and started again.

`strace` sends SIGKILL at the Kth write to disk or to the network, so that nothing after it happens. Whatever K: no part
is submitted twice, and none is forgotten that had not left.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bridge.daemon import wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from tests.lab.fixtures import missing

TEXTBACK = Path(sys.executable).with_name("textback")
CALLER, OFFICE = "+12015550123", "+12125550100"
SECRET = "simulated"

CONFIG = """
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"
[[pbx]]
port = {ami}
secret = "{secret}"
trunks = ["PJSIP/trunk-*"]
[[line]]
dids = ["{office}"]
sms_number = "{office}"
[smpp]
host = "127.0.0.1"
port = {smpp}
system_id = "textback"
password = "secret"
reconnect_after = 0.2
[web]
listen = "127.0.0.1:{page}"
[storage]
path = "textback.db"
[log]
level = "warning"
"""

SETTLED = ("submitted", "delivered", "unknown")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def strace() -> None:
    if not shutil.which("strace"):
        missing("strace is not installed")


@pytest.mark.parametrize("nth", range(2, 7))
async def test_killed_at_a_write_to_disk(tmp_path: Path, unused_tcp_port: int, nth: int) -> None:
    await _killed_and_started_again(tmp_path, unused_tcp_port, "fdatasync", nth)


@pytest.mark.parametrize("nth", range(2, 6))
async def test_killed_at_a_write_to_the_network(tmp_path: Path, unused_tcp_port: int, nth: int) -> None:
    await _killed_and_started_again(tmp_path, unused_tcp_port, "sendto", nth)


async def _killed_and_started_again(folder: Path, page: int, call: str, nth: int) -> None:
    inject = f"inject={call}:signal=SIGKILL:when={nth}"
    async with SimulatedPbx(clock=wall_clock, secret=SECRET) as pbx, Smsc().serve() as smsc:
        config = _configured(folder, pbx.port, smsc.port, page)
        await _textback("resume", config)
        async with _running(
            config, "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject
        ) as first:
            playing = asyncio.create_task(_play_a_missed_call(pbx, smsc, first))
            async with asyncio.timeout(40):
                await first.wait()
            playing.cancel()
        async with _running(config) as second:
            await _settled(folder / "textback.db", smsc, second)
        submits = [submit for submit in smsc.submitted if submit.destination == CALLER.removeprefix("+")]
        assert len(submits) <= 1
        states = _part_states(folder / "textback.db")
        assert all(state in SETTLED for state in states)
        assert not submits or states


async def _play_a_missed_call(pbx: SimulatedPbx, smsc: Smsc, daemon: asyncio.subprocess.Process) -> None:
    """Whenever the daemon is there to hear it; and again, for one that is killed late."""
    await smsc.until_bound()
    while daemon.returncode is None:
        await pbx.play(Tape.named("noanswer_one_phone"), caller=CALLER, did=OFFICE, speed=20)


async def _settled(database: Path, smsc: Smsc, daemon: asyncio.subprocess.Process) -> None:
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
    path = folder / "textback.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIG.format(ami=ami, secret=SECRET, office=OFFICE, smpp=smpp, page=page))
    return path


async def _textback(verb: str, config: Path) -> None:
    process = await asyncio.create_subprocess_exec(TEXTBACK, verb, "-c", config, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0


@asynccontextmanager
async def _running(config: Path, *under: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*under, TEXTBACK, "run", "-c", config, start_new_session=True)
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # strace would not hear anything milder
        await process.wait()
