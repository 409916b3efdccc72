"""The alphabet of short messages and how a long text is cut into parts: concatenated SMS (3GPP TS 23.038, 23.040).

Own tables rather than the `gsm0338` package: that one raises on every octet the table does not know, and what a
customer wrote must be readable whatever the network did to it.
"""

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from unicodedata import normalize

ESCAPE = "\x1b"
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_OCTETS = {char: bytes([code]) for code, char in enumerate(BASIC) if char != ESCAPE} | {
    char: bytes([0x1B, code]) for char, code in EXTENSION.items()
}
_MAIN_TABLE = BASIC + "\N{REPLACEMENT CHARACTER}" * 128
_ESCAPED = re.compile(f"{ESCAPE}(.?)", re.DOTALL)
_BEHIND_ESCAPE = {BASIC[code]: char for char, code in EXTENSION.items()} | {ESCAPE: " ", "": " "}

SINGLE_OCTETS = 140
MAX_PARTS = 255
_HEADER_OCTETS = {8: 6, 16: 7}

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
        **dict.fromkeys("•·‣", "-"),
        "…": "...",
        "«": '"',
        "»": '"',
        "‹": "'",
        "›": "'",
        "\u2028": "\n",
        "\u2029": "\n",
    }
)


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


class Alphabet(StrEnum):
    """What a gateway understands under data_coding 0, its "SMSC default alphabet" (SMPP 3.4, 5.2.19)."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True)
class Segments:
    """A text as it goes out: each part is one submit_sm."""

    encoding: Encoding
    parts: tuple[str, ...]


def fits_gsm7(text: str) -> bool:
    return all(char in _OCTETS for char in text)


def fits(text: str, alphabet: Alphabet) -> bool:
    """Can the text travel as data_coding 0 of such a gateway, and on as GSM 7-bit over the air?"""
    if not fits_gsm7(text):
        return False
    if alphabet is Alphabet.ASCII:
        return text.isascii()
    return alphabet is Alphabet.GSM7 or all(ord(char) < 0x100 for char in text)


def encode_gsm7(text: str) -> bytes:
    """Unpacked septets, one an octet. ValueError names the first character that the alphabet does not have."""
    try:
        return b"".join([_OCTETS[char] for char in text])
    except KeyError as missing:
        raise ValueError(f"{missing.args[0]!a} is not in the GSM 7-bit alphabet") from None


def decode_gsm7(data: bytes) -> str:
    """Read unpacked septets; never raises.

    An unknown escape shows the character of the main table, an escape that leads nowhere a space (TS 23.038, 6.2.1.1);
    an octet above 0x7F, which no septet is, the replacement character.
    """
    text, _ = codecs.charmap_decode(data, "strict", _MAIN_TABLE)
    return _ESCAPED.sub(lambda pair: _BEHIND_ESCAPE.get(pair[1], pair[1]), text)


def transliterate(text: str) -> str:
    """Replace typography that word processors put in (curly quotes, dashes, hard spaces) by what GSM 7-bit has.

    Letters are left as they are: an accent may cost a part, but it is part of a name.
    """
    return normalize("NFC", text).translate(_TYPOGRAPHY)


def without_accents(text: str) -> str:
    """Letters that the alphabet lacks, without what stands on or under them: `í` as `i`. `é` and `ñ` it has."""
    return "".join(char if char in _OCTETS else _bare(char) for char in normalize("NFC", text))


def _bare(char: str) -> str:
    base = normalize("NFD", char)[0]
    return base if base.isalpha() and base in _OCTETS else char


def costly(text: str, alphabet: Alphabet = Alphabet.GSM7) -> tuple[str, ...]:
    """The characters that make a text need UCS-2, with which 70 and not 160 fit into one part; each once, in order."""
    return tuple(dict.fromkeys(char for char in text if not fits(char, alphabet)))


@lru_cache(maxsize=128)
def split(text: str, *, reference_bits: int = 8, alphabet: Alphabet = Alphabet.GSM7) -> Segments:
    """Cut a text into parts; an escape pair and a surrogate pair stay whole.

    reference_bits: 8 or 16 for the size of the concatenation header, 0 where the gateway cuts by itself
    (message_payload). ValueError beyond 255 parts, which no header can count. Most texts are the same every time.
    """
    encoding = Encoding.GSM7 if fits(text, alphabet) else Encoding.UCS2
    if not reference_bits or units(text, encoding) <= _capacity(encoding, SINGLE_OCTETS):
        return Segments(encoding, (text,))
    parts = _cut(text, encoding, _capacity(encoding, SINGLE_OCTETS - _HEADER_OCTETS[reference_bits]))
    if len(parts) > MAX_PARTS:
        raise ValueError(f"the text needs {len(parts)} parts, more than the {MAX_PARTS} that a message can have")
    return Segments(encoding, tuple(parts))


def units(text: str, encoding: Encoding) -> int:
    """The length that counts: septets of GSM 7-bit, or UTF-16 code units."""
    return sum(_weight(char, encoding) for char in text)


def _weight(char: str, encoding: Encoding) -> int:
    if encoding is Encoding.UCS2:
        return 2 if ord(char) > 0xFFFF else 1
    return 2 if char in EXTENSION else 1


def _capacity(encoding: Encoding, octets: int) -> int:
    return octets * 8 // 7 if encoding is Encoding.GSM7 else octets // 2


def _cut(text: str, encoding: Encoding, capacity: int) -> list[str]:
    parts, start, used = [], 0, 0
    for at, char in enumerate(text):
        weight = _weight(char, encoding)
        if used + weight > capacity:
            parts.append(text[start:at])
            start, used = at, 0
        used += weight
    return [*parts, text[start:]]
