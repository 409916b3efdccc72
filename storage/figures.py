"""Figures recounted from what is stored, and the counts of days whose rows are gone."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bridge.domain.calls.calls import Reason
from bridge.domain.reports.figures import Count, Counts, EventCount, Recovery, ResponseTimes
from storage.database import Reader, Writer
from storage.values import duration, moment


async def counted(db: Reader, start: datetime, end: datetime, branch: str | None = None) -> Counts:
    """Of the time from `start` up to, not including, `end`; of one branch or of all."""
    row = await db.only(
        """
        WITH missed AS (SELECT * FROM call
                        WHERE direction = 'inbound' AND verdict = 'missed' AND ended_at >= :start AND ended_at < :end
                              AND (:branch IS NULL OR branch = :branch)),
             opened AS (SELECT * FROM callback
                        WHERE opened_at >= :start AND opened_at < :end AND (:branch IS NULL OR branch = :branch)),
             sent AS (SELECT * FROM message m
                      WHERE m.kind = 'first' AND m.created_at >= :start AND m.created_at < :end
                            AND (:branch IS NULL OR m.branch = :branch)
                            AND EXISTS (SELECT 1 FROM message_part p
                                        WHERE p.message_id = m.id
                                              AND p.state IN ('submitted', 'delivered', 'unknown')))
        SELECT (SELECT count(*) FROM missed WHERE filtered IS NULL) AS missed_calls,
               (SELECT count(DISTINCT coalesce(number, nullif(digits, ''), branch))
                FROM missed WHERE filtered IS NULL) AS missed_callers,
               (SELECT count(*) FROM missed WHERE filtered IS NOT NULL) AS filtered_calls,
               (SELECT count(*) FROM missed WHERE filtered = 'staff') AS filtered_staff,
               (SELECT count(*) FROM missed WHERE filtered = 'blocked') AS filtered_blocked,
               (SELECT count(*) FROM missed WHERE filtered = 'machine') AS filtered_machine,
               (SELECT count(*) FROM missed WHERE filtered = 'refused') AS filtered_refused,
               (SELECT count(*) FROM missed WHERE filtered = 'service') AS filtered_service,
               (SELECT count(*) FROM missed WHERE filtered = 'sister_office') AS filtered_sister_office,
               (SELECT count(*) FROM sent) AS texts_sent,
               (SELECT count(DISTINCT s.callback_id) FROM sent s JOIN reply r ON r.callback_id = s.callback_id
                WHERE r.role = 'customer' AND r.received_at >= s.created_at) AS text_replies,
               (SELECT count(*) FROM opened) AS callbacks_opened,
               (SELECT count(*) FROM opened WHERE state <> 'closed') AS callbacks_open,
               (SELECT count(*) FROM opened WHERE state = 'closed') AS callbacks_closed,
               (SELECT count(*) FROM opened WHERE reached_at IS NOT NULL) AS calls_recovered,
               (SELECT count(*) FROM opened WHERE outcome = 'booked') AS appointments_booked,
               (SELECT count(*) FROM opened WHERE flagged_at IS NOT NULL) AS urgent_leads_flagged,
               (SELECT count(*) FROM opened WHERE acknowledged_at IS NOT NULL) AS urgent_leads_acknowledged
        """,
        start=start,
        end=end,
        branch=branch,
    )
    return {count: row[count] for count in Count}


async def happened(db: Reader, start: datetime, end: datetime) -> Sequence[EventCount]:
    """What `counted` counts, but for the callers, by quarters of an hour: every zone's hours begin at one of them."""
    rows = await db.all(
        """
        WITH missed AS (SELECT * FROM call
                        WHERE direction = 'inbound' AND verdict = 'missed' AND ended_at >= :start AND ended_at < :end),
             opened AS (SELECT * FROM callback WHERE opened_at >= :start AND opened_at < :end),
             sent AS (SELECT m.created_at, m.callback_id, ifnull(k.line, '') AS line, ifnull(k.did, '') AS did
                      FROM message m LEFT JOIN call k ON k.id = m.call_id
                      WHERE m.kind = 'first' AND m.created_at >= :start AND m.created_at < :end
                            AND EXISTS (SELECT 1 FROM message_part p
                                        WHERE p.message_id = m.id
                                              AND p.state IN ('submitted', 'delivered', 'unknown'))),
             answered AS (SELECT min(s.created_at) AS created_at, s.line, s.did
                          FROM sent s JOIN reply r ON r.callback_id = s.callback_id
                          WHERE r.role = 'customer' AND r.received_at >= s.created_at
                          GROUP BY s.callback_id),
             event (name, at, line, did) AS (
                 SELECT 'missed_calls', ended_at, line, did FROM missed WHERE filtered IS NULL
                 UNION ALL SELECT 'filtered_calls', ended_at, line, did FROM missed WHERE filtered IS NOT NULL
                 UNION ALL SELECT 'filtered_' || filtered, ended_at, line, did FROM missed WHERE filtered IS NOT NULL
                 UNION ALL SELECT 'texts_sent', created_at, line, did FROM sent
                 UNION ALL SELECT 'text_replies', created_at, line, did FROM answered
                 UNION ALL SELECT 'callbacks_opened', opened_at, line, '' FROM opened
                 UNION ALL SELECT 'callbacks_open', opened_at, line, '' FROM opened WHERE state <> 'closed'
                 UNION ALL SELECT 'callbacks_closed', opened_at, line, '' FROM opened WHERE state = 'closed'
                 UNION ALL SELECT 'calls_recovered', opened_at, line, '' FROM opened WHERE reached_at IS NOT NULL
                 UNION ALL SELECT 'appointments_booked', opened_at, line, '' FROM opened WHERE outcome = 'booked'
                 UNION ALL SELECT 'urgent_leads_flagged', opened_at, line, '' FROM opened WHERE flagged_at IS NOT NULL
                 UNION ALL SELECT 'urgent_leads_acknowledged', opened_at, line, '' FROM opened
                           WHERE acknowledged_at IS NOT NULL)
        SELECT name, at / 900000 * 900000 AS at, line, did, count(*) AS n
        FROM event GROUP BY 1, 2, 3, 4 ORDER BY 2
        """,
        start=start,
        end=end,
    )
    return [EventCount(Count(row["name"]), moment(row["at"]), row["line"], row["did"], row["n"]) for row in rows]


async def times(db: Reader, start: datetime, end: datetime, now: datetime, branch: str | None = None) -> ResponseTimes:
    """Of callbacks opened in that time; now: up to when those wait who have not been reached."""
    rows = await db.all(
        """
        WITH opened AS (
            SELECT *, (SELECT min(ended_at) FROM call
                       WHERE callback_id = c.id AND direction = 'inbound' AND verdict = 'missed') AS missed_at
            FROM callback c
            WHERE opened_at >= :start AND opened_at < :end AND (:branch IS NULL OR branch = :branch))
        SELECT acknowledged_at - flagged_at AS to_acknowledge,
               reached_at - missed_at AS to_contact,
               CASE WHEN reached_at IS NULL AND state <> 'closed' THEN :now - missed_at END AS waiting
        FROM opened
        """,
        start=start,
        end=end,
        now=now,
        branch=branch,
    )
    return ResponseTimes(*(_known(rows, name) for name in ("to_acknowledge", "to_contact", "waiting")))


async def recovery(db: Reader, start: datetime, end: datetime) -> Recovery:
    """Of callbacks opened in that time whose customer talked with a person."""
    row = await db.only(
        """
        WITH reached AS (
            SELECT EXISTS (SELECT 1 FROM audit a
                           WHERE a.callback_id = c.id AND a.what = 'callback.talked') AS called_again,
                   EXISTS (SELECT 1 FROM message m JOIN message_part p ON p.message_id = m.id
                           WHERE m.callback_id = c.id AND m.kind = 'first' AND m.created_at < c.reached_at
                                 AND p.state IN ('submitted', 'delivered', 'unknown')) AS texted
            FROM callback c
            WHERE opened_at >= :start AND opened_at < :end AND reached_at IS NOT NULL)
        SELECT total(called_again) AS called_again, count(*) - total(called_again) AS called_back,
               total(texted) AS texted
        FROM reached
        """,
        start=start,
        end=end,
    )
    return Recovery(int(row["called_again"]), int(row["called_back"]), int(row["texted"]))


async def missed_while_open(db: Reader, start: datetime, end: datetime) -> Sequence[tuple[datetime, Reason, int]]:
    """By quarters of an hour and reason."""
    rows = await db.all(
        """
        SELECT ended_at / 900000 * 900000 AS at, reason, count(*) AS n FROM call
        WHERE direction = 'inbound' AND verdict = 'missed' AND filtered IS NULL AND closed = 0
              AND ended_at >= :start AND ended_at < :end AND reason IS NOT NULL
        GROUP BY 1, 2
        """,
        start=start,
        end=end,
    )
    return [(moment(row["at"]), Reason(row["reason"]), row["n"]) for row in rows]


async def first_call(db: Reader) -> datetime | None:
    row = await db.only("SELECT min(ended_at) AS at FROM call WHERE direction = 'inbound'")
    at: datetime | None = moment(row["at"])
    return at


def _known(rows: Sequence[sqlite3.Row], column: str) -> list[timedelta]:
    found = [duration(row[column]) for row in rows]
    return [time for time in found if time is not None and time >= timedelta(0)]


async def opened_without_next_step(db: Reader, branch: str | None = None) -> Sequence[tuple[str, datetime]]:
    """Of open rows with no owner and no due time: the line, and when they were opened.

    Asked for so that the index of what waits is used: closed rows, however many, cost nothing.
    """
    rows = await db.all(
        """
        SELECT line, opened_at FROM callback
        WHERE state IN ('open', 'claimed') AND owner IS NULL AND (:branch IS NULL OR branch = :branch)
        """,
        branch=branch,
    )
    return [(row["line"], moment(row["opened_at"])) for row in rows]


async def freeze(tx: Writer, day: date, counts: Counts) -> None:
    """Keep the counts of a day whose rows are about to be deleted. Those that are kept already stay."""
    for count, number in counts.items():
        await tx.all(
            "INSERT INTO frozen_figure (day, name, n) VALUES (:day, :name, :n) ON CONFLICT DO NOTHING",
            day=day.isoformat(),
            name=count,
            n=number,
        )


async def frozen(db: Reader, first: date, last: date) -> Counts:
    rows = await db.all(
        "SELECT name, sum(n) AS n FROM frozen_figure WHERE day BETWEEN :first AND :last GROUP BY name",
        first=first.isoformat(),
        last=last.isoformat(),
    )
    return {Count(row["name"]): row["n"] for row in rows}


async def first_frozen(db: Reader) -> date | None:
    row = await db.only("SELECT min(day) AS day FROM frozen_figure")
    return date.fromisoformat(row["day"]) if row["day"] else None


async def last_frozen(db: Reader) -> date | None:
    """Up to this day the rows are gone, and the counts are kept."""
    row = await db.only("SELECT max(day) AS day FROM frozen_figure")
    return date.fromisoformat(row["day"]) if row["day"] else None
