"""What was learned of landlines before they expired: it ends with the upgrade, unless it had repeated by then."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.phone import E164
from storage import contacts
from storage.database import Database
from storage.migrate import _steps, migrate
from storage.values import stored

BEFORE = next(n for n, step in enumerate(_steps()) if "ALTER TABLE landline ADD COLUMN expires_at" in step)
LEARNED = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
ONCE, TWICE, SINCE_TEXTED, LONG_AGO = (f"+120255501{n:02}" for n in range(4))


def learned(
    connection: sqlite3.Connection, id_: int, number: str, *failed_at: datetime, delivered: bool = False
) -> None:
    at = stored(LEARNED)
    connection.execute(
        "INSERT INTO audit (at, who, what, subject, subject_id, version) VALUES (?, 'textback', 'landline.learned', "
        "'landline', ?, 1)",
        (at, id_),
    )
    connection.execute(
        "INSERT INTO landline (id, number, since, why, version) VALUES (?, ?, ?, 'old', 1)", (id_, number, at)
    )
    states = [(moment, "failed") for moment in failed_at]
    states += [(LEARNED + timedelta(days=9), "delivered")] if delivered else []
    for n, (moment, state) in enumerate(states):
        ended(connection, id_ * 100 + n, number, moment, state)


def ended(connection: sqlite3.Connection, id_: int, number: str, at: datetime, state: str) -> None:
    """A text of one part that went its whole way."""
    connection.execute(
        "INSERT INTO message (id, kind, number, source, branch, text, template, written_by, urgent, slot, created_at, "
        "due_at, expires_at) "
        "VALUES (:id, 'by_hand', :number, '+12025550100', 'main', 'x', '', 'Ann', 0, '', :at, :at, :at)",
        {"id": id_, "number": number, "at": stored(at)},
    )
    versions = ["queued", "sending", "submitted", state]
    for version, now in enumerate(versions, start=1):
        connection.execute(
            "INSERT INTO audit (at, who, what, subject, subject_id, version) VALUES (?, 'textback', ?, 'part', ?, ?)",
            (stored(at), f"part.{now}", id_, version),
        )
    connection.execute(
        "INSERT INTO message_part (id, message_id, sequence, total, encoding, text, state, due_at, version) "
        "VALUES (:id, :id, 1, 1, 'gsm7', 'x', 'queued', :at, 1)",
        {"id": id_, "at": stored(at)},
    )
    for version, now in enumerate(versions[1:], start=2):
        connection.execute(
            "UPDATE message_part SET state = ?, version = ?, ended_at = ? WHERE id = ?",
            (now, version, stored(at) if version == 4 else None, id_),
        )


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path, steps = tmp_path / "textback.db", _steps()
    with monkeypatch.context() as patched:
        patched.setattr("storage.migrate._steps", lambda: steps[:BEFORE])
        migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        learned(connection, 1, ONCE, LEARNED)
        learned(connection, 2, TWICE, LEARNED, LEARNED + timedelta(days=3))
        learned(connection, 3, SINCE_TEXTED, LEARNED, LEARNED + timedelta(days=3), delivered=True)
        learned(connection, 4, LONG_AGO)
        connection.commit()
    migrate(path)
    return path


async def test_what_did_not_repeat_is_over_and_what_did_expires_later(upgraded: Path) -> None:
    async with await Database.open(upgraded) as database, database.read() as db:
        held = {
            number: await contacts.is_landline(db, E164(number)) for number in (ONCE, TWICE, SINCE_TEXTED, LONG_AGO)
        }
        (expires_at,) = await db.one("SELECT expires_at FROM landline WHERE number = :number", number=TWICE) or (None,)
    assert held == {ONCE: False, TWICE: True, SINCE_TEXTED: False, LONG_AGO: False}
    assert expires_at == stored(LEARNED + timedelta(days=3 + 183))


async def test_every_landline_that_ended_or_stayed_has_its_line_in_the_audit(upgraded: Path) -> None:
    async with await Database.open(upgraded) as database, database.read() as db:
        rows = await db.all(
            "SELECT subject_id, what FROM audit WHERE subject = 'landline' AND version = 2 ORDER BY subject_id"
        )
    whats = ["landline.expired", "landline.learned", "landline.expired", "landline.expired"]
    assert [(row["subject_id"], row["what"]) for row in rows] == list(enumerate(whats, start=1))
