"""What is known of a number when one of its calls is judged, in one look."""

from datetime import datetime, timedelta

from bridge.domain.phone import E164
from bridge.domain.texts.policy import History, TextRules
from storage.database import Reader
from storage.records import record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def load(db: Reader, number: E164, now: datetime, rules: TextRules, *, but: int | None) -> History:
    """but: the call that is being judged, which is not its own history.

    Neighbours are callers whose numbers differ in the last two digits only. What was wholly cancelled does not count as
    a text. Neighbours and texts are counted only as far as the rules ask; where by their ids there cannot be as many as
    the cap, nobody needs their number and 0 is told, so that a call costs the same on the busiest day.
    """
    row = await db.only(
        """
        SELECT (SELECT kind FROM contact WHERE number = :number) AS contact,
               EXISTS (SELECT 1 FROM opt_out WHERE number = :number AND ended_at IS NULL) AS opted_out,
               EXISTS (SELECT 1 FROM landline
                       WHERE number = :number AND ended_at IS NULL AND expires_at > :now) AS landline,
               (SELECT max(cool_until) FROM live_message
                WHERE number = :number AND kind = 'first' AND slot = 'open') AS cool_until_open,
               (SELECT max(cool_until) FROM live_message
                WHERE number = :number AND kind = 'first' AND slot = 'closed') AS cool_until_closed,
               (SELECT max(received_at) FROM reply WHERE number = :number) AS replied_at,
               EXISTS (SELECT 1 FROM callback
                       WHERE number = :number AND state <> 'closed' AND last_reply_at IS NOT NULL) AS conversing,
               (SELECT max(ended_at) FROM call
                WHERE number = :number AND talked > 0 AND id IS NOT :but) AS talked_at,
               iif((SELECT max(id) FROM message) - (SELECT id FROM message
                                                    WHERE kind = 'first' AND created_at > :hour_ago
                                                    ORDER BY created_at LIMIT 1) + 1 < :cap_hour,
                   0, (SELECT count(*) FROM (SELECT 1 FROM live_message
                                             WHERE kind = 'first' AND created_at > :hour_ago
                                             LIMIT :cap_hour))) AS texts_last_hour,
               iif((SELECT max(id) FROM message) - (SELECT id FROM message
                                                    WHERE kind = 'first' AND created_at > :day_ago
                                                    ORDER BY created_at LIMIT 1) + 1 < :cap_day,
                   0, (SELECT count(*) FROM (SELECT 1 FROM live_message
                                             WHERE kind = 'first' AND created_at > :day_ago
                                             LIMIT :cap_day))) AS texts_last_day,
               (SELECT count(*) FROM (SELECT DISTINCT number FROM call
                                      WHERE number BETWEEN :first_neighbour AND :last_neighbour
                                            AND length(number) = length(:number) AND number <> :number
                                            AND direction = 'inbound' AND ended_at > :neighbours_since
                                      LIMIT :most_neighbours)) AS neighbours,
               EXISTS (SELECT 1 FROM setting WHERE key = 'breaker' AND value <> '0') AS breaker_tripped,
               EXISTS (SELECT 1 FROM setting WHERE key = 'paused' AND value <> '0') AS paused
        """,
        number=number,
        now=now,
        but=but,
        hour_ago=now - HOUR,
        day_ago=now - DAY,
        first_neighbour=f"{number.value[:-2]}00",
        last_neighbour=f"{number.value[:-2]}99",
        neighbours_since=now - rules.neighbour_window,
        cap_hour=rules.cap_hour,
        cap_day=rules.cap_day,
        most_neighbours=rules.neighbours,
    )
    return record(History, row)


async def is_known(db: Reader, number: E164) -> bool:
    """Have we ever texted them, or have they called or written?"""
    row = await db.only(
        """
        SELECT EXISTS (SELECT 1 FROM message WHERE number = :number)
               OR EXISTS (SELECT 1 FROM call WHERE number = :number)
               OR EXISTS (SELECT 1 FROM reply WHERE number = :number) AS known
        """,
        number=number,
    )
    return bool(row["known"])
