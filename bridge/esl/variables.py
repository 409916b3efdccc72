"""What the headers and the variables of a channel say, on any event of it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.domain.calls.events import BlockedTold, ClosedTold, Event, NumberGiven
from bridge.esl.links import Pair, Whose
from bridge.esl.protocol import Message
from bridge.pbx.clock import moment

YES = ("yes", "1", "true", "on")
NEVER = ("", "0")
LONGEST_STAMP = 17  # digits


def stamp_of(microseconds: str) -> datetime | None:
    told = microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= LONGEST_STAMP
    return moment(int(microseconds) / 1e6) if told else None


def is_up(told: Message) -> bool:
    return told.get("Answer-State") == "answered" or told.get("Caller-Channel-Answered-Time") not in NEVER


def has_rung(told: Message) -> bool:
    """183 too is what a phone, or a network, makes its ringing heard by."""
    progress = (told.variable("progress_epoch"), told.variable("progress_media_epoch"))
    return told.event.startswith("CHANNEL_PROGRESS") or any(one not in NEVER for one in progress)


def pair_of(told: Message) -> Pair:
    return frozenset((told.get("Bridge-A-Unique-ID"), told.get("Bridge-B-Unique-ID"))) - {""}


def mailbox_used(told: Message) -> str:
    """In which mailbox a message was left; "" in none. FusionPBX's own voicemail writes its variables."""
    length = told.variable("voicemail_message_len") or told.variable("voicemail_message_seconds")
    box = told.variable("voicemail_account") or told.variable("voicemail_id")
    domain = told.variable("voicemail_domain") or told.variable("domain_name")
    return f"{box}@{domain}" if length.strip("0:") else ""


def _closed(at: datetime | None, of: Whose, value: str) -> Event:
    return ClosedTold(at, *of, closed=value.casefold() in YES)


def _blocked(at: datetime | None, of: Whose, value: str) -> Event:
    return BlockedTold(at, *of, blocked=value.casefold() in YES)


def _number(at: datetime | None, of: Whose, value: str) -> Event:
    return NumberGiven(at, *of, number=value)


TOLD: Mapping[str, Callable[[datetime | None, Whose, str], Event]] = {
    "textback_closed": _closed,
    "textback_blocked": _blocked,
    "textback_number": _number,
}
"""Variables that the dialplan sets for us."""
