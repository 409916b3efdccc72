"""`textback backup | restore` on a real file: in use, damaged, killed half-way."""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from bridge.domain.phone import E164
from storage import backup, calls, files, messages, migrate, opt_outs, settings
from storage.database import Database
from storage.errors import StorageError
from storage.opt_outs import OptOutCause
from tests import forked
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, missed_call
from tests.lab.fixtures import missing
from tests.site import run

pytestmark = pytest.mark.slow

LATER = MONDAY_NOON + timedelta(days=1)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A database with one opt-out, resumed."""
    path = tmp_path / "textback.db"
    asyncio.run(fill(path))
    return path


async def fill(path: Path, number: E164 = CUSTOMER) -> None:
    async with await Database.open(path) as database, database.transaction() as tx:
        await settings.resume(tx, "Ann", MONDAY_NOON)
        await opt_outs.start(tx, number, OptOutCause.STOP, None, "textback", MONDAY_NOON)


async def facts(path: Path) -> tuple[bool, list[str]]:
    """Is it paused, and who opted out."""
    async with await Database.open(path) as database, database.read() as db:
        return await settings.is_on(db, settings.PAUSED), [str(out.number) for out in await opt_outs.page(db)]


def destroy(path: Path) -> None:
    """Overwrite a page in the middle, as a failing disk does."""
    with closing(files.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)


# --- making them --------------------------------------------------------------------------------------------------


async def test_a_backup_is_whole_private_and_one_file(there: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "copy.db"
    backup.back_up(there, target)
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert await facts(target) == (False, [str(CUSTOMER)])


async def test_a_backup_made_while_calls_come_in_is_one_moment_of_them(desk: Desk, tmp_path: Path) -> None:
    """Every call comes with its row in one transaction: a torn copy would show one without the other.

    Brought back, it holds the same calls, paused.
    """
    copy, fresh = tmp_path / "copy.db", tmp_path / "fresh.db"
    async with asyncio.TaskGroup() as group:
        arriving = group.create_task(_calls(desk))
        await desk.database.commits.beyond(10)
        await asyncio.to_thread(backup.back_up, desk.database.path, copy)
        arriving.cancel()
    seen, rows = counted(copy)
    assert seen == rows >= 10
    await backup.restore(copy, fresh, "Ann", LATER)
    assert (counted(fresh), (await facts(fresh))[0]) == ((seen, rows), True)


def counted(path: Path) -> tuple[int, int]:
    """Calls and callbacks."""
    with closing(sqlite3.connect(path)) as connection:
        found: tuple[int, int] = connection.execute(
            "SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM callback)"
        ).fetchone()
    return found


async def _calls(desk: Desk) -> None:
    for n in range(10_000):
        await desk.missed_calls.ended(missed_call(E164(f"+1{202 + n // 1000}555{n % 10000:04}")), MONDAY_NOON)


def test_what_is_not_there_is_not_copied(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such database"):
        backup.back_up(tmp_path / "none.db", tmp_path / "copy.db")
    assert not list(tmp_path.iterdir())


def test_a_damaged_database_leaves_no_backup_that_looks_sound(there: Path, tmp_path: Path) -> None:
    destroy(there)
    with pytest.raises(StorageError, match="damaged"):
        backup.back_up(there, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


def test_only_the_newest_backups_are_kept(there: Path) -> None:
    for days in range(4):
        target = backup.default_target(there, MONDAY_NOON + timedelta(days=days))
        backup.back_up(there, target)
        os.utime(target, (days, days))
    assert len(backup.forget_older(there, 2)) == 2
    assert [path.name for path in backup.all_of(there)] == [
        "textback-20261126T170000Z.db",
        "textback-20261125T170000Z.db",
    ]


# --- bringing them back -------------------------------------------------------------------------------------------


async def test_a_restored_database_is_paused_and_the_one_before_is_kept(there: Path, tmp_path: Path) -> None:
    backup.back_up(there, tmp_path / "copy.db")
    await fill(there, OTHER)
    aside = await backup.restore(tmp_path / "copy.db", there, "Ann", LATER)
    assert await facts(there) == (True, [str(CUSTOMER)])
    assert aside is not None
    assert await facts(aside) == (False, [str(CUSTOMER), str(OTHER)])


async def test_what_waited_in_a_backup_is_not_sent_again(desk: Desk, tmp_path: Path) -> None:
    await desk.missed_calls.ended(missed_call(), MONDAY_NOON)
    await asyncio.to_thread(backup.back_up, desk.database.path, tmp_path / "copy.db")
    fresh = tmp_path / "fresh.db"
    assert await backup.restore(tmp_path / "copy.db", fresh, "Ann", LATER) is None
    async with await Database.open(fresh) as database, database.read() as db:
        assert await messages.queued(db) == []
        assert len(await calls.page(db)) == 1


async def test_a_backup_that_is_damaged_changes_nothing(there: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup.back_up(there, copy)
    destroy(copy)
    with pytest.raises(StorageError, match="this backup is damaged"):
        await backup.restore(copy, there, "Ann", LATER)
    assert await facts(there) == (False, [str(CUSTOMER)])


async def test_a_backup_of_a_newer_textback_is_not_brought_back_by_itself(there: Path) -> None:
    newer, older = (backup.default_target(there, at) for at in (LATER, MONDAY_NOON))
    for made in (older, newer):
        backup.back_up(there, made)
    with closing(files.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert backup.newest(there) == older


def test_a_backup_from_before_an_upgrade_is_upgraded_on_its_way_back(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.back_up(there, tmp_path / "copy.db")
    steps = migrate._steps()
    monkeypatch.setattr("storage.migrate._steps", lambda: [*steps, "CREATE TABLE later (id INTEGER);"])
    asyncio.run(backup.restore(tmp_path / "copy.db", there, "Ann", LATER))
    assert migrate.version_of(there) == len(steps) + 1
    assert list(tmp_path.glob("*.restoring*")) == []


HOLDER = """
import asyncio, sys
from pathlib import Path
from unittest.mock import patch
from storage.database import Database

async def main() -> None:
    async with await Database.open(Path(sys.argv[1])):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


def test_a_database_in_use_is_not_replaced(there: Path, tmp_path: Path) -> None:
    backup.back_up(there, tmp_path / "copy.db")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, there], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        with pytest.raises(StorageError, match="stop textback first"):
            asyncio.run(backup.restore(tmp_path / "copy.db", there, "Ann", LATER))
        daemon.communicate()
    assert asyncio.run(backup.restore(tmp_path / "copy.db", there, "Ann", LATER))


def test_two_backups_of_one_second_are_two_files(there: Path) -> None:
    """As when the nightly one starts while somebody types the other."""
    for _ in range(2):
        backup.back_up(there, backup.default_target(there, MONDAY_NOON))
    assert len(backup.all_of(there)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are somebody else's")
def test_what_root_copies_stays_the_services(there: Path) -> None:
    """The nightly copy, which runs as the service's user, has to go into the same directory."""
    os.chown(there.parent, 1234, 1234)
    made = backup.default_target(there, MONDAY_NOON)
    backup.back_up(there, made)
    assert [(path.stat().st_uid, path.stat().st_gid) for path in (made, made.parent)] == [(1234, 1234)] * 2


# --- damage found at the start ------------------------------------------------------------------------------------


async def test_a_damaged_database_is_set_aside_and_the_newest_backup_named(there: Path) -> None:
    target = backup.default_target(there, MONDAY_NOON)
    backup.back_up(there, target)
    destroy(there)
    database, damaged = await backup.open_sound(there, LATER)
    await database.close()
    assert damaged is not None
    assert damaged.newest == target
    assert files.damage(damaged.aside)
    assert await facts(there) == (True, [str(CUSTOMER)])  # whoever said STOP is still known


async def test_a_sound_database_is_opened_as_it_is(there: Path) -> None:
    database, damaged = await backup.open_sound(there, LATER)
    await database.close()
    assert damaged is None
    assert await facts(there) == (False, [str(CUSTOMER)])


async def test_a_file_that_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    path.write_bytes(b"Dear Sir or Madam" * 400)
    with pytest.raises(StorageError, match="not a database"):
        await backup.open_sound(path, LATER)
    assert path.read_bytes().startswith(b"Dear Sir")


# --- the commands -------------------------------------------------------------------------------------------------


def test_backup_and_restore_as_an_administrator_types_them(example: Path) -> None:
    config = ("--config", str(example))
    asyncio.run(fill(example.parent / "t.db"))
    made = run("backup", *config)
    assert re.fullmatch(r"\S+/backups/t-\d{8}T\d{6}Z\.db: \d+ bytes, checked\n", made.stdout)
    done = run("restore", *config)
    assert done.returncode == 0
    assert "texts are paused" in done.stdout
    assert asyncio.run(facts(example.parent / "t.db")) == (True, [str(CUSTOMER)])


def test_without_a_backup_one_can_begin_anew(example: Path) -> None:
    config = ("--config", str(example))
    asyncio.run(fill(example.parent / "t.db"))
    assert "no sound backup" in run("restore", *config).stdout
    assert "is now empty" in run("restore", "--empty", *config).stdout
    assert asyncio.run(facts(example.parent / "t.db")) == (True, [])


# --- killed at every write ----------------------------------------------------------------------------------------

CALLS = "pwrite64,fdatasync,fsync,rename,unlink,link"


@pytest.fixture
def strace() -> None:
    if shutil.which("strace") is None:
        missing("strace is not installed")


needs_strace = pytest.mark.usefixtures("strace")


def killings(job: Callable[..., object], *paths: Path) -> Iterator[int]:
    """The first ten system calls that change a disk and then every ninth, until it has no more of them."""
    for moment in [*range(1, 10), *range(10, 1000, 9)]:
        if not forked.killed_at(CALLS, moment, job, *paths):
            return
        yield moment


@needs_strace
@pytest.mark.timeout(300)
def test_a_backup_killed_at_any_write_is_whole_or_not_there(there: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    for moment in killings(backup.back_up, there, target):
        assert not target.exists() or moment > 50
        assert not target.exists() or asyncio.run(facts(target)) == (False, [str(CUSTOMER)])
        assert asyncio.run(facts(there)) == (False, [str(CUSTOMER)])
        target.unlink(missing_ok=True)
    assert asyncio.run(facts(target)) == (False, [str(CUSTOMER)])


def restore(copy: Path, place: Path) -> None:
    asyncio.run(backup.restore(copy, place, "Ann", datetime.now(UTC)))


@needs_strace
@pytest.mark.timeout(300)
def test_a_restore_killed_at_any_write_loses_neither_database(there: Path, tmp_path: Path) -> None:
    copy, place = tmp_path / "copy.db", tmp_path / "place" / "textback.db"
    backup.back_up(there, copy)
    old, before, after = tmp_path / "old.db", (False, [str(OTHER)]), (True, [str(CUSTOMER)])
    asyncio.run(fill(old, OTHER))
    place.parent.mkdir()
    shutil.copy(old, place)
    for _ in killings(restore, copy, place):
        kept = [path for path in (place, *place.parent.glob("*.aside-*Z")) if path.exists()]
        found = [asyncio.run(facts(path)) for path in kept]
        assert before in found
        assert all(state in (before, after) for state in found)
        shutil.rmtree(place.parent)
        place.parent.mkdir()
        shutil.copy(old, place)
    assert asyncio.run(facts(place)) == after


def migrate_further(path: Path) -> None:
    """To a schema that comes after today's."""
    later = "CREATE TABLE later (id INTEGER);\nINSERT INTO later VALUES (1);"
    with patch.object(migrate, "_steps", return_value=[*migrate._steps(), later]):
        migrate.migrate(path)


@needs_strace
@pytest.mark.timeout(300)
def test_an_upgrade_killed_at_any_write_is_done_or_undone_and_goes_on_at_the_next_start(there: Path) -> None:
    old = there.read_bytes()
    for _ in killings(migrate_further, there):
        with closing(sqlite3.connect(there)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone()
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert tables == version - migrate.newest_version()
        files.remove(there)
        there.write_bytes(old)
    with closing(sqlite3.connect(there)) as connection:
        assert connection.execute("SELECT id FROM later").fetchall() == [(1,)]
