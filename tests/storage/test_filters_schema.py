"""A full office of the schema before gets reasons for all that is filtered, also while somebody else writes."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import migrate

SCHEMA_BEFORE = 16
CALLS = 5000
CALL = """
INSERT INTO call (id, pbx, uniqueid, started_at, direction, linkedid, channel, number, digits, name, withheld, did,
                  line, branch, verdict, reason, ended_at, talked, voicemail_left, closed, text_why, filtered, version)
VALUES (:id, 'pbx', :id, :id, 'inbound', 'l', 'c', '+12025550123', '', 'Jo', 0, '2025550100',
        'main', 'main', 'missed', 'no_answer', :id, 0, 0, 0, 'staff',
        CASE :id % 3 WHEN 0 THEN 'staff' WHEN 1 THEN 'blocked' ELSE 'sister_office' END, 1)
"""
AUDIT = "INSERT INTO audit (at, who, what, subject, subject_id, version) VALUES (1, 'x', 'call.ended', 'call', :id, 1)"


def insert(connection: sqlite3.Connection, call_id: int) -> None:
    for statement in (CALL, AUDIT):
        connection.execute(statement, {"id": call_id})


def rows(path: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM call ORDER BY id")]


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "textback.db"
    steps = migrate._steps()[:SCHEMA_BEFORE]
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_steps", lambda: steps)
        migrate.migrate(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for call_id in range(1, CALLS + 1):
            insert(connection, call_id)
    return path


class Writer(threading.Thread):
    """Writes a call every other millisecond, before, while and after the schema changes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._wrote, self.over = threading.Event(), threading.Event()
        self.committed: list[int] = []

    def run(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as connection:
            while not self.over.wait(0.002):
                call_id = CALLS + 1 + len(self.committed)
                connection.execute("BEGIN IMMEDIATE")
                insert(connection, call_id)
                connection.execute("COMMIT")
                self.committed.append(call_id)
                self._wrote.set()

    def writes_on(self) -> bool:
        self._wrote.clear()
        return self._wrote.wait(20)


@pytest.fixture
def writer(full: Path) -> Iterator[Writer]:
    writer = Writer(full)
    writer.start()
    yield writer
    writer.over.set()
    writer.join()


def test_a_full_database_is_as_it_was_and_takes_the_new_reasons(full: Path) -> None:
    before = rows(full)

    migrate.migrate(full)

    assert rows(full) == [row | {"attestation": None} for row in before]
    with closing(sqlite3.connect(full)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for reason in ("machine", "refused", "service"):
            connection.execute(f"UPDATE call SET filtered = '{reason}', reason = 'machine', version = 2 WHERE id = 1")
            connection.rollback()
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            connection.execute("UPDATE call SET attestation = 'maybe', version = 2 WHERE id = 1")


def test_what_another_connection_writes_meanwhile_is_not_lost(full: Path, writer: Writer) -> None:
    assert writer.writes_on()
    migrate.migrate(full)
    assert writer.writes_on()
    writer.over.set()
    writer.join()

    assert migrate.version_of(full) == migrate.newest_version()
    assert [row["id"] for row in rows(full)] == [*range(1, CALLS + 1), *writer.committed]
