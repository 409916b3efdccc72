"""Thirty calls and more of every flow while the daemon was away, told by a real MariaDB when it is back."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bridge.ami.records_database import RecordsDatabase
from bridge.calls.late_calls import Backfill
from bridge.domain.calls.settings import TrackerSettings
from storage import calls
from tests.ami.test_cel import DIFFERS, LOGGED
from tests.desk import MONDAY_NOON, OTHER, Desk, answered_call
from tests.lab.mariadb import MariaDb, Records
from tests.recorded import NAMES, Recording

FLOWS = [one for one in LOGGED if one.path.parent.name == "22.10.1" and one.path.stem not in DIFFERS]
AWAY = timedelta(minutes=6)
APART = timedelta(seconds=3)
EPOCH = re.compile(r"\b(1[0-9]{9})\.([0-9]+)\b")
SERIAL = re.compile(r"-([0-9a-f]{8})\b")

Row = Mapping[str, str]


def at_another_time(recording: Recording, number: int, begins: datetime) -> list[Row]:
    """The rows of that recording as those of another call: its times, the names of its channels and calls moved."""
    rows = recording.cel
    began = datetime.fromisoformat(rows[0]["eventtime"]).replace(tzinfo=UTC)
    by = begins - began

    def moved(value: str) -> str:
        renamed = EPOCH.sub(lambda m: f"{int(m[1]) + int(by.total_seconds())}.{int(m[2]) + number * 10_000}", value)
        return SERIAL.sub(lambda m: f"-{int(m[1], 16) + number * 0x10000:08x}", renamed)

    shift = {"eventtime": lambda at: str(datetime.fromisoformat(at) + by)}
    return [{column: shift.get(column, moved)(value) for column, value in row.items()} for row in rows]


def everything(since: datetime) -> tuple[list[Row], Counter[tuple[str, str]]]:
    """All rows, in the order in which they were written; and what their calls are to come to."""
    rows, wanted = [], Counter[tuple[str, str]]()
    for number, recording in enumerate(FLOWS):
        rows += at_another_time(recording, number, since + number * APART)
        wanted.update((call["did"], call["verdict"]) for call in recording.expected["calls"])
    return sorted(rows, key=lambda row: row["eventtime"]), wanted


class Away:
    """An office that listened until six minutes ago, and now again."""

    def __init__(self, desk: Desk, records: Records) -> None:
        self.desk, self.records = desk, records
        self.comes_back()

    def comes_back(self) -> None:
        link, reader = self.desk.clock(), RecordsDatabase(self.records.settings, TrackerSettings(), NAMES)
        ended = self.desk.missed_calls.ended
        self.backfill = Backfill(self.desk.database, "office", reader, lambda: link, ended, clock=self.desk.clock)

    async def found(self) -> Counter[tuple[str, str]]:
        async with self.desk.database.read() as db:
            rows = await calls.page(db, limit=500)
        return Counter((row.call.did, str(row.filing.verdict)) for row in rows if row.filing.late)


@pytest.fixture
async def away(desk: Desk, mariadb: MariaDb) -> Away:
    await desk.call(answered_call(OTHER, MONDAY_NOON - AWAY))
    return Away(desk, await mariadb.new("cel", "cdr"))


async def test_every_call_of_the_gap_has_its_verdict_once_however_often_the_daemon_looks_and_starts(away: Away) -> None:
    rows, wanted = everything(MONDAY_NOON - AWAY)
    await away.records.insert("cel", rows)
    assert wanted.total() >= 30
    for _ in range(2):
        await away.backfill.run_due()
        await away.backfill.run_due()
        assert await away.found() == wanted
        away.desk.clock.advance(minutes=1)
        away.comes_back()


async def test_rows_that_arrive_late_change_no_verdict_and_make_none_twice(away: Away) -> None:
    """They come in their order, a piece at a time, and the daemon looks after each."""
    rows, wanted = everything(MONDAY_NOON - AWAY)
    for start in range(0, len(rows), 300):
        await away.records.insert("cel", rows[start : start + 300])
        await away.backfill.run_due()
        assert await away.found() <= wanted
    assert await away.found() == wanted
