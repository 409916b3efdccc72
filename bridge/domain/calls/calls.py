"""One call, judged: the values that the tracker hands to the use cases."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.domain.phone import E164

MAILBOX = re.compile(r"[A-Za-z0-9_.-]{1,40}@[A-Za-z0-9_.-]{1,40}")
"""`199@default`: a mailbox and its context. Whatever else a PBX tells is none that we would name to it again."""


class Verdict(StrEnum):
    ANSWERED = "answered"
    MISSED = "missed"
    ANSWERED_THEN_LOST = "answered_then_lost"
    SHORT = "short"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a call was missed."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    ABANDONED_RINGING = "abandoned_ringing"
    ABANDONED_MENU = "abandoned_menu"
    ABANDONED_QUEUE = "abandoned_queue"
    VOICEMAIL = "voicemail"
    NOT_OFFERED = "not_offered"
    MACHINE = "machine"  # and it was one that called


class FilterReason(StrEnum):
    """Whose missed calls are nobody's callback: listed, with no text and no row."""

    STAFF = "staff"  # the office's own people
    BLOCKED = "blocked"  # by somebody in the office
    MACHINE = "machine"  # a fax, an alarm panel
    REFUSED = "refused"  # the dialplan turns them away
    SERVICE = "service"  # came for what the PBX does by itself, and were let in: a mailbox, a line to dial out
    SISTER_OFFICE = "sister_office"


class Attestation(StrEnum):
    """What the carrier vouches for of the number shown: STIR/SHAKEN, ATIS-1000074."""

    FULL = "full"  # A: it knows the caller, who may use this number
    PARTIAL = "partial"  # B: it knows the caller, and not whose the number is
    GATEWAY = "gateway"  # C: it knows neither, and where the call came in
    PASSED = "passed"  # verified, at no level that was told
    FAILED = "failed"  # the signature is wrong, or of another number


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class CallKey:
    """What makes a call one call, over restarts of the PBX and of the daemon."""

    pbx: str
    uniqueid: str
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, as far as the network showed it.

    number: a public number, else None. digits: what was shown where it was none that we can read ("" if nothing).
    withheld: the caller asked not to be shown; number and digits are then never used, whatever the PBX displays.
    colleague: of a sister office, by the patterns of `[[pbx]] extensions`.
    """

    number: E164 | None
    digits: str = ""
    name: str = ""
    withheld: bool = False
    colleague: bool = False

    @property
    def unread(self) -> str:
        """The digits, where they are all that tells this caller from others; else ""."""
        return "" if self.withheld or self.number else self.digits


@dataclass(frozen=True, slots=True)
class DecidingFact:
    """One fact that decided, in plain words, for `replay --why`."""

    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class EndedCall:
    """An inbound or outbound call, decided when its trunk channel hung up (or when we learned that it was gone).

    caller: the customer's side: who called in, or for outbound who was dialled. did: the number called, as the PBX
    wrote it (outbound: the number dialled).
    rang: how long phones were heard ringing, None where no times are known. answered_by: the extension or forwarded
    number that shared media with the caller; for outbound the extension that called. talked: seconds of talk.
    asked_for_text: the caller pressed 1 to be texted, which is consent, and confirmed the number.
    mailbox: where a message was left. at_voicemail: from entering there until it was left, the greeting included; None
    where either moment was not heard. elsewhere: the network or the dialplan had the caller connected somewhere else.
    filtered: why this caller is no customer, whoever has the number; None where the call does not tell.
    attestation: None if not told. names: all that were shown for this caller. offered: phones of ours that it rang at.
    """

    key: CallKey
    direction: Direction
    linkedid: str
    channel: str
    caller: Caller
    did: str
    verdict: Verdict
    reason: Reason | None
    started_at: datetime | None
    ended_at: datetime | None
    answered_at: datetime | None = None
    answered_by: str | None = None
    rang: timedelta | None = None
    talked: timedelta = timedelta(0)
    caller_hung_up: bool = False
    voicemail_left: bool = False
    mailbox: str | None = None
    at_voicemail: timedelta | None = None
    told_closed: bool | None = None
    asked_for_text: bool = False
    elsewhere: bool = False
    filtered: FilterReason | None = None
    attestation: Attestation | None = None
    names: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    attempt_id: str | None = None
    why: tuple[DecidingFact, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that goes on. who: the extension or forwarded number of ours that has it, "" while nobody has.

    met: they share media; else it rings yet, there or here. since: when they began to.
    """

    who: str
    met: bool
    since: datetime | None = None
