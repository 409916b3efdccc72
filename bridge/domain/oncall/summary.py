"""A callback in one line, for the phone of whoever is told: facts only, each of them stored, none of them guessed.

What the customer wrote stands in quotes and may be shortened (`...`); it is never put into other words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category, normalize

from bridge.domain import phone
from bridge.domain.office.office import Office
from bridge.domain.office.templates import Language
from bridge.domain.phone import E164
from bridge.domain.texts import gsm
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.gsm import Encoding

LIMITS = {Encoding.GSM7: 160, Encoding.UCS2: 134}
"""One part, or two where a name or an address cannot be written in the GSM alphabet."""

CUTS = (
    ("talked", 0),
    ("calls", 0),
    ("since", 0),
    ("issue", 40),
    ("name", 24),
    ("second", 0),
    ("why", 0),
    ("address", 40),
    ("issue", 0),
    ("address", 0),
    ("name", 0),
)
"""What gives way where the line is too long, and how many characters of it stay at least."""

WHOLE = frozenset({"talked", "calls", "since", "second", "why"})
"""Said in full or not at all."""

ELLIPSIS = "..."
WORTH_SHOWING = 8
NAME_SHOWN = 40
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Sk", "So"})
"""Unicode categories that a summary leaves out: controls, marks of direction, pictures."""


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """What a line is made of.

    row: the number people use for it. number: None for a withheld one, or for `digits` that are none. why: what made it
    urgent, as categories of triage. waiting_since: the row's opening. calls: how often they were missed. talked_at: the
    last talk before that. second: where else they can be reached.
    """

    row: int
    number: E164 | None
    waiting_since: datetime
    name: str = ""
    address: str | None = None
    issue: str | None = None
    why: tuple[str, ...] = ()
    calls: int = 0
    talked_at: datetime | None = None
    second: E164 | None = None
    digits: str = ""


def line(facts: SummaryFacts, office: Office, now: datetime, *, lead: str = "", tail: str = "") -> str:
    """`lead` + who, number, address, issue, why, since when, earlier contact + `tail`; one part where it can be."""
    pieces = _pieces(facts, office, now)
    for key, least in CUTS:
        over = _over(lead + _joined(pieces) + tail)
        if over <= 0:
            break
        pieces[key] = "" if key in WHOLE else _shortened(pieces[key], over, least)
    return lead + _joined(pieces) + tail


def who(facts: SummaryFacts, office: Office) -> str:
    """`Mary Poole (202) 555-0123`."""
    return f"{clean(facts.name)[:NAME_SHOWN].rstrip()} {_number(facts, office)}".strip()


def clean(text: str) -> str:
    """One line that a phone can show: no controls, no pictures, and letters of the GSM alphabet where it has them."""
    shown = "".join(_plain(char) for char in gsm.transliterate(text))
    return " ".join(shown.split())


def moment(at: datetime, office: Office, now: datetime) -> str:
    """`9:40 PM`, `Sun 9:40 PM`, `Oct 12`: as short as it is clear, in the office's zone."""
    wall, today = at.astimezone(office.zone), now.astimezone(office.zone).date()
    time = texts.clock_time(wall, office.country, Language.EN)
    days = (today - wall.date()).days
    if days == 0:
        return time
    return f"{wall:%a} {time}" if abs(days) < 7 else f"{wall:%b} {wall.day}"


def _pieces(facts: SummaryFacts, office: Office, now: datetime) -> dict[str, str]:
    return {
        "name": clean(facts.name),
        "number": _number(facts, office),
        "second": f"or {phone.national(facts.second, office.country)}" if facts.second else "",
        "address": clean(facts.address or ""),
        "issue": clean(facts.issue or "").replace('"', "'"),
        "why": ", ".join(facts.why),
        "since": f"since {moment(facts.waiting_since, office, now)}",
        "calls": f"{facts.calls} calls" if facts.calls > 1 else "",
        "talked": f"talked {moment(facts.talked_at, office, now)}" if facts.talked_at else "",
    }


def _number(facts: SummaryFacts, office: Office) -> str:
    if facts.number is None:
        return f"caller ID {facts.digits}" if facts.digits else "number withheld"
    return phone.national(facts.number, office.country)


def _joined(pieces: dict[str, str]) -> str:
    whom = " ".join(filter(None, (pieces["name"], pieces["number"], pieces["second"])))
    place = ", ".join(filter(None, (whom, pieces["address"])))
    issue = f': "{pieces["issue"]}"' if pieces["issue"] else ""
    why = f" ({pieces['why']})" if pieces["why"] else ""
    rest = "".join(f", {pieces[key]}" for key in ("since", "calls", "talked") if pieces[key])
    return f"{place}{issue}{why}{rest}"


def _over(text: str) -> int:
    """By how much the text is longer than it should be."""
    encoding = gsm.split(text, reference_bits=0).encoding
    return gsm.units(text, encoding) - LIMITS[encoding]


def _shortened(text: str, over: int, least: int) -> str:
    """Without its last `over` characters, but `least` at any rate; nothing where hardly anything would be left."""
    keep = max(len(text) - over - len(ELLIPSIS), least)
    if over <= 0 or keep + len(ELLIPSIS) >= len(text):
        return text
    return text[:keep].rstrip() + ELLIPSIS if keep >= WORTH_SHOWING else ""


def _plain(char: str) -> str:
    if gsm.fits_gsm7(char) and char not in "\n\r\f":
        return char
    if category(char) in _UNSEEN or char.isspace():
        return " "
    base = normalize("NFKD", char)[:1]
    return base if gsm.fits_gsm7(base) else char


def listed(items: Sequence[str], room: int, between: str = " ") -> str:
    """As many as there is room for, and how many more there are; at least something of the first."""
    for shown in range(len(items), 0, -1):
        more = len(items) - shown
        text = between.join([*items[:shown], *([f"and {more} more"] if more else [])])
        if len(text) <= room:
            return text
    return items[0][:room]
