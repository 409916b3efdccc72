"""What `textback demo` shows: a morning in which everything that can become of a missed call does."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bridge.cli.demo import SECRET, VISITOR, ZONE, from_nine, prepare, since_nine
from bridge.daemon.daemon import Daemon
from bridge.domain.callbacks.queue import Attempt, Callback, CallbackState, Urgency
from bridge.simulator.morning import ON_CALL, Morning, Pace, callers, cast_of
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from storage import callbacks
from storage.database import Database

FAST = Pace(speed=25.0, pause=0.1, reply_after=0.01)


@dataclass(frozen=True)
class Demo:
    daemon: Daemon
    morning: Morning
    smsc: Smsc
    database: Database

    async def row(self, number: str) -> Callback:
        """The row of that number, whatever became of it."""
        async with self.database.read() as db:
            found = await db.only("SELECT id FROM callback WHERE number = :number", number=number)
            return await callbacks.get(db, found["id"])

    async def stored(self, query: str, expected: int, **values: int) -> None:
        while await self.value(query, **values) != expected:  # noqa: ASYNC110  it is another connection that writes
            await asyncio.sleep(0.05)

    async def value(self, query: str, **values: int) -> object:
        async with self.database.read() as db:
            return (await db.only(query, **values))[0]

    def texts(self, number: str) -> list[str]:
        return [text.text for text in self.smsc.submitted if text.destination == number.removeprefix("+")]


@asynccontextmanager
async def demo(folder: Path, port: int) -> AsyncIterator[Demo]:
    calls_back = Tape.named("originate_answered")
    clock = from_nine()
    async with SimulatedPbx(clock=clock, secret=SECRET, calls_back=calls_back) as pbx:
        morning = Morning(pbx, FAST)
        async with Smsc(on_submit=morning.on_submit).serve() as smsc, asyncio.TaskGroup() as group:
            config = await prepare(folder, port, pbx, smsc, clock())
            daemon = Daemon(replace(config, rules=replace(config.rules, min_ring=timedelta(0))), {}, clock)
            group.create_task(daemon.run())
            await daemon.started.wait()
            await smsc.until_bound()
            while not daemon.health().links[0].since:  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.02)
            async with await Database.open(config.database) as database:
                yield Demo(daemon, morning, smsc, database)
            daemon.stop()


@pytest.mark.parametrize(
    ("wall", "nine"),
    [
        ("2026-11-30T21:15", "2026-11-30T09:00"),  # Monday
        ("2026-11-30T08:59", "2026-11-27T09:00"),
        ("2026-11-28T12:00", "2026-11-27T09:00"),
        ("2026-11-29T23:59", "2026-11-27T09:00"),
        ("2026-03-08T12:00", "2026-03-06T09:00"),  # the clock changed in the night before
    ],
)
def test_it_is_nine_on_a_weekday_whatever_the_clock_says(wall: str, nine: str) -> None:
    begun, then = (datetime.fromisoformat(one).replace(tzinfo=ZONE).astimezone(UTC) for one in (wall, nine))
    assert begun - since_nine(begun) == then


async def a_morning(shown: Demo) -> Mapping[str, str]:
    cast = cast_of(callers())
    await shown.morning.play_once(shown.smsc, cast)
    await shown.stored("SELECT count(*) FROM call", 22)
    await shown.stored("SELECT count(*) FROM reply WHERE role = 'customer'", 12)
    return cast


@pytest.mark.slow
async def test_its_morning_ends_in_these_rows(tmp_path: Path, unused_tcp_port: int) -> None:
    async with demo(tmp_path, unused_tcp_port) as shown:
        cast = await a_morning(shown)
        await shown.stored("SELECT count(*) FROM callback WHERE acknowledged_by = 'Ann'", 1)
        rows = {who: await shown.row(number) for who, number in cast.items() if not who.startswith("served")}
        assert {who for who, row in rows.items() if row.state is CallbackState.CLOSED} == {"heater", "sink"}
        assert {who for who, row in rows.items() if row.urgency is Urgency.URGENT} == {
            "ceiling",
            "mother",
            "panel",
            "agua",
        }
        assert {who for who, row in rows.items() if row.missed == 2} == {"ceiling", "mother", "silent"}
        assert {who for who, row in rows.items() if row.second} == {"cita"}
        assert await shown.value("SELECT count(*) FROM reply WHERE picture = 1") == 1
        assert {who for who, number in cast.items() if not shown.texts(number)} == {
            "supplier",
            "served 1",
            "served 2",
            "served 3",
        }
        assert await shown.value("SELECT count(*) FROM opt_out WHERE ended_at IS NULL") == 2
        assert [text.split("#")[0] for text in shown.texts(ON_CALL)] == ["DANGER ", "You claimed "]


async def test_call_rings_and_connects_and_the_row_asks_what_came_of_it(tmp_path: Path, unused_tcp_port: int) -> None:
    async with demo(tmp_path, unused_tcp_port) as shown:
        number = next(callers())
        await shown.morning.call(number, "busy")
        await shown.stored("SELECT count(*) FROM callback", 1)
        row = await shown.row(number)
        await press_call(shown.daemon, row)
        await shown.stored("SELECT count(*) FROM attempt WHERE callback_id = :row", 1, row=row.id)
        after = await shown.row(number)
        assert (after.state, after.owner) == (CallbackState.CLAIMED, VISITOR)
        async with shown.database.read() as db:
            [attempt] = await callbacks.attempts(db, row.id)
        assert (attempt.who, attempt.result) == (VISITOR, Attempt.CALLED)


async def press_call(daemon: Daemon, row: Callback) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(daemon.link) as response:
            found = re.search(r'name="token" value="(\w+)"', await response.text())
        assert found
        fields = {"token": found[1], "version": str(row.version), "back": "to_call"}
        async with browser.post(
            f"{daemon.page}callbacks/{row.id}/call", data=fields, headers={"Origin": daemon.page.rstrip("/")}
        ) as response:
            assert response.status == 200
