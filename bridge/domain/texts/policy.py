"""Should this call get a text: every rule that can say no, in the order in which a no is most useful to read.

Cool-down, caps, minimum ring, the breaker, opt-outs, landlines, who is on the phone. `TextRules` has their defaults.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bridge.domain import phone
from bridge.domain.calls import robocalls
from bridge.domain.calls.calls import Attestation, Direction, EndedCall, FilterReason, Verdict
from bridge.domain.office.hours import OpeningSpan
from bridge.domain.office.office import Office
from bridge.domain.phone import E164
from bridge.domain.texts.night import JUST_CALLED, NightHold


class ContactKind(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    SUPPLIER = "supplier"
    OTHER = "other"
    BLOCKED = "blocked"
    SHARED = "shared"


FILTERED = {ContactKind.STAFF: FilterReason.STAFF, ContactKind.BLOCKED: FilterReason.BLOCKED}

UNTEXTED = frozenset({ContactKind.SUPPLIER, ContactKind.OTHER})
"""A row, but no text."""


class Slot(StrEnum):
    """One first text per cool-down in open hours, and one while closed."""

    OPEN = "open"
    CLOSED = "closed"


class NoTextReason(StrEnum):
    """Why a call gets no text. `paused` and `live_only` mean: it would have been texted."""

    OUTBOUND = "outbound"
    ANSWERED = "answered"
    LOST_AFTER_TALK = "lost_after_talk"
    SHORT = "short"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"
    WITHHELD = "withheld"
    EMERGENCY_OR_SHORT_CODE = "emergency_or_short_code"
    INTERNAL = "internal"
    INVALID = "invalid"
    SISTER_OFFICE = "sister_office"
    MACHINE = "machine"
    REFUSED = "refused"
    SERVICE = "service"
    OWN_NUMBER = "own_number"
    STAFF = "staff"
    BLOCKED = "blocked"
    CONTACT = "contact"
    UNVERIFIED = "unverified"
    SPAM_NAME = "spam_name"
    OPTED_OUT = "opted_out"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    REGION = "region"
    UNKNOWN_DID = "unknown_did"
    LANDLINE = "landline"
    TALKED_SINCE = "talked_since"
    TOO_OLD = "too_old"
    REPLIED = "replied"
    COOL_DOWN = "cool_down"
    DEALT_WITH = "dealt_with"
    IN_CALL = "in_call"
    HELD = "held"
    TEXT_REFUSED = "text_refused"
    BREAKER = "breaker"
    CAP_HOUR = "cap_hour"
    CAP_DAY = "cap_day"
    PAUSED = "paused"
    LIVE_ONLY = "live_only"


@dataclass(frozen=True, slots=True)
class SendText:
    slot: Slot


@dataclass(frozen=True, slots=True)
class NoText:
    why: NoTextReason


Decision = SendText | NoText

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class TextRules:
    """When a missed call gets a text. The defaults are safe: the office loosens them, never the other way round.

    own_numbers and staff come from the office. cap_hour, cap_day: first texts over all numbers. neighbours: so many
    other callers within neighbour_window, whose numbers differ from this one in the last two digits only, trip the
    breaker. hold_at_night: first texts wait for the end of these hours, in `zone`. text_new_area_codes: also numbers at
    home that our tables cannot place. live_only: while trying it out, the only numbers that get texts by themselves;
    empty: all. receipt: do customers' texts get the one automatic receipt? spam_names: words, or phrases, by which
    networks warn of a caller in the place of a name.
    """

    country: str = "US"
    regions: frozenset[str] = frozenset({"US", "CA"})
    own_numbers: frozenset[E164] = field(default=frozenset())
    staff: frozenset[E164] = field(default=frozenset())
    min_ring: timedelta = timedelta(seconds=4)
    cool_down: timedelta = timedelta(hours=24)
    max_age: timedelta = timedelta(minutes=15)
    delay: timedelta = timedelta(0)
    text_lost_after_talk: bool = False
    cap_hour: int = 60
    cap_day: int = 300
    neighbours: int = 5
    neighbour_window: timedelta = timedelta(minutes=10)
    text_new_area_codes: bool = True
    hold_at_night: OpeningSpan | None = None
    zone: ZoneInfo = UTC
    live_only: frozenset[E164] = field(default=frozenset())
    receipt: bool = True
    spam_names: tuple[str, ...] = robocalls.WARNINGS

    def of(self, office: Office) -> "TextRules":
        """These rules, knowing whose numbers are the office's own."""
        return replace(
            self,
            country=office.country,
            regions=office.regions,
            zone=office.zone,
            own_numbers=office.own_numbers,
            staff=frozenset(person.mobile for person in office.people if person.mobile),
        )

    @property
    def hold(self) -> NightHold:
        return NightHold(self.hold_at_night, self.zone)

    def is_live(self, number: E164 | None) -> bool:
        """May this number get a text that nobody wrote by hand?"""
        return not self.live_only or number in self.live_only


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the caller's number, and of all texts, when the call is judged.

    cool_until_open, cool_until_closed: when the cool-down after the last first text ends, by slot. replied_at: the last
    text from that number; conversing: it stands on a row that is not closed yet. talked_at: the end of the last call of
    that number in which somebody talked. neighbours: other callers with nearly this number within the window.
    """

    contact: ContactKind | None = None
    opted_out: bool = False
    landline: bool = False
    cool_until_open: datetime | None = None
    cool_until_closed: datetime | None = None
    replied_at: datetime | None = None
    conversing: bool = False
    talked_at: datetime | None = None
    texts_last_hour: int = 0
    texts_last_day: int = 0
    neighbours: int = 0
    breaker_tripped: bool = False
    paused: bool = False

    def cool_until(self, slot: Slot) -> datetime | None:
        return self.cool_until_closed if slot is Slot.CLOSED else self.cool_until_open


def needs_callback(call: EndedCall) -> bool:
    return call.direction is Direction.INBOUND and call.verdict in (Verdict.MISSED, Verdict.ANSWERED_THEN_LOST)


def filtered(call: EndedCall, contact: ContactKind | None, rules: TextRules) -> FilterReason | None:
    """Whose calls are listed but never queued: what the call tells, the office's own people, and blocked numbers."""
    if call.filtered:
        return call.filtered
    if call.caller.number in rules.staff:
        return FilterReason.STAFF
    return FILTERED.get(contact) if contact else None


def decide(
    call: EndedCall,
    history: History,
    live: bool,
    rules: TextRules,
    now: datetime,
    *,
    closed: bool = False,
    line_known: bool = True,
    on_call: bool = False,
) -> Decision:
    """live: a call with that number is going on. closed: the office was closed when the call came in.

    line_known: the number called tells from which of ours to text. on_call: somebody is, now.
    """
    slot = Slot.CLOSED if closed else Slot.OPEN
    case = _Case(call, history, live, rules, now, slot)
    for rule in (_by_call, _by_number, _by_person, _by_network):
        why = rule(case)
        if why is not None:
            return NoText(why)
    if not line_known:
        return NoText(NoTextReason.UNKNOWN_DID)
    for rule in (_by_moment, _by_volume):
        why = rule(case)
        if why is not None:
            return NoText(why)
    return NoText(NoTextReason.HELD) if _waits_for_the_morning(case, on_call) else SendText(slot)


@dataclass(frozen=True, slots=True)
class _Case:
    call: EndedCall
    history: History
    live: bool
    rules: TextRules
    now: datetime
    slot: Slot

    @property
    def ended_at(self) -> datetime:
        return self.call.ended_at or self.now


_BY_VERDICT = {
    Verdict.ANSWERED: NoTextReason.ANSWERED,
    Verdict.SHORT: NoTextReason.SHORT,
    Verdict.UNKNOWN: NoTextReason.UNKNOWN,
}


def _by_call(case: _Case) -> NoTextReason | None:
    if case.call.direction is Direction.OUTBOUND:
        return NoTextReason.OUTBOUND
    verdict = case.call.verdict
    if verdict is Verdict.ANSWERED_THEN_LOST and not case.rules.text_lost_after_talk:
        return NoTextReason.LOST_AFTER_TALK
    if case.call.elsewhere:
        return NoTextReason.ELSEWHERE
    return _BY_VERDICT.get(verdict) or (NoTextReason(case.call.filtered) if case.call.filtered else None)


def _by_number(case: _Case) -> NoTextReason | None:
    caller, rules = case.call.caller, case.rules
    if caller.withheld or (caller.number is None and phone.is_withheld(caller.digits)):
        return NoTextReason.WITHHELD
    if caller.number is not None:
        return None
    ours = phone.parse(caller.digits, rules.country) in rules.own_numbers
    return NoTextReason.OWN_NUMBER if ours else _unusable(caller.digits, rules.country)


def _unusable(digits: str, country: str) -> NoTextReason:
    """Why this is no number to text: an extension is no fault of the caller's, a made-up number may be."""
    if not digits.isdigit():
        return NoTextReason.INVALID
    if phone.is_short_or_emergency(digits, country):
        return NoTextReason.EMERGENCY_OR_SHORT_CODE
    return NoTextReason.INTERNAL if len(digits) < 7 else NoTextReason.INVALID


def _by_person(case: _Case) -> NoTextReason | None:
    number = case.call.caller.number
    return never_texted(number, case.history, case.rules) if number else None


def never_texted(number: E164, history: History, rules: TextRules) -> NoTextReason | None:
    """Why this number gets no automatic text, whatever happened; None if it may."""
    of_person = _first(
        (number in rules.own_numbers, NoTextReason.OWN_NUMBER),
        (number in rules.staff or history.contact is ContactKind.STAFF, NoTextReason.STAFF),
        (history.contact is ContactKind.BLOCKED, NoTextReason.BLOCKED),
        (history.opted_out, NoTextReason.OPTED_OUT),
        (history.contact in UNTEXTED, NoTextReason.CONTACT),
    )
    fixed = history.landline or phone.kind(number) is phone.NumberKind.FIXED
    return of_person or never_answered(number, rules) or (NoTextReason.LANDLINE if fixed else None)


def never_answered(number: E164, rules: TextRules) -> NoTextReason | None:
    """Why no text goes to this number, not even in answer to its own STOP or HELP; None if one may."""
    kind = phone.kind(number)
    return _first(
        (number in rules.own_numbers, NoTextReason.OWN_NUMBER),
        (kind is phone.NumberKind.TOLL_FREE, NoTextReason.TOLL_FREE),
        (kind is phone.NumberKind.PREMIUM, NoTextReason.PREMIUM),
        (_is_elsewhere(number, rules), NoTextReason.REGION),
    )


def _is_elsewhere(number: E164, rules: TextRules) -> bool:
    """Do our tables say another country, or nothing of a number that is not at home either?"""
    if number.region is None:
        return not (rules.text_new_area_codes and phone.is_at_home(number, rules.country))
    return number.region not in rules.regions


def _by_network(case: _Case) -> NoTextReason | None:
    """Whose number may be somebody else's gets no text, and whom networks warn of; but whoever pressed 1 is there."""
    call, known = case.call, case.history.contact is ContactKind.CUSTOMER
    if call.asked_for_text:
        return None
    return _first(
        (call.attestation is Attestation.FAILED, NoTextReason.UNVERIFIED),
        (not known and robocalls.warns(call.names, case.rules.spam_names), NoTextReason.SPAM_NAME),
    )


def _by_moment(case: _Case) -> NoTextReason | None:
    history, rules = case.history, case.rules
    cool_until = history.cool_until(case.slot)
    replied = history.replied_at is not None and case.now - history.replied_at < rules.cool_down
    began_at = case.call.started_at or case.ended_at
    return _first(
        (history.talked_at is not None and history.talked_at > began_at, NoTextReason.TALKED_SINCE),
        (case.now - rules.hold.fresh_from(case.ended_at, rules.max_age) > rules.max_age, NoTextReason.TOO_OLD),
        (replied or history.conversing, NoTextReason.REPLIED),
        (cool_until is not None and cool_until > case.now, NoTextReason.COOL_DOWN),
        (case.live, NoTextReason.IN_CALL),
    )


def _by_volume(case: _Case) -> NoTextReason | None:
    history, rules = case.history, case.rules
    return _first(
        (history.breaker_tripped or history.neighbours >= rules.neighbours, NoTextReason.BREAKER),
        (history.texts_last_hour >= rules.cap_hour, NoTextReason.CAP_HOUR),
        (history.texts_last_day >= rules.cap_day, NoTextReason.CAP_DAY),
        (history.paused, NoTextReason.PAUSED),
        (not rules.is_live(case.call.caller.number), NoTextReason.LIVE_ONLY),
    )


def _waits_for_the_morning(case: _Case, on_call: bool) -> bool:
    """Never for whoever asked for the text, nor for whoever called just now while somebody can act on the answer."""
    just_called = case.now - case.ended_at <= JUST_CALLED
    held = case.rules.hold.until(case.now) is not None
    return held and not case.call.asked_for_text and not (just_called and on_call)


def _first(*checks: tuple[bool, NoTextReason]) -> NoTextReason | None:
    return next((why for forbids, why in checks if forbids), None)
