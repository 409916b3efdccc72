"""What became of texts to customers, for telling a landline from a gateway that fails."""

from collections.abc import Sequence
from datetime import datetime

from bridge.domain.phone import E164
from bridge.domain.texts import failures
from bridge.domain.texts.failures import Burst, TextOutcome
from storage import settings
from storage.database import Reader
from storage.records import record
from storage.values import moment

AT_MOST = 2000


async def settled(db: Reader, since: datetime, now: datetime, *, but: E164 | None = None) -> Sequence[TextOutcome]:
    """Texts of which it is known that they arrived or failed, newest first. but: without those to this number."""
    rows = await db.all(
        """
        SELECT m.number, p.ended_at AS at, p.state = 'failed' AS failed, p.why AS code,
               EXISTS (SELECT 1 FROM landline l
                       WHERE l.number = m.number AND l.ended_at IS NULL AND l.expires_at > :now) AS landline
        FROM message_part p JOIN message m ON m.id = p.message_id
        WHERE p.state IN ('delivered', 'failed') AND p.ended_at > :since AND m.kind NOT IN ('staff', 'test')
              AND m.number IS NOT :but
        ORDER BY p.ended_at DESC, p.id DESC LIMIT :at_most
        """,
        since=since,
        now=now,
        but=but,
        at_most=AT_MOST,
    )
    return [record(TextOutcome, row) for row in rows]


async def failures_of(db: Reader, number: E164, since: datetime) -> Sequence[datetime]:
    """When texts to this number failed for good, each text once, since it last took one or wrote itself."""
    rows = await db.all(
        """
        SELECT min(p.ended_at) AS at
        FROM message m JOIN message_part p ON p.message_id = m.id
        WHERE m.number = :number AND m.kind NOT IN ('staff', 'test') AND p.state = 'failed'
              AND (p.why LIKE 'status 0x%'
                   OR EXISTS (SELECT 1 FROM receipt r
                              WHERE r.part_id = p.id AND r.final = 1 AND r.state IN ('undeliverable', 'rejected')))
              AND p.ended_at > max(:since,
                  ifnull((SELECT max(received_at) FROM reply WHERE number = :number), 0),
                  ifnull((SELECT max(d.ended_at) FROM message o JOIN message_part d ON d.message_id = o.id
                          WHERE o.number = :number AND d.state = 'delivered'), 0))
        GROUP BY m.id ORDER BY at
        """,
        number=number,
        since=since,
    )
    return [moment(row["at"]) for row in rows]


async def burst(db: Reader, now: datetime) -> Burst | None:
    """How texts fail now, where that was told; None while they get through."""
    if not await settings.is_on(db, settings.FAILING):
        return None
    return failures.burst(await settled(db, now - failures.LOOKED_BACK, now))
