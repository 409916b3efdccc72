"""E-mails to staff that wait to be sent, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import record
from storage.values import moment


class EmailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Email:
    id: int
    address: str
    text: str
    body: str
    due_at: datetime
    expires_at: datetime
    attempts: int
    callback_id: int | None


async def queue(
    tx: Writer,
    address: str,
    text: str,
    callback_id: int | None,
    now: datetime,
    expires_at: datetime,
    *,
    body: str = "",
) -> int:
    """text: one line, the subject. body: what it says, if that is more."""
    email_id = await tx.insert(
        """
        INSERT INTO email (address, text, body, state, created_at, due_at, expires_at, callback_id, version)
        VALUES (:address, :text, :body, 'queued', :now, :now, :expires_at, :callback_id, 1)
        """,
        address=address,
        text=text,
        body=body,
        now=now,
        expires_at=expires_at,
        callback_id=callback_id,
    )
    await add(tx, Act("textback", EmailState.QUEUED, now), Subject.EMAIL, email_id, callback_id=callback_id)
    return email_id


async def due(db: Reader, now: datetime, *, limit: int = 20) -> Sequence[Email]:
    rows = await db.all(
        "SELECT * FROM email WHERE state = 'queued' AND due_at <= :now ORDER BY due_at, id LIMIT :limit",
        now=now,
        limit=limit,
    )
    return [record(Email, row) for row in rows]


async def next_due(db: Reader) -> datetime | None:
    row = await db.only("SELECT min(due_at) AS at FROM email WHERE state = 'queued'")
    at: int | None = row["at"]
    return moment(at)


async def ended(tx: Writer, email: Email, state: EmailState, error: str, now: datetime) -> None:
    await _change(tx, email, state, email.due_at, error, now)


async def put_off(tx: Writer, email: Email, until: datetime, error: str, now: datetime) -> None:
    """It did not go now: again at `until`."""
    await _change(tx, email, EmailState.QUEUED, until, error, now)


async def _change(tx: Writer, email: Email, state: EmailState, due_at: datetime, error: str, now: datetime) -> None:
    changed = await tx.only(
        """
        UPDATE email
        SET state = :state, due_at = :due_at, error = :error, attempts = attempts + 1, version = version + 1
        WHERE id = :id
        RETURNING version
        """,
        id=email.id,
        state=state,
        due_at=due_at,
        error=error,
    )
    act = Act("textback", state, now, {"error": error} if error else {})
    await add(tx, act, Subject.EMAIL, email.id, changed["version"], callback_id=email.callback_id)
