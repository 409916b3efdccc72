"""Who changed what, and when: one entry for every change of state, written in the transaction that makes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.database import Reader, Writer
from storage.records import record


class Subject(StrEnum):
    CALL = "call"
    CALLBACK = "callback"
    PART = "part"
    REPLY = "reply"
    OPT_OUT = "opt_out"
    CONTACT = "contact"
    LANDLINE = "landline"
    SETTING = "setting"
    ESCALATION = "escalation"
    DUTY = "duty"
    EMAIL = "email"
    USER = "user"
    HOURS = "hours"
    PATTERN = "pattern"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Act:
    """who: a person's name, or 'textback'. what: the verb alone; the subject goes before it."""

    who: str
    what: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: datetime
    who: str
    what: str
    subject: Subject
    subject_id: int
    version: int
    callback_id: int | None
    detail: Mapping[str, Any]


async def add(
    tx: Writer, act: Act, subject: Subject, subject_id: int, version: int = 1, callback_id: int | None = None
) -> int:
    what = f"{subject}.{act.what}"
    tx.tells |= {subject.value, what}
    return await tx.insert(
        """
        INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id, detail)
        VALUES (:at, :who, :what, :subject, :subject_id, :version, :callback_id, :detail)
        """,
        at=act.at,
        who=act.who,
        what=what,
        subject=subject,
        subject_id=subject_id,
        version=version,
        callback_id=callback_id,
        detail=json.dumps(act.detail) if act.detail else "{}",
    )


async def after(db: Reader, entry_id: int, limit: int = 500) -> Sequence[Entry]:
    rows = await db.all("SELECT * FROM audit WHERE id > :id ORDER BY id LIMIT :limit", id=entry_id, limit=limit)
    return [record(Entry, row) for row in rows]


async def read_up_to(db: Reader, name: str) -> int:
    """How far the follower of that name has come: the id of the last entry it has dealt with."""
    row = await db.only("SELECT audit_id FROM reader WHERE name = :name", name=name)
    return int(row["audit_id"])


async def has_read(tx: Writer, name: str, entry_id: int) -> None:
    """Said in the transaction that deals with the entry, so that each is dealt with exactly once."""
    await tx.all("UPDATE reader SET audit_id = :id WHERE name = :name", name=name, id=entry_id)


async def newest_id(db: Reader) -> int:
    row = await db.only("SELECT ifnull(max(id), 0) AS id FROM audit")
    return int(row["id"])


async def of_version(db: Reader, subject: Subject, subject_id: int, version: int) -> Entry | None:
    """The one entry that tells how the subject came to this version."""
    row = await db.one(
        "SELECT * FROM audit WHERE subject = :subject AND subject_id = :id AND version = :version",
        subject=subject,
        id=subject_id,
        version=version,
    )
    return record(Entry, row) if row else None


async def newest_of(db: Reader, subject: Subject, subject_id: int) -> Entry | None:
    row = await db.one(
        "SELECT * FROM audit WHERE subject = :subject AND subject_id = :id ORDER BY version DESC LIMIT 1",
        subject=subject,
        id=subject_id,
    )
    return record(Entry, row) if row else None


async def of_callback(db: Reader, callback_id: int, *, before: int | None = None, limit: int = 100) -> Sequence[Entry]:
    """Everything that shows on one row of the page, newest first; `before` an entry's id for the next page."""
    rows = await db.all(
        """
        SELECT * FROM audit
        WHERE callback_id = :callback_id AND (:before IS NULL OR id < :before)
        ORDER BY id DESC LIMIT :limit
        """,
        callback_id=callback_id,
        before=before,
        limit=limit,
    )
    return [record(Entry, row) for row in rows]
