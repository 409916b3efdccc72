"""Delivery receipts (DLR): what became of a part (SMPP 3.4, 5.2.28 message_state and appendix B).

The TLVs are standard and come first. The text is not: gateways vary in keys, case, separators and bases, and behind
`text:` stand words of the original message, which prove nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.texts.messages import ReceiptState
from bridge.smpp.codec import Tag, tlv_int
from bridge.smpp.dialects import USUAL, Dialect, dialects
from bridge.smpp.settings import IdBase

_BY_NUMBER = {
    0: ReceiptState.ENROUTE,  # SCHEDULED in SMPP 5.0
    1: ReceiptState.ENROUTE,
    2: ReceiptState.DELIVERED,
    3: ReceiptState.EXPIRED,
    4: ReceiptState.DELETED,
    5: ReceiptState.UNDELIVERABLE,
    6: ReceiptState.ACCEPTED,
    7: ReceiptState.UNKNOWN,
    8: ReceiptState.REJECTED,
    9: ReceiptState.DELETED,  # SKIPPED in SMPP 5.0
}
_FINAL = frozenset(
    {
        ReceiptState.DELIVERED,
        ReceiptState.EXPIRED,
        ReceiptState.DELETED,
        ReceiptState.UNDELIVERABLE,
        ReceiptState.REJECTED,
    }
)
_ORIGINAL_TEXT = re.compile(r"\btext\s*[:=].*", re.IGNORECASE | re.DOTALL)
_FIELD = r"(?:^|[\s,;|\"'])(?:{names})\s*[:=]\s*[\"']?([^\s,;|\"']+)"
_ID = re.compile(_FIELD.format(names=r"id|msgid|message[_ ]?id"), re.IGNORECASE)
_STATE = re.compile(_FIELD.format(names=r"stat|status|state"), re.IGNORECASE)
_ERROR = re.compile(_FIELD.format(names=r"err|error"), re.IGNORECASE)
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt tells. final: nothing more will come for this part. landline: its number takes no texts."""

    message_ids: tuple[str, ...]
    state: ReceiptState
    error: str
    final: bool
    landline: bool = False


def parse(
    text: str,
    tlvs: Mapping[int, bytes],
    id_base: IdBase,
    *,
    intermediate: bool = False,
    dialect: Dialect | None = None,
) -> Told | None:
    """None where it names no message: nothing can be done with it but to keep it."""
    dialect = dialect or dialects()[USUAL]
    fields = _ORIGINAL_TEXT.sub("", text)
    written = [id_ for id_ in (_tlv_id(tlvs), _first(_ID, fields)) if id_]
    if not written:
        return None
    state = _state(tlvs, fields, dialect)
    codes = (_first(_ERROR, fields), _network_error(tlvs))
    final = state in _FINAL and not intermediate
    return Told(
        message_ids=_unique([*written, *(other for id_ in written for other in spellings(id_, id_base))]),
        state=state,
        error=next(filter(None, codes), ""),
        final=final,
        landline=final and state is not ReceiptState.DELIVERED and dialect.says_landline(codes),
    )


def spellings(message_id: str, id_base: IdBase) -> tuple[str, ...]:
    """The same id as the gateway may have written it in its answer; none where it is no number of that base.

    Upper and lower case, plain and filled with zeros to the width of 32 bits, as gateways do.
    """
    if id_base is IdBase.HEX_DEC and message_id.isascii() and message_id.isdigit():
        number = int(message_id)
        return (f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}")
    if id_base is IdBase.DEC_HEX and re.fullmatch(r"[0-9A-Fa-f]+", message_id):
        number = int(message_id, 16)
        return (str(number), f"{number:010d}")
    return ()


def names_a_message(tlvs: Mapping[int, bytes]) -> bool:
    """Only an SMSC can attach these: with both, it is a receipt whatever esm_class says."""
    return Tag.RECEIPTED_MESSAGE_ID in tlvs and Tag.MESSAGE_STATE in tlvs


def _tlv_id(tlvs: Mapping[int, bytes]) -> str:
    return tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")[:_LONGEST_ID]


def _state(tlvs: Mapping[int, bytes], fields: str, dialect: Dialect) -> ReceiptState:
    number = tlv_int(tlvs, Tag.MESSAGE_STATE)
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    word = _first(_STATE, fields)
    if word.isascii() and word.isdigit():
        return _BY_NUMBER.get(int(word), ReceiptState.UNKNOWN)
    return dialect.state(word)


def _network_error(tlvs: Mapping[int, bytes]) -> str:
    """network_error_code: one octet of network type, two of error (SMPP 3.4, 5.3.2.31)."""
    value = tlvs.get(Tag.NETWORK_ERROR_CODE, b"")
    return f"{value[0]}:{int.from_bytes(value[1:], 'big')}" if len(value) == 3 else ""


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1][:_LONGEST_ID] if found else ""


def _unique(ids: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
