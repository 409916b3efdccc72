"""The callback queue on disk."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

from bridge.domain.callbacks.queue import Attempt, Callback, Urgency
from bridge.domain.calls.calls import Reason
from bridge.domain.phone import E164
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.errors import ForbiddenError
from storage.records import columns, read_as, readers, record
from storage.values import Stored, moment, stored

FIXED = frozenset({"id", "branch", "number", "digits", "shared", "opened_at", "version"})


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which rows of a list are meant; all of them where nothing is said.

    owner: whose. nobodys: those that nobody has. voicemail: those where a message was left. no_outcome: those of which
    nobody has said what came of them.
    """

    branch: str | None = None
    owner: str | None = None
    nobodys: bool = False
    voicemail: bool = False
    no_outcome: bool = False


ALL = Narrowed()

_NARROWED = """
    AND (:branch IS NULL OR branch = :branch) AND (:owner IS NULL OR owner = :owner)
    AND (NOT :nobodys OR owner IS NULL) AND (NOT :no_outcome OR outcome IS NULL)
    AND (NOT :voicemail OR EXISTS (SELECT 1 FROM call k WHERE k.callback_id = callback.id AND k.voicemail_left))
"""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page of the list ends: the sort key of its last row."""

    rank: int
    at: datetime
    id: int

    @classmethod
    def of(cls, callback: Callback) -> Self:
        return cls(
            list(Urgency).index(callback.urgency),
            callback.closed_at or callback.until or callback.opened_at,
            callback.id,
        )


async def insert(tx: Writer, callback: Callback, act: Act) -> Callback:
    """Open a row (its id and version are given here). IntegrityError where the customer has an open one."""
    inserted = await tx.only(
        """
        INSERT INTO callback (branch, number, digits, name, line, shared, state, opened_at, missed, last_missed_at,
                              version)
        VALUES (:branch, :number, :digits, :name, :line, :shared, 'open', :opened_at, :missed, :last_missed_at, 1)
        RETURNING *
        """,
        branch=callback.branch,
        number=callback.number,
        digits=callback.digits,
        name=callback.name,
        line=callback.line,
        shared=callback.shared,
        opened_at=callback.opened_at,
        missed=callback.missed,
        last_missed_at=callback.last_missed_at,
    )
    opened = record(Callback, inserted)
    await add(tx, act, Subject.CALLBACK, opened.id, callback_id=opened.id)
    return opened


async def save(tx: Writer, callback: Callback, act: Act) -> Callback:
    """Write a row that was `row.version` when it was read.

    LookupError if it has changed since; ForbiddenError if it would be the customer's second open row.
    """
    try:
        changed = await _update(tx, callback)
    except sqlite3.IntegrityError as error:
        raise ForbiddenError(str(error)) from error
    if changed is None:
        raise LookupError(f"callback {callback.id} is not at version {callback.version} any more")
    saved = record(Callback, changed)
    await add(tx, act, Subject.CALLBACK, saved.id, saved.version, callback_id=saved.id)
    return saved


async def _update(tx: Writer, callback: Callback) -> sqlite3.Row | None:
    return await tx.one(
        """
        UPDATE callback
        SET name = :name, line = :line, state = :state, owner = :owner, until = :until, urgency = :urgency,
            urgency_by = :urgency_by, flagged_at = :flagged_at, acknowledged_at = :acknowledged_at,
            acknowledged_by = :acknowledged_by, missed = :missed, last_missed_at = :last_missed_at, unread = :unread,
            last_reply_at = :last_reply_at, address = :address, issue = :issue, second = :second,
            reached_at = :reached_at, reached_by = :reached_by, closed_at = :closed_at, closed_by = :closed_by,
            outcome = :outcome, booked_for = :booked_for, version = version + 1
        WHERE id = :id AND version = :version
        RETURNING *
        """,
        id=callback.id,
        version=callback.version,
        **mutable(callback),
    )


async def get(db: Reader, callback_id: int) -> Callback:
    """LookupError if there is none."""
    row = await db.one("SELECT * FROM callback WHERE id = :id", id=callback_id)
    if row is None:
        raise LookupError(f"there is no callback {callback_id}")
    return record(Callback, row)


async def unfinished(db: Reader, branch: str, customer: E164 | None, digits: str = "") -> Callback | None:
    """The customer's row that is not closed; of a shared number the newest. digits: what there is without a number."""
    row = await db.one(
        """
        SELECT * FROM callback
        WHERE number IS :number AND digits = :digits AND branch = :branch AND state <> 'closed'
        ORDER BY id DESC LIMIT 1
        """,
        branch=branch,
        number=customer,
        digits=digits,
    )
    return record(Callback, row) if row else None


async def unfinished_of(db: Reader, customer: E164) -> Sequence[Callback]:
    """In every branch, newest first."""
    rows = await db.all(
        "SELECT * FROM callback WHERE number = :number AND state <> 'closed' ORDER BY id DESC", number=customer
    )
    return [record(Callback, row) for row in rows]


async def unfinished_about(db: Reader, number: E164) -> Sequence[Callback]:
    """Those whose customer can be reached at that number, be it their own or the second one; newest first."""
    rows = await db.all(
        """
        SELECT * FROM callback WHERE number = :number AND state <> 'closed'
        UNION ALL
        SELECT * FROM callback WHERE second = :number AND state <> 'closed'
        ORDER BY id DESC
        """,
        number=number,
    )
    return [record(Callback, row) for row in rows]


async def finished_before(db: Reader, callback: Callback) -> Callback | None:
    """The customer's last row before this one of which somebody said what came of it."""
    row = await db.one(
        """
        SELECT * FROM callback WHERE number = :number AND id < :id AND outcome IS NOT NULL ORDER BY id DESC LIMIT 1
        """,
        number=callback.number,
        id=callback.id,
    )
    return record(Callback, row) if row else None


async def closed_since(db: Reader, branch: str, customer: E164, since: datetime) -> Callback | None:
    """The row of this customer that was closed last, if it was after `since`."""
    row = await db.one(
        """
        SELECT * FROM callback
        WHERE number = :number AND branch = :branch AND state = 'closed' AND closed_at > :since
        ORDER BY closed_at DESC, id DESC LIMIT 1
        """,
        branch=branch,
        number=customer,
        since=since,
    )
    return record(Callback, row) if row else None


async def to_call(
    db: Reader, *, which: Narrowed = ALL, after: Key | None = None, limit: int = 50
) -> Sequence[Callback]:
    """What waits for a call, urgent first, then oldest first."""
    rows = await db.all(
        f"""
        SELECT * FROM callback
        WHERE state IN ('open', 'claimed') AND (:rank IS NULL OR (rank, opened_at, id) > (:rank, :at, :id)) {_NARROWED}
        ORDER BY rank, opened_at, id LIMIT :limit
        """,  # noqa: S608
        **_key(after),
        **columns(which),
        limit=limit,
    )
    return [record(Callback, row) for row in rows]


async def snoozed(
    db: Reader, *, which: Narrowed = ALL, after: Key | None = None, limit: int = 50
) -> Sequence[Callback]:
    """Soonest first."""
    rows = await db.all(
        f"""
        SELECT * FROM callback
        WHERE state = 'waiting' AND (:at IS NULL OR (until, id) > (:at, :id)) {_NARROWED}
        ORDER BY until, id LIMIT :limit
        """,  # noqa: S608
        **_key(after),
        **columns(which),
        limit=limit,
    )
    return [record(Callback, row) for row in rows]


async def done(
    db: Reader,
    since: datetime,
    before: datetime | None = None,
    *,
    which: Narrowed = ALL,
    after: Key | None = None,
    limit: int = 50,
) -> Sequence[Callback]:
    """Closed in that time, newest first."""
    rows = await db.all(
        f"""
        SELECT * FROM callback
        WHERE state = 'closed' AND closed_at >= :since AND (:before IS NULL OR closed_at < :before)
              AND (:at IS NULL OR (closed_at, id) < (:at, :id)) {_NARROWED}
        ORDER BY closed_at DESC, id DESC LIMIT :limit
        """,  # noqa: S608
        since=since,
        before=before,
        **_key(after),
        **columns(which),
        limit=limit,
    )
    return [record(Callback, row) for row in rows]


async def due(db: Reader, now: datetime) -> Sequence[Callback]:
    """Snoozed rows whose time has come."""
    rows = await db.all("SELECT * FROM callback WHERE state = 'waiting' AND until <= :now ORDER BY until, id", now=now)
    return [record(Callback, row) for row in rows]


async def idle_claims(db: Reader, since: datetime) -> Sequence[Callback]:
    """Claimed rows on which nothing happened since then."""
    rows = await db.all(
        """
        SELECT * FROM callback c
        WHERE state = 'claimed' AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.callback_id = c.id AND a.at > :since)
        ORDER BY id
        """,
        since=since,
    )
    return [record(Callback, row) for row in rows]


@dataclass(frozen=True, slots=True)
class QueueLengths:
    """How long the two lists are that are meant to become empty; urgent: of those to call."""

    to_call: int
    snoozed: int
    urgent: int


async def count_waiting(db: Reader) -> QueueLengths:
    """Counted in the indexes of these lists: closed rows, however many, cost nothing."""
    row = await db.only(
        """
        SELECT (SELECT count(*) FROM callback WHERE state IN ('open', 'claimed')) AS to_call,
               (SELECT count(*) FROM callback WHERE state = 'waiting') AS snoozed,
               (SELECT count(*) FROM callback WHERE state IN ('open', 'claimed') AND rank = 0) AS urgent
        """
    )
    return QueueLengths(row["to_call"], row["snoozed"], row["urgent"])


async def urgent_ids(db: Reader, *, limit: int) -> Sequence[int]:
    """Of the urgent rows to call, newest first."""
    rows = await db.all(
        """
        SELECT id FROM callback WHERE state IN ('open', 'claimed') AND rank = 0
        ORDER BY opened_at DESC, id DESC LIMIT :limit
        """,
        limit=limit,
    )
    return [row["id"] for row in rows]


async def given_to(db: Reader, who: str) -> Sequence[int]:
    """Rows that somebody gave to this person, and with which nothing was done since."""
    rows = await db.all(
        """
        SELECT c.id FROM callback c
        JOIN audit a ON a.subject = 'callback' AND a.subject_id = c.id AND a.version = c.version
        WHERE c.owner = :who AND c.state = 'claimed' AND a.what = 'callback.assign' AND a.who <> :who
        ORDER BY c.id
        """,
        who=who,
    )
    return [row["id"] for row in rows]


async def unclaimed_urgent_ids(db: Reader, *, limit: int) -> Sequence[int]:
    """Urgent rows that nobody has."""
    rows = await db.all(
        "SELECT id FROM callback WHERE state = 'open' AND rank = 0 AND owner IS NULL ORDER BY id LIMIT :limit",
        limit=limit,
    )
    return [row["id"] for row in rows]


async def missed_last(db: Reader) -> Callback | None:
    """The row of the newest missed call; None before the first one."""
    row = await db.one(
        """
        SELECT c.* FROM call k JOIN callback c ON c.id = k.callback_id
        WHERE k.direction = 'inbound' AND k.verdict IN ('missed', 'answered_then_lost')
        ORDER BY k.ended_at DESC, k.id DESC LIMIT 1
        """
    )
    return record(Callback, row) if row else None


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """talked, why: of a call; why nobody was reached by it."""

    id: int
    at: datetime
    who: str
    result: Attempt
    talked: timedelta | None
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class CallbackNote:
    id: int
    at: datetime
    who: str
    text: str


async def add_attempt(
    tx: Writer,
    callback_id: int,
    result: Attempt,
    who: str,
    now: datetime,
    *,
    talked: timedelta | None = None,
    call_id: int | None = None,
) -> int:
    return await tx.insert(
        """
        INSERT INTO attempt (callback_id, at, who, result, seconds, call_id)
        VALUES (:callback_id, :at, :who, :result, :seconds, :call_id)
        """,
        callback_id=callback_id,
        at=now,
        who=who,
        result=result,
        seconds=None if talked is None else int(talked.total_seconds()),
        call_id=call_id,
    )


async def attempts(db: Reader, callback_id: int) -> Sequence[AttemptMade]:
    rows = await db.all(
        """
        SELECT attempt.*, call.reason FROM attempt LEFT JOIN call ON call.id = attempt.call_id
        WHERE attempt.callback_id = :id ORDER BY attempt.id
        """,
        id=callback_id,
    )
    return [
        AttemptMade(
            row["id"],
            moment(row["at"]),
            row["who"],
            Attempt(row["result"]),
            None if row["seconds"] is None else timedelta(seconds=row["seconds"]),
            Reason(row["reason"]) if row["reason"] else None,
        )
        for row in rows
    ]


async def remove_attempt(tx: Writer, attempt_id: int) -> None:
    await tx.all("DELETE FROM attempt WHERE id = :id", id=attempt_id)


async def add_note(tx: Writer, callback_id: int, text: str, who: str, now: datetime) -> int:
    return await tx.insert(
        "INSERT INTO note (callback_id, at, who, text) VALUES (:callback_id, :at, :who, :text)",
        callback_id=callback_id,
        at=now,
        who=who,
        text=text,
    )


async def notes(db: Reader, callback_id: int) -> Sequence[CallbackNote]:
    rows = await db.all("SELECT id, at, who, text FROM note WHERE callback_id = :id ORDER BY id", id=callback_id)
    return [CallbackNote(row["id"], moment(row["at"]), row["who"], row["text"]) for row in rows]


async def remove_note(tx: Writer, note_id: int) -> None:
    await tx.all("DELETE FROM note WHERE id = :id", id=note_id)


async def remove_untouched(tx: Writer, callback_id: int) -> None:
    """A row that should never have been opened, before anything followed from it."""
    await tx.all("DELETE FROM callback WHERE id = :id AND version = 1", id=callback_id)


def mutable(callback: Callback) -> dict[str, Stored]:
    """What a verb can change, as it is stored: also what the audit keeps so that undo can bring it back."""
    return {field.name: stored(getattr(callback, field.name)) for field in fields(Callback) if field.name not in FIXED}


def from_mutable(values: dict[str, Any]) -> dict[str, Any]:
    """The other way: what `mutable` gave, as fields of a Callback."""
    reads = readers(Callback)
    return {name: read_as(reads, name, value) for name, value in values.items()}


def _key(after: Key | None) -> dict[str, Any]:
    return {"rank": after and after.rank, "at": after and after.at, "id": after and after.id}
