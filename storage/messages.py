"""The outbox on disk: texts, their parts, and what became of each part."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import Encoding, Segments
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.domain.texts.policy import Slot
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.errors import ForbiddenError
from storage.records import columns, record
from storage.values import moment

URGENT = "part.urgent"
"""What a commit tells beside `part.queued` where somebody must not wait (`storage.commits`)."""

TO_STAFF = "part.to_staff"
"""What it tells where a text to one of the office moved on."""

FARTHEST = timedelta(minutes=5)  # nothing is queued for later than that


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A text to be sent.

    slot, cool_until: no other text of this kind and slot to this number before then. expires_at: worth nothing after.
    call_id: the call it answers; reply_id: the customer's text it answers; opt_out_id: the opt-out it confirms.
    """

    kind: MessageKind
    number: E164
    source: str
    branch: str
    text: str
    template: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    written_by: str = "textback"
    urgent: bool = False
    slot: Slot | None = None
    cool_until: datetime | None = None
    call_id: int | None = None
    callback_id: int | None = None
    reply_id: int | None = None
    opt_out_id: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part with what its sending needs of its message."""

    id: int
    version: int
    message_id: int
    sequence: int
    total: int
    reference: int | None
    encoding: Encoding
    text: str
    state: PartState
    due_at: datetime
    attempts: int
    gateway: str
    gateway_id: str
    sent_at: datetime | None
    ended_at: datetime | None
    why: str
    kind: MessageKind
    number: E164
    source: str
    urgent: bool
    expires_at: datetime
    call_id: int | None
    callback_id: int | None


async def queue(tx: Writer, message: NewMessage, segments: Segments) -> int:
    """The new message's id. ForbiddenError where a promise forbids the text (cool-down, a reply, a second answer)."""
    try:
        message_id = await _insert(tx, message)
    except sqlite3.IntegrityError as error:
        raise ForbiddenError(str(error)) from error
    for sequence, text in enumerate(segments.parts, start=1):
        await _queue_part(tx, message, message_id, segments, sequence, text)
    return message_id


async def _insert(tx: Writer, message: NewMessage) -> int:
    return await tx.insert(
        """
        INSERT INTO message (kind, number, source, branch, text, template, written_by, urgent, slot, cool_until,
                             created_at, due_at, expires_at, call_id, callback_id, reply_id, opt_out_id)
        VALUES (:kind, :number, :source, :branch, :text, :template, :written_by, :urgent, :slot, :cool_until,
                :created_at, :due_at, :expires_at, :call_id, :callback_id, :reply_id, :opt_out_id)
        """,
        slot=message.slot or "",
        **columns(message, "slot"),
    )


async def _queue_part(
    tx: Writer, message: NewMessage, message_id: int, segments: Segments, sequence: int, text: str
) -> None:
    total = len(segments.parts)
    part_id = await tx.insert(
        """
        INSERT INTO message_part (message_id, sequence, total, reference, encoding, text, state, due_at, version)
        VALUES (:message_id, :sequence, :total, :reference, :encoding, :text, 'queued', :due_at, 1)
        """,
        message_id=message_id,
        sequence=sequence,
        total=total,
        reference=message_id % 256 if total > 1 else None,
        encoding=segments.encoding,
        text=text,
        due_at=message.due_at,
    )
    if message.urgent or message.kind is MessageKind.STAFF:
        tx.tells.add(URGENT)
    act = Act(message.written_by, PartState.QUEUED, message.created_at, {"kind": message.kind})
    await add(tx, act, Subject.PART, part_id, callback_id=message.callback_id)


async def get_part(db: Reader, part_id: int) -> Part:
    return record(Part, await db.only("SELECT * FROM part WHERE id = :id", id=part_id))


async def parts_of(db: Reader, message_id: int) -> Sequence[Part]:
    rows = await db.all("SELECT * FROM part WHERE message_id = :id ORDER BY sequence", id=message_id)
    return [record(Part, row) for row in rows]


async def due(db: Reader, now: datetime, *, but: Collection[MessageKind] = (), limit: int = 200) -> Sequence[Part]:
    """Parts that may go now, staff and urgent first; of each message the next part once the one before is through.

    but: kinds that are held back.

    What would be due in the far future was queued by a clock that has been set back since.
    """
    rows = await db.all(
        """
        SELECT * FROM part p
        WHERE p.state = 'queued' AND (p.due_at <= :now OR p.due_at > :far)
              AND p.kind NOT IN (SELECT value FROM json_each(:but))
              AND NOT EXISTS (SELECT 1 FROM message_part e
                              WHERE e.message_id = p.message_id AND e.sequence < p.sequence
                                    AND e.state IN ('queued', 'sending'))
        ORDER BY p.kind = 'staff' DESC, p.urgent DESC, p.due_at, p.id LIMIT :limit
        """,
        now=now,
        far=now + FARTHEST,
        but=json.dumps(list(but)),
        limit=limit,
    )
    return [record(Part, row) for row in rows]


async def hopeless(db: Reader, now: datetime) -> Sequence[tuple[Part, str]]:
    """Queued parts that must not go any more, and why.

    Too old, or the customer asked for no more texts, or a person has dealt with the row that a receipt is about.
    """
    rows = await db.all(
        """
        SELECT p.*, CASE WHEN p.expires_at <= :now THEN 'too_old'
                         WHEN p.kind = 'receipt' AND p.callback_id IS NOT NULL AND u.id IS NULL THEN 'person_acted'
                         ELSE 'opted_out' END AS hopeless
        FROM part p LEFT JOIN untouched u ON u.id = p.callback_id
        WHERE p.state = 'queued'
              AND (p.expires_at <= :now
                   OR p.kind = 'receipt' AND p.callback_id IS NOT NULL AND u.id IS NULL
                   OR p.kind <> 'staff' AND EXISTS (SELECT 1 FROM opt_out o
                                                    WHERE o.number = p.number AND o.ended_at IS NULL
                                                          AND p.opt_out_id IS NOT o.id))
        ORDER BY p.due_at, p.id
        """,
        now=now,
    )
    return [(record(Part, row), row["hopeless"]) for row in rows]


async def still_due(
    db: Reader, parts: Sequence[Part], now: datetime, *, but: Collection[MessageKind] = ()
) -> Sequence[Part]:
    """Those of them that are as they were, and neither held back (`but`) nor hopeless by now."""
    rows = await db.all(
        """
        SELECT p.id, p.version FROM part p LEFT JOIN untouched u ON u.id = p.callback_id
        WHERE p.id IN (SELECT value FROM json_each(:ids)) AND p.state = 'queued' AND p.expires_at > :now
              AND p.kind NOT IN (SELECT value FROM json_each(:but))
              AND (p.kind <> 'receipt' OR p.callback_id IS NULL OR u.id IS NOT NULL)
              AND (p.kind = 'staff' OR NOT EXISTS (SELECT 1 FROM opt_out o
                                                   WHERE o.number = p.number AND o.ended_at IS NULL
                                                         AND p.opt_out_id IS NOT o.id))
        """,
        ids=json.dumps([part.id for part in parts]),
        but=json.dumps(list(but)),
        now=now,
    )
    same = {(row["id"], row["version"]) for row in rows}
    return [part for part in parts if (part.id, part.version) in same]


async def is_forbidden(db: Reader, part_id: int, now: datetime) -> bool:
    """Has this part grown too old since it was claimed, or the customer asked for no more texts?"""
    row = await db.one(
        """
        SELECT 1 FROM part p
        WHERE p.id = :part_id
              AND (p.expires_at <= :now
                   OR p.kind <> 'staff' AND EXISTS (SELECT 1 FROM opt_out o
                                                    WHERE o.number = p.number AND o.ended_at IS NULL
                                                          AND p.opt_out_id IS NOT o.id))
        """,
        part_id=part_id,
        now=now,
    )
    return row is not None


async def interrupted(db: Reader) -> Sequence[Part]:
    """Parts that were being sent. At the start of the daemon nobody knows any more what became of them."""
    rows = await db.all("SELECT * FROM part WHERE state = 'sending' ORDER BY id")
    return [record(Part, row) for row in rows]


async def queued(db: Reader) -> Sequence[Part]:
    """Everything that has not left yet."""
    rows = await db.all("SELECT * FROM part WHERE state = 'queued' ORDER BY id")
    return [record(Part, row) for row in rows]


async def queued_to(db: Reader, number: E164) -> Sequence[Part]:
    """Texts to a customer that have not left yet."""
    rows = await db.all(
        "SELECT * FROM part WHERE state = 'queued' AND number = :number AND kind <> 'staff' ORDER BY id", number=number
    )
    return [record(Part, row) for row in rows]


async def rest_of(db: Reader, message_id: int) -> Sequence[Part]:
    rows = await db.all(
        "SELECT * FROM part WHERE state = 'queued' AND message_id = :id ORDER BY sequence", id=message_id
    )
    return [record(Part, row) for row in rows]


async def next_moment(db: Reader, now: datetime) -> datetime | None:
    """When the queue wants to be looked at again: the next part due later, or the next to expire."""
    row = await db.only(
        """
        SELECT min(CASE WHEN due_at > :now THEN min(due_at, expires_at) ELSE expires_at END) AS at
        FROM part WHERE state = 'queued'
        """,
        now=now,
    )
    at: int | None = row["at"]
    return moment(at)


async def claim(tx: Writer, part: Part, now: datetime) -> Part | None:
    """Take the part for sending, so that nobody else will; None if somebody did. Commit before the first byte."""
    changed = await tx.one(
        """
        UPDATE message_part SET state = 'sending', attempts = attempts + 1, sent_at = :now, version = version + 1
        WHERE id = :id AND state = 'queued' AND version = :version
        RETURNING version
        """,
        id=part.id,
        version=part.version,
        now=now,
    )
    if changed is None:
        return None
    act = Act("textback", PartState.SENDING, now)
    await add(tx, act, Subject.PART, part.id, changed["version"], callback_id=part.callback_id)
    return replace(part, state=PartState.SENDING, attempts=part.attempts + 1, sent_at=now, version=changed["version"])


async def move(tx: Writer, part: Part, state: PartState, act: Act) -> None:
    """Write what `part` says beside its new state. LookupError if the part has changed since it was read."""
    changed = await tx.only(
        """
        UPDATE message_part
        SET state = :state, due_at = :due_at, gateway = :gateway, gateway_id = :gateway_id, ended_at = :ended_at,
            why = :why, version = version + 1
        WHERE id = :id AND version = :version
        RETURNING version
        """,
        id=part.id,
        version=part.version,
        state=state,
        due_at=part.due_at,
        gateway=part.gateway,
        gateway_id=part.gateway_id,
        ended_at=part.ended_at,
        why=part.why,
    )
    if part.kind is MessageKind.STAFF:
        tx.tells.add(TO_STAFF)
    await add(tx, act, Subject.PART, part.id, changed["version"], callback_id=part.callback_id)


async def cancel(tx: Writer, part: Part, why: str, now: datetime, *, who: str = "textback") -> None:
    cancelled = replace(part, ended_at=now, why=why)
    await move(tx, cancelled, PartState.CANCELLED, Act(who, PartState.CANCELLED, now, {"why": why}))


async def by_gateway_id(db: Reader, gateway: str, gateway_id: str) -> Part | None:
    """The newest part to which this gateway gave this id: ids come round again, and two gateways may give the same."""
    row = await db.one(
        """
        SELECT * FROM part WHERE gateway_id = :id AND gateway_id <> '' AND gateway IN ('', :gateway)
        ORDER BY id DESC LIMIT 1
        """,
        id=gateway_id,
        gateway=gateway,
    )
    return record(Part, row) if row else None


async def branches_to(db: Reader, number: E164) -> Sequence[str]:
    """The branches for which we texted this customer, the last one first."""
    rows = await db.all(
        """
        SELECT branch FROM message WHERE number = :number AND kind <> 'staff'
        GROUP BY branch ORDER BY max(id) DESC
        """,
        number=number,
    )
    return [row["branch"] for row in rows]


async def texts_to(db: Reader, number: E164, *, limit: int = 40) -> Sequence[str]:
    """What we texted that number of late, staff included, oldest first."""
    rows = await db.all(
        "SELECT text FROM message WHERE number = :number ORDER BY id DESC LIMIT :limit", number=number, limit=limit
    )
    return [row["text"] for row in reversed(rows)]


async def last_to(db: Reader, number: E164, kind: MessageKind) -> datetime | None:
    """When a text of that kind to that number was decided on last, if it was not wholly cancelled."""
    row = await db.only(
        "SELECT max(created_at) AS at FROM live_message WHERE number = :number AND kind = :kind",
        number=number,
        kind=kind,
    )
    at: int | None = row["at"]
    return moment(at)


_LADDER = (
    PartState.SENDING,
    PartState.QUEUED,
    PartState.FAILED,
    PartState.UNKNOWN,
    PartState.CANCELLED,
    PartState.SUBMITTED,
)


def overall(states: Sequence[PartState]) -> PartState:
    """The state of a message, from its parts: what is worst or still going on; delivered only when all of it is."""
    return next((state for state in _LADDER if state in states), PartState.DELIVERED)
