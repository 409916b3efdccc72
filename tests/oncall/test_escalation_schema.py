"""An office that has run for a while gets the tables of urgent work: nothing is lost, the past wakes nobody."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from storage import migrate
from storage.database import Database
from storage.errors import RejectedError
from tests.desk import Desk
from tests.oncall.night import LEAK, Night

FIRST_SCHEMA = 1


@asynccontextmanager
async def as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    steps = migrate._steps()[:FIRST_SCHEMA]
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_steps", lambda: steps)
        async with await Database.open(path) as database:
            yield database


async def test_the_audit_goes_on_where_it_was_and_old_words_wake_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "textback.db"
    async with as_it_was(path, monkeypatch) as database, database.transaction() as tx:
        await tx.insert(
            "INSERT INTO callback (branch, number, line, state, opened_at, version)"
            " VALUES ('main', '+12025550123', 'main', 'open', 1, 1)"
        )
        await tx.insert(
            "INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id)"
            " VALUES (1, 'textback', 'callback.opened', 'callback', 1, 1, 1)"
        )
        before = [tuple(row) for row in await tx.all("SELECT * FROM audit ORDER BY id")]
    async with await Database.open(path) as database:
        night = Night(database)
        async with database.read() as db:
            assert [tuple(row) for row in await db.all("SELECT * FROM audit ORDER BY id")] == before
        await night.look()
        assert await night.told() == []
        await night.writes(LEAK)
        assert await night.who_was_told() == ["Ann"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        ids = [row[0] for row in connection.execute("SELECT id FROM audit ORDER BY id")]
    assert ids == list(range(1, len(ids) + 1))


async def test_the_audit_still_cannot_be_rewritten(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "textback.db") as database:
        desk = Desk(database)
        await desk.resume()
        with pytest.raises(RejectedError, match="never rewritten"):
            async with database.transaction() as tx:
                await tx.all("UPDATE audit SET who = 'nobody'")
