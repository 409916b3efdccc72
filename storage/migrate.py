"""Migrations: numbered steps from one schema to the next, all in one transaction, after a backup of what was there."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib import resources
from pathlib import Path

from storage.errors import StorageError, storage_errors
from storage.files import APPLICATION_ID, connect, copy, create_private, is_there

BUSY_SECONDS = 5.0


def migrate(path: Path) -> int:
    """Bring the file to the newest schema; the schema's number. Safe to kill and to run twice at once."""
    steps = _steps()
    create_private(path)
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        version = _checked_version(connection, path, newest=len(steps))
        if 0 < version < len(steps):
            copy(connection, _before(path, version))
        if version < len(steps):
            _bring_up(connection, steps)
    return len(steps)


def check(path: Path) -> None:
    """Is this a database that we can use, or bring up to date? Raises StorageError, saying what else to do."""
    with storage_errors(path), closing(connect(path)) as connection:
        _checked_version(connection, path, newest=newest_version())


def newest_version() -> int:
    return len(_steps())


def version_of(path: Path) -> int:
    """The schema of a database that is there. Raises StorageError."""
    with storage_errors(path), closing(connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_current(path: Path) -> bool:
    """Is there a database, of the schema that this version knows? So it can be read, and nothing is made or migrated.

    Raises StorageError.
    """
    return is_there(path) and version_of(path) == newest_version()


def _steps() -> list[str]:
    folder = resources.files("storage") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [file.read_text(encoding="utf-8") for file in files]


def _checked_version(connection: sqlite3.Connection, path: Path, *, newest: int) -> int:
    version, application, tables = connection.execute(  # in one look: another process may be migrating
        """
        SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
        FROM pragma_user_version, pragma_application_id
        """
    ).fetchone()
    if tables and application != APPLICATION_ID:
        raise StorageError(path, "this database belongs to another program: check the path")
    if version > newest:
        raise StorageError(
            path,
            f"written by a newer Textback (schema {version}, this one knows {newest}): "
            "install that version again, or bring the copy from before back: "
            f"textback restore {_copy_of(path, newest)}",
        )
    return int(version)


def _before(path: Path, version: int) -> Path:
    """The copy that is made before this version is left."""
    return path.with_name(f"{path.name}.v{version}.backup")


def _copy_of(path: Path, version: int) -> str:
    """The newest copy that this version can read."""
    known = (_before(path, older) for older in range(version, 0, -1))
    return next((str(copy) for copy in known if copy.exists()), "BACKUP")


def _bring_up(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()  # another process may have been faster
        for script in steps[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, len(steps))}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """One statement at a time, triggers whole: `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
