"""What stands around the daemon in a benchmark: a PBX, a gateway, and the daemon as a process whose CPU can be read.

Call after call rings out at a chosen pace; the gateway answers each text and sends its receipt.
"""

import asyncio
import os
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import monotonic

import aiohttp

from bridge.daemon.daemon import wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc, Submitted
from bridge.simulator.tape import Tape
from tests import site
from tests.ports import reserve

HERE = Path(__file__).parents[2]
RUN = "from bridge.cli.app import main; main()"
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 1200.0  # seconds; others may be at work on the machine
FREELY = {"min_ring": "0s", "cap_hour": 100_000, "cap_day": 100_000, "neighbours": 100}
"""Rules that hold no text back: what is measured is how fast, not whether."""


def caller(number: int) -> str:
    """None of them the neighbour of many others."""
    return f"+1201{2000000 + number * 97 % 7999999}"


@dataclass
class World:
    """hung_up, texted: when, by the caller's digits."""

    pbx: SimulatedPbx
    smsc: Smsc
    folder: Path
    page: str
    daemon: Process
    hung_up: dict[str, float] = field(default_factory=dict)
    texted: dict[str, float] = field(default_factory=dict)
    tape: Tape = field(default_factory=lambda: Tape.named("noanswer_one_phone"))
    callers: int = 0

    async def call(self) -> None:
        """Somebody calls in vain, all of it at once."""
        self.callers += 1
        who = caller(self.callers)
        await self.pbx.play(self.tape, caller=who, did=site.DID, speed=1e9)
        self.hung_up[who[1:]] = monotonic()

    async def calls(self, count: int, a_second: float) -> None:
        """At an even pace, whatever becomes of them."""
        began = monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / a_second - monotonic()))
            await self.call()

    def count(self, sql: str) -> int:
        with closing(sqlite3.connect(f"file:{self.folder / 'textback.db'}?mode=ro", uri=True)) as connection:
            return int(connection.execute(sql).fetchone()[0])

    async def until(self, holds: Callable[[], bool], every: float = 0.05) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110  another process decides
                await asyncio.sleep(every)

    async def until_delivered(self, texts: int) -> None:
        await self.until(lambda: self.count("SELECT count(*) FROM message_part WHERE state = 'delivered'") >= texts)

    def cpu(self) -> float:
        """Seconds that the daemon has used, in user and system."""
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def waits(self) -> list[float]:
        """Milliseconds from each hang-up to its text at the gateway."""
        return [(self.texted[who] - at) * 1000 for who, at in self.hung_up.items()]

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        """One that may see the page, by the one-time link."""
        textback = [sys.executable, "-c", RUN, "page-link", "-c", str(self.folder / "textback.toml")]
        asked = await asyncio.create_subprocess_exec(*textback, stdout=PIPE)
        said, _ = await asked.communicate()
        link = next(word for word in said.decode().split() if "/link/" in word)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(link) as answer:
                assert answer.status == 200, answer.status
            yield session

    def forget(self) -> None:
        self.hung_up.clear()
        self.texted.clear()
        self.smsc.submitted.clear()


def percentiles(values: list[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


@asynccontextmanager
async def running(folder: Path, checkout: Path = HERE) -> AsyncIterator[World]:
    """checkout: whose daemon."""
    texted: dict[str, float] = {}

    def on_submit(text: Submitted) -> None:
        texted.setdefault(text.destination, monotonic())

    async with SimulatedPbx(clock=wall_clock, secret="secret") as pbx, Smsc(on_submit=on_submit).serve() as smsc:
        page = reserve()
        config = site.write(
            folder,
            pbx={"port": pbx.port},
            smpp={"port": smsc.port, "window": 50, "rate": 1000},
            rules=FREELY,
            web={"listen": f"127.0.0.1:{page}"},
            log={"level": "warning"},
        )
        textback = [sys.executable, "-c", RUN]
        resumed = await asyncio.create_subprocess_exec(*textback, "resume", "-c", config, cwd=checkout, stdout=DEVNULL)
        assert await resumed.wait() == 0
        daemon = await asyncio.create_subprocess_exec(*textback, "run", "-c", config, cwd=checkout)
        try:
            await smsc.until_bound()
            world = World(pbx, smsc, folder, f"http://127.0.0.1:{page}", daemon, texted=texted)
            await world.until(lambda: bool(pbx._listening))
            await world.call()  # what ended before an office first listened is none of its calls
            await world.until_delivered(1)
            world.forget()
            yield world
        finally:
            daemon.terminate()
            await daemon.wait()
