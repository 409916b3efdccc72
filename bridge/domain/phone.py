"""Telephone numbers: what a PBX or a gateway calls somebody, and who that is.

A raw string stops at the adapter: everything inside speaks of `E164`.
"""

from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, shortnumberinfo

MAX_RAW = 64
WITHHELD = frozenset({"", "anonymous", "unknown", "<unknown>", "restricted", "private", "unavailable", "withheld"})


@dataclass(frozen=True, slots=True, order=True)
class E164:
    """A number that exists somewhere on the telephone network: `+`, then 7 to 15 digits (ITU-T E.164)."""

    value: str

    def __post_init__(self) -> None:
        digits = self.value[1:]
        if not (self.value.startswith("+") and digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
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
        return phonenumbers.region_code_for_number(phonenumbers.parse(self.value))


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


def kind(number: E164) -> NumberKind:
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(number.value)), NumberKind.OTHER)


def is_withheld(raw: str) -> bool:
    """Did the PBX show no number at all (Asterisk: `anonymous`, `<unknown>`, empty)?"""
    return raw.strip().casefold() in WITHHELD


def parse(raw: str, country: str | None) -> E164 | None:
    """Read a caller's or customer's number as dialled or shown in `country` (ISO 3166, e.g. "US").

    None where it is no valid public number there: extensions, short codes, typos, hostile text.
    A caller-ID prefix set by the dialplan (`SALES:0612345678`) is looked through.
    """
    text = raw[:MAX_RAW].strip()
    prefix, colon, rest = text.rpartition(":")
    if colon and not any(c.isdigit() for c in prefix):
        text = rest.strip()
    if not text or not all(c.isascii() and (c.isdigit() or c in "+-.() /") for c in text):
        return None
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return E164(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def as_written(raw: str, country: str) -> E164 | None:
    """A number that somebody gives us to call: a valid one, or one of `country` that is at least as long as theirs are.

    Area codes are newer than our tables, and a person looks at it before it is dialled.
    """
    number = parse(raw, country)
    if number is not None:
        return number
    try:
        read = phonenumbers.parse(raw[:MAX_RAW], country)
    except NumberParseException:
        return None
    at_home = read.country_code == phonenumbers.country_code_for_region(country)
    if not at_home or phonenumbers.is_possible_number_with_reason(read) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return E164(phonenumbers.format_number(read, PhoneNumberFormat.E164))


def is_short_or_emergency(raw: str, country: str) -> bool:
    """Is it a short code or an emergency number there (911, 112, 72975)? Such are never texted."""
    try:
        number = phonenumbers.parse(raw, country)
    except NumberParseException:
        return False
    return shortnumberinfo.is_emergency_number(raw, country) or shortnumberinfo.is_valid_short_number_for_region(
        number, country
    )


def national(number: E164, country: str) -> str:
    """As people there write it: national format at home, international for others."""
    parsed = phonenumbers.parse(number.value)
    home = phonenumbers.region_code_for_number(parsed) == country
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))
