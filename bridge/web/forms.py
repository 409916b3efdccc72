"""What people send from the page, read and checked: verbs of a row, until when a snooze lasts, contacts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from bridge.callbacks.actions import Callbacks, Phone, Seen
from bridge.domain import phone
from bridge.domain.callbacks.queue import Attempt, Callback, Outcome, Urgency
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.hours import Calendar
from bridge.domain.phone import E164
from bridge.office.contacts import name_of

E = TypeVar("E", bound=StrEnum)

LONGEST_NOTE = 2000
LONGEST_TEXT = 700
LONGEST_FIELD = 200
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
AFTERNOON = time(14)
MORNING = time(8)  # where the office opens at midnight, or never closes
FURTHEST = timedelta(days=365)


class FormError(Exception):
    """A field is not as it should be. values: fill the words. typed: shown again so that nothing typed is lost."""

    def __init__(self, field: str, words: str, typed: str = "", **values: object) -> None:
        super().__init__(words)
        self.field, self.words, self.typed, self.values = field, words, typed, values


class RefusedError(UserError):
    """What was sent makes no sense; the words say why. Nothing was changed."""


def offered(kinds: type[E], written: object) -> E:
    try:
        return kinds(str(written))
    except ValueError:
        raise RefusedError(N_("“%(written)s” is none of what is offered"), written=str(written)[:40]) from None


@dataclass(frozen=True, slots=True)
class Sent:
    """A form about one row, as it came. calendar: the hours of the row's line. country: how numbers are read."""

    fields: Mapping[str, str]
    who: str
    now: datetime
    calendar: Calendar
    country: str

    def whole(self, field: str) -> int:
        text = self.fields.get(field, "")
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise FormError(field, N_("This page is too old: load it again."))
        return int(text)

    def one_of(self, field: str, kinds: type[E]) -> E:
        try:
            return kinds(self.fields.get(field, ""))
        except ValueError:
            raise FormError(field, N_("Choose one of: %(kinds)s."), kinds=", ".join(kinds)) from None

    def text(self, field: str, longest: int) -> str:
        text = self.fields.get(field, "").replace("\r\n", "\n").strip()
        if not text:
            raise FormError(field, N_("There was nothing in it."))
        if len(text) > longest:
            words = N_("It is too long: %(length)s characters of %(longest)s at most.")
            raise FormError(field, words, text, length=len(text), longest=longest)
        return text

    def optional(self, field: str) -> str | None:
        return self.text(field, LONGEST_FIELD) if self.fields.get(field, "").strip() else None

    def number(self, field: str) -> E164 | None:
        written = self.optional(field)
        number = phone.parse(written, self.country) if written else None
        if written and number is None:
            raise FormError(field, N_("“%(number)s” is no number that can be called."), number=written)
        return number

    def name(self, field: str) -> str:
        written = self.fields.get(field, "").strip()
        try:
            return name_of(written)
        except UserError as error:
            raise FormError(field, error.words, "", **error.values) from None

    def phone(self) -> Phone | None:
        return Phone.CELL if "cell" in self.fields else None

    def words(self) -> str:
        """Those that were written, else the saved reply that was picked."""
        return self.text("text" if self.fields.get("text", "").strip() else "saved", LONGEST_TEXT)

    def day(self, field: str) -> date | None:
        """A day ahead, within a year."""
        written = self.fields.get(field, "")
        if not written:
            return None
        today = self.now.astimezone(self.calendar.zone).date()
        try:
            day = date.fromisoformat(written)
        except ValueError:
            raise FormError(field, N_("Pick a day.")) from None
        if not today <= day < today + FURTHEST:
            raise FormError(field, N_("Pick a day that lies ahead, within a year."))
        return day

    def until(self) -> datetime:
        """When a snoozed row comes back; what would be outside office hours comes back at opening."""
        chosen = _UNTIL.get(self.fields.get("until", ""), _picked)(self)
        return self.calendar.opens_at(chosen) or chosen


def _at(sent: Sent, day: datetime, clock: time) -> datetime:
    """That time of the office's clock on the day of `day`."""
    return sent.calendar.instant(datetime.combine(day.astimezone(sent.calendar.zone).date(), clock))


def _this_afternoon(sent: Sent) -> datetime:
    chosen = _at(sent, sent.now, AFTERNOON)
    if chosen <= sent.now:
        raise FormError("until", N_("Pick a time that lies ahead, within a year."))
    return chosen


def _tomorrow(sent: Sent) -> datetime:
    opens = sent.calendar.opens_tomorrow(sent.now) or sent.calendar.day_start(sent.now, days=1)
    return _at(sent, opens, MORNING) if opens == sent.calendar.day_start(opens) else opens


def _picked(sent: Sent) -> datetime:
    text = sent.fields.get("at", "")
    try:
        chosen = sent.calendar.instant(datetime.fromisoformat(text).replace(tzinfo=None))
    except (ValueError, OverflowError):
        raise FormError("at", N_("Pick a day and a time."), text) from None
    if not sent.now < chosen < sent.now + FURTHEST:
        raise FormError("at", N_("Pick a time that lies ahead, within a year."), text)
    return chosen


_UNTIL: Mapping[str, Callable[[Sent], datetime]] = {
    "quarter": lambda sent: sent.now + QUARTER,
    "hour": lambda sent: sent.now + HOUR,
    "afternoon": _this_afternoon,
    "tomorrow": _tomorrow,
}

Verb = Callable[[Callbacks, Seen, Sent], Awaitable[Callback]]

VERBS: Mapping[str, Verb] = {
    "claim": lambda rows, seen, _: rows.claim(seen),
    "release": lambda rows, seen, _: rows.release(seen),
    "acknowledge": lambda rows, seen, _: rows.acknowledge(seen),
    "reopen": lambda rows, seen, _: rows.reopen(seen),
    "undo": lambda rows, seen, _: rows.undo(seen),
    "finish": lambda rows, seen, sent: rows.finish(
        seen, sent.one_of("outcome", Outcome), by=sent.phone(), booked_for=sent.day("booked_for")
    ),
    "attempt": lambda rows, seen, sent: rows.attempt(seen, sent.one_of("result", Attempt), by=sent.phone()),
    "snooze": lambda rows, seen, sent: rows.snooze(seen, sent.until()),
    "rank": lambda rows, seen, sent: rows.rank(seen, sent.one_of("urgency", Urgency)),
    "note": lambda rows, seen, sent: rows.note(seen, sent.text("note", LONGEST_NOTE)),
    "text": lambda rows, seen, sent: rows.text(seen, sent.words()),
    "correct": lambda rows, seen, sent: rows.correct(
        seen, address=sent.optional("address"), issue=sent.optional("issue"), second=sent.number("second")
    ),
}
"""Every verb of the page, by the last part of the address that its form is posted to."""
