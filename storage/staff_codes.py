"""The digits by which staff name rows in their texts, and the wrong ones that came from their numbers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import randbelow

from storage.database import Reader, Writer
from storage.values import moment

ALL_CODES = 10_000


async def code(tx: Writer, person: str, callback_id: int, now: datetime) -> str:
    """Four digits, the same as before where this person was told of this row already.

    Those of rows that are closed make room where a new row is told of.
    """
    row = await tx.one(
        "SELECT digits FROM staff_code WHERE person = :person AND callback_id = :id", person=person, id=callback_id
    )
    return str(row["digits"]) if row else await _new(tx, person, callback_id, now)


async def _new(tx: Writer, person: str, callback_id: int, now: datetime) -> str:
    await tx.all(
        """
        DELETE FROM staff_code
        WHERE person = :person AND at < :stale
              AND callback_id IN (SELECT id FROM callback WHERE state = 'closed')
        """,
        person=person,
        stale=now - timedelta(days=1),
    )
    rows = await tx.all("SELECT digits FROM staff_code WHERE person = :person", person=person)
    taken = {row["digits"] for row in rows}
    digits = next(digits for digits in iter(_random, None) if digits not in taken)
    await tx.insert(
        "INSERT INTO staff_code (person, callback_id, digits, at) VALUES (:person, :id, :digits, :now)",
        person=person,
        id=callback_id,
        digits=digits,
        now=now,
    )
    return digits


def _random() -> str:
    return f"{randbelow(ALL_CODES):04}"


async def row_of(db: Reader, person: str, digits: str) -> int | None:
    """The callback that these digits name, of those that this person was told of."""
    row = await db.one(
        "SELECT callback_id FROM staff_code WHERE person = :person AND digits = :digits", person=person, digits=digits
    )
    return int(row["callback_id"]) if row else None


async def note_wrong(tx: Writer, person: str, now: datetime) -> None:
    await tx.insert("INSERT INTO wrong_digits (person, at) VALUES (:person, :now)", person=person, now=now)


async def last_wrong(db: Reader, person: str, most: int) -> list[datetime]:
    """When the last wrong digits came, at most so many, the newest first."""
    rows = await db.all(
        "SELECT at FROM wrong_digits WHERE person = :person ORDER BY id DESC LIMIT :most", person=person, most=most
    )
    return [moment(row["at"]) for row in rows]


async def wrong_since(db: Reader, since: datetime) -> Mapping[str, int]:
    """By person: how many wrong digits came from their number since then."""
    rows = await db.all(
        "SELECT person, count(*) AS n FROM wrong_digits WHERE at > :since GROUP BY person ORDER BY person", since=since
    )
    return {row["person"]: row["n"] for row in rows}
