"""The daemon starts, also on a damaged database, and takes a new configuration while it runs (SIGHUP)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bridge.cli import run
from bridge.cli.control import looked
from bridge.config import load
from bridge.daemon.daemon import Daemon
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from storage import calls
from storage.calls import CallRow
from storage.database import Database
from tests import forked
from tests.cli.test_backup import destroy, facts, fill
from tests.desk import CUSTOMER

CONFIG = """
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"

[[pbx]]
port = {ami}
secret = "secret"
trunks = ["PJSIP/trunk-*"]

[[line]]
dids = ["+12125550100"]
sms_number = "+12125550100"

[smpp]
host = "127.0.0.1"
port = {smpp}
system_id = "textback"
password = "secret"

[web]
listen = "127.0.0.1:{page}"

[storage]
path = "textback.db"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "textback.toml"
    path.touch(mode=0o600)
    return path


class Running:
    """The daemon between its two simulated ends."""

    def __init__(self, path: Path, daemon: Daemon, pbx: SimulatedPbx, http: aiohttp.ClientSession) -> None:
        self.daemon, self.pbx = daemon, pbx
        self._path, self._http = path, http

    async def reload(self, old: str, new: str) -> None:
        """As SIGHUP does it, and until the page answers again."""
        self.edit(old, new)
        self.daemon.started.clear()
        run.reload(self.daemon, self._path)

    def edit(self, old: str, new: str) -> None:
        self._path.write_text(self._path.read_text().replace(old, new))

    async def hears(self, events: int) -> None:
        while self.daemon.health().links[0].counts["events"] < events:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.01)

    async def page(self) -> str:
        async with self._http.get(self.daemon.page) as response:
            return await response.text()

    async def last_call(self) -> CallRow:
        async with await Database.open(self._path.parent / "textback.db") as database:
            while True:
                async with database.read() as db:
                    if found := await calls.page(db, limit=1):
                        return found[0]
                await asyncio.sleep(0.02)


def write(path: Path, text: str) -> None:
    path.write_text(text)


@asynccontextmanager
async def running(path: Path, port: int) -> AsyncIterator[Running]:
    async with (
        SimulatedPbx(clock=lambda: datetime.now(UTC), secret="secret") as pbx,
        Smsc().serve() as smsc,
        aiohttp.ClientSession() as http,
        asyncio.TaskGroup() as group,
    ):
        write(path, CONFIG.format(ami=pbx.port, smpp=smsc.port, page=port))
        daemon = Daemon(load(path, {}), {})
        group.create_task(daemon.run())
        await daemon.started.wait()
        yield Running(path, daemon, pbx, http)
        daemon.stop()


async def test_a_damaged_database_does_not_keep_it_from_starting_paused(config: Path, unused_tcp_port: int) -> None:
    path = config.with_name("textback.db")
    await fill(path)
    destroy(path)
    async with running(config, unused_tcp_port) as textback:
        assert "Ace Plumbing" in await textback.page()
        assert (await forked.said("pause", "-c", config))[0] == 0
        assert path.with_name("textback.db-wal").exists(), "the command took itself for the last one that has it open"
    assert await facts(path) == (True, [str(CUSTOMER)])
    assert aside(path)


def aside(path: Path) -> list[Path]:
    return list(path.parent.glob("textback.db.aside-*Z"))


async def test_a_new_configuration_shows_at_once(config: Path, unused_tcp_port: int) -> None:
    async with running(config, unused_tcp_port) as textback:
        assert "Ace Plumbing" in await textback.page()
        await textback.reload("Ace Plumbing", "Best Roofing")
        await textback.daemon.started.wait()
        assert "Best Roofing" in await textback.page()


async def test_a_call_that_is_going_on_meanwhile_is_told_as_if_nothing_had_happened(
    config: Path, unused_tcp_port: int
) -> None:
    """Its caller and number stand only in its first event; a new connection would not hear that again."""
    async with running(config, unused_tcp_port) as textback, asyncio.TaskGroup() as group:
        call = Tape.named("noanswer_one_phone")
        group.create_task(textback.pbx.play(call, caller="2125550142", did="2125550100", speed=call.seconds))
        await textback.hears(9)
        await textback.reload("Ace Plumbing", "Best Roofing")
        row = await textback.last_call()
    assert (row.call.verdict, row.call.reason, str(row.filing.number)) == ("missed", "no_answer", "+12125550142")


async def test_another_pbx_is_connected_to(config: Path, unused_tcp_port: int) -> None:
    async with (
        running(config, unused_tcp_port) as textback,
        SimulatedPbx(clock=lambda: datetime.now(UTC), secret="secret") as other,
    ):
        await textback.reload(f"port = {textback.pbx.port}", f"port = {other.port}")
        await textback.daemon.started.wait()
        call = Tape.named("busy")
        await other.play(call, caller="2125550142", did="2125550100", speed=call.seconds * 4)
        assert (await textback.last_call()).call.verdict == "missed"


async def test_a_file_with_a_mistake_is_refused_and_the_old_one_stays(config: Path, unused_tcp_port: int) -> None:
    async with running(config, unused_tcp_port) as textback:
        await textback.reload("Ace Plumbing", '" \ncolour = "red')
        assert not textback.daemon.started.is_set()
        assert "Ace Plumbing" in await textback.page()


async def test_a_page_that_cannot_be_served_there_is_refused(config: Path, unused_tcp_port: int) -> None:
    async with running(config, unused_tcp_port) as textback:
        await textback.reload(f'"127.0.0.1:{unused_tcp_port}"', f'"127.0.0.1:{textback.pbx.port}"')
        assert "Ace Plumbing" in await textback.page()


async def test_status_finds_the_daemon_whatever_became_of_the_file_and_whoever_may_ask(
    config: Path, unused_tcp_port: int
) -> None:
    async with running(config, unused_tcp_port) as textback:
        token = 'metrics_token = "0123456789abcdef"\n'
        await textback.reload("[storage]", f"{token}\n[storage]")
        await textback.daemon.started.wait()
        async with aiohttp.ClientSession() as http, http.get(f"{textback.daemon.page}healthz") as answer:
            assert answer.status == 403
        for mistake in (f"listen = 7\n{token}", f'listen = "127.0.0.1:{unused_tcp_port}\n', 'colour = "red"\n'):
            textback.edit(token, mistake)
            token = mistake
            said = (await asyncio.to_thread(looked, config))[1]
            assert ("the configuration has mistakes" in said, "does not answer" in said) == (True, False)
            assert "disk_free" in said
