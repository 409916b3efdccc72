"""Texts going out and coming in, without a word of SMPP: what the outbox, the inbox and the queue speak of."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import Encoding


class MessageKind(StrEnum):
    """Why a text is sent. Staff texts are outside caps, breaker, pause and opt-out."""

    FIRST = "first"
    RECEIPT = "receipt"
    OPT_OUT_CONFIRMATION = "opt_out_confirmation"
    OPT_IN_CONFIRMATION = "opt_in_confirmation"
    HELP = "help"
    BY_HAND = "by_hand"
    STAFF = "staff"
    TEST = "test"


class PartState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Submission:
    """One part on its way to the gateway.

    part_id: our row. source: the line's number (E.164 with plus), a short code or an alphanumeric sender.
    reference: 0..255 or 0..65535, the same for all parts of one message, None for a single part. sequence: 1..total.
    valid_for: how long the SMSC may keep trying (SMPP validity_period). urgent: overtakes what waits.
    """

    part_id: int
    source: str
    destination: E164
    text: str
    encoding: Encoding
    reference: int | None = None
    sequence: int = 1
    total: int = 1
    valid_for: timedelta | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The SMSC took the part. message_id may be empty: sent, but receipts cannot be matched.

    gateway: which one, where there are several; receipts are matched by id alone where it is empty.
    """

    message_id: str
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The SMSC did not take the part. permanent: sending it again would end the same way.

    throttled: it asked us to slow down. gateway_fault: no fault of this part (bind, system error). landline: does
    the status say of the number that it takes no texts; None where the gateway has no table of them.
    """

    status: int
    permanent: bool
    throttled: bool = False
    gateway_fault: bool = False
    landline: bool | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The bytes certainly did not all leave: the part may be tried again."""

    why: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """All bytes were written and no answer came: it may have been sent. Never tried again by itself."""

    why: str


Outcome = Accepted | Refused | NotWritten | Unanswered


class ReceiptState(StrEnum):
    """What became of a part at the SMSC (SMPP 3.4, 5.2.28 message_state)."""

    ENROUTE = "enroute"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery receipt, DLR. message_ids: the id as written, then other spellings of it as configured (hex, decimal).

    gateway: the account that it is about. landline: its code says of the number that it takes no texts.
    """

    gateway: str
    message_ids: tuple[str, ...]
    state: ReceiptState
    error: str
    final: bool
    raw: bytes
    landline: bool = False


@dataclass(frozen=True, slots=True)
class Concatenation:
    reference: int
    total: int
    sequence: int


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text, or one part of one, that a gateway delivered.

    source: as the gateway wrote it, not yet trusted to be a number. text: None for binary. raw: the whole PDU.
    alphanumeric: the sender is a name, not a number, so nothing may be answered. picture: the gateway tells that one
    was sent, which does not come this way.
    """

    gateway: str
    source: str
    destination: str
    text: str | None
    raw: bytes
    alphanumeric: bool = False
    part: Concatenation | None = None
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Poison:
    """A PDU that could not be read: stored raw, acknowledged once."""

    gateway: str
    raw: bytes
    error: str


Inbound = InboundText | Receipt | Poison


class Stored(StrEnum):
    """What to answer the SMSC: keep nothing, or keep it and bring it again."""

    OK = "ok"
    TRY_AGAIN = "try_again"


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """An answer that came after its time-out: it still resolves the part."""

    part_id: int
    outcome: Accepted | Refused
    at: datetime
