"""An urgent night on real parts: the daemon, SMPP over TCP, phones that answer. Only the clock is the test's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.config import load
from bridge.daemon.daemon import Daemon
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc, Submitted
from bridge.simulator.smsc_script import Behaviour, Script
from storage import settings
from storage.database import Database
from tests import site
from tests.desk import MONDAY_NIGHT, Clock

OFFICE, CUSTOMER, ANN, BOB = "12125550100", "12025550123", "12025550199", "12025550198"
UNDELIVERED = Behaviour(state="UNDELIV")


@dataclass
class Office:
    smsc: Smsc
    clock: Clock
    database: Path

    async def writes(self, source: str, words: str) -> None:
        assert await self.smsc.deliver(source, OFFICE, words) == [0]

    async def gets(self, destination: str, beginning: str) -> str:
        """The first text to that phone that begins so, as soon as it is there."""
        await self.smsc.until(lambda smsc: any(_is(one, destination, beginning) for one in smsc.submitted))
        return next(one.text for one in self.smsc.submitted if _is(one, destination, beginning))

    async def arrived(self) -> None:
        """The receipts of the alerts have been understood."""
        async with await Database.open(self.database) as database:
            while True:
                async with database.read() as db:
                    if await db.one("SELECT 1 FROM audit WHERE what = 'escalation.arrived'"):
                        return
                await asyncio.sleep(0.02)

    async def later(self, **span: float) -> None:
        """The clock moves, and another process commits, which wakes the daemon."""
        self.clock.advance(**span)
        async with await Database.open(self.database) as database, database.transaction() as tx:
            await settings.turn(tx, f"woken at {self.clock()}", True, "test", self.clock())


def _is(submitted: Submitted, destination: str, beginning: str) -> bool:
    return submitted.destination == destination and submitted.text.startswith(beginning)


@asynccontextmanager
async def office(folder: Path, page: int, script: Script) -> AsyncIterator[Office]:
    clock = Clock(MONDAY_NIGHT)
    async with (
        SimulatedPbx(clock=clock, secret="secret") as pbx,
        Smsc(script, clock=clock).serve() as smsc,
        asyncio.TaskGroup() as group,
    ):
        path = site.write(
            folder,
            pbx={"port": pbx.port},
            hours={"mon-fri": "08:00-17:00"},
            person=[{"name": "Ann", "mobile": f"+{ANN}"}, {"name": "Bob", "mobile": f"+{BOB}"}],
            shift={"people": ["Ann", "Bob"]},
            smpp={"port": smsc.port},
            web={"listen": f"127.0.0.1:{page}"},
        )
        daemon = Daemon(load(path, {}), {}, clock)
        group.create_task(daemon.run())
        await daemon.started.wait()
        await smsc.until_bound()
        yield Office(smsc, clock, folder / "textback.db")
        daemon.stop()


async def test_nobody_reacts_at_first_and_then_the_alternate_does(tmp_path: Path, unused_tcp_port: int) -> None:
    async with office(tmp_path, unused_tcp_port, Script()) as night:
        await night.writes(CUSTOMER, "12 Elm St, the basement is flooding, urgent")
        assert "(202) 555-0123, 12 Elm St" in await night.gets(ANN, "DANGER #1: ")
        await night.arrived()
        await night.later(minutes=10)
        asked = await night.gets(BOB, "DANGER #1: ")
        await night.writes(BOB, asked.partition("Reply ")[2][:4])
        await night.gets(BOB, "You claimed #1: ")
        await night.gets(ANN, "Bob claimed #1: ")
        await night.writes(CUSTOMER, "please hurry")
        await night.gets(BOB, '#1 (202) 555-0123 wrote: "please hurry"')


async def test_the_first_alert_bounces_and_the_next_person_is_told_at_once(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with office(tmp_path, unused_tcp_port, Script(by_destination={ANN: [UNDELIVERED]})) as night:
        await night.writes(CUSTOMER, "no heat and my mother is 82")
        await night.gets(BOB, "URGENT #1: ")


async def test_alerts_leave_while_texts_to_customers_are_paused(tmp_path: Path, unused_tcp_port: int) -> None:
    """A new install is paused."""
    async with office(tmp_path, unused_tcp_port, Script()) as night:
        await night.writes(CUSTOMER, "no heat, urgent")
        await night.gets(ANN, "URGENT #1: ")
        assert {one.destination for one in night.smsc.submitted} == {ANN}
