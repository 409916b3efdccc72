"""Promises 2 and 12: whenever and however the daemon is stopped, no call is lost and no text doubled.

The real daemon, thirty calls a second, customers who answer and staff who give commands; stopped in turn by SIGTERM,
SIGHUP and SIGKILL at random moments and started again, or held by SIGSTOP for a while. What it had not stored it finds
in the PBX's own records.
"""

import asyncio
import os
import random
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest

from bridge.daemon.daemon import wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from tests import forked
from tests.end_to_end.test_killed import SECRET

OFFICE, STAFF = "+12125550100", "+12125550199"
ROUNDS = int(os.environ.get("TEXTBACK_STOPS", "10"))
"""`make deep` says 200."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGSTOP)
CALLS_A_SECOND = 30
ORDERLY_WITHIN = 15.0

CONFIG = """
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"
[[pbx]]
port = {ami}
secret = "{secret}"
trunks = ["PJSIP/trunk-*"]
cdr = "{records}"
[[line]]
dids = ["{office}"]
sms_number = "{office}"
[[person]]
name = "Ann"
mobile = "{staff}"
[rules]
min_ring = "0s"
cap_hour = 100000
cap_day = 100000
neighbours = 100
[smpp]
host = "127.0.0.1"
port = {smpp}
system_id = "textback"
password = "secret"
reconnect_after = 0.1
rate = 500
window = 50
[web]
listen = "127.0.0.1:{page}"
[storage]
path = "textback.db"
[log]
level = "error"
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 10 * ROUNDS)]


@dataclass
class Office:
    """What the world around the daemon knows to have happened."""

    pbx: SimulatedPbx
    smsc: Smsc
    folder: Path
    called: set[str] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(12))
    _number: int = 0
    _calls: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "textback.toml"

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Meanwhile people call; calls that have begun go on to their end."""
        phoning = asyncio.create_task(self._phone())
        try:
            yield
        finally:
            phoning.cancel()
            await asyncio.wait([phoning])
            await asyncio.gather(*self._calls)

    async def _phone(self) -> None:
        """Until cancelled: callers whom nobody answers, and what they and staff write."""
        tape = Tape.named("noanswer_one_phone")
        async with asyncio.TaskGroup() as group:
            while True:
                self._number += 1
                number = self._number
                self._calls.append(asyncio.create_task(self._one_call(tape, customer(number))))
                if number % 5 == 0:
                    group.create_task(self._one_text(customer(number - 4), f"the sink leaks {number}"))
                if number % 20 == 0:
                    group.create_task(self._one_text(STAFF, f"LIST {number}"))
                await asyncio.sleep(1 / CALLS_A_SECOND)

    async def one_call(self) -> None:
        self._number += 1
        await self._one_call(Tape.named("noanswer_one_phone"), customer(self._number))

    async def _one_call(self, tape: Tape, caller: str) -> None:
        await self.pbx.play(tape, caller=caller, did=OFFICE, speed=30)
        self.called.add(caller)

    async def _one_text(self, source: str, words: str) -> None:
        try:
            statuses = await self.smsc.deliver(source.removeprefix("+"), OFFICE.removeprefix("+"), words)
        except ConnectionError:
            return  # nobody was there: this gateway does not keep it
        if statuses == [0]:
            self.acknowledged.append(words)

    async def until_staff_are_told(self) -> None:
        """What they asked for by text: what is stopped below is at work on all sides."""
        await self._one_text(STAFF, "LIST")
        mobile = STAFF.removeprefix("+")
        await self.smsc.until(lambda smsc: any(text.destination == mobile for text in smsc.submitted))

    def column(self, sql: str) -> list[str]:
        with closing(sqlite3.connect(self.folder / "textback.db")) as connection:
            return [row[0] for row in connection.execute(sql)]

    async def until_all_calls_are_known(self) -> None:
        while True:
            if self.called <= set(self.column("SELECT number FROM call")):
                return
            await asyncio.sleep(0.2)


def customer(number: int) -> str:
    """None of them the neighbour of many others."""
    return f"+1201{2000000 + number * 97 % 7999999}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    records = folder / "Master.csv"
    records.touch()
    async with SimulatedPbx(clock=wall_clock, secret=SECRET, records=records) as pbx, Smsc().serve() as smsc:
        at = Office(pbx, smsc, folder)
        at.config.touch(mode=0o600)
        at.config.write_text(
            CONFIG.format(
                ami=pbx.port,
                secret=SECRET,
                records=records,
                office=OFFICE,
                staff=STAFF,
                smpp=smsc.port,
                page=free_port(),
            )
        )
        assert (await forked.said("resume", "-c", at.config))[0] == 0
        yield at


class Running:
    """A daemon at work, and whatever is started after it was stopped."""

    def __init__(self, at: Office) -> None:
        self._at = at
        self.process: forked.Process | None = None

    async def start(self) -> None:
        self.process = await forked.textback("run", "-c", self._at.config)
        await self._at.smsc.until_bound()

    async def told(self, what: signal.Signals) -> None:
        """And gone, where the signal says so."""
        assert self.process
        assert self.process.returncode is None, "it broke"
        self.process.send_signal(what)
        if what is signal.SIGSTOP:
            await asyncio.sleep(self._at.chance.uniform(0.2, 0.8))
            self.process.send_signal(signal.SIGCONT)
        if what in (signal.SIGHUP, signal.SIGSTOP):
            return
        began = monotonic()
        assert await self.process.wait() == (0 if what is signal.SIGTERM else -signal.SIGKILL)
        if what is signal.SIGTERM:
            assert monotonic() - began < ORDERLY_WITHIN
            assert self._at.column("SELECT id FROM message_part WHERE state = 'sending'") == []

    async def end(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


async def _through(at: Office, signals: Sequence[signal.Signals]) -> None:
    """Stopped so often, under load; then everything is waited for."""
    daemon = Running(at)
    try:
        await daemon.start()
        await at.one_call()  # what ended before an office first listened is none of its calls
        await at.until_all_calls_are_known()
        await at.until_staff_are_told()
        for what in signals:
            if daemon.process is None or daemon.process.returncode is not None:
                await daemon.start()
            async with at.busy():
                await asyncio.sleep(at.chance.uniform(0.1, 0.6))
                await daemon.told(what)
        if daemon.process is None or daemon.process.returncode is not None:
            await daemon.start()
        async with asyncio.timeout(60):
            await at.until_all_calls_are_known()
    finally:
        await daemon.end()


async def test_no_call_is_lost_and_no_text_doubled_however_it_is_stopped(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await _through(at, [SIGNALS[n % len(SIGNALS)] for n in range(ROUNDS)])
        assert len(at.called) > 2 * ROUNDS
        calls = Counter(at.column("SELECT number FROM call"))
        assert {number for number, times in calls.items() if times > 1} == set()
        submits = Counter(text.destination for text in at.smsc.submitted)
        customers = {number.removeprefix("+") for number in at.called}
        firsts = Counter(at.column("SELECT number FROM message WHERE kind = 'first'"))
        assert {number for number, times in firsts.items() if times > 1} == set()
        assert {number for number in customers if submits[number] > 1 + at_most_answers(at, number)} == set()
        stored = Counter(at.column("SELECT text FROM reply"))
        assert [words for words in at.acknowledged if stored[words] != 1] == []


def at_most_answers(at: Office, number: str) -> int:
    """A customer who wrote may get the one automatic answer."""
    return len(at.column(f"SELECT id FROM message WHERE kind <> 'first' AND number = '+{number}'"))


async def test_an_orderly_stop_leaves_no_text_in_doubt(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await _through(at, [signal.SIGTERM, signal.SIGHUP, signal.SIGTERM])
        assert at.column("SELECT id FROM message_part WHERE state = 'unknown'") == []
