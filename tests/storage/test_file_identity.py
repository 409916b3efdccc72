"""A database that is deleted, moved, replaced or cut short while it is open: nothing more is acknowledged."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage import settings
from storage.backup import back_up
from storage.database import Database
from storage.errors import LostError, StorageError
from tests.desk import MONDAY_NOON


async def commits(database: Database) -> None:
    async with database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, not await settings.is_on(tx, settings.PAUSED), "Ann", MONDAY_NOON)


async def is_paused(database: Database) -> bool:
    async with database.read() as db:
        return await settings.is_on(db, settings.PAUSED)


def deleted(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)


def copied_over(path: Path) -> None:
    back_up(path, path.with_name("copy.db"))
    shutil.copyfile(path.with_name("copy.db"), path)


def copied_over_after_a_checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    copied_over(path)


def another_copied_over(path: Path) -> None:
    with closing(sqlite3.connect(path.with_name("other.db"))) as other:
        other.execute("PRAGMA journal_mode = WAL").fetchall()
        other.execute("CREATE TABLE much AS SELECT randomblob(1000000)")
    shutil.copyfile(path.with_name("other.db"), path)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8192 * 4096)


def its_log_deleted(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


async def test_a_copy_without_its_log_is_no_damage_that_a_backup_would_mend(database: Database) -> None:
    copy = database.path.with_name("copy.db")
    shutil.copyfile(database.path, copy)
    for _ in range(200):
        await commits(database)
    its_log_deleted(database.path)
    shutil.copyfile(copy, database.path)
    for attempt in (commits, Database.beat):
        with pytest.raises(LostError, match="replaced"):
            await attempt(database)


@pytest.mark.parametrize("whose", ["its own", "another's"])
async def test_what_was_copied_as_a_file_before_the_start_is_noticed_when_it_is_copied_over(
    tmp_path: Path, whose: str
) -> None:
    path, copy = tmp_path / "t.db", tmp_path / "copy.db"
    async with await Database.open(path if whose == "its own" else copy, marks=True) as before:
        await commits(before)
    if whose == "its own":
        shutil.copyfile(path, copy)
    async with await Database.open(path, marks=True) as database:
        await commits(database)
        written = database.written
        shutil.copyfile(copy, path)
        for attempt in (commits, Database.beat, Database.look):
            with pytest.raises(LostError, match="textback restore"):
                await attempt(database)
        assert database.written == written


@pytest.mark.parametrize(
    "happens",
    [
        deleted,
        replaced,
        copied_over,
        copied_over_after_a_checkpoint,
        another_copied_over,
        emptied,
        halved,
        its_log_deleted,
    ],
)
async def test_what_is_not_in_its_place_takes_no_commit(database: Database, happens: Callable[[Path], None]) -> None:
    await commits(database)
    await database.look()
    written = database.written
    happens(database.path)
    for attempt in (commits, Database.beat):
        with pytest.raises(StorageError):
            await attempt(database)
    with pytest.raises(LostError, match="put it back, or stop textback"):
        await database.look()
    assert database.written == written


async def test_what_is_deleted_in_the_middle_of_a_transaction_is_not_acknowledged(database: Database) -> None:
    async def half_way() -> None:
        async with database.transaction() as tx:
            await settings.resume(tx, "Ann", MONDAY_NOON)
            database.path.unlink()

    with pytest.raises(LostError):
        await half_way()
    assert await is_paused(database)


async def test_once_it_is_back_everything_goes_on(database: Database) -> None:
    elsewhere = database.path.with_name("elsewhere")
    database.path.rename(elsewhere)
    with pytest.raises(LostError):
        await commits(database)
    elsewhere.rename(database.path)
    await commits(database)
    await database.look()
    assert not await is_paused(database)


async def test_a_vacuum_by_somebody_else_is_no_loss(database: Database) -> None:
    await commits(database)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE much AS SELECT randomblob(1000000)")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        await database.look()
        grown = database.path.stat().st_size
        other.execute("DROP TABLE much")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert database.path.stat().st_size < grown
    await commits(database)
    await database.look()


async def test_a_beat_is_a_commit_to_the_disk_that_wakes_nobody(database: Database) -> None:
    log = database.path.with_name(f"{database.path.name}-wal")
    version, count, written = await database.data_version(), database.commits.count, database.written
    octets = log.stat().st_size
    await database.beat()
    assert log.stat().st_size > octets
    assert (await database.data_version(), database.commits.count) == (version, count)
    assert database.written == written + 1
