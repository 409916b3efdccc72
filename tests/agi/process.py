"""The daemon as its own process beside a running Asterisk, with one customer waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from storage.database import Database
from tests import forked, site
from tests.agi.phones import NINA, misses
from tests.lab.asterisk import AGI_TOKEN
from tests.lab.judge import LEAST
from tests.lab.office import Office
from tests.web.served import COOKIES, let_in


@dataclass(frozen=True)
class Running:
    process: forked.Process
    page: str

    async def shows(self, path: str, words: str) -> str:
        """The page, as soon as these words stand on it. Raises TimeoutError."""
        async with asyncio.timeout(20), aiohttp.ClientSession(self.page, cookies=COOKIES) as http:
            while words not in (text := await _read(http, path)):  # noqa: ASYNC110  a person reloads it
                await asyncio.sleep(0.1)
            return text

    async def started(self) -> None:
        """On a busy machine that alone takes a while. Raises TimeoutError."""
        async with asyncio.timeout(60), aiohttp.ClientSession(self.page) as http:
            while not await _read(http, "/healthz"):  # noqa: ASYNC110  only asking it tells
                await asyncio.sleep(0.1)


async def _read(http: aiohttp.ClientSession, path: str) -> str:
    try:
        async with http.get(path) as response:
            return await response.text()
    except aiohttp.ClientConnectionError:
        return ""  # it has not opened its port yet


async def nina_waits(database: Database) -> None:
    await misses(database, NINA)


@asynccontextmanager
async def daemon(
    office: Office,
    folder: Path,
    port: Callable[[], int],
    *,
    before: Callable[[Database], Awaitable[object]] = nina_waits,
    settings: str = "",
) -> AsyncIterator[Running]:
    """before: what the database holds when it starts. settings: more for its configuration."""
    await office.cli("database deltree textback")
    async with await Database.open(folder / "textback.db") as database:
        await before(database)
        await let_in(database, datetime.now(UTC))
    ports, page = office.asterisk.ports, port()
    username, secret = LEAST
    config = site.write(
        folder,
        business="Dakwerk",
        country="NL",
        zone="Europe/Amsterdam",
        pbx=[{"port": ports.ami, "username": username, "secret": secret}],
        line={"dids": ["0205550100"], "sms_number": "+31205550100"},
        smpp={"port": port()},  # nobody answers there
        web={"listen": f"127.0.0.1:{page}"},
        phones={"token": AGI_TOKEN, "listen": f"127.0.0.1:{ports.agi}"},
    )
    config.write_text(config.read_text() + settings)
    process = await forked.textback("run", "--config", config)
    try:
        running = Running(process, f"http://127.0.0.1:{page}")
        await running.started()
        yield running
    finally:
        process.kill()
        await process.wait()
