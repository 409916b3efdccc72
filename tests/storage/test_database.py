"""The file: opened, migrated, locked, torn, and still telling the truth."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

import pytest

from storage import settings
from storage.database import PRAGMAS, Database, Reader, Writer
from storage.errors import RejectedError, StorageError
from storage.migrate import _steps, migrate
from tests.desk import MONDAY_NOON

pytestmark = pytest.mark.slow

T = TypeVar("T")

INSERT = "INSERT INTO part_move (old, new) VALUES (:old, 'x')"


async def moves(database: Database) -> int:
    async with database.read() as db:
        row = await db.only("SELECT count(*) AS n FROM part_move WHERE new = 'x'")
        return int(row["n"])


async def test_a_new_file_is_private_and_starts_paused(database: Database) -> None:
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
    async with database.read() as db:
        assert await settings.is_on(db, settings.PAUSED)


async def test_every_commit_is_on_the_disk_before_it_is_believed(database: Database) -> None:
    async with database.transaction() as tx:
        assert (await tx.only("PRAGMA synchronous"))[0] == 2  # FULL
        assert (await tx.only("PRAGMA foreign_keys"))[0] == 1
    async with database.read() as db:
        assert (await db.only("PRAGMA journal_mode"))[0] == "wal"


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        async with database.read() as db:
            await db.all("DELETE FROM part_move")


# --- transactions -------------------------------------------------------------------------------------------------


async def insert_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.all(INSERT, old="bad")
        raise RuntimeError


async def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        await insert_and_fail(database)
    assert await moves(database) == 0


async def test_another_tasks_rollback_does_not_take_my_row(database: Database) -> None:
    async def good(number: int) -> None:
        async with database.transaction() as tx:
            await tx.all(INSERT, old=str(number))

    jobs = (job for n in range(20) for job in (good(n), insert_and_fail(database)))
    await asyncio.gather(*jobs, return_exceptions=True)
    assert await moves(database) == 20


async def test_readers_do_not_see_what_is_not_committed(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.all(INSERT, old="a")
        assert await moves(database) == 0
    assert await moves(database) == 1


async def test_a_reader_sees_one_snapshot(database: Database) -> None:
    async with database.read() as db:
        before = await db.only("SELECT count(*) AS n FROM part_move")
        async with database.transaction() as tx:
            await tx.all(INSERT, old="a")
        after = await db.only("SELECT count(*) AS n FROM part_move")
    assert before["n"] == after["n"]


async def test_what_is_read_at_once_is_one_trip_in_the_same_snapshot(database: Database) -> None:
    async def count(db: Reader) -> Sequence[int]:
        return [(await db.only("SELECT count(*) AS n FROM part_move"))["n"] for _ in range(50)]

    async with database.read() as db:
        before = await db.at_once(count)
        async with database.transaction() as tx:
            await tx.all(INSERT, old="a")
            assert await tx.at_once(count) == [n + 1 for n in before]
        assert await db.at_once(count) == before


async def test_one_long_read_does_not_hold_up_the_others(database: Database) -> None:
    async with database.read() as long:
        async with database.read() as short:
            assert await short.one("SELECT 1")
        assert await long.one("SELECT 1")


async def test_a_read_that_is_cancelled_leaves_its_connection_usable(database: Database) -> None:
    async def forever() -> None:
        async with database.read() as db:
            await db.one("SELECT 1")
            await asyncio.Event().wait()

    for _ in range(10):
        task = asyncio.create_task(forever())
        await moves(database)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await moves(database) == 0


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_task_leaves_all_or_nothing_and_an_open_door(database: Database, steps: int) -> None:
    """Cancelled after so many turns of the loop: before BEGIN, between the rows, during COMMIT."""

    async def two_rows() -> None:
        async with database.transaction() as tx:
            await tx.all(INSERT, old="one")
            await tx.all(INSERT, old="two")

    task = asyncio.create_task(two_rows())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await moves(database) in (0, 2)
    async with database.transaction() as tx:
        await tx.all(INSERT, old="three")
    assert await moves(database) in (1, 3)


async def test_a_task_that_is_cancelled_ends_although_what_it_waits_for_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever tries again after an error of the disk would outlive being stopped."""
    monkeypatch.setattr("storage.database.PRAGMAS", (*PRAGMAS[:-1], "busy_timeout = 200"))
    async with await Database.open(tmp_path / "textback.db") as database:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            task = asyncio.create_task(database.beat())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


async def test_a_commit_that_began_is_finished_although_its_task_is_cancelled(database: Database) -> None:
    began = asyncio.Event()
    commit = database._writer.commit

    async def slow_commit() -> None:
        began.set()
        await commit()

    database._writer.commit = slow_commit  # type: ignore[method-assign]

    async def one_row() -> None:
        async with database.transaction() as tx:
            await tx.all(INSERT, old="one")

    task = asyncio.create_task(one_row())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await moves(database) == 1


# --- faults -------------------------------------------------------------------------------------------------------


async def test_a_broken_constraint_is_our_own_mistake_and_no_fault_of_the_disk(database: Database) -> None:
    for mistake in ("INSERT INTO part_move (old, new) VALUES ('queued', 'sending')", "SELECT nothing FROM nowhere"):
        with pytest.raises(RejectedError):
            async with database.transaction() as tx:
                await tx.all(mistake)


async def test_a_locked_file_says_who_to_look_for(database: Database) -> None:
    await database._writer.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another program holds the file"):
            async with database.transaction() as tx:
                await tx.all(INSERT, old="a")
        other.execute("ROLLBACK")
    async with database.transaction() as tx:
        await tx.all(INSERT, old="a")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"this is a letter, not a database" * 100, "not a database"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "not a database"),
    ],
)
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "textback.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=says):
        await Database.open(path)


async def read_everything(path: Path) -> None:
    async with await Database.open(path) as database, database.read() as db:
        for table in await db.all("SELECT name FROM sqlite_master WHERE type = 'table'"):
            await db.all(f"SELECT * FROM {table['name']}")


async def test_a_damaged_file_is_refused_where_it_hurts(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    migrate(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        await read_everything(path)


async def test_a_missing_directory_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere/textback\.db: .*directory"):
        await Database.open(tmp_path / "nowhere" / "textback.db")


async def test_a_directory_in_its_place_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        await Database.open(tmp_path)


# --- migrations ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Writer]:
    async with await Database.open(path) as database, database.transaction() as tx:
        yield tx


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    assert migrate(path) == migrate(path)
    assert [file.name for file in tmp_path.iterdir()] == ["textback.db"]


async def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"newer Textback \(schema 99"):
        await Database.open(path)
    assert path.read_bytes() == before


async def test_a_newer_file_is_refused_with_the_command_that_brings_the_copy_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "textback.db"
    newest = migrate(path)
    steps = _steps()
    monkeypatch.setattr("storage.migrate._steps", lambda: [*steps, "CREATE TABLE later (id INTEGER);"])
    migrate(path)
    monkeypatch.setattr("storage.migrate._steps", lambda: steps)
    with pytest.raises(StorageError, match=rf"textback restore {path}\.v{newest}\.backup"):
        await Database.open(path)


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photo (id INTEGER)")
    with pytest.raises(StorageError, match="belongs to another program"):
        await Database.open(path)


async def test_an_older_file_is_backed_up_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "textback.db"
    newest = migrate(path)
    steps = _steps()
    monkeypatch.setattr("storage.migrate._steps", lambda: [*steps, "CREATE TABLE later (id INTEGER);"])
    assert migrate(path) == newest + 1
    with closing(sqlite3.connect(tmp_path / f"textback.db.v{newest}.backup")) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (newest,)
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "textback.db"
    newest = migrate(path)
    steps = _steps()
    broken = "CREATE TABLE later (id INTEGER);\nINSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr("storage.migrate._steps", lambda: [*steps, broken])
    with pytest.raises(sqlite3.OperationalError):
        migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (newest,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone() == (0,)


async def test_two_processes_may_migrate_at_once(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    await asyncio.gather(*(asyncio.to_thread(migrate, path) for _ in range(8)))
    async with opened(path) as tx:
        assert await settings.is_on(tx, settings.PAUSED)


# --- other processes ----------------------------------------------------------------------------------------------


async def test_a_commit_of_another_process_is_noticed(database: Database) -> None:
    before = await database.data_version()
    async with opened(database.path) as tx:
        await settings.resume(tx, "Ann", MONDAY_NOON)
    assert await database.data_version() != before


WRITER = """
import asyncio, sys
from pathlib import Path
from storage.database import Database

async def main() -> None:
    async with await Database.open(Path(sys.argv[1])) as database:
        for number in range(100_000):
            async with database.transaction() as tx:
                await tx.all("INSERT INTO part_move (old, new) VALUES (:old, 'x')", old=str(number))
            print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 17, 60])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "textback.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        last = 0
        for _ in range(acknowledged):
            last = int(child.stdout.readline())
        child.kill()
        last = max([last, *(int(line) for line in child.stdout if line.endswith("\n"))])
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM part_move WHERE new = 'x'").fetchone()
        assert kept >= last + 1
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
