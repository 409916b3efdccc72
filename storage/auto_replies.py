"""Whose texts may still get their one automatic reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.callbacks.queue import Callback
from bridge.domain.phone import E164
from bridge.domain.words.keywords import OptOutRequest
from bridge.domain.words.own_words import OwnWords
from storage import callbacks
from storage.database import Reader
from storage.replies import stretches
from storage.values import moment


@dataclass(frozen=True, slots=True)
class Heard:
    """A customer's text. times: how often it came, letter for letter the same, in the time looked at.

    picture: the gateway's word that one was sent, perhaps with words of the customer. own: the words that are theirs.
    """

    reply_id: int
    text: str
    word: OptOutRequest
    destination: str
    at: datetime
    times: int
    picture: bool
    own: OwnWords


async def silent(db: Reader, since: datetime, until: datetime) -> Sequence[Callback]:
    """Rows that nobody has dealt with, without a receipt, whose customer wrote last between `since` and `until`."""
    rows = await db.all(
        """
        SELECT c.id FROM untouched c
        WHERE c.last_reply_at > :since AND c.last_reply_at <= :until AND c.number IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM message m WHERE m.callback_id = c.id AND m.kind = 'receipt')
        ORDER BY c.id
        """,
        since=since,
        until=until,
    )
    return [await callbacks.get(db, row["id"]) for row in rows]


async def heard(db: Reader, customer: E164, callback_id: int, since: datetime) -> Sequence[Heard]:
    """What the customer wrote on that row since then, oldest first.

    A gateway's second delivery counts as another time: it cannot be told from somebody who writes the same again.
    """
    rows = await db.all(
        """
        SELECT r.id, r.text, r.word, r.destination, r.received_at, r.picture, r.unread, r.machine,
               (SELECT sum(ifnull((SELECT max(i.times) FROM inbound i WHERE i.reply_id = o.id), 1))
                FROM reply o
                WHERE o.number = r.number AND o.text = r.text AND o.received_at > :since) AS times
        FROM reply r
        WHERE r.number = :number AND r.callback_id = :callback_id AND r.role = 'customer' AND r.received_at > :since
        ORDER BY r.id
        """,
        number=customer,
        callback_id=callback_id,
        since=since,
    )
    return [
        Heard(
            row["id"],
            row["text"],
            OptOutRequest(row["word"]),
            row["destination"],
            moment(row["received_at"]),
            row["times"],
            bool(row["picture"]),
            OwnWords.of(row["text"], stretches(row["unread"]), None, machine=bool(row["machine"])),
        )
        for row in rows
    ]
