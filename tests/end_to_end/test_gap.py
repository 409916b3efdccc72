"""The daemon was away, and people called in every way they do: a real MariaDB tells what became of them."""

import asyncio
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.simulator.pbx import SimulatedPbx
from storage.database import Database
from tests import forked
from tests.calls.test_late_records import AWAY, everything
from tests.desk import OTHER, Desk, answered_call
from tests.lab.mariadb import PASSWORD, MariaDb
from tests.ports import reserve
from tests.site import write

SECRET = "secret"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def has_listened(folder: Path, until: datetime) -> None:
    """Calls from before an office first listened are none of its calls."""
    async with await Database.open(folder / "textback.db") as database:
        await Desk(database).call(answered_call(OTHER, until))


def stored(folder: Path) -> Counter[tuple[str, str]]:
    with sqlite3.connect(f"file:{folder / 'textback.db'}?mode=ro", uri=True) as database:
        return Counter(database.execute("SELECT did, verdict FROM call WHERE late = 1"))


async def test_every_call_of_the_gap_is_found_with_its_verdict(mariadb: MariaDb, tmp_path: Path) -> None:
    records, now = await mariadb.new("cel", "cdr"), datetime.now(UTC)
    rows, wanted = everything(now - AWAY)
    await records.insert("cel", rows)
    await has_listened(tmp_path, now - AWAY)
    async with SimulatedPbx(clock=lambda: datetime.now(UTC), secret=SECRET) as pbx:
        tables = {"pbx": {"name": "office", "port": pbx.port}, "smpp": {"port": reserve()}}
        config = write(tmp_path, country="NL", web={"listen": f"127.0.0.1:{reserve()}"}, **tables)
        there, password = records.settings, tmp_path / "records.password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD)
        keys = f'port = {there.port}\nname = "{there.name}"\nuser = "{there.user}"\npassword_file = "{password}"\n'
        config.write_text(config.read_text().replace("[[line]]", f"[pbx.database]\n{keys}\n[[line]]"))
        daemon = await forked.textback("run", "-c", config)
        try:
            async with asyncio.timeout(60):
                while stored(tmp_path) != wanted:
                    assert daemon.returncode is None
                    await asyncio.sleep(0.1)  # a file that another process writes has no event
        finally:
            daemon.terminate()
            await daemon.wait()
    assert stored(tmp_path) == wanted
