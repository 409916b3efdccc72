"""What customers wrote, as people read it: parts joined, attached to the row it belongs to."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.domain import phone
from bridge.domain.phone import E164
from bridge.domain.words.keywords import OptOutRequest
from bridge.domain.words.own_words import OwnWords
from bridge.domain.words.reactions import Reaction
from bridge.domain.words.triage import MAX_PARTS
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import columns, record

Sender = E164 | str
"""Whoever wrote: where nobody can tell whose number it is, the source as the gateway wrote it."""


class SenderRole(StrEnum):
    """Who wrote. NOBODY: a name or a short code, which no person answers to."""

    CUSTOMER = "customer"
    STAFF = "staff"
    BLOCKED = "blocked"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Reply:
    """A text as people read it.

    source: as the gateway wrote it. word: what the text as a whole asks of us. partial: some of it has not come, and
    shows as a gap. picture: one was sent, which nobody here can see. unread: which characters are not the sender's own;
    reaction, machine: what that makes of the text.
    """

    id: int
    version: int
    gateway: str
    source: str
    number: E164 | None
    destination: str
    role: SenderRole
    word: OptOutRequest
    text: str
    partial: bool
    received_at: datetime
    callback_id: int | None
    picture: bool = False
    unread: tuple[tuple[int, int], ...] = ()
    reaction: Reaction | None = None
    machine: bool = False

    @property
    def own_words(self) -> OwnWords:
        return OwnWords.of(self.text, self.unread, self.reaction, machine=self.machine)

    @property
    def unplaced(self) -> bool:
        """Somebody wrote whom nobody can place. Names and short codes do, day by day; their STOP may be a person's."""
        digits = phone.digits_of(self.source).lstrip("+")
        somebody = not phone.is_name(self.source) and len(digits) >= phone.LEAST_DIGITS
        return self.role is SenderRole.NOBODY and (somebody or self.word is OptOutRequest.STOP)


def as_read(reply: Reply, own: OwnWords) -> Reply:
    return replace(reply, unread=own.unread, reaction=own.reaction, machine=own.machine)


async def insert(tx: Writer, reply: Reply, act: Act) -> Reply:
    """Its id and version are given here."""
    reply_id = await tx.insert(
        """
        INSERT INTO reply (gateway, source, number, destination, role, word, text, partial, received_at, callback_id,
                           picture, unread, reaction, machine, version)
        VALUES (:gateway, :source, :number, :destination, :role, :word, :text, :partial, :received_at, :callback_id,
                :picture, :unread, :reaction, :machine, 1)
        """,
        **_columns(reply),
    )
    await add(tx, act, Subject.REPLY, reply_id, callback_id=reply.callback_id)
    return await get(tx, reply_id)


async def complete(tx: Writer, reply: Reply, act: Act) -> None:
    """More of a text came after what there was had been shown."""
    changed = await tx.only(
        """
        UPDATE reply
        SET text = :text, partial = :partial, picture = :picture, unread = :unread, reaction = :reaction,
            machine = :machine, version = version + 1
        WHERE id = :id RETURNING version
        """,
        **_columns(reply),
    )
    await add(tx, act, Subject.REPLY, reply.id, changed["version"], callback_id=reply.callback_id)


async def get(db: Reader, reply_id: int) -> Reply:
    return _reply(await db.only("SELECT * FROM reply WHERE id = :id", id=reply_id))


async def of_callback(db: Reader, callback_id: int) -> Sequence[Reply]:
    """Oldest first."""
    return [
        _reply(row) for row in await db.all("SELECT * FROM reply WHERE callback_id = :id ORDER BY id", id=callback_id)
    ]


async def words_since(db: Reader, sender: Sender, since: datetime) -> Sequence[str]:
    """The customer's own words since then, oldest first; what else their texts carried stands as line breaks.

    Of many texts the newest, as far as they are read together.
    """
    return [reply.own_words.text for reply in await _since(db, sender, since)]


async def own_words_since(db: Reader, sender: Sender, since: datetime) -> Sequence[str]:
    """The same without what a gateway wrote of pictures."""
    return [reply.own_words.text for reply in await _since(db, sender, since) if not reply.picture]


async def _since(db: Reader, sender: Sender, since: datetime) -> Sequence[Reply]:
    known = isinstance(sender, E164)
    rows = await db.all(
        """
        SELECT * FROM reply
        WHERE number IS :number AND received_at >= :since AND (:source IS NULL OR source = :source)
        ORDER BY id DESC LIMIT :most
        """,
        number=sender if known else None,
        source=None if known else sender,
        since=since,
        most=MAX_PARTS,
    )
    return [_reply(row) for row in reversed(rows)]


async def from_nobody(db: Reader, since: datetime) -> Sequence[Reply]:
    """Texts since then of which nobody knows whose they are, oldest first."""
    rows = await db.all(
        """
        SELECT * FROM reply WHERE number IS NULL AND received_at >= :since AND role = 'nobody' ORDER BY received_at, id
        """,
        since=since,
    )
    return [reply for reply in map(_reply, rows) if reply.unplaced]


async def without_row(db: Reader, *, before: int | None = None, limit: int = 50) -> Sequence[Reply]:
    """Texts that stand on no callback (staff, blocked, short codes, a bare STOP), newest first."""
    rows = await db.all(
        """
        SELECT * FROM reply WHERE callback_id IS NULL AND (:before IS NULL OR id < :before)
        ORDER BY id DESC LIMIT :limit
        """,
        before=before,
        limit=limit,
    )
    return [_reply(row) for row in rows]


def _reply(row: sqlite3.Row) -> Reply:
    return record(Reply, row, unread=stretches(row["unread"]), reaction=Reaction.parse(row["reaction"]))


def stretches(stored: str) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in json.loads(stored))


def _columns(reply: Reply) -> dict[str, Any]:
    read = {"unread": json.dumps(reply.unread), "reaction": str(reply.reaction or "")}
    return columns(reply, "unread", "reaction") | read
