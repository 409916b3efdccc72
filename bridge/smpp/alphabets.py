"""data_coding: which octets stand for which characters (SMPP 3.4, 5.2.19; the groups above 0x0F: 3GPP TS 23.038)."""

import re
from collections.abc import Callable
from functools import partial

from bridge.domain.texts.gsm import Alphabet, Encoding, decode_gsm7, encode_gsm7
from bridge.smpp.octets import most_likely

DEFAULT = 0x00
ASCII = 0x01
UCS2 = 0x08

_CHARSETS = {
    0x03: "latin-1",
    0x05: "shift_jis",
    0x06: "iso8859-5",
    0x07: "iso8859-8",
    0x0A: "iso2022_jp",
    0x0D: "iso2022_jp_1",
    0x0E: "euc_kr",
}
_NO_ASCII_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|[A-Za-z][\[\\\]^{|}~][a-z]|`[^`?]*\?")
"""Control characters, a bracket inside a word (`ma}ana`), a question begun by a backtick: GSM 7-bit called ASCII."""
_SEVEN_OR_EIGHT_BITS = frozenset({DEFAULT, ASCII, 0x03})
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSED = 0x20
_MESSAGE_CLASS_8BIT = 0x04


def encode_text(text: str, encoding: Encoding, default: Alphabet) -> tuple[int, bytes]:
    """data_coding and octets. ValueError where the gateway's default alphabet cannot say it."""
    if encoding is Encoding.UCS2:
        return UCS2, text.encode("utf-16-be")
    return DEFAULT, encode_gsm7(text) if default is Alphabet.GSM7 else text.encode(default.value)


def decode_text(data_coding: int, data: bytes, default: Alphabet) -> str | None:
    """The text, with the replacement character where octets mean nothing; None for binary.

    A data_coding that the octets contradict is not believed (`octets`). Of UCS-2 the text may hold halves of surrogate
    pairs, which only the reader of all parts can join.
    """
    decode = _decoder(data_coding, default)
    if decode is None:
        return None
    if decode is _decode_ucs2:
        return most_likely(decode(data), _not_as_ucs2(data))
    if data_coding in _SEVEN_OR_EIGHT_BITS:
        return most_likely(decode(data), _not_as_seven_or_eight_bits(data))
    return decode(data)


def _not_as_ucs2(data: bytes) -> list[str]:
    """What octets called UCS-2 may be instead. A byte order mark settles it, and so does a NUL before every letter."""
    if data.startswith(_BYTE_ORDER_MARKS) or not any(data[::2]):
        return []
    return [*_as_utf16(data, "utf-16-le"), _decode_ascii(data)]


def _not_as_seven_or_eight_bits(data: bytes) -> list[str]:
    """What octets called GSM 7-bit, ASCII or Latin-1 may be instead. With no NUL and no eighth bit they are that."""
    if b"\0" not in data and data.isascii():
        return []
    return [*_as_utf16(data, "utf-16-be", "utf-16-le"), _decode_eight_bits(data)]


def _as_utf16(data: bytes, *orders: str) -> list[str]:
    whole = [data.decode(order, "surrogatepass") for order in orders if len(data) % 2 == 0]
    return [text.removeprefix("\ufeff") for text in whole]


def _decode_gsm7(data: bytes) -> str:
    return decode_gsm7(data) if data.isascii() else _decode_eight_bits(data)


def _decode_ascii(data: bytes) -> str:
    """data_coding 1. Some SMSCs (Node's smpp among them) send GSM 7-bit under it."""
    if _NO_ASCII_TEXT.search(data):
        return _decode_gsm7(data)
    return data.decode("ascii") if data.isascii() else _decode_eight_bits(data)


def _decode_eight_bits(data: bytes) -> str:
    """Announced as an alphabet of 7 bits, which it is not: UTF-8 proves itself, else Latin-1 can say anything."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _decode_ucs2(data: bytes) -> str:
    """UTF-16, big-endian unless a byte order mark says otherwise.

    Half a surrogate pair stays half: some phones cut a long text there, and the next part brings the other half.
    """
    little = data.startswith(b"\xff\xfe")
    data = data[2:] if little else data.removeprefix(b"\xfe\xff")
    whole_units, odd = data[: len(data) & ~1], len(data) & 1
    text = whole_units.decode("utf-16-le" if little else "utf-16-be", "surrogatepass")
    return text + "\N{REPLACEMENT CHARACTER}" * odd


_DEFAULTS: dict[Alphabet, Callable[[bytes], str]] = {
    Alphabet.GSM7: _decode_gsm7,
    Alphabet.LATIN1: partial(str, encoding="latin-1"),
    Alphabet.ASCII: _decode_ascii,
}


def _decoder(data_coding: int, default: Alphabet) -> Callable[[bytes], str] | None:
    if data_coding == DEFAULT:
        return _DEFAULTS[default]
    if data_coding == ASCII:
        return _decode_ascii
    if data_coding == UCS2:
        return _decode_ucs2
    if data_coding in _CHARSETS:
        return partial(str, encoding=_CHARSETS[data_coding], errors="replace")
    return _by_group(data_coding)


def _by_group(data_coding: int) -> Callable[[bytes], str] | None:
    """TS 23.038, 4: general coding with a class (0x1-0x7), waiting messages (0xC-0xE), message class (0xF)."""
    group = data_coding >> 4
    if group == 0xF:
        return None if data_coding & _MESSAGE_CLASS_8BIT else _decode_gsm7
    if group in (0xC, 0xD):
        return _decode_gsm7
    if group == 0xE:
        return _decode_ucs2
    if 0 < group < 8 and not data_coding & _COMPRESSED:
        return {0x00: _decode_gsm7, 0x08: _decode_ucs2}.get(data_coding & 0x0C)
    return None
