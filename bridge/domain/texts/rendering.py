"""Automatic texts, filled in for one call or one customer, in letters that cost least. What they may never say,
`honesty` knows; a person's own words are never changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bridge.domain import phone
from bridge.domain.calls.calls import EndedCall, Reason
from bridge.domain.office.office import Line, Office
from bridge.domain.office.templates import FIRST_TEXTS, NOBODY_ON_CALL, Language, Template
from bridge.domain.texts import gsm


@dataclass(frozen=True, slots=True)
class Situation:
    """What a first text depends on.

    at: when it is written. opens_at: the next opening, None if none is in sight. reason: why the call was missed. held:
    it waited for the morning.
    """

    at: datetime
    closed: bool = False
    on_call: bool = False
    voicemail: bool = False
    opens_at: datetime | None = None
    reason: Reason | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """template: which words, in which version (`missed.en.3f9a2c`), for the log of texts."""

    text: str
    template: str


FIRST = {
    # closed, on call, voicemail left
    (False, False, False): Template.MISSED,
    (False, False, True): Template.VOICEMAIL,
    (False, True, False): Template.MISSED,
    (False, True, True): Template.VOICEMAIL,
    (True, False, False): Template.CLOSED,
    (True, False, True): Template.VOICEMAIL_CLOSED,
    (True, True, False): Template.CLOSED_ON_CALL,
    (True, True, True): Template.VOICEMAIL,
}

HELD = {
    key: Template.HELD_CLOSED if first in NOBODY_ON_CALL else Template.HELD_VOICEMAIL if key[2] else Template.HELD
    for key, first in FIRST.items()
}


def situation(
    line: Line, office: Office, at: datetime, call: EndedCall, *, closed: bool, held: bool = False
) -> Situation:
    """What a call at `at` found; `closed` is passed because a night switch may know better than the calendar."""
    on_call = bool(office.roster.on_call(line.branch, at))
    opens_at = line.calendar.opens_at(at) if closed else None
    return Situation(at, closed, on_call, call.voicemail_left, opens_at, call.reason, held)


def first(line: Line, office: Office, situation: Situation) -> Rendered:
    """The one text that answers a missed call, with the business named and the way to opt out."""
    found = HELD if situation.held else FIRST
    template = found[situation.closed, situation.on_call, situation.voicemail]
    if template is Template.MISSED:
        template = line.texts.missed(situation.reason)
    language = line.texts.language
    opens = opening(situation.opens_at, situation.at, office, language)
    words = _filled(line, office, template, language, opens=opens)
    return Rendered(_framed(words, line, office, language), line.texts.version(template))


def _cheapest(text: str, line: Line, language: Language) -> str:
    """In GSM 7-bit where that saves parts: one curly apostrophe in the business's name makes three parts of one."""
    plain = gsm.transliterate(text)
    bare = gsm.without_accents(plain) if language in line.texts.unaccented else plain
    return min((plain, bare), key=lambda one: len(gsm.split(one).parts))


def receipt(
    line: Line,
    office: Office,
    language: Language,
    *,
    ask_address: bool = False,
    danger: bool = False,
    words: bool = True,
    picture: bool = False,
) -> Rendered:
    """The one answer to a customer's reply: we have it, at most one question, and where danger is named, what to do.

    words, picture: what there is to answer. Of a picture we ask what it shows; if that was all, the address as well.
    """
    templates = [Template.RECEIPT] if words else []
    templates += [Template.NO_PICTURES] if picture else []
    templates += [Template.ASK_ADDRESS] if ask_address and not (words and picture) else []
    templates += [Template.DANGER] if danger else []
    return _joined(line, office, templates, language)


def answer(line: Line, office: Office, template: Template, language: Language) -> Rendered:
    """A text that answers the customer's own word: opt-out, opt-in or help."""
    return _joined(line, office, [template], language)


def example(line: Line, office: Office, template: Template, language: Language, opens: str = "") -> Rendered:
    """One text by itself, as it would go out from that line. opens: for the first texts that say when."""
    if template not in FIRST_TEXTS:
        return _joined(line, office, [template], language)
    words = _filled(line, office, template, language, opens=opens or NEVER[language])
    return Rendered(_framed(words, line, office, language), line.texts.version(template, language))


def _joined(line: Line, office: Office, templates: Iterable[Template], language: Language) -> Rendered:
    chosen = list(templates)
    text = " ".join(_filled(line, office, template, language) for template in chosen)
    versions = "+".join(line.texts.version(template, language) for template in chosen)
    return Rendered(_cheapest(text, line, language), versions)


def _filled(line: Line, office: Office, template: Template, language: Language, opens: str = "") -> str:
    words = line.texts.words(template, language)
    return words.format(
        business=office.business,
        branch=line.branch,
        phone=called_number(line, office),
        opens=opens,
        emergency=office.emergency,
    )


def called_number(line: Line, office: Office) -> str:
    """The number customers call, as people there write it."""
    number = phone.parse(line.dids[0], office.country)
    return phone.national(number, office.country) if number else line.dids[0]


def _framed(words: str, line: Line, office: Office, language: Language) -> str:
    """Name in front, hint behind, unless the words have them; the longest hint that costs no further part."""
    has_name = gsm.transliterate(office.business) in gsm.transliterate(words)
    named = words if has_name else f"{office.business}: {words}"
    hints = () if "STOP" in words else line.texts.hints(language)
    framed = [_cheapest(f"{named} {hint}".rstrip(), line, language) for hint in hints or ("",)]
    return min(framed, key=lambda text: len(gsm.split(text).parts))


# --- when the office opens, in words ------------------------------------------------------------------------------

TWELVE_HOURS = frozenset({"US", "CA", "AU", "NZ", "PR", "PH", "IN", "MX"})

WEEKDAYS = {
    Language.EN: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.ES: ("lunes", "martes", "miércoles", "jueves", "viernes", "sabado", "domingo"),
}
MONTHS = {
    Language.EN: ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    Language.ES: ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
NEVER = {Language.EN: "further notice", Language.ES: "nuevo aviso"}
OPENS = {
    Language.EN: ("{time} today", "{time} tomorrow", "{time} {weekday}", "{time} on {month} {day}"),
    Language.ES: ("hoy {time}", "mañana {time}", "el {weekday} {time}", "el {day} de {month} {time}"),
}
"""Today, tomorrow, within the week, later."""


def opening(opens_at: datetime | None, now: datetime, office: Office, language: Language) -> str:
    """`8 AM tomorrow`, `mañana a las 8 AM`: what stands for {opens}, in the office's zone."""
    if opens_at is None:
        return NEVER[language]
    wall = opens_at.astimezone(office.zone)
    days = (wall.date() - now.astimezone(office.zone).date()).days
    pattern = OPENS[language][min(days, 2) if days < 7 else 3]
    return pattern.format(
        time=clock_time(wall, office.country, language),
        weekday=WEEKDAYS[language][wall.weekday()],
        day=wall.day,
        month=MONTHS[language][wall.month - 1],
    )


def clock_time(wall: datetime, country: str, language: Language) -> str:
    """`8 AM`, `14:30`: a time of day as people there say it."""
    twelve = country in TWELVE_HOURS
    hour = (wall.hour % 12 or 12) if twelve else wall.hour
    minutes = f":{wall:%M}" if wall.minute or not twelve else ""
    time = f"{hour}{minutes}" + (f" {'AM' if wall.hour < 12 else 'PM'}" if twelve else "")
    if language is Language.ES:
        return f"a la {time}" if hour == 1 else f"a las {time}"
    return time
