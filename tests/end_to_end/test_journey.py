"""One missed call from end to end, on real parts: Asterisk, the daemon as its own process, an SMPP server, the page."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests import forked, site
from tests.lab.judge import LEAST
from tests.lab.office import Office
from tests.lab.phone import answers_after
from tests.lab.smsc.server import PASSWORD, SYSTEM_ID, NodeSmsc

CUSTOMER, SERVED = "+31612345678", "+31687654321"
OFFICE_NUMBER = "+31205550100"
NOBODY_ANSWERS, SOMEBODY_ANSWERS = "0205550102", "0205550101"

pytestmark = [pytest.mark.asterisk, pytest.mark.smsc, pytest.mark.timeout(120)]


@dataclass(frozen=True)
class Textback:
    """The running daemon, as its users meet it."""

    config: Path
    http: aiohttp.ClientSession

    async def command(self, verb: str) -> str:
        code, output = await forked.said(verb, "--config", self.config)
        assert code == 0, output
        return output

    async def open_page(self, printed: str) -> None:
        """As whoever installs it does: by the link that `page-link` printed."""
        async with self.http.get(printed.splitlines()[0]) as response:
            assert response.status == 200

    async def page(self) -> str:
        async with self.http.get("/") as response:
            assert response.status == 200
            return await response.text()

    async def shows(self, words: str, *, no_longer: str | None = None) -> str:
        """The page, as soon as these words stand on it, and those no longer."""
        while words not in (page := await self.page()) or (no_longer and no_longer in page):  # noqa: ASYNC110  a person reloads it
            await asyncio.sleep(0.1)
        return page

    async def is_ready(self) -> None:
        while True:
            try:
                async with self.http.get("/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass  # it has not opened its port yet
            await asyncio.sleep(0.05)


def browser_at(page: str) -> aiohttp.ClientSession:
    """It keeps cookies, also of an address without a name."""
    return aiohttp.ClientSession(page, cookie_jar=aiohttp.CookieJar(unsafe=True))


@pytest_asyncio.fixture
async def smsc() -> AsyncIterator[NodeSmsc]:
    async with NodeSmsc.start() as running:
        yield running


@pytest_asyncio.fixture
async def installed(office: Office, smsc: NodeSmsc, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Textback]:
    """Configured, and not running."""
    config = site.write(
        tmp_path,
        business="Dakwerk",
        country="NL",
        zone="Europe/Amsterdam",
        pbx={
            "port": office.asterisk.ports.ami,
            "username": LEAST[0],
            "secret": LEAST[1],
            "cdr": str(office.asterisk.cdr_file),
        },
        line={"dids": [SOMEBODY_ANSWERS, NOBODY_ANSWERS], "sms_number": OFFICE_NUMBER},
        smpp={"port": smsc.port, "system_id": SYSTEM_ID, "password": PASSWORD},
        web={"listen": f"127.0.0.1:{unused_tcp_port}"},
    )
    async with browser_at(f"http://127.0.0.1:{unused_tcp_port}") as http:
        yield Textback(config, http)


@pytest_asyncio.fixture
async def textback(installed: Textback) -> AsyncIterator[Textback]:
    async with running(installed):
        yield installed


@asynccontextmanager
async def running(textback: Textback) -> AsyncIterator[None]:
    process = await forked.textback("run", "--config", textback.config)
    try:
        await textback.is_ready()
        await textback.open_page(await textback.command("page-link"))
        yield
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        process.kill()


async def test_a_missed_call_is_texted_once_answered_by_text_and_leaves_the_queue_when_somebody_is_reached(
    office: Office, smsc: NodeSmsc, textback: Textback
) -> None:
    assert "texts go out" in await textback.command("resume")

    missed = office.trunk.customer_calls(NOBODY_ANSWERS, CUSTOMER)
    await missed.ended.wait()
    [text] = await smsc.submitted(1)
    assert (text["source"], text["destination"]) == (OFFICE_NUMBER.lstrip("+"), CUSTOMER.lstrip("+"))
    assert "Sorry we missed you" in text["text"]
    await textback.shows("06 12345678")

    await smsc.inject(source=CUSTOMER, destination=OFFICE_NUMBER, text="Er lekt water, Dorpsstraat 12")
    await textback.shows("Dorpsstraat 12")

    office.behave(p101=answers_after(0.5))
    served = office.trunk.customer_calls(SOMEBODY_ANSWERS, SERVED)
    await served.answered.wait()
    served.hang_up()
    again = office.trunk.customer_calls(SOMEBODY_ANSWERS, CUSTOMER)
    await again.answered.wait()
    again.hang_up()
    await textback.shows("All caught up")
    assert len(await smsc.submitted(1)) == 1, "only the missed call was texted"


async def test_a_new_install_texts_nobody_and_says_so(office: Office, smsc: NodeSmsc, textback: Textback) -> None:
    missed = office.trunk.customer_calls(NOBODY_ANSWERS, CUSTOMER)
    await missed.ended.wait()
    page = await textback.shows("06 12345678")
    assert "ould have texted" in page
    assert await smsc.submitted(0) == []


async def test_a_call_that_was_missed_while_the_daemon_was_away_is_found_again_and_texted(
    office: Office, smsc: NodeSmsc, installed: Textback
) -> None:
    async with running(installed):
        await installed.command("resume")
        await office.trunk.customer_calls(NOBODY_ANSWERS, SERVED).ended.wait()
        await installed.shows("06 87654321")
        await smsc.submitted(1)

    office.behave(p101=answers_after(0.5))
    await office.trunk.customer_calls(NOBODY_ANSWERS, CUSTOMER).ended.wait()
    talk = office.trunk.customer_calls(SOMEBODY_ANSWERS, SERVED)
    await talk.answered.wait()
    await asyncio.sleep(1.2)  # records count whole seconds of talk
    talk.hang_up()
    await talk.ended.wait()

    async with running(installed):
        [_, text] = await smsc.submitted(2)
        assert text["destination"] == CUSTOMER.lstrip("+")
        await installed.shows("06 12345678", no_longer="06 87654321")
