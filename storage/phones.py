"""What the desk phones ask of the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.callbacks.queue import Callback
from bridge.domain.phone import E164
from storage import callbacks
from storage.database import Reader
from storage.values import number

LOOKED_AT = 20_000  # audit entries; more than an office makes in a day


async def last_dealt_with(db: Reader, who: str, since: datetime) -> Callback | None:
    """The row that this person claimed, or whose customer they called, last; closed by now or not."""
    row = await db.one(
        """
        SELECT callback_id FROM audit
        WHERE id > (SELECT max(id) FROM audit) - :looked_at
          AND who = :who AND at >= :since AND what IN ('callback.claim', 'callback.called')
        ORDER BY id DESC LIMIT 1
        """,
        who=who,
        since=since,
        looked_at=LOOKED_AT,
    )
    return await callbacks.get(db, row["callback_id"]) if row else None


async def newest_unseen(db: Reader) -> Callback | None:
    """The urgent row flagged last that nobody has acknowledged."""
    row = await db.one(
        """
        SELECT id FROM (
            SELECT * FROM callback WHERE state IN ('open', 'claimed')
            UNION ALL
            SELECT * FROM callback WHERE state = 'waiting'
        )
        WHERE urgency = 'urgent' AND flagged_at IS NOT NULL AND acknowledged_at IS NULL
        ORDER BY flagged_at DESC, id DESC LIMIT 1
        """
    )
    return await callbacks.get(db, row["id"]) if row else None


@dataclass(frozen=True, slots=True)
class LampCounts:
    """How many rows wait for a call, and whether an urgent one is unseen (snoozed ones count for that)."""

    rows: int
    urgent_unseen: bool


async def waiting(db: Reader) -> LampCounts:
    row = await db.only("SELECT count(*) AS rows FROM callback WHERE state IN ('open', 'claimed')")
    return LampCounts(row["rows"], await newest_unseen(db) is not None)


async def customers_waiting(db: Reader) -> Sequence[E164]:
    """Every number, first or second, of a row that is not closed; those who wait longest first."""
    rows = await db.all(
        """
        SELECT number, min(id) AS first FROM (
            SELECT number, id FROM callback WHERE state IN ('open', 'claimed')
            UNION ALL
            SELECT number, id FROM callback WHERE state = 'waiting'
            UNION ALL
            SELECT second, id FROM callback WHERE second IS NOT NULL AND state <> 'closed'
        )
        WHERE +number IS NOT NULL
        GROUP BY number ORDER BY first
        """
    )
    return [E164(row["number"]) for row in rows]


async def customers_changed(db: Reader, after: int) -> Sequence[E164]:
    """The numbers whose rows changed after the audit entry of that id, also one that was taken off its row."""
    rows = await db.all(
        """
        SELECT number FROM callback
        WHERE id IN (SELECT callback_id FROM audit WHERE id > :after) AND +number IS NOT NULL
        UNION
        SELECT second FROM callback
        WHERE id IN (SELECT callback_id FROM audit WHERE id > :after) AND second IS NOT NULL
        UNION
        SELECT json_extract(detail, '$.before.second') FROM audit
        WHERE id > :after AND json_type(detail, '$.before.second') = 'text'
        """,
        after=after,
    )
    return [found for row in rows if (found := number(row["number"]))]
