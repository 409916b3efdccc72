"""The office as it is configured: its lines, its people, its numbers. Values only; `config` makes them."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bridge.domain import phone
from bridge.domain.hours import Calendar
from bridge.domain.phone import E164
from bridge.domain.templates import Texts


@dataclass(frozen=True, slots=True)
class Line:
    """A called number (or several) with its branch, the number its texts come from, its words and its hours."""

    name: str
    pbx: str
    dids: tuple[str, ...]
    branch: str
    sms_number: str
    texts: Texts
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    mobile: E164 | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """Whose calls these are.

    country: ISO 3166, how numbers without a plus are read. regions: where we may text (+1 is not the US). on_call: who
    takes urgent work while closed, first to last. emergency: what to call in danger, as people there dial it.
    """

    business: str
    country: str
    zone: ZoneInfo
    regions: frozenset[str]
    lines: tuple[Line, ...]
    people: tuple[Person, ...] = ()
    own_numbers: frozenset[E164] = field(default=frozenset())
    on_call: tuple[Person, ...] = ()
    emergency: str = "911"

    def line_for(self, pbx: str, did: str) -> Line:
        """The line that this number rings, however it is written; the first line of that PBX where none names it."""
        here = [line for line in self.lines if line.pbx == pbx] or list(self.lines)
        number = phone.parse(did, self.country)
        for line in here:
            if did in line.dids or (number and number in [phone.parse(own, self.country) for own in line.dids]):
                return line
        return here[0]

    def line_named(self, name: str) -> Line:
        """The line of that name; the first one where it has been taken out of the configuration since."""
        return next((line for line in self.lines if line.name == name), self.lines[0])
