"""What forgetting and counting cost: `python -m tests.benchmarks.bench_retention [CUSTOMERS]`.

Two years of an office, one customer after the other, each with a call, a text and a reply. Prints how long the writer
is held by the first night, by an ordinary one, and by a forgotten number; and how long the figures of it all take.
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from bridge.reports import figures
from bridge.reports.retention import Privacy, Retention
from bridge.reports.settings import RetentionSettings
from storage.database import Database
from storage.migrate import migrate
from storage.values import EPOCH, MILLISECOND
from tests.benchmarks.bench_storage import caller
from tests.desk import MONDAY_NOON, OFFICE

YEARS = 2
SAME_CUSTOMER_AFTER = 3000

CUSTOMER = """
    INSERT INTO callback (id, branch, number, line, state, opened_at, missed, last_missed_at, closed_at, closed_by,
                          outcome, issue, version)
    VALUES (:id, 'main', :number, 'main', 'closed', :at, 1, :at, :at + 60000, 'Ann', 'reached', 'the sink leaks', 1);
    INSERT INTO call (id, pbx, uniqueid, started_at, direction, linkedid, channel, number, digits, name, withheld, did,
                      line, branch, verdict, ended_at, talked, voicemail_left, closed, text_why, callback_id, version)
    VALUES (:id, 'office', :id, :at - 9000, 'inbound', '1', 'c', :number, '', '', 0, '1', 'main', 'main', 'missed', :at,
            0, 0, 0, 'send', :id, 1);
    INSERT INTO message (id, kind, number, source, branch, text, template, written_by, created_at, due_at, expires_at,
                         call_id, callback_id)
    VALUES (:id, 'by_hand', :number, '+1', 'main', 'Sorry we missed you', 't', 'Ann', :at, :at, :at, :id, :id);
    INSERT INTO message_part (id, message_id, sequence, total, encoding, text, state, due_at, version)
    VALUES (:id, :id, 1, 1, 'gsm7', 'Sorry we missed you', 'queued', :at, 1);
    INSERT INTO reply (id, gateway, source, number, destination, role, word, text, received_at, callback_id, version)
    VALUES (:id, 'g', '1', :number, '1', 'customer', 'none', 'the sink leaks', :at, :id, 1);
    INSERT INTO inbound (id, gateway, kind, digest, text, raw, received_at, last_at, reply_id)
    VALUES (:id, 'g', 'text', CAST(:id AS BLOB), x'00', zeroblob(200), :at, :at, :id);
"""
HISTORY = """
    INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id)
    VALUES (:at, 'textback', 'x', :subject, :id, 1, :id)
"""


def fill(path: Path, customers: int) -> None:
    migrate(path)
    span = timedelta(days=365 * YEARS)
    with closing(sqlite3.connect(path)) as connection:
        for number in range(1, customers + 1):
            at = (MONDAY_NOON - span + span * number / customers - EPOCH) // MILLISECOND
            values = {"id": number, "number": caller(number % SAME_CUSTOMER_AFTER).value, "at": at}
            for statement in filter(str.strip, CUSTOMER.split(";")):
                connection.execute(statement, values)
            for subject in ("callback", "call", "part", "reply"):
                connection.execute(HISTORY, values | {"subject": subject})
        connection.commit()


async def told(what: str, work: Awaitable[object]) -> None:
    began = perf_counter()
    await work
    print(f"{what}: {perf_counter() - began:.3f} s")


async def count(database: Database, now: datetime) -> None:
    first = (now - timedelta(days=365 * YEARS)).date()
    async with database.read() as db:
        await figures.of_period(db, OFFICE, first, now.date(), now)


async def main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "textback.db"
        fill(path, customers)
        print(f"{customers:,} customers in {YEARS} years, {path.stat().st_size / 2**20:.0f} MB")
        async with await Database.open(path) as database:
            nightly = Retention(database, OFFICE, RetentionSettings())
            await told("figures of all of it", count(database, MONDAY_NOON))
            await told(
                "the first night: a year of rows deleted, nine months of words emptied", nightly.run_due(MONDAY_NOON)
            )
            await told("an ordinary night", nightly.run_due(MONDAY_NOON + timedelta(days=1)))
            await told("one number forgotten", Privacy(database).forget(caller(7), "Ann", MONDAY_NOON))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
