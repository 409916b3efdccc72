"""The database as a file: made for its owner only, copied whole while in use, checked, set aside, never deleted."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from storage.errors import StorageError, is_damage, storage_errors

ENGINE = sqlite3.sqlite_version_info
APPLICATION_ID = 0x54425854  # "TBXT": marks the file as ours (SQLite: PRAGMA application_id)
MAGIC = b"SQLite format 3\0"
APPLICATION_ID_AT = 68  # SQLite file format, 1.3
SIDE_FILES = ("-wal", "-shm", "-journal")
LOCK = ".lock"
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
"""The bytes that every connection of a WAL database keeps locked while it is open (SQLite: os.h)."""


def create_private(path: Path) -> None:
    """Customers' words and numbers are nobody else's: the file is made readable by its owner only.

    What root makes belongs to whoever owns the directory, so that the service can use it.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.geteuid() == 0 and os.fstat(handle).st_size == 0:
                owner = path.parent.stat()
                os.fchown(handle, owner.st_uid, owner.st_gid)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageError(
            path, f"the file cannot be written: {error.strerror}; check its directory and owner"
        ) from error


def make_private_folder(folder: Path) -> None:
    """As `create_private`; one that is there stays as it is."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(folder, f"the directory cannot be made: {error.strerror}") from error
    if os.geteuid() == 0:
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def is_there(database: Path) -> bool:
    """Without any content it is none yet, and SQLite throws a log away that stands beside such a one."""
    return database.exists() and database.stat().st_size > 0


def was_there(database: Path) -> bool:
    """Does anything beside it tell of one that is not there: its log, which may be in use, or a daemon's lock?"""
    return any(_beside(database, suffix).exists() for suffix in (*SIDE_FILES, LOCK))


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there; a plain connect would make an empty one."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, isolation_level=None)


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """A whole copy, on disk and found sound, appears under the name, or none; others may go on writing meanwhile."""
    with _alone_in(target.parent):
        _copy_alone(connection, target)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """One copy at a time is made there: an unfinished one of another process must not be taken for a left-over."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _copy_alone(connection: sqlite3.Connection, target: Path) -> None:
    unfinished = target.with_name(target.name + ".unfinished")
    remove(unfinished)
    create_private(unfinished)
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as fresh:
        connection.backup(fresh)
        fresh.execute("PRAGMA journal_mode = DELETE")  # one file, without side files
        found = _complaint(fresh, "integrity_check")
    if found:
        remove(unfinished)
        raise StorageError(target, f"the copy is damaged ({found}); nothing was written there")
    _sync(unfinished)
    unfinished.replace(target)
    _sync(target.parent)


def damage(path: Path) -> str:
    """What is wrong with this database of ours, in SQLite's words; "" where it is sound, or is not ours at all.

    Raises StorageError where it cannot be looked at.
    """
    if not is_ours(path):
        return ""
    try:
        with storage_errors(path), closing(connect(path)) as connection:
            return _complaint(connection, "quick_check")
    except StorageError as error:
        if is_damage(error.__cause__):
            return str(error.__cause__)
        raise


def refuse_if_in_use(path: Path) -> None:
    """Raises StorageError while any process, except this one, has the database open."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except OSError as error:
            raise StorageError(
                path, "it is in use: stop textback first, for example with `systemctl stop textback`"
            ) from error


def set_aside(path: Path, now: datetime) -> Path | None:
    """Give the database, with what its log still holds, another name; that name, None if there was no file.

    Killed half-way it leaves the old name, the new one or both; never neither.
    """
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.aside-{stamp(now)}")
    while aside.exists():
        aside = aside.with_name(aside.name + "x")
    present = [suffix for suffix in ("", "-wal") if _beside(path, suffix).exists()]
    for suffix in present:
        os.link(_beside(path, suffix), _beside(aside, suffix))
    _sync(path.parent)
    remove(path)
    return aside


def remove(path: Path) -> None:
    """The side files go first: what is left alone must never be a log without its database."""
    for suffix in (*SIDE_FILES, ""):
        _beside(path, suffix).unlink(missing_ok=True)


def put_in_place(finished: Path, path: Path) -> None:
    finished.replace(path)
    _sync(path.parent)


def stamp(now: datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%SZ")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def is_ours(path: Path) -> bool:
    """By its first bytes alone, so that a damaged one can be told as well."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError:
        return False
    return head.startswith(MAGIC) and int.from_bytes(head[APPLICATION_ID_AT:72], "big") == APPLICATION_ID


def _complaint(connection: sqlite3.Connection, check: str) -> str:
    (found,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    return "" if found == "ok" else " ".join(str(found).split())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
