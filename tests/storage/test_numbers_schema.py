"""A full office of the schema before gets rows for unreadable digits: nothing is lost, every promise still holds."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.calls.calls import EndedCall
from bridge.domain.phone import E164
from storage import migrate
from storage.database import Database
from storage.errors import RejectedError
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, STAFF, Desk, answered_call, missed_call, outbound_call, text

SCHEMA_BEFORE = 11
ADDED: Mapping[str, dict[str, object]] = {
    "callback": {"digits": "", "booked_for": None},
    "call": {"attestation": None},
}
COPIED = ("setting", "callback", "call", "reply", "message", "message_part", "attempt", "opt_out", "audit")


@asynccontextmanager
async def before(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    steps = migrate._steps()[:SCHEMA_BEFORE]
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_steps", lambda: steps)
        async with await Database.open(path) as database:
            yield database


def content(path: Path) -> Mapping[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in COPIED}


async def an_office_that_ran(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the version of then left it: made by today's, with what that version did not have taken out again."""
    made = path.with_name("today.db")
    async with await Database.open(made) as database:
        desk = Desk(database)
        await desk.resume()
        calls: tuple[Callable[[E164, datetime], EndedCall], ...] = (missed_call, missed_call, outbound_call)
        for minute, call in enumerate((*calls, answered_call, missed_call)):
            await desk.call(call(CUSTOMER, MONDAY_NOON + timedelta(minutes=minute)))
        await desk.call(missed_call(None, MONDAY_NOON + timedelta(minutes=9)))
        await desk.call(missed_call(STAFF, MONDAY_NOON + timedelta(minutes=10)))
        await desk.call(replace(missed_call(OTHER, MONDAY_NOON + timedelta(minutes=11)), mailbox="101@default"))
        await desk.inbox.received(text("STOP", OTHER.value))
    async with before(path, monkeypatch):
        pass
    with closing(sqlite3.connect(path)) as old:
        old.execute("ATTACH ? AS today", (str(made),))
        triggers = old.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            old.execute(f"DROP TRIGGER {name}")
        for table in COPIED:
            described = old.execute(f"PRAGMA table_xinfo({table})")
            columns = ", ".join(name for _, name, _, _, _, _, hidden in described if not hidden)  # generated ones are
            old.execute(f"DELETE FROM {table}")
            old.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM today.{table} ORDER BY rowid")
        for _, sql in triggers:
            old.execute(sql)
        old.commit()


async def test_every_row_is_there_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "textback.db"
    await an_office_that_ran(path, monkeypatch)
    was = content(path)
    assert len(was["call"]) == 8

    async with await Database.open(path):
        pass

    now = content(path)
    assert now == {table: [row | ADDED.get(table, {}) for row in rows] for table, rows in was.items()}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_the_office_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "textback.db"
    await an_office_that_ran(path, monkeypatch)

    async with await Database.open(path) as database:
        desk = Desk(database)
        again = MONDAY_NOON + timedelta(hours=1)
        await desk.call(missed_call(CUSTOMER, again))
        await desk.call(missed_call(None, again))

        assert await desk.column("SELECT missed FROM callback WHERE state <> 'closed' AND number IS NULL") == [2]
        for broken, why in (
            ("UPDATE call SET text_why = 'x'", "own version"),
            ("UPDATE call SET filtered = 'friends', version = version + 1", "CHECK"),
            ("UPDATE call SET filtered = 'blocked', version = version + 1", "every_missed_call_has_one_callback"),
            ("UPDATE callback SET digits = '7', version = version + 1 WHERE number IS NOT NULL", "CHECK"),
        ):
            with pytest.raises(RejectedError, match=why):
                async with database.transaction() as tx:
                    await tx.all(broken)
        with pytest.raises(RejectedError, match="UNIQUE"):
            async with database.transaction() as tx:
                await tx.all(
                    "INSERT INTO callback (branch, line, state, opened_at, version)"
                    " VALUES ('main', 'main', 'open', 1, 1)"
                )
