"""The office as it is configured: its lines, its people, its numbers. Values only; `config` makes them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.domain import phone
from bridge.domain.office.hours import Calendar, HoursChange, OpeningSpan
from bridge.domain.office.roster import Override, PatternChange, Roster
from bridge.domain.office.templates import Texts, WordsChange
from bridge.domain.phone import E164


@dataclass(frozen=True, slots=True)
class Line:
    """A called number (or several) with its branch, the number its texts come from, its words and its hours.

    carrier_replies: the network itself confirms STOP and START to that number.
    """

    name: str
    pbx: str
    dids: tuple[str, ...]
    branch: str
    sms_number: str
    texts: Texts
    calendar: Calendar
    carrier_replies: bool = False

    def changed(self, hours: Iterable[HoursChange], words: Iterable[WordsChange], at: datetime) -> "Line":
        closed = [change for change in hours if change.concerns(self.branch, self.name)]
        said = [change for change in words if change.concerns(self.branch, self.name)]
        return replace(self, calendar=self.calendar.changed(closed), texts=self.texts.changed(said, at))

    def saying(self, change: WordsChange) -> "Line":
        """The line once that change holds."""
        return replace(self, texts=self.texts.changed([change], change.start))


@dataclass(frozen=True, slots=True)
class Person:
    """email: told there too. quiet: their own quiet hours, which urgent work passes."""

    name: str
    mobile: E164 | None = None
    extension: str | None = None
    email: str | None = None
    quiet: OpeningSpan | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What people changed since the file was written, in the order in which they entered it."""

    on_call: tuple[Override, ...] = ()
    hours: tuple[HoursChange, ...] = ()
    patterns: tuple[PatternChange, ...] = ()
    words: tuple[WordsChange, ...] = ()


NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True)
class Office:
    """Whose calls these are.

    country: ISO 3166, how numbers without a plus are read. regions: where we may text (+1 is not the US). roster: who
    takes urgent work, and when. emergency: what to call in danger, as people there dial it. texts_locked: the page may
    not change the texts. samples: of texts, as they are registered with the carriers.
    """

    business: str
    country: str
    zone: ZoneInfo
    regions: frozenset[str]
    lines: tuple[Line, ...]
    people: tuple[Person, ...] = ()
    own_numbers: frozenset[E164] = field(default=frozenset())
    roster: Roster = field(default=Roster())
    emergency: str = "911"
    texts_locked: bool = False
    samples: tuple[str, ...] = ()

    def line_rung_by(self, pbx: str, did: str) -> Line | None:
        """The line that this number rings, however it is written; None where no line of that PBX names it."""
        here, written = self._lines_on(pbx), phone.bare(did)
        named = next((line for line in here if did in line.dids or written in line.dids), None)
        return named or self._line_reading(here, did)

    def _line_reading(self, lines: Sequence[Line], did: str) -> Line | None:
        country = self.country
        own = {number: line for line in reversed(lines) for raw in line.dids if (number := phone.parse(raw, country))}
        read = phone.parse(did, country)
        if read in own:
            return own[read]
        written = (*phone.readings(did, country), *phone.by_last_digits(did, country, self.regions))
        return next((own[number] for number in written if number in own), None)

    def line_for(self, pbx: str, did: str) -> Line:
        """The line that this number rings; else the first one of that PBX, for a row has to stand somewhere."""
        return self.line_rung_by(pbx, did) or self._lines_on(pbx)[0]

    def knows_line(self, pbx: str, did: str) -> bool:
        """Is it certain whom a caller of that number wanted, and from which of our numbers to text them?

        It is where a line names the number, or where that PBX has one line only.
        """
        return len(self._lines_on(pbx)) == 1 or self.line_rung_by(pbx, did) is not None

    def on_no_line(self, rung: Iterable[tuple[str, str]]) -> list[str]:
        """Of these numbers, each with the PBX it rang, those that no line names."""
        return [did for pbx, did in rung if self.line_rung_by(pbx, did) is None]

    def _lines_on(self, pbx: str) -> Sequence[Line]:
        return [line for line in self.lines if line.pbx == pbx] or self.lines

    def lines_texted_at(self, address: str) -> list[Line]:
        """The lines that text from this number, short code or name, however a gateway writes it."""
        read = (*phone.readings(address, self.country), *phone.by_last_digits(address, self.country, self.regions))
        wanted = {phone.bare(address).lstrip("+"), *(number.digits for number in read)}
        return [line for line in self.lines if line.sms_number.lstrip("+") in wanted]

    def line_named(self, name: str) -> Line:
        """The line of that name; the first one where it has been taken out of the configuration since."""
        return next((line for line in self.lines if line.name == name), self.lines[0])

    def line_of(self, branch: str | None) -> Line:
        """The first line of that branch, or of the office."""
        return next((line for line in self.lines if branch in (None, line.branch)), self.lines[0])

    def person(self, name: str) -> Person | None:
        """None where nobody is called so (any more)."""
        return next((person for person in self.people if person.name == name), None)

    def at_mobiles(self, numbers: Collection[E164]) -> list[str]:
        """Whose mobiles those are; numbers of nobody here are left out."""
        return [person.name for person in self.people if person.mobile in numbers]

    def at_extension(self, extension: str) -> str:
        """Whose extension it is, else the extension itself."""
        return next((person.name for person in self.people if person.extension == extension), extension)

    def changed(self, changes: Changes, at: datetime) -> "Office":
        """The same office with these dated changes; of its texts with those that hold at that moment."""
        if changes == NO_CHANGES:
            return self
        words = () if self.texts_locked else changes.words
        lines = tuple(line.changed(changes.hours, words, at) for line in self.lines)
        return replace(self, roster=self.roster.changed(changes.on_call, changes.patterns, self.zone), lines=lines)
