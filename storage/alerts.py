"""Escalations on disk, and the alerts that were sent for them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.oncall.escalation import Escalation, pressure
from bridge.domain.phone import E164
from storage import calls, messages
from storage.audit import Act, Entry, Subject, add
from storage.database import Reader, Writer
from storage.records import columns, record
from storage.values import moment

TOLD_APART = {
    "call.ended": calls.WHILE_CLOSED,
    "call.resolved": calls.WHILE_CLOSED,
    "part.delivered": messages.TO_STAFF,
}
"""Changes of which hardly one concerns whoever is on call: what a commit tells of those that do."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One person told once. message_id: None where they get no text, or it is still being gathered."""

    id: int
    escalation_id: int
    person: str
    at: datetime
    message_id: int | None
    gathered: bool


async def insert(tx: Writer, case: Escalation, act: Act) -> Escalation:
    """Its id and version are given here. IntegrityError where the row has a live one."""
    case_id = await tx.insert(
        """
        INSERT INTO escalation (callback_id, cause, why, stage, raised_at, set_at, due_at, version)
        VALUES (:callback_id, :cause, :why, :stage, :raised_at, :set_at, :due_at, 1)
        """,
        why=json.dumps(case.why),
        **columns(case, "why"),
    )
    await add(tx, act, Subject.ESCALATION, case_id, callback_id=case.callback_id)
    return await get(tx, case_id)


async def save(tx: Writer, case: Escalation, act: Act) -> Escalation:
    """LookupError if it has changed since it was read."""
    changed = await tx.only(
        """
        UPDATE escalation
        SET cause = :cause, why = :why, stage = :stage, raised_at = :raised_at, set_at = :set_at, due_at = :due_at,
            holder = :holder, held_at = :held_at, version = version + 1
        WHERE id = :id AND version = :version
        RETURNING version
        """,
        why=json.dumps(case.why),
        **columns(case, "why"),
    )
    await add(tx, act, Subject.ESCALATION, case.id, changed["version"], callback_id=case.callback_id)
    return await get(tx, case.id)


async def get(db: Reader, case_id: int) -> Escalation:
    return record(Escalation, await db.only("SELECT * FROM escalation WHERE id = :id", id=case_id))


async def live(db: Reader, callback_id: int) -> Escalation | None:
    """What is going on for that row, if anything is."""
    row = await db.one("SELECT * FROM escalation WHERE callback_id = :id AND stage <> 'over'", id=callback_id)
    return record(Escalation, row) if row else None


async def all_live(db: Reader) -> Sequence[Escalation]:
    """What presses most first, then the oldest."""
    rows = await db.all("SELECT * FROM escalation WHERE stage <> 'over'")
    return sorted((record(Escalation, row) for row in rows), key=pressure)


async def due(db: Reader, now: datetime) -> Sequence[Escalation]:
    """Whose next step has come, what presses most first."""
    rows = await db.all("SELECT * FROM escalation WHERE due_at <= :now", now=now)
    return sorted((record(Escalation, row) for row in rows), key=pressure)


async def set_after(db: Reader, now: datetime) -> Sequence[Escalation]:
    """Those whose due time was set at a moment that is still to come: the clock has been put back."""
    rows = await db.all("SELECT * FROM escalation WHERE due_at IS NOT NULL AND set_at > :now ORDER BY id", now=now)
    return [record(Escalation, row) for row in rows]


async def next_due(db: Reader) -> datetime | None:
    row = await db.only("SELECT min(due_at) AS at FROM escalation WHERE due_at IS NOT NULL")
    at: int | None = row["at"]
    return moment(at)


# --- alerts -------------------------------------------------------------------------------------------------------


async def add_alert(
    tx: Writer, case: Escalation, person: str, now: datetime, *, message_id: int | None = None, gathered: bool = False
) -> int:
    return await tx.insert(
        """
        INSERT INTO alert (escalation_id, person, at, message_id, gathered)
        VALUES (:escalation_id, :person, :at, :message_id, :gathered)
        """,
        escalation_id=case.id,
        person=person,
        at=now,
        message_id=message_id,
        gathered=gathered,
    )


async def alerts_of(db: Reader, case_id: int) -> Sequence[Alert]:
    """In the order in which people were told."""
    rows = await db.all("SELECT * FROM alert WHERE escalation_id = :id ORDER BY id", id=case_id)
    return [record(Alert, row) for row in rows]


async def news(db: Reader, entry_id: int, changes: Collection[str], limit: int) -> Sequence[Entry]:
    """Audit entries behind that one that may concern whoever is on call; changes: their `what`."""
    rows = await db.all(
        """
        SELECT * FROM audit a
        WHERE id > :id AND what IN (SELECT value FROM json_each(:changes))
              AND CASE WHEN what IN ('call.ended', 'call.resolved')
                       THEN EXISTS (SELECT 1 FROM call WHERE id = a.subject_id AND closed)
                       WHEN what = 'part.delivered'
                       THEN EXISTS (SELECT 1 FROM part WHERE id = a.subject_id AND kind = 'staff')
                       ELSE TRUE END
        ORDER BY id LIMIT :limit
        """,
        id=entry_id,
        changes=json.dumps(list(changes)),
        limit=limit,
    )
    return [record(Entry, row) for row in rows]


async def by_message(db: Reader, message_id: int) -> Sequence[Alert]:
    """The alerts that this text tells of: one, or all that were gathered."""
    rows = await db.all("SELECT * FROM alert WHERE message_id = :id ORDER BY id", id=message_id)
    return [record(Alert, row) for row in rows]


async def unanswered_since(db: Reader, person: str, since: datetime) -> int:
    """How often this person was told since then of work that nobody has acknowledged yet."""
    row = await db.only(
        """
        SELECT count(*) AS n FROM alert a JOIN escalation e ON e.id = a.escalation_id
        WHERE a.person = :person AND a.at > :since AND e.stage IN ('alerting', 'unseen')
        """,
        person=person,
        since=since,
    )
    return int(row["n"])


async def unheard_of(db: Reader, person: str) -> Sequence[Escalation]:
    """What this person was told of and nobody has acknowledged: by the newest text first, of one what presses most."""
    rows = await db.all(
        """
        SELECT e.*, max(ifnull(a.message_id, 0)) AS newest FROM escalation e JOIN alert a ON a.escalation_id = e.id
        WHERE a.person = :person AND e.stage IN ('alerting', 'unseen')
        GROUP BY e.id
        """,
        person=person,
    )
    newest = {row["id"]: row["newest"] for row in rows}
    return sorted((record(Escalation, row) for row in rows), key=lambda case: (-newest[case.id], pressure(case)))


async def told_without_digits(db: Reader, person: str) -> Sequence[Escalation]:
    """Unheard ones whose alert to this person named no digits, since there were none yet; the newest first."""
    rows = await db.all(
        """
        SELECT DISTINCT e.* FROM escalation e JOIN alert a ON a.escalation_id = e.id
        WHERE a.person = :person AND a.without_digits AND e.stage IN ('alerting', 'unseen')
        ORDER BY e.id DESC
        """,
        person=person,
    )
    return [record(Escalation, row) for row in rows]


async def rows_of(db: Reader, person: str) -> Sequence[int]:
    """The callbacks that this person has: acknowledged or claimed, and not closed; the last one taken first."""
    rows = await db.all(
        """
        SELECT c.id FROM callback c LEFT JOIN escalation e ON e.callback_id = c.id AND e.stage <> 'over'
        WHERE c.state <> 'closed' AND (e.holder = :person OR c.owner = :person AND e.stage IS NULL)
        ORDER BY ifnull(e.held_at, 0) DESC, c.id DESC
        """,
        person=person,
    )
    return [row["id"] for row in rows]


async def talked_before(db: Reader, customer: E164, before: datetime) -> datetime | None:
    """When somebody of us last talked with this customer before then."""
    row = await db.only(
        "SELECT max(ended_at) AS at FROM call WHERE number = :number AND talked > 0 AND ended_at < :before",
        number=customer,
        before=before,
    )
    at: int | None = row["at"]
    return moment(at)


async def gathering(db: Reader) -> Sequence[str]:
    """Who waits for an alert about several."""
    rows = await db.all("SELECT DISTINCT person FROM alert WHERE gathered = 1 ORDER BY person")
    return [row["person"] for row in rows]


async def gathered_for(db: Reader, person: str) -> Sequence[Alert]:
    rows = await db.all("SELECT * FROM alert WHERE person = :person AND gathered = 1 ORDER BY id", person=person)
    return [record(Alert, row) for row in rows]


async def hand_over(tx: Writer, person: str, message_id: int | None, now: datetime) -> None:
    """What was gathered for this person is told now, by one text."""
    await tx.all(
        "UPDATE alert SET message_id = :message_id, gathered = 0, at = :now WHERE person = :person AND gathered = 1",
        person=person,
        message_id=message_id,
        now=now,
    )


async def drop_gathered(tx: Writer, case_id: int) -> None:
    """Somebody has it: nobody needs to be told any more."""
    await tx.all("DELETE FROM alert WHERE escalation_id = :id AND gathered = 1", id=case_id)


async def texts_since(db: Reader, template: str, number: str, since: datetime) -> int:
    """How many texts of that kind this person got since then."""
    row = await db.only(
        """
        SELECT count(*) AS n FROM message
        WHERE kind = 'staff' AND number = :number AND template = :template AND created_at > :since
        """,
        number=number,
        template=template,
        since=since,
    )
    return int(row["n"])


async def last_text(db: Reader, template: str, number: str) -> datetime | None:
    """When this person last got a text of that kind."""
    row = await db.only(
        "SELECT max(created_at) AS at FROM message WHERE kind = 'staff' AND number = :number AND template = :template",
        number=number,
        template=template,
    )
    at: int | None = row["at"]
    return moment(at)
