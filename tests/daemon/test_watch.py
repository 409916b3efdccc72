"""What the daemon says of its database, and when systemd should begin anew."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from bridge.daemon import watch
from bridge.daemon.watch import DatabaseWatch
from bridge.ops.health import Backlog
from storage.database import PRAGMAS, Database, Writer
from storage.errors import StorageError
from tests.desk import MONDAY_NOON

OVERDUE = Backlog(2, timedelta(seconds=9))


async def two_are_overdue(_: datetime) -> Backlog:
    return OVERDUE


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.015)
    monkeypatch.setattr("storage.database.PRAGMAS", (*PRAGMAS[:-1], "busy_timeout = 10"))


@asynccontextmanager
async def watching(database: Database) -> AsyncIterator[DatabaseWatch]:
    watched = DatabaseWatch(database, two_are_overdue, clock=lambda: MONDAY_NOON)
    task = asyncio.create_task(watched.run())
    yield watched
    task.cancel()
    await asyncio.wait([task])


async def until(holds: object) -> None:
    assert callable(holds)
    while not holds():  # noqa: ASYNC110  nobody tells of it
        await asyncio.sleep(0.01)


async def test_at_rest_it_writes_by_itself_and_tells_what_is_overdue(database: Database) -> None:
    async with watching(database) as watched:
        await until(lambda: database.written > 2)
        assert (watched.fault, watched.texts, watched.would_restart_help) == ("", OVERDUE, False)
        assert watched.unwritten_for < timedelta(seconds=5)


async def test_a_commit_of_before_that_is_heard_of_late_ends_no_fault(
    database: Database,
) -> None:
    with capture_logs() as logs:
        async with watching(database) as watched:
            with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await until(lambda: watched.fault)
                database.written += 1
                await asyncio.sleep(0.2)  # some ten looks
                assert [entry["event"] for entry in logs] == ["database.fault"]
                other.execute("ROLLBACK")
            await until(lambda: not watched.fault)


async def test_a_fault_is_logged_once_as_it_begins_and_once_as_it_ends(database: Database) -> None:
    with capture_logs() as logs:
        async with watching(database) as watched:
            with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await until(lambda: watched.fault)
                written = database.written
                await asyncio.sleep(0.2)
                assert (database.written, watched.would_restart_help) == (written, False)
            await until(lambda: not watched.fault)
    assert [entry["event"] for entry in logs] == ["database.fault", "database.well_again"]


async def test_a_refused_write_is_a_fault_at_once_though_a_beat_goes_well(database: Database) -> None:
    async def grows(tx: Writer) -> None:
        await tx.insert("CREATE TABLE much AS SELECT zeroblob(100000)")

    async with watching(database) as watched:
        for pages, is_full in ((1, True), (100000, False)):  # of 1, SQLite makes as many as there are
            async with database.transaction() as tx:
                await tx.all(f"PRAGMA max_page_count = {pages}")
            for _ in range(2 * is_full):
                with pytest.raises(StorageError, match="full"):
                    await database.write(grows)
                assert "full" in watched.fault
                written = database.written
                await until(lambda before=written: database.written > before)
                assert "full" in watched.fault
        await until(lambda: not watched.fault)


async def test_a_foreign_lock_is_told_before_the_database_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "WRITES_WITHIN", 0.05)
    monkeypatch.setattr("storage.database.PRAGMAS", (*PRAGMAS[:-1], "busy_timeout = 60000"))
    async with await Database.open(tmp_path / "t.db") as database, watching(database) as watched:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await until(lambda: "another program holds the file" in watched.fault)
            assert database.refusals == 0
            other.execute("ROLLBACK")
        await until(lambda: watched.fault == "")


async def test_a_restart_helps_where_the_file_is_gone(database: Database) -> None:
    async with watching(database) as watched:
        database.path.unlink()
        await until(lambda: watched.would_restart_help)
        assert "put it back" in watched.fault


async def test_a_restart_helps_where_the_database_answers_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "STANDS_STILL", 0.1)
    let_go = Event()
    async with watching(database) as watched:
        hanging = asyncio.create_task(database._watcher.run(lambda _: let_go.wait()))
        await until(lambda: watched.would_restart_help)
        assert watched.fault == ""
        let_go.set()
        await hanging
        await until(lambda: not watched.would_restart_help)
