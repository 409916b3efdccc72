"""Is the database that we hold open still the one that stands under its path? (stat(2): st_dev and st_ino)

What was deleted, moved, or replaced by a copy goes on taking what is written, and nobody will ever read it. So every
commit looks, before and after: what is acknowledged was in its place. What was copied over it (`cp backup.db
textback.db`) has the same inode and another header: a backup is in no WAL mode and has another schema cookie, which
SQLite moves on in every copy it makes. `cp` does not, so whoever writes for long sets a cookie that no file from before
has (`mark`).
"""

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import aiosqlite

from storage.errors import LostError, is_damage
from storage.group_commit import Work, finished

T = TypeVar("T")

HEADER = 100
KIND, COOKIE, APPLICATION = slice(0, 24), slice(40, 44), slice(68, 72)
"""SQLite file format, 1.3: what it is, of which page size and journal; the schema cookie; whose it is."""

STATEMENTS = 512
"""Kept prepared: more than there are (sqlite3 keeps 128)."""


class FileIdentity:
    """Of one database and its log (`-wal`), which stays for as long as anybody has it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = (str(path), f"{path}-wal")
        self._known: list[tuple[int, int]] | None = None
        self._size = 0
        self._handle = -1
        self._header = self._foreign = self._cookie = b""
        self._writer: sqlite3.Connection | None = None
        self._version = 0
        self._one_at_a_time = Lock()  # each connection has its thread, and what one saw must not be older than `_size`

    def begin(self, connection: sqlite3.Connection) -> None:
        """From now on it should stay where it is. connection: the one that writes."""
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # whoever reads has the log open
        self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        self._header, self._writer = self._header_now(), connection
        self._learn(connection)
        self._known = [_identity(os.stat(file)) for file in self._files]  # noqa: PTH116

    def end(self) -> None:
        """Once no connection is open: to close any descriptor of the file ends SQLite's locks on it (fcntl(2))."""
        if self._handle >= 0:
            os.close(self._handle)

    def is_in_place(self) -> bool:
        try:
            return self._known in (None, [_identity(os.stat(file)) for file in self._files])  # noqa: PTH116
        except OSError:
            return False

    def look(self, connection: sqlite3.Connection) -> None:
        """Raises LostError."""
        if self._known is None:
            return
        with self._one_at_a_time:
            try:
                found = [os.stat(file) for file in self._files]  # noqa: PTH116  four times a commit: a third of Path.stat
            except OSError as error:
                raise LostError(self._path) from error
            size = found[0].st_size
            if [(one.st_dev, one.st_ino) for one in found] != self._known:
                raise LostError(self._path)
            if size < self._size and self._is_cut(size, connection):
                raise LostError(self._path)
            if connection is self._writer:
                self._learn(connection)
            header = self._header_now()
            if header != self._header and self._is_foreign(header, connection):
                raise LostError(self._path)
            if connection is self._writer:
                self._header = header
            self._size = size

    def _learn(self, connection: sqlite3.Connection) -> None:
        """What others commit may move the schema cookie on (VACUUM); what is copied over the file commits nothing."""
        try:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                (cookie,) = connection.execute("PRAGMA schema_version").fetchone()
                self._version, self._cookie = version, int(cookie).to_bytes(4, "big")
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise LostError(self._path) from error  # whatever else fails is told by what is to be committed

    def _header_now(self) -> bytes:
        return os.pread(self._handle, HEADER, 0)

    def _is_foreign(self, header: bytes, connection: sqlite3.Connection) -> bool:
        """A checkpoint brings what we know. Of cookies only the connection that writes is a judge: it hears commits."""
        if any(header[part] != self._header[part] for part in (KIND, APPLICATION)):
            return True
        if connection is self._writer:
            self._foreign = b"" if header[COOKIE] in (self._header[COOKIE], self._cookie) else header
        return header == self._foreign

    def _is_cut(self, size: int, connection: sqlite3.Connection) -> bool:
        """It only shrinks by a VACUUM of somebody's, and then to what SQLite says it has."""
        return size == 0 or size < _size_inside(connection)


def mark(connection: sqlite3.Connection) -> None:
    """A schema cookie of its own (PRAGMA schema_version), on the disk; as well as a disk that is full lets us."""
    with suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA schema_version = {secrets.randbelow(2**31 - 1) + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class PresentConnection(sqlite3.Connection):
    """Commits only to a database that is in its place."""

    def __init__(self, path: Path, presence: FileIdentity) -> None:
        super().__init__(path, isolation_level=None, cached_statements=STATEMENTS)
        self._presence = presence

    def commit(self) -> None:
        """Raises LostError where what was written is in no place that anybody will look at; then nothing is open."""
        try:
            self._presence.look(self)
        except LostError:
            self.rollback()
            raise
        super().commit()
        self._presence.look(self)


class Connection(aiosqlite.Connection):
    """aiosqlite's, which also runs a whole function on its thread."""

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(function, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own
        return result

    async def at_once(self, work: Work[T]) -> T:
        return await self.run(lambda raw: finished(raw, work))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _size_inside(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (octets,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(octets)
