"""From a part of ours to a submit_sm, with everything checked before an octet is made."""

from collections.abc import Callable
from datetime import timedelta

from bridge.domain.texts.messages import Concatenation, Submission
from bridge.smpp import multipart
from bridge.smpp.alphabets import encode_text
from bridge.smpp.codec import Address, ShortMessage, Tag, check_message
from bridge.smpp.settings import Concat, Numbering, SmppSettings

LONGEST_NAME = 11
LONGEST_VALIDITY = timedelta(days=30)

_HEADERS: dict[Concat, Callable[[Concatenation], bytes]] = {
    Concat.UDH8: multipart.udh8,
    Concat.UDH16: multipart.udh16,
}


def compose(part: Submission, settings: SmppSettings) -> ShortMessage:
    """ValueError where SMPP cannot carry it: an address too long, a character outside the alphabet, too many octets."""
    data_coding, text = encode_text(part.text, part.encoding, settings.default_alphabet)
    place = _place(part)
    header = _HEADERS[settings.concat](place) if place and settings.concat in _HEADERS else b""
    tlvs = multipart.sar(place) if place and settings.concat is Concat.SAR else {}
    if settings.concat is Concat.PAYLOAD:
        tlvs, text = {int(Tag.MESSAGE_PAYLOAD): text}, b""
    valid_for = part.valid_for or settings.validity
    message = ShortMessage(
        source=source_address(part.source, settings),
        destination=_address(part.destination.value, settings.international),
        short_message=header + text,
        esm_class=multipart.UDH_INDICATOR if header else 0,
        data_coding=data_coding,
        registered_delivery=settings.registered_delivery,
        validity_period=validity_period(valid_for) if valid_for else "",
        service_type=settings.service_type,
        tlvs=tlvs,
    )
    check_message(message)
    return message


def source_address(source: str, settings: SmppSettings) -> Address:
    """An international number with its plus, a short code or national number in digits, or a name of 11 characters."""
    if source.startswith("+"):
        return _address(source, settings.international)
    if source.isascii() and source.isdigit():
        return _address(source, settings.national)
    if len(source) > LONGEST_NAME:
        raise ValueError(f"a sender name of {len(source)} characters: {LONGEST_NAME} are possible")
    return _address(source, settings.alphanumeric)


def validity_period(valid_for: timedelta) -> str:
    """Relative time `YYMMDDhhmmss000R` (SMPP 3.4, 7.1.1), at least a minute, at most 30 days."""
    seconds = int(min(max(valid_for, timedelta(minutes=1)), LONGEST_VALIDITY).total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"0000{days:02d}{hours:02d}{minutes:02d}{seconds:02d}000R"


def _place(part: Submission) -> Concatenation | None:
    if part.total < 2:
        return None
    if part.reference is None or not 0 < part.sequence <= part.total <= 255:
        raise ValueError(f"part {part.sequence} of {part.total} cannot be told from others")
    return Concatenation(part.reference, part.total, part.sequence)


def _address(value: str, numbering: Numbering) -> Address:
    return Address(value if numbering.plus else value.removeprefix("+"), numbering.ton, numbering.npi)
