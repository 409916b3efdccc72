"""Every call that ended, once, with what was decided about it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.calls.calls import Caller, CallKey, EndedCall, FilterReason, Verdict
from bridge.domain.phone import E164
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import columns, record
from storage.values import duration, moment, number

WHILE_CLOSED = "call.while_closed"
"""What a commit tells beside `call.ended` where the office was closed (`storage.commits`)."""

SAME_START = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Filing:
    """What we made of a call.

    number: the other party. verdict: under this office's rules. closed: the office was closed when it came in. late:
    found again after a gap. text_why: 'send', or why there is no text. filtered: it is nobody's callback.
    """

    number: E164 | None
    line: str
    branch: str
    verdict: Verdict
    closed: bool
    text_why: str
    late: bool = False
    filtered: FilterReason | None = None
    callback_id: int | None = None


NOT_STORED = ("key", "caller", "verdict", "started_at", "ended_at", "elsewhere", "filtered", "names", "why")
"""Fields of an ended call that are no columns, or not as they stand."""


@dataclass(frozen=True, slots=True)
class CallRow:
    id: int
    version: int
    call: EndedCall
    filing: Filing
    ended_at: datetime


async def find(db: Reader, key: CallKey) -> CallRow | None:
    """The call of that key, however exactly its start was told: events know it better than records do."""
    row = await db.one(
        """
        SELECT * FROM call
        WHERE pbx = :pbx AND uniqueid = :uniqueid
              AND (started_at IS NULL OR :started_at IS NULL OR abs(started_at - :started_at) < :slack)
        """,
        pbx=key.pbx,
        uniqueid=key.uniqueid,
        started_at=key.started_at,
        slack=SAME_START,
    )
    return _call(row) if row else None


async def listened(db: Reader, pbx: str) -> tuple[datetime, datetime] | None:
    """When the first and the last call of this PBX ended that we heard ourselves; None before the first."""
    row = await db.only(
        "SELECT min(ended_at) AS first, max(ended_at) AS last FROM call WHERE pbx = :pbx AND late = 0", pbx=pbx
    )
    first, last = moment(row["first"]), moment(row["last"])
    return (first, last) if first and last else None


async def last_inbound(db: Reader, pbx: str) -> datetime | None:
    """When the last call from outside ended, None before the first."""
    row = await db.only("SELECT max(ended_at) AS last FROM call WHERE pbx = :pbx AND direction = 'inbound'", pbx=pbx)
    last: datetime | None = moment(row["last"])
    return last


async def ended_unseen(db: Reader, pbx: str, since: datetime) -> bool:
    """Is there an inbound call of which we do not know what became?"""
    row = await db.only(
        """
        SELECT EXISTS (SELECT 1 FROM call WHERE pbx = :pbx AND direction = 'inbound' AND verdict = 'unknown'
                                               AND ended_at >= :since) AS found
        """,
        pbx=pbx,
        since=since,
    )
    return bool(row["found"])


async def unseen(db: Reader, since: datetime, *, limit: int) -> Sequence[CallRow]:
    """Calls that came in and of which nobody knows what became, newest first; not those who got through later."""
    rows = await db.all(
        """
        SELECT * FROM call c
        WHERE ended_at >= :since AND direction = 'inbound' AND verdict = 'unknown'
              AND NOT EXISTS (SELECT 1 FROM call later
                              WHERE later.number = c.number AND later.ended_at > c.ended_at
                                    AND later.direction = 'inbound' AND later.verdict = 'answered')
        ORDER BY ended_at DESC, id DESC LIMIT :limit
        """,
        since=since,
        limit=limit,
    )
    return [_call(row) for row in rows]


async def got_through_after(db: Reader, customer: E164, branch: str, after: datetime) -> CallRow | None:
    """The first call after that moment in which that customer reached a person."""
    row = await db.one(
        """
        SELECT * FROM call
        WHERE number = :number AND branch = :branch AND direction = 'inbound' AND verdict = 'answered'
              AND ended_at > :after
        ORDER BY ended_at LIMIT 1
        """,
        number=customer,
        branch=branch,
        after=after,
    )
    return _call(row) if row else None


async def get(db: Reader, call_id: int) -> CallRow:
    return _call(await db.only("SELECT * FROM call WHERE id = :id", id=call_id))


async def insert(tx: Writer, call: EndedCall, filing: Filing, act: Act) -> CallRow:
    """IntegrityError if the call is there already: its key is unique."""
    ended_at = call.ended_at or act.at
    call_id = await tx.insert(
        """
        INSERT INTO call (pbx, uniqueid, started_at, direction, linkedid, channel, number, digits, name, withheld, did,
                          line, branch, verdict, reason, ended_at, answered_at, answered_by, rang, talked,
                          voicemail_left, mailbox, at_voicemail, closed, late, attempt_id, text_why, filtered,
                          callback_id, attestation, version)
        VALUES (:pbx, :uniqueid, :started_at, :direction, :linkedid, :channel, :number, :digits, :name, :withheld, :did,
                :line, :branch, :verdict, :reason, :ended_at, :answered_at, :answered_by, :rang, :talked,
                :voicemail_left, :mailbox, :at_voicemail, :closed, :late, :attempt_id, :text_why, :filtered,
                :callback_id, :attestation, 1)
        """,
        pbx=call.key.pbx,
        uniqueid=call.key.uniqueid,
        started_at=call.key.started_at,
        digits="" if call.caller.withheld else call.caller.digits,
        name="" if call.caller.withheld else call.caller.name,
        withheld=call.caller.withheld,
        ended_at=ended_at,
        **columns(call, *NOT_STORED),
        **columns(filing),
    )
    await _told(tx, act, call_id, 1, filing)
    return CallRow(call_id, 1, call, filing, ended_at)


async def resolve(tx: Writer, row: CallRow, call: EndedCall, filing: Filing, act: Act) -> CallRow:
    """What became of a call that ended unseen is known at last."""
    changed = await tx.only(
        """
        UPDATE call
        SET verdict = :verdict, reason = :reason, ended_at = :ended_at, answered_at = :answered_at,
            answered_by = :answered_by, rang = :rang, talked = :talked, voicemail_left = :voicemail_left,
            mailbox = :mailbox, at_voicemail = :at_voicemail, late = :late, text_why = :text_why,
            filtered = :filtered, callback_id = :callback_id, version = version + 1
        WHERE id = :id
        RETURNING *
        """,
        id=row.id,
        ended_at=call.ended_at or row.call.ended_at,
        **columns(call, *NOT_STORED),
        **columns(filing),
    )
    resolved = _call(changed)
    await _told(tx, act, resolved.id, resolved.version, filing)
    return resolved


async def _told(tx: Writer, act: Act, call_id: int, version: int, filing: Filing) -> None:
    if filing.closed:
        tx.tells.add(WHILE_CLOSED)
    await add(tx, act, Subject.CALL, call_id, version, callback_id=filing.callback_id)


async def decided(tx: Writer, row: CallRow, text_why: str, act: Act) -> None:
    """A decision that had to wait has been made."""
    changed = await tx.only(
        "UPDATE call SET text_why = :text_why, version = version + 1 WHERE id = :id RETURNING version",
        id=row.id,
        text_why=text_why,
    )
    await add(tx, act, Subject.CALL, row.id, changed["version"], callback_id=row.filing.callback_id)


async def refile(tx: Writer, row: CallRow, filtered: FilterReason | None, callback_id: int | None, act: Act) -> CallRow:
    """A missed call belongs to that row now, or to nobody for that reason."""
    changed = await tx.only(
        """
        UPDATE call SET filtered = :filtered, callback_id = :callback_id, version = version + 1
        WHERE id = :id RETURNING *
        """,
        id=row.id,
        filtered=filtered,
        callback_id=callback_id,
    )
    await add(tx, act, Subject.CALL, row.id, changed["version"], callback_id=callback_id)
    return _call(changed)


async def heard(tx: Writer, call_id: int, version: int, act: Act) -> CallRow | None:
    """Somebody has its voicemail played. None, and nothing is written, where that sight of the call is old."""
    changed = await tx.one(
        "UPDATE call SET version = version + 1 WHERE id = :id AND version = :version RETURNING *",
        id=call_id,
        version=version,
    )
    if changed is None:
        return None
    row = _call(changed)
    await add(tx, act, Subject.CALL, row.id, row.version, callback_id=row.filing.callback_id)
    return row


async def deferred(db: Reader, customer: E164) -> Sequence[CallRow]:
    """Calls whose text waits for the end of another call of that number, newest first."""
    rows = await db.all(
        "SELECT * FROM call WHERE number = :number AND text_why = 'in_call' ORDER BY id DESC", number=customer
    )
    return [_call(row) for row in rows]


async def held(db: Reader) -> Sequence[CallRow]:
    """Calls whose text waits for the morning, newest first."""
    rows = await db.all("SELECT * FROM call WHERE text_why = 'held' ORDER BY id DESC")
    return [_call(row) for row in rows]


async def of_callback(db: Reader, callback_id: int) -> Sequence[CallRow]:
    rows = await db.all("SELECT * FROM call WHERE callback_id = :id ORDER BY id", id=callback_id)
    return [_call(row) for row in rows]


async def count_from(db: Reader, customer: E164, since: datetime) -> int:
    """How often a customer called us, whatever came of it."""
    row = await db.only(
        "SELECT count(*) AS n FROM call WHERE number = :number AND ended_at >= :since AND direction = 'inbound'",
        number=customer,
        since=since,
    )
    return int(row["n"])


async def page(db: Reader, *, before: int | None = None, limit: int = 50) -> Sequence[CallRow]:
    """All calls, newest first; `before` the id of the last one on the page before."""
    rows = await db.all(
        "SELECT * FROM call WHERE :before IS NULL OR id < :before ORDER BY id DESC LIMIT :limit",
        before=before,
        limit=limit,
    )
    return [_call(row) for row in rows]


async def dids_rung(db: Reader, since: datetime) -> Sequence[tuple[str, str]]:
    """PBX and number called, of every number that calls came in on since then."""
    rows = await db.all(
        "SELECT DISTINCT pbx, did FROM call WHERE ended_at >= :since AND direction = 'inbound' ORDER BY pbx, did",
        since=since,
    )
    return [(row["pbx"], row["did"]) for row in rows]


async def filtered(db: Reader, *, before: int | None = None, limit: int = 50) -> Sequence[CallRow]:
    """Missed calls that are nobody's callback, newest first."""
    rows = await db.all(
        """
        SELECT * FROM call WHERE filtered IS NOT NULL AND (:before IS NULL OR id < :before)
        ORDER BY id DESC LIMIT :limit
        """,
        before=before,
        limit=limit,
    )
    return [_call(row) for row in rows]


def _call(row: sqlite3.Row) -> CallRow:
    started_at, party = moment(row["started_at"]), number(row["number"])
    call = record(
        EndedCall,
        row,
        key=CallKey(row["pbx"], row["uniqueid"], started_at),
        caller=Caller(party, row["digits"], row["name"], bool(row["withheld"])),
        talked=duration(row["talked"]) or timedelta(0),
    )
    return record(CallRow, row, call=call, filing=record(Filing, row))
