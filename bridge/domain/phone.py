"""Telephone numbers: what a PBX or a gateway calls somebody (withheld, anonymous, E.164), and who that is.

A raw string stops at the adapter: everything inside speaks of `E164`. Who somebody is follows from what is *possible*
at home, not from what is valid: area codes are newer than our tables (those of libphonenumber). Whether such a number
may be texted is another question, and `texts.policy`'s.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    shortnumberinfo,
)

MAX_RAW = 64
LEAST_DIGITS, MOST_DIGITS = 7, 15
WITHHELD = frozenset(
    ("anonymous", "restricted", "private", "withheld", "blocked", "unavailable", "notavailable", "unknown", "outofarea")
).union(("anonymouscaller", "privatecaller", "privatenumber", "unknowncaller", "unknownnumber", "nocallerid"))
"""What networks and PBXs write in the place of a number that they do not show; letters only."""

_LONGEST_URI = 512
_DIGITS = re.compile(r"\+?[0-9]{1,15}")
_NAME_ADDR = re.compile(r"""(?:"[^"]*"\s*|[^<>"]*)<([^<>]*)>""")
_SCHEME = re.compile(r"(?:sips?|tel|smsto|sms|callto):/{0,2}", re.IGNORECASE)
_CONTEXT = re.compile(r";phone-context=(\+[0-9]{1,14})(?:[;@]|$)", re.IGNORECASE)
_SPACES = {ord(c): " " for c in "\u00a0\u2007\u2009\u202f"} | {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2212"}
_DIALLED_ABROAD = re.compile(r"(?:00|011)(?=[1-9])")
REMEMBERED = 40  # characters; no number is longer, and hostile text takes no room
_NATIONAL_DIGITS, _BLOCK_DIGITS = 10, 4
_BEFORE_A_NUMBER = "0*(?:011)?0*(?:{code})?[01]?"


@dataclass(frozen=True, slots=True, order=True)
class E164:
    """A number that exists somewhere on the telephone network: `+`, then 7 to 15 digits (ITU-T E.164)."""

    value: str

    def __post_init__(self) -> None:
        digits = self.value[1:]
        wrong = not (digits.isascii() and digits.isdigit() and LEAST_DIGITS <= len(digits) <= MOST_DIGITS)
        if wrong or not self.value.startswith("+"):
            raise ValueError("an E.164 number is '+' and 7 to 15 digits")

    def __str__(self) -> str:
        return self.value

    @property
    def digits(self) -> str:
        """Without the plus, as SMPP addresses of TON 1 are written."""
        return self.value[1:]

    @property
    def masked(self) -> str:
        """For logs: `+15551234477` is `+1555•••4477`."""
        return f"{self.value[:5]}•••{self.value[-4:]}"

    @property
    def region(self) -> str | None:
        """ISO 3166 region; +1 alone does not say which, the area code does. None where it cannot be told."""
        return _region(self.value)


class NumberKind(StrEnum):
    """What a number is for, as far as its digits tell (phonenumbers' number types)."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    OTHER = "other"


_KINDS = {
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.PREMIUM,
}


@lru_cache(maxsize=4096)
def kind(number: E164) -> NumberKind:
    return _KINDS.get(phonenumbers.number_type(_taken_apart(number.value)), NumberKind.OTHER)


@lru_cache(maxsize=4096)
def _region(e164: str) -> str | None:
    return phonenumbers.region_code_for_number(_taken_apart(e164))


@lru_cache(maxsize=4096)
def _taken_apart(e164: str) -> PhoneNumber:
    """Several things are asked of each number of a call, one after the other. Not to be changed by who asks."""
    return phonenumbers.parse(e164)


# --- what was written


def bare(written: str) -> str:
    """The user part of what a trunk, a caller or a gateway wrote: no scheme, parameters, host or display name.

    SIP and tel URIs (RFC 3261, RFC 3966) stand where numbers do: `+12025550200;npdi;rn=+12025551000`,
    `sip:2025550200@host;user=phone`, `"Ann" <tel:+1-202-555-0123>`, `tel:5550123;phone-context=+1202`. A prefix that
    the dialplan put in front of a caller ID (`SALES:2025550123`) is looked through. What is no URI stays as it is.
    """
    if _DIGITS.fullmatch(written):
        return written  # nearly all of them
    text = written[:_LONGEST_URI].strip()
    if named := _NAME_ADDR.fullmatch(text):
        text = named[1].strip()
    context = _CONTEXT.search(text)
    text = re.split("[;@?]", _SCHEME.sub("", text, count=1), maxsplit=1)[0]
    prefix, colon, rest = text.partition(":")
    if colon:
        text = rest if any(c.isalpha() for c in prefix) else prefix
    text = unquote(text, errors="replace").strip()
    local = context is not None and not text.startswith("+")
    return f"{context[1]}{text}" if context and local else text


def digits_of(written: str) -> str:
    """What can be dialled or compared of it: digits, `+`, `*` and `#`."""
    return re.sub(r"[^0-9+*#]", "", bare(written))


def as_shown(written: str) -> str:
    """What to call somebody whose number nobody can read: the digits, or without any the plain letters of a name."""
    return (digits_of(written) or re.sub(r"[^A-Za-z._-]", "", bare(written)))[:MAX_RAW]


def is_withheld(written: str) -> bool:
    """Did the network show nothing (`anonymous`, `<unknown>`, empty)? Digits that nobody can read are not withheld."""
    said = bare(written) if re.search(r"\w", bare(written)) else written
    letters = re.sub(r"[\W_]", "", said).casefold()
    return not letters or letters in WITHHELD


def is_name(written: str) -> bool:
    """A sender with letters in it, or nothing: nobody can answer to that."""
    text = bare(written)
    return any(c.isalpha() for c in text) or not re.search("[0-9]", text)


@lru_cache(1024)
def parse(raw: str, country: str | None) -> E164 | None:
    """Read a caller's or customer's number as dialled or shown in `country` (ISO 3166, e.g. "US").

    A valid number of anywhere, or one that is possible at home. None otherwise: extensions, short codes, hostile text.
    """
    return _known(raw, country) if len(raw) <= REMEMBERED else _first(raw, country)


@lru_cache(maxsize=4096)
def _known(raw: str, country: str | None) -> E164 | None:
    """Our own numbers are read with every call, and a caller's several times."""
    return _first(raw, country)


def _first(raw: str, country: str | None) -> E164 | None:
    return next((_e164(number) for number in _read(_plain(raw), country)), None)


def is_valid(number: E164) -> bool:
    """Do our tables know that somebody has such a number?"""
    return phonenumbers.is_valid_number(_taken_apart(number.value))


def is_possible(number: E164) -> bool:
    """Has it the shape of its country's numbers? So have those of an area code that is newer than our tables."""
    return _fits(_taken_apart(number.value))


def is_at_home(number: E164, country: str) -> bool:
    """Is it of the same country code? Of +1 that is not yet the same country."""
    return _taken_apart(number.value).country_code == phonenumbers.country_code_for_region(country)


@lru_cache(1024)
def readings(raw: str, country: str) -> tuple[E164, ...]:
    """Whom a gateway may mean by this sender, the likeliest first.

    Beside how people write: an international number that lacks its plus, a national one with a plus too many (TON 1 on
    ten digits).
    """
    text = _plain(raw)
    unsigned = text.lstrip("+")
    known = [*_read(text, country), *_abroad(unsigned), *(_read(unsigned, country) if text != unsigned else ())]
    return tuple(dict.fromkeys(map(_e164, known)))


@lru_cache(1024)
def by_last_digits(raw: str, country: str, regions: frozenset[str]) -> tuple[E164, ...]:
    """Every number of these countries, or a whole international one, that these digits end with; the longest first.

    What stands before it must be a way to dial: zeros, 011, the country code, a trunk prefix. Of digits that are no
    number anywhere it may be anything. Whoever asks compares these with the numbers it knows.
    """
    text = _plain(raw)
    digits = re.sub(r"\D", "", text)
    nobody = not readings(raw, country) and not (text.startswith("+") and _possible(f"+{digits}"))
    codes = dict.fromkeys(str(phonenumbers.country_code_for_region(region)) for region in (country, *regions))
    found = []
    for length in range(min(len(digits), MOST_DIGITS), LEAST_DIGITS - 1, -1):
        before, last = digits[:-length], digits[-length:]
        for code in ("", *codes):
            number = _possible(f"+{code}{last}")
            if number and (nobody or re.fullmatch(_BEFORE_A_NUMBER.format(code=number.country_code), before)):
                found.append(_e164(number))
    return tuple(dict.fromkeys(found))


def is_short_or_emergency(raw: str, country: str) -> bool:
    """Is it a short code or an emergency number there (911, 112, 72975)? Such are never texted."""
    try:
        number = phonenumbers.parse(raw, country)
    except NumberParseException:
        return False
    return shortnumberinfo.is_emergency_number(raw, country) or shortnumberinfo.is_valid_short_number_for_region(
        number, country
    )


@lru_cache(maxsize=4096)
def national(number: E164, country: str) -> str:
    """As people there write it: national format at home, international for others."""
    parsed = _taken_apart(number.value)
    home = (number.region or country) == country and is_at_home(number, country)
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))


# --- reading


@dataclass(frozen=True, slots=True)
class DiallingPrefixes:
    """code: of the country. trunk: before a number at home. international: before a number abroad."""

    code: str
    trunk: str
    international: str


def dialling_prefixes(country: str) -> DiallingPrefixes:
    """How people there dial: `1`, `1`, `011` in the US, `31`, `0`, `00` in the Netherlands."""
    found = PhoneMetadata.metadata_for_region(country)
    if found is None:
        raise LookupError(f"no country {country!r}")
    international = found.preferred_international_prefix or found.international_prefix or ""
    return DiallingPrefixes(
        str(found.country_code), found.national_prefix or "", international if international.isdigit() else "00"
    )


def _plain(raw: str) -> str:
    """Bare, in ASCII; "" for what no number is written with."""
    text = bare(raw).translate(_SPACES)
    number = len(text) <= MAX_RAW and all(c.isascii() and (c.isdigit() or c in "+-.() /") for c in text)
    return text if number else ""


def _read(text: str, country: str | None) -> Iterator[PhoneNumber]:
    """Valid ones first: as people there dial, then as other people dial abroad. In the end what is possible at home."""
    numbers = []
    for as_dialled in (text, _DIALLED_ABROAD.sub("+", text.lstrip("+"), count=1)):
        number = _parsed(as_dialled, country)
        if number is not None:
            numbers.append(number)
            if phonenumbers.is_valid_number(number):
                yield number  # mostly nobody asks for more
    yield from (number for number in numbers if country and _is_possible_at_home(number, country))


def _abroad(unsigned: str) -> Iterator[PhoneNumber]:
    number = _parsed(f"+{unsigned}", None)
    if number is not None and phonenumbers.is_valid_number(number):
        yield number


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException:
        return None


def _is_possible_at_home(number: PhoneNumber, country: str) -> bool:
    """Of the right length, and of the shape that all numbers there have (in North America: 2 to 9 in front)."""
    code = phonenumbers.country_code_for_region(country)
    return number.country_code == code and _fits(number) and len(_national_digits(number)) >= LEAST_DIGITS


def _possible(text: str) -> PhoneNumber | None:
    number = _parsed(text, None)
    return number if number is not None and _fits(number) and _e164(number).value == text else None


def _fits(number: PhoneNumber) -> bool:
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return False
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    plan = PhoneMetadata.metadata_for_region_or_calling_code(number.country_code or 0, region)
    shape = plan.general_desc if plan else None
    return bool(shape and re.fullmatch(shape.national_number_pattern or "", _national_digits(number)))


def _national_digits(number: PhoneNumber) -> str:
    return str(phonenumbers.national_significant_number(number))


def _e164(number: PhoneNumber) -> E164:
    return E164(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def are_neighbours(one: str, other: str) -> bool:
    """Are they of one block of ten thousand, however they are written: an office's numbers, as a rule?"""
    digits = [digits_of(number).lstrip("+0") for number in (one, other)]
    length = min(_NATIONAL_DIGITS, *map(len, digits))
    return length >= LEAST_DIGITS and len({number[-length:-_BLOCK_DIGITS] for number in digits}) == 1
