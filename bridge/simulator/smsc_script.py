"""How the simulated SMSC behaves: a small table from destination to behaviours, and the dialects of its receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.smpp.codec import ShortMessage, Tag
from bridge.smpp.incoming import RECEIPT


class When(StrEnum):
    """When the receipt of an accepted submit is sent."""

    NEVER = "never"
    BEFORE_ANSWER = "before_answer"
    AFTER_ANSWER = "after_answer"


class ReceiptForm(StrEnum):
    """How a receipt says what it has to say."""

    TLV = "tlv"
    TEXT = "text"
    TERSE = "terse"


class Ids(StrEnum):
    """Bases of the message id in the answer and in the receipt."""

    DECIMAL = "decimal"
    HEX = "hex"
    HEX_THEN_DECIMAL = "hex_then_decimal"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of one submit. delay: seconds until its answer. state: the word in its receipt (DELIVRD, UNDELIV).

    answered: False to take it and stay silent. dropped: the link is cut instead of an answer.
    """

    status: int = 0
    delay: float = 0.0
    answered: bool = True
    dropped: bool = False
    receipt: When = When.AFTER_ANSWER
    state: str = "DELIVRD"


@dataclass(frozen=True, slots=True)
class Script:
    """by_destination: digits without a plus to what happens to the first, second, ... submit; the last one repeats."""

    default: Behaviour = Behaviour()
    by_destination: Mapping[str, Sequence[Behaviour]] = field(default_factory=dict)
    ids: Ids = Ids.DECIMAL
    dialect: ReceiptForm = ReceiptForm.TEXT

    def behaviour(self, destination: str, earlier: int) -> Behaviour:
        """earlier: submits to this destination before this one."""
        row = self.by_destination.get(destination) or (self.default,)
        return row[min(earlier, len(row) - 1)]


_ANSWERED_ID = {Ids.DECIMAL: "{:d}", Ids.HEX: "{:08X}", Ids.HEX_THEN_DECIMAL: "{:X}", Ids.NONE: ""}
_RECEIPT_ID = _ANSWERED_ID | {Ids.HEX_THEN_DECIMAL: "{:d}"}
_STATE_NUMBERS = {"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "REJECTD": 8}
_FORMATS = {
    ReceiptForm.TLV: "",
    ReceiptForm.TEXT: "id:{id} sub:001 dlvrd:001 submit date:{at} done date:{at} stat:{state} err:{error} text:{text}",
    ReceiptForm.TERSE: "ID={id};STATUS={state};ERR={error}",
}


def answered_id(number: int, ids: Ids) -> str:
    return _ANSWERED_ID[ids].format(number)


def receipt(submitted: ShortMessage, number: int, behaviour: Behaviour, script: Script, at: datetime) -> ShortMessage:
    """The deliver_sm that tells what became of a submit."""
    message_id = _RECEIPT_ID[script.ids].format(number)
    text = _FORMATS[script.dialect].format(
        id=message_id,
        at=f"{at:%y%m%d%H%M}",
        state=behaviour.state,
        error="000" if behaviour.state == "DELIVRD" else "034",
        text="",
    )
    return ShortMessage(
        source=submitted.destination,
        destination=submitted.source,
        short_message=text.encode("ascii"),
        esm_class=RECEIPT,
        tlvs=_receipt_tlvs(message_id, behaviour.state) if script.dialect is ReceiptForm.TLV else {},
    )


def _receipt_tlvs(message_id: str, state: str) -> dict[int, bytes]:
    return {
        Tag.RECEIPTED_MESSAGE_ID: message_id.encode("ascii") + b"\0",
        Tag.MESSAGE_STATE: bytes([_STATE_NUMBERS[state]]),
    }
