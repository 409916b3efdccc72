"""How parts of one text say that they are parts: user data header (3GPP TS 23.040, 9.2.3.24) or SAR TLVs."""

from collections.abc import Iterator, Mapping

from bridge.domain.texts.messages import Concatenation
from bridge.smpp.codec import Tag, tlv_int

UDH_INDICATOR = 0x40
_CONCATENATION_8 = 0x00
_CONCATENATION_16 = 0x08
_PORTS = 0x05  # 16 bit, destination first
_REFERENCE_OCTETS = {_CONCATENATION_8: 1, _CONCATENATION_16: 2}


def udh8(part: Concatenation) -> bytes:
    return bytes([5, _CONCATENATION_8, 3, part.reference & 0xFF, part.total, part.sequence])


def udh16(part: Concatenation) -> bytes:
    reference = (part.reference & 0xFFFF).to_bytes(2, "big")
    return bytes([6, _CONCATENATION_16, 4]) + reference + bytes([part.total, part.sequence])


def sar(part: Concatenation) -> dict[int, bytes]:
    return {
        Tag.SAR_MSG_REF_NUM: (part.reference & 0xFFFF).to_bytes(2, "big"),
        Tag.SAR_TOTAL_SEGMENTS: bytes([part.total]),
        Tag.SAR_SEGMENT_SEQNUM: bytes([part.sequence]),
    }


def port(user_data: bytes) -> int | None:
    """The application port that a user data header names (TS 23.040, 9.2.3.24.4); None for a text to be read."""
    length = user_data[0] if user_data else 0
    elements = _elements(user_data[1 : length + 1]) if length < len(user_data) else ()
    return next(
        (int.from_bytes(value[:2]) for element, value in elements if element == _PORTS and len(value) == 4), None
    )


def take_header(user_data: bytes) -> tuple[Concatenation | None, bytes]:
    """What a user data header says of parts, and the text behind it. One longer than the data is no header."""
    length = user_data[0] if user_data else 0
    if length >= len(user_data):
        return None, user_data
    return _from_elements(user_data[1 : length + 1]), user_data[length + 1 :]


def _from_elements(header: bytes) -> Concatenation | None:
    """Of several concatenation elements the last one counts (TS 23.040, 9.2.3.24)."""
    part = None
    for element, value in _elements(header):
        part = _from_element(element, value) or part
    return part


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(header):
        length = header[at + 1]
        yield header[at], header[at + 2 : at + 2 + length]
        at += 2 + length


def _from_element(element: int, value: bytes) -> Concatenation | None:
    reference_octets = _REFERENCE_OCTETS.get(element)
    if reference_octets is None or len(value) != reference_octets + 2:
        return None
    return _checked(int.from_bytes(value[:reference_octets], "big"), value[-2], value[-1])


def from_sar(tlvs: Mapping[int, bytes]) -> Concatenation | None:
    reference = tlv_int(tlvs, Tag.SAR_MSG_REF_NUM)
    total = tlv_int(tlvs, Tag.SAR_TOTAL_SEGMENTS)
    sequence = tlv_int(tlvs, Tag.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or sequence is None:
        return None
    return _checked(reference & 0xFFFF, total, sequence)


def _checked(reference: int, total: int, sequence: int) -> Concatenation | None:
    """A part of one, or a part beyond the last one, is a text by itself."""
    return Concatenation(reference, total, sequence) if 1 < total <= 255 and 0 < sequence <= total else None
