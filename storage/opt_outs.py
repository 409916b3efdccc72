"""Who asked for no more texts. In force until START; the triggers hold it against everything but staff texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.phone import E164
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import record
from storage.values import number


class OptOutCause(StrEnum):
    STOP = "stop"
    WRONG_NUMBER = "wrong_number"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class OptOut:
    id: int
    number: E164
    why: OptOutCause
    at: datetime


async def in_force(db: Reader, number: E164) -> OptOut | None:
    row = await db.one(
        "SELECT id, number, why, at FROM opt_out WHERE number = :number AND ended_at IS NULL", number=number
    )
    return record(OptOut, row) if row else None


async def page(db: Reader, *, after: int = 0, limit: int = 100) -> Sequence[OptOut]:
    rows = await db.all(
        "SELECT id, number, why, at FROM opt_out WHERE ended_at IS NULL AND id > :after ORDER BY id LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [record(OptOut, row) for row in rows]


async def start(
    tx: Writer, number: E164, why: OptOutCause, reply_id: int | None, who: str, now: datetime
) -> int | None:
    """The new opt-out's id; None if one is in force already."""
    row = await tx.one(
        """
        INSERT INTO opt_out (number, why, reply_id, at, version) VALUES (:number, :why, :reply_id, :now, 1)
        ON CONFLICT (number) WHERE ended_at IS NULL DO NOTHING
        RETURNING id
        """,
        number=number,
        why=why,
        reply_id=reply_id,
        now=now,
    )
    if row is None:
        return None
    await add(tx, Act(who, "started", now, {"why": why}), Subject.OPT_OUT, row["id"])
    return int(row["id"])


async def end(tx: Writer, number: E164, who: str, now: datetime) -> bool:
    """False if none was in force."""
    row = await tx.one(
        """
        UPDATE opt_out SET ended_at = :now, version = version + 1
        WHERE number = :number AND ended_at IS NULL
        RETURNING id, version
        """,
        number=number,
        now=now,
    )
    if row is None:
        return False
    await add(tx, Act(who, "ended", now), Subject.OPT_OUT, row["id"], row["version"])
    return True


async def of_staff(db: Reader) -> Sequence[E164]:
    """Numbers of staff that said STOP, with neither a START nor a text that arrived there since."""
    rows = await db.all(
        """
        SELECT DISTINCT number FROM reply r
        WHERE role = 'staff' AND word = 'stop'
              AND NOT EXISTS (SELECT 1 FROM reply s
                              WHERE s.number = r.number AND s.received_at >= r.received_at AND s.word = 'start')
              AND NOT EXISTS (SELECT 1 FROM part p
                              WHERE p.number = r.number AND p.state = 'delivered' AND p.sent_at > r.received_at)
        ORDER BY number
        """
    )
    return [found for row in rows if (found := number(row["number"]))]
