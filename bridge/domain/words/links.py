"""Does a text hold something that a phone makes a link of: a URL, a host name (domain, TLD, IDN, IP), a scheme?

A host ends in a top-level domain of IANA's list. A sentence whose blank was forgotten looks the same ("Thanks.Call me")
where that domain is a word; it is read as writing only where capitals and what follows say so.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from bridge.domain.lookalikes import UNSEEN, as_seen

_LETTER = r"[\w\x80-\U0010ffff-]"
_HOST = re.compile(rf"(?<!{_LETTER}){_LETTER}+(?:\.{_LETTER}+)+")
_SCHEMES = (
    "bitcoin callto data ethereum facetime facetime-audio file geo intent itms javascript magnet mailto maps market "
    "mms mmsto sip sips skype sms smsto tel tg vbscript viber webcal whatsapp xmpp"
)
_SCHEME = re.compile(
    rf"(?<![\w])(?:[a-z][a-z0-9+.-]{{0,30}}:(?=//)|(?:{'|'.join(_SCHEMES.split())}):(?=\S)|www\d?\.(?=\w))",
    re.IGNORECASE,
)
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])", re.IGNORECASE)
_PATH = re.compile(r"\.?(?::\d{1,5})?/\S|\.?:\d{2,5}(?!\d)")
_GOES_ON = re.compile(r"(?:,|['’]\w+)?\s+\w")

_SHORT = frozenset({"a.m", "p.m", "e.g", "i.e", "p.o", "p.s", "u.s", "n.y", "d.c"})
_BEFORE_NAMES = frozenset({"Mr", "Mrs", "Ms", "Dr", "St", "Sr", "Sra", "Mt", "Ft", "No", "N", "S", "E", "W"})
_CLOCK = frozenset({"am", "pm"})

_DOTS = {ord("。"): ".", ord("∕"): "/", ord("⁄"): "/"}
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols of no width or no ink (Hangul fillers, the empty braille cell)."""


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where each link begins and ends."""
    folded, places = _folded(text)
    for start, end in _found(folded):
        yield places[start], places[end - 1] + 1


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """As a browser reads an address (NFKC, full-width and other dots, nothing unseen), and where each letter stood."""
    if text.isascii():
        return text, range(len(text))
    letters = [(one, place) for place, char in enumerate(text) for one in _plain(char)]
    return "".join(one for one, _ in letters), [place for _, place in letters]


def _plain(char: str) -> str:
    if char in _BLANK or unicodedata.category(char) in UNSEEN:
        return ""
    return unicodedata.normalize("NFKC", char).translate(_DOTS)


def _found(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _SCHEME.finditer(text))
    for found in _IPV6.finditer(text):
        if _is_ipv6(found[0]):
            yield found.span()
    for found in _HOST.finditer(text):
        end = _end_of_host(found, text)
        if end is not None:
            yield found.start(), end


def _is_ipv6(written: str) -> bool:
    try:
        IPv6Address(written)
    except AddressValueError:
        return False
    return sum(map(bool, written.split(":"))) > 1


def _end_of_host(found: re.Match[str], text: str) -> int | None:
    """The host may end before the word does: "evil.com.See you"."""
    labels = found[0].split(".")
    if _is_ipv4(labels):
        return found.end()
    end = found.start() + len(labels[0])
    sent_to = text[found.start() - 1 : found.start()] == "@"
    for number, top in enumerate(labels[1:], 1):
        end += 1 + len(top)
        if _ends_host(labels[:number], top, text[end : end + 40], sent_to=sent_to):
            return end
    return None


def _is_ipv4(labels: Sequence[str]) -> bool:
    try:
        IPv4Address(".".join(labels))
    except AddressValueError:
        return False
    return True


def _ends_host(owner: Sequence[str], top: str, after: str, *, sent_to: bool) -> bool:
    path = _PATH.match(after) is not None
    if not _is_top_level(top):
        return path and "/" in after and len(top) > 1 and top.isalpha() and top.islower()
    return path or sent_to or not _is_writing(owner, top, after)


def _is_top_level(label: str) -> bool:
    return (label.isascii() and label.lower().startswith("xn--")) or (
        len(label) > 1 and not any(map(str.isdigit, label)) and as_seen(label) in _top_level()
    )


def _is_writing(owner: Sequence[str], top: str, after: str) -> bool:
    """`Thanks.Call me`, `9 a.m.to 5`, `at 5.PM`, `Mr.Ford is`: not all in small letters, and the sentence goes on."""
    last, word = owner[-1], top.lower()
    if last.isdigit() and word in _CLOCK:
        return True
    if word in _words() and ".".join(owner).lower().lstrip("0123456789") in _SHORT:
        return True
    goes_on = top.istitle() and last.isalpha() and _GOES_ON.match(after) is not None
    return goes_on and (word in _words() or last in _BEFORE_NAMES)


@cache
def _top_level() -> frozenset[str]:
    lines = files("bridge.domain.words").joinpath("tlds-alpha-by-domain.txt").read_text(encoding="ascii").splitlines()
    names = [line.lower() for line in lines if not line.startswith("#")]
    written = [name[4:].encode().decode("punycode") for name in names if name.startswith("xn--")]
    return frozenset(map(as_seen, [*names, *written]))


@cache
def _words() -> frozenset[str]:
    tables = tomllib.loads(files("bridge.domain.words").joinpath("links.toml").read_text(encoding="utf-8"))
    return frozenset(word for words in tables.values() for word in words.split())
