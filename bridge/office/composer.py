"""Composes the office's texts (SMS): from which of its numbers, for which branch, worth sending how long, cut how."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from bridge.domain.office.office import Line
from bridge.domain.phone import E164
from bridge.domain.texts import gsm
from bridge.domain.texts.gsm import Segments
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import Slot
from bridge.domain.texts.rendering import Rendered
from storage import messages
from storage.database import Writer
from storage.messages import NewMessage


class About(TypedDict, total=False):
    """What else is stored of a text, see `storage.messages.NewMessage`. branch: where it is not the line's."""

    branch: str
    written_by: str
    urgent: bool
    slot: Slot
    cool_until: datetime | None
    call_id: int
    callback_id: int | None
    reply_id: int
    opt_out_id: int | None


def compose(
    kind: MessageKind,
    number: E164,
    line: Line,
    text: Rendered,
    now: datetime,
    lasts: timedelta,
    *,
    due_at: datetime | None = None,
    **about: Unpack[About],
) -> NewMessage:
    """From that line's number. lasts: so long after it was due it is still worth sending."""
    due_at = due_at or now
    about.setdefault("branch", line.branch)
    return NewMessage(
        kind=kind,
        number=number,
        source=line.sms_number,
        text=text.text,
        template=text.template,
        created_at=now,
        due_at=due_at,
        expires_at=due_at + lasts,
        **about,
    )


class Composer:
    """split: how the gateway cuts texts."""

    def __init__(self, split: Callable[[str], Segments] = gsm.split) -> None:
        self._split = split

    async def queue(self, tx: Writer, message: NewMessage) -> int:
        """The new message's id. ForbiddenError where a promise forbids the text."""
        return await messages.queue(tx, message, self._split(message.text))
