"""A campaign lapses, on real parts: every text is rejected, over two binds, and everybody is texted the next day.

The daemon as it runs, npm's SMPP server over both binds of one account, and a simulated PBX; the night passes while the
daemon is stopped. And what a kill in between leaves to be matched.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bridge.config import load
from bridge.daemon.daemon import Daemon, wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.tape import Tape
from tests import forked, site
from tests.lab.smsc.server import PASSWORD, SYSTEM_ID, NodeSmsc
from tests.ports import reserve

pytestmark = [pytest.mark.smsc, pytest.mark.timeout(120)]

CALLERS = [f"+1202555{1000 + 137 * n}" for n in range(6)]
OFFICE, SECRET = "+12125550100", "simulated"


class ShiftedClock:
    """The wall clock, and the nights that have passed since."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def __call__(self) -> datetime:
        return wall_clock() + self.passed


def rows(database: Path, sql: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [str(row[0]) for row in connection.execute(sql)]


def configured(folder: Path, pbx: SimulatedPbx, smsc: NodeSmsc) -> Path:
    """With two binds of one account, and texts switched on."""
    account = {"host": "127.0.0.1", "port": smsc.port, "system_id": SYSTEM_ID, "password": PASSWORD}
    config = site.write(
        folder,
        pbx={"port": pbx.port, "secret": SECRET},
        smpp=account,
        smpp_backup=account,
        rules={"min_ring": "0 s"},
        web={"listen": f"127.0.0.1:{reserve()}"},
    )
    assert site.run("resume", "-c", str(config)).returncode == 0
    return config


async def until(database: Path, sql: str, wanted: Sequence[str]) -> None:
    """What another connection wrote tells nobody here: it is looked at."""
    while rows(database, sql) != list(wanted):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(config: Path, clock: ShiftedClock, smsc: NodeSmsc) -> AsyncIterator[Daemon]:
    daemon = Daemon(load(config, {}), {}, clock)
    task = asyncio.create_task(daemon.run())
    try:
        await daemon.started.wait()
        await smsc.bound(sessions=2)
        yield daemon
        daemon.stop()
        await task
    finally:
        task.cancel()


@asynccontextmanager
async def until_killed(config: Path, smsc: NodeSmsc) -> AsyncIterator[None]:
    process = await forked.textback("run", "-c", config)
    try:
        await smsc.bound(sessions=2)
        yield
    finally:
        process.kill()
        await process.wait()


async def everybody_calls(pbx: SimulatedPbx) -> None:
    await asyncio.gather(
        *(pbx.play(Tape.named("noanswer_one_phone"), caller=caller, did=OFFICE, speed=10) for caller in CALLERS)
    )


async def test_everybody_whose_text_was_rejected_is_texted_again_the_next_day(tmp_path: Path) -> None:
    clock, database = ShiftedClock(), tmp_path / "textback.db"
    states = "SELECT state FROM message_part ORDER BY id"
    async with SimulatedPbx(clock=clock, secret=SECRET) as pbx, NodeSmsc.start() as smsc:
        config = configured(tmp_path, pbx, smsc)
        await smsc.behave(every=[{"receipt": "after", "over": "other", "state": "REJECTD", "err": "045"}])
        async with running(config, clock, smsc) as daemon, aiohttp.ClientSession() as http:
            await everybody_calls(pbx)
            await until(database, states, ["failed"] * len(CALLERS))
            async with http.get(f"{daemon.page}metrics") as answer:
                assert f"textback_texts_failing {len(CALLERS)}.0" in await answer.text()
        assert rows(database, "SELECT number FROM landline") == []

        clock.passed = timedelta(hours=25)
        await smsc.behave(every=[{"receipt": "before", "over": "other"}])
        async with running(config, clock, smsc):
            await everybody_calls(pbx)
            await until(database, states, ["failed"] * len(CALLERS) + ["delivered"] * len(CALLERS))
    assert rows(database, "SELECT value FROM setting WHERE key = 'failing'") == ["0"]
    assert sorted(set(rows(database, "SELECT text_why FROM call"))) == ["send"]


@pytest.mark.slow
@pytest.mark.parametrize("over", [0, 1])
async def test_receipts_that_come_after_a_kill_over_either_bind_are_matched(tmp_path: Path, over: int) -> None:
    database, states = tmp_path / "textback.db", "SELECT state FROM message_part ORDER BY id"
    async with SimulatedPbx(clock=wall_clock, secret=SECRET) as pbx, NodeSmsc.start() as smsc:
        config = configured(tmp_path, pbx, smsc)
        await smsc.behave(every=[{"receipt": "none"}])
        async with until_killed(config, smsc):
            await everybody_calls(pbx)
            await until(database, states, ["submitted"] * len(CALLERS))
        submits = await smsc.submitted(len(CALLERS))
        async with until_killed(config, smsc):
            for submit in reversed(submits):
                text = f"id:{submit['id']} sub:001 dlvrd:001 stat:DELIVRD err:000 text:"
                fields = {"source_addr": submit["destination"], "destination_addr": submit["source"]}
                assert await smsc.inject_pdu(**fields, esm_class=4, short_message=text, over=over) == 0
        assert rows(database, states) == ["delivered"] * len(CALLERS)
        assert len(await smsc.submitted(len(CALLERS))) == len(CALLERS)
