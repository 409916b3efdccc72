"""What octets say whose data_coding is wrong: ASCII or little-endian UTF-16 called UCS-2, UTF-8 called GSM 7-bit.

Octets alone rarely prove an alphabet: `STOP` is 協佐 in UTF-16. Each reading is weighed by the bits that a text of
people would need for it, letter by letter, and one that was not announced has to be a good deal cheaper.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from unicodedata import category, name

DOUBT, SURE = 6, 12
"""Bits by which another reading must be cheaper: more of them where the announced one could be a text."""

NO_TEXT, UNUSUAL, RARE, COMMON = 24, 17, 14, 12
FIRST_OF_A_SCRIPT, OF_THAT_SCRIPT, ANOTHER_SCRIPT = 12, 6, 8
LATIN_LETTER = 7
PUNCTUATION = 8
EMOJI = 14
ODD_CASE = 6
CUT = 14  # half a surrogate pair where a phone has cut a long text

_TWO_OCTETS = frozenset({"ok", "no", "si", "sí", "hi"})
"""What people send that is so short. Any other two octets may well be one Chinese character."""
_WORD = r"(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)"
_WORDS = re.compile(rf"{_WORD}(?:(?:[ '-]|, ){_WORD})*[ .!?]*")

# Relative frequencies of letters in English (R. Lewand, Cryptological Mathematics, 2000), as bits.
_LETTERS = {
    "e": 3.0,
    "t": 3.5,
    "a": 3.6,
    "o": 3.7,
    "i": 3.8,
    "n": 3.9,
    "s": 4.0,
    "h": 4.0,
    "r": 4.1,
    "d": 4.6,
    "l": 4.6,
    "c": 5.2,
    "u": 5.2,
    "m": 5.4,
    "w": 5.4,
    "f": 5.5,
    "g": 5.6,
    "y": 5.7,
    "p": 5.7,
    "b": 6.1,
    "v": 6.7,
    "k": 7.0,
    "j": 9.4,
    "x": 9.4,
    "q": 5.4,
    "z": 10.4,
    " ": 2.5,
    **dict.fromkeys("0123456789.,!?'-\n\r", 5.0),
    **dict.fromkeys('"()/:;&@#$*+%=_<>\t', 8.0),
}
_ODD_ASCII = 12.0
_ODD = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Za-z])[0-9](?=[A-Za-z])")
_LATIN = frozenset("áéíóúüñçàèìòùâêîôûãõäößåøÁÉÍÓÚÜÑÇ")
_TYPOGRAPHY = frozenset("£¥§°·¡¿«»\xa0‐‑–—‘’‚“”„•…€、。〈〉《》「」『』【】〜！，．：；？（）ー")
_WRITTEN_TOGETHER = dict.fromkeys(("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO"), "CJK")
_DAILY = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("shift_jis", 0x88, 0x98))
"""Alphabets whose first octet tells the Chinese characters in daily use, their first level, from the rest."""


def most_likely(announced: str, others: Sequence[str]) -> str:
    """The announced reading, unless one of the others is what a person would far rather have written."""
    if not others:
        return announced
    bits, best = min((_bits(other), other) for other in others)
    if best.casefold() in _TWO_OCTETS:
        return best
    could_be_text = max(_each(announced), default=0) < UNUSUAL
    surer = could_be_text and (len(best) < 3 or not _WORDS.fullmatch(best))
    return best if bits + (SURE if surer else DOUBT) < _bits(announced) else announced


def _bits(text: str) -> float:
    return sum(_each(text)) + ODD_CASE * len(_ODD.findall(text))


def _each(text: str) -> Iterator[float]:
    last, seen = len(text) - 1, set[str]()
    for at, char in enumerate(text):
        yield CUT if "\ud800" <= char <= "\udfff" and at in (0, last) else _character(char, seen)


def _character(char: str, seen: set[str]) -> float:
    """seen: the scripts of the letters before; a text mostly stays with one."""
    if char.isascii():
        return NO_TEXT if not char.isprintable() and char not in "\n\r\t" else _LETTERS.get(char.lower(), _ODD_ASCII)
    kind = category(char)
    if kind[0] == "C" and kind != "Cf":
        return NO_TEXT
    if kind[0] in "LM":
        return _letter(char, seen)
    return EMOJI if ord(char) > 0xFFFF else PUNCTUATION if char in _TYPOGRAPHY else UNUSUAL


def _letter(char: str, seen: set[str]) -> float:
    script = _script(char)
    if script == "LATIN":
        return (
            LATIN_LETTER if char in _LATIN or "\u0100" <= char <= "\u017f" or "\u1ea0" <= char <= "\u1eff" else UNUSUAL
        )
    group = _WRITTEN_TOGETHER.get(script, script)
    first, another = group not in seen, bool(seen) and group not in seen
    seen.add(group)
    return ANOTHER_SCRIPT * another + _within_its_script(char, script, first=first)


def _within_its_script(char: str, script: str, *, first: bool) -> int:
    if script == "CJK":
        return COMMON if _is_daily(char) else RARE if "\u4e00" <= char <= "\u9fff" else UNUSUAL
    if script == "HANGUL":
        return COMMON if _has(char, "euc_kr") else RARE
    return FIRST_OF_A_SCRIPT if first else OF_THAT_SCRIPT


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    return name(char, "?").split()[0]


@lru_cache(maxsize=8192)
def _is_daily(char: str) -> bool:
    return any(low <= octets[0] <= high for alphabet, low, high in _DAILY if (octets := _has(char, alphabet)))


def _has(char: str, alphabet: str) -> bytes:
    """The character's octets there, none where that alphabet lacks it."""
    return char.encode(alphabet, "ignore")
