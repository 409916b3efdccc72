"""The administrator's ten minutes, word by word: a running Asterisk, then "would have texted", then a real text."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.simulator.smsc import Smsc
from tests import forked
from tests.end_to_end.test_journey import Textback, browser_at
from tests.lab.asterisk import LabError, running_asterisk
from tests.lab.fixtures import missing
from tests.lab.office import Office, open_office
from tests.smpp.peer import until_submitted

OWN_MOBILE, STRANGER = "+31612345678", "+31687654321"
NOBODY_ANSWERS = "0205550102"

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]


@pytest_asyncio.fixture
async def fresh_office() -> AsyncIterator[Office]:
    """With a PBX of its own, for its files are changed."""
    try:
        with running_asterisk() as pbx:
            async with open_office(pbx) as office:
                yield office
    except LabError as error:
        missing(str(error))


class Administrator:
    """Types commands on the PBX host. The database goes where systemd's StateDirectory= would put it."""

    def __init__(self, home: Path) -> None:
        self.config = home / "etc" / "textback.toml"
        self._environ = {"STATE_DIRECTORY": str(home), "TEXTBACK_CONFIG": str(self.config)}

    async def types(self, *words: str | Path) -> str:
        code, said = await forked.said(*words, environ=self._environ)
        assert code == 0, said
        return said

    def adds(self, text: str) -> None:
        with self.config.open("a") as file:
            file.write(text)

    def takes_out(self, setting: str) -> None:
        rows = self.config.read_text().splitlines(keepends=True)
        self.config.write_text("".join(row for row in rows if not row.startswith(setting)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[forked.Process]:
        daemon = await forked.textback("run", environ=self._environ)
        try:
            yield daemon
            daemon.send_signal(signal.SIGTERM)
            assert await daemon.wait() == 0
        finally:
            daemon.kill()


async def test_from_a_running_asterisk_to_would_have_texted_and_to_a_real_text(
    fresh_office: Office, tmp_path: Path, unused_tcp_port: int
) -> None:
    pbx, admin = fresh_office.asterisk, Administrator(tmp_path)
    password = tmp_path / "password"
    password.write_text("secret\n")
    async with Smsc().serve() as smsc:
        await admin.types(
            *("init", "--yes", "--dir", admin.config.parent, "--business", "Dakwerk", "--zone", "Europe/Amsterdam"),
            *("--number", NOBODY_ANSWERS, "--trunk", "PJSIP/trunk-*", "--pbx-port", str(pbx.ports.ami)),
            *("--smpp-host", "127.0.0.1", "--smpp-port", str(smsc.port), "--system-id", "textback"),
            *("--smpp-password-file", password, "--mobile", OWN_MOBILE),
        )
        admin.adds(f'\n[web]\nlisten = "127.0.0.1:{unused_tcp_port}"\n')
        await admin.types("dialplan", "--out", pbx.home / "etc")
        pbx.cli("manager reload")
        pbx.cli("dialplan reload")
        assert "FAIL" not in await admin.types("doctor")
        async with admin.running() as daemon, browser_at(f"http://127.0.0.1:{unused_tcp_port}") as http:
            page = Textback(admin.config, http)
            await page.is_ready()
            await page.open_page(await admin.types("page-link"))
            await _misses(fresh_office, OWN_MOBILE)
            assert "ould have texted" in await page.shows("06 12345678")
            assert smsc.submitted == []

            assert "texts go out" in await admin.types("resume")
            await _misses(fresh_office, STRANGER)
            await page.shows("06 87654321")
            await _misses(fresh_office, OWN_MOBILE)
            (text,) = await until_submitted(smsc, 1)
            assert text.destination.lstrip("+") == OWN_MOBILE.lstrip("+")
            assert "the running textback is bound" in await admin.types("doctor")

            admin.takes_out("live_only")
            daemon.send_signal(signal.SIGHUP)
            await _misses(fresh_office, STRANGER)
            (_, text) = await until_submitted(smsc, 2)
            assert text.destination.lstrip("+") == STRANGER.lstrip("+")


async def _misses(office: Office, caller: str) -> None:
    missed = office.trunk.customer_calls(NOBODY_ANSWERS, caller)
    await missed.ended.wait()
