"""Everything said in writing between the office and one customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.phone import E164
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.domain.words.own_words import OwnWords
from bridge.domain.words.reactions import Reaction
from storage.database import Reader
from storage.messages import overall
from storage.replies import stretches
from storage.values import moment


@dataclass(frozen=True, slots=True)
class Said:
    """One text: a message of ours, written by `by`, or a reply; of a reply `by`, `kind` and `state` are None.

    picture: one came with it, which nobody here can see. unread, reaction: see `storage.replies.Reply`.
    """

    at: datetime
    id: int
    text: str
    by: str | None
    kind: MessageKind | None
    state: PartState | None
    callback_id: int | None
    picture: bool = False
    unread: tuple[tuple[int, int], ...] = ()
    reaction: Reaction | None = None

    @property
    def own_words(self) -> OwnWords:
        return OwnWords.of(self.text, self.unread, self.reaction, machine=False)


async def thread(db: Reader, customer: E164, *, before: datetime | None = None, limit: int = 100) -> Sequence[Said]:
    """Newest first; `before` the time of the oldest one on the page before."""
    rows = await db.all(
        """
        SELECT m.created_at AS at, m.id, m.text, m.written_by AS by, m.kind, m.callback_id,
               (SELECT group_concat(p.state) FROM message_part p WHERE p.message_id = m.id) AS states,
               0 AS picture, '[]' AS unread, '' AS reaction
        FROM message m
        WHERE m.number = :number AND m.kind <> 'staff' AND (:before IS NULL OR m.created_at < :before)
        UNION ALL
        SELECT r.received_at, r.id, r.text, NULL, NULL, r.callback_id, NULL, r.picture, r.unread, r.reaction
        FROM reply r
        WHERE r.number = :number AND (:before IS NULL OR r.received_at < :before)
        ORDER BY 1 DESC, 2 DESC LIMIT :limit
        """,
        number=customer,
        before=before,
        limit=limit,
    )
    return [
        Said(
            at=moment(row["at"]),
            id=row["id"],
            text=row["text"],
            by=row["by"],
            kind=MessageKind(row["kind"]) if row["kind"] else None,
            state=overall([PartState(word) for word in row["states"].split(",")]) if row["states"] else None,
            callback_id=row["callback_id"],
            picture=bool(row["picture"]),
            unread=stretches(row["unread"]),
            reaction=Reaction.parse(row["reaction"]),
        )
        for row in rows
    ]
