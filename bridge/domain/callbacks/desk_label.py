"""What desk phones show of the queue: a lamp for all of it, and a few words in front of a customer's name."""

import re
from collections.abc import Sequence
from enum import StrEnum

import phonenumbers

from bridge.domain.callbacks.queue import Callback, CallbackState, Urgency
from bridge.domain.phone import E164
from bridge.domain.plain import plain

MAX_LABEL = 40  # characters; phones show 20 to 40 before the name
MAX_ISSUE = 14
MAX_NAME = 30
_NOT_SHOWN = re.compile(r"[^A-Za-z0-9 .#/-]+")


class Lamp(StrEnum):
    """Dark, on, blinking."""

    EMPTY = "empty"
    WAITING = "waiting"
    URGENT = "urgent"


def lamp(*, waiting: bool, urgent_unseen: bool) -> Lamp:
    if urgent_unseen:
        return Lamp.URGENT
    return Lamp.WAITING if waiting else Lamp.EMPTY


def label(callbacks: Sequence[Callback]) -> str:
    """For the rows of one customer: `URGENT leak 418 Birchwood`, `Callback x3`; "" where nothing is open."""
    unfinished = [row for row in callbacks if row.state is not CallbackState.CLOSED]
    if not unfinished:
        return ""
    urgent = next((row for row in unfinished if row.urgency is Urgency.URGENT), None)
    if urgent is None:
        return f"Callback x{sum(row.missed for row in unfinished)}"
    issue, address = (shown(words or "") for words in (urgent.issue, urgent.address))
    return _cut(" ".join(["URGENT", *filter(None, (_cut(issue, MAX_ISSUE), address))]), MAX_LABEL)


def words(callbacks: Sequence[Callback]) -> str:
    """What a PBX holds of a customer: the label, and after a colon their name where the office knows it."""
    about = label(callbacks)
    name = next((known for row in callbacks if (known := shown(row.name))), "")
    return f"{about}:{name[:MAX_NAME]}" if about and name else about


def shown(text: str) -> str:
    """A customer's words in characters that every phone shows, and no PBX takes for anything but text."""
    return " ".join(_NOT_SHOWN.sub(" ", plain(text)).split())


def _cut(text: str, most: int) -> str:
    """Whole words of it; a single long word is cut."""
    if len(text) <= most:
        return text
    whole = text[: most + 1].rpartition(" ")[0]
    return whole or text[:most]


def spellings(number: E164, country: str) -> tuple[str, ...]:
    """The digits in which a trunk in `country` may show this number, each once: `612345678`, `0612345678`, `31...`."""
    parsed = phonenumbers.parse(number.value)
    ways = [number.digits, f"00{number.digits}", phonenumbers.format_out_of_country_calling_number(parsed, country)]
    if phonenumbers.country_code_for_region(country) == parsed.country_code:
        national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        ways += [national, phonenumbers.national_significant_number(parsed)]
    return tuple(sorted({re.sub(r"\D", "", way) for way in ways}))
