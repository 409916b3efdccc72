"""How the page says things: times in the office's zone, ages, numbers, states."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as TimeOfDay  # noqa: N812 - `Show.time` is another

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names

from bridge.domain import phone
from bridge.domain.callbacks.queue import Attempt, Callback, CallbackState, Outcome
from bridge.domain.calls.calls import Attestation, FilterReason, Reason, Talk, Verdict
from bridge.domain.office.hours import ALL_DAY, FOR_GOOD, OpeningSpan
from bridge.domain.office.office import Office
from bridge.domain.phone import E164
from bridge.domain.reports.figures import Peak
from bridge.domain.texts.messages import PartState
from bridge.domain.texts.policy import ContactKind, NoTextReason
from bridge.domain.texts.rendering import TWELVE_HOURS
from bridge.web.forms import AFTERNOON
from bridge.web.language import N_, PageWords
from storage.replies import Reply, SenderRole

NOON = TimeOfDay(12)
NBSP = "\u00a0"
"""Where a line never breaks: within a time."""

NOW = N_("now")
WITHHELD = N_("Number withheld")
UNREAD = N_("Caller ID %(digits)s")

OUTCOMES = {
    Outcome.REACHED: N_("Reached"),
    Outcome.BOOKED: N_("Booked"),
    Outcome.NO_NEED: N_("No need"),
    Outcome.LOST: N_("Lost"),
    Outcome.WRONG_NUMBER: N_("Wrong number"),
    Outcome.SPAM: N_("Spam"),
}

STATES = {
    CallbackState.OPEN: N_("open"),
    CallbackState.CLAIMED: N_("claimed"),
    CallbackState.WAITING: N_("snoozed"),
    CallbackState.CLOSED: N_("done"),
}

ATTEMPTS = {
    Attempt.CALLED: N_("called"),
    Attempt.RANG_OUT: N_("rang out"),
    Attempt.LEFT_MESSAGE: N_("left message"),
    Attempt.NO_ANSWER: N_("no answer"),
}

RANG_OUT = {  # why a customer was not reached, where that is more than "rang out"
    Reason.BUSY: N_("busy"),
    Reason.UNREACHABLE: N_("did not get through"),
}

NOT_CALLED = {  # what became of the desk phone that was to ring first
    Reason.NO_ANSWER: N_("The desk phone was not picked up, so nobody was called"),
    Reason.BUSY: N_("The desk phone was busy or refused the call, so nobody was called"),
    Reason.UNREACHABLE: N_("The desk phone is not connected, so nobody was called"),
    Reason.NOT_OFFERED: N_("The PBX could not dial out, so nobody was called"),
}

REASONS = {
    Reason.NO_ANSWER: N_("nobody answered"),
    Reason.BUSY: N_("busy"),
    Reason.UNREACHABLE: N_("no phone reachable"),
    Reason.ABANDONED_RINGING: N_("hung up while ringing"),
    Reason.ABANDONED_MENU: N_("hung up in the menu"),
    Reason.ABANDONED_QUEUE: N_("gave up in the queue"),
    Reason.VOICEMAIL: N_("went to voicemail"),
    Reason.NOT_OFFERED: N_("no phone rang"),
    Reason.MACHINE: N_("a machine called"),
}

KINDS = {
    ContactKind.CUSTOMER: N_("customer"),
    ContactKind.STAFF: N_("staff"),
    ContactKind.SUPPLIER: N_("supplier"),
    ContactKind.OTHER: N_("other"),
    ContactKind.BLOCKED: N_("blocked"),
    ContactKind.SHARED: N_("shared"),
}

FILTERED = {
    FilterReason.STAFF: N_("staff"),
    FilterReason.BLOCKED: N_("blocked"),
    FilterReason.MACHINE: N_("fax or other machine"),
    FilterReason.REFUSED: N_("turned away by the PBX"),
    FilterReason.SERVICE: N_("used a service of the PBX"),
    FilterReason.SISTER_OFFICE: N_("sister office"),
}

WHY_FILTERED = {
    FilterReason.STAFF: N_("a person or contact of ours"),
    FilterReason.BLOCKED: N_("under Contacts"),
    FilterReason.MACHINE: N_("a fax, an alarm or another machine called"),
    FilterReason.REFUSED: N_("the PBX hung up on them by itself"),
    FilterReason.SERVICE: N_("they used a mailbox or dialled out"),
    FilterReason.SISTER_OFFICE: N_("the number is one of your other offices"),
}

WHY_NO_ROW = {
    SenderRole.STAFF: N_("staff, about alerts"),
    SenderRole.BLOCKED: N_("blocked under Contacts"),
    SenderRole.NOBODY: N_("no number that can be called"),
    SenderRole.CUSTOMER: N_("asks for nothing that a person must do"),
}
"""Why a text stands on no callback."""

_DIGITS = re.compile(r"\d")

ATTESTATIONS = {
    Attestation.FULL: N_("the carrier vouches for caller and number"),
    Attestation.PARTIAL: N_("the carrier knows the caller, not the number"),
    Attestation.GATEWAY: N_("the carrier vouches for nothing"),
    Attestation.PASSED: N_("number verified"),
    Attestation.FAILED: N_("number not verified: may be faked"),
}

VERDICTS = {
    Verdict.ANSWERED: N_("answered"),
    Verdict.MISSED: N_("missed"),
    Verdict.ANSWERED_THEN_LOST: N_("lost after talking"),
    Verdict.SHORT: N_("short ring"),
    Verdict.UNKNOWN: N_("ended unseen"),
}

TEXT_STATES = {
    PartState.QUEUED: N_("Text waits"),
    PartState.SENDING: N_("Text going out"),
    PartState.SUBMITTED: N_("Text sent"),
    PartState.DELIVERED: N_("Text delivered"),
    PartState.FAILED: N_("Text failed"),
    PartState.UNKNOWN: N_("Text may have been sent"),
    PartState.CANCELLED: N_("Text not sent"),
}

WHY_NO_TEXT = {
    NoTextReason.PAUSED: N_("Would have texted"),
    NoTextReason.LIVE_ONLY: N_("Would have texted"),
    NoTextReason.OPTED_OUT: N_("Opted out: call, do not text"),
    NoTextReason.LANDLINE: N_("Landline: call, do not text"),
    NoTextReason.WITHHELD: N_("Cannot be texted"),
    NoTextReason.INTERNAL: N_("Cannot be texted"),
    NoTextReason.INVALID: N_("Cannot be texted"),
    NoTextReason.EMERGENCY_OR_SHORT_CODE: N_("Cannot be texted"),
    NoTextReason.SISTER_OFFICE: N_("Sister office: no text"),
    NoTextReason.UNKNOWN_DID: N_("Called number is on no line: no text"),
    NoTextReason.OWN_NUMBER: N_("Own number: no text"),
    NoTextReason.TOLL_FREE: N_("Toll-free: call, do not text"),
    NoTextReason.PREMIUM: N_("Premium number: no text"),
    NoTextReason.REGION: N_("Foreign number: no text"),
    NoTextReason.CONTACT: N_("Supplier or other: no text"),
    NoTextReason.UNVERIFIED: N_("Number may be faked: no text"),
    NoTextReason.SPAM_NAME: N_("Marked as spam by the network: no text"),
    NoTextReason.COOL_DOWN: N_("Texted earlier"),
    NoTextReason.REPLIED: N_("Already in conversation"),
    NoTextReason.TALKED_SINCE: N_("Talked since: no text"),
    NoTextReason.TOO_OLD: N_("Found late: no text"),
    NoTextReason.HELD: N_("Waits for the morning"),
    NoTextReason.DEALT_WITH: N_("Dealt with meanwhile: no text"),
    NoTextReason.ELSEWHERE: N_("Connected elsewhere: no text"),
    NoTextReason.IN_CALL: N_("Calling again now"),
    NoTextReason.LOST_AFTER_TALK: N_("Was talking: no text"),
    NoTextReason.BREAKER: N_("Texts stopped: too many calls"),
    NoTextReason.CAP_HOUR: N_("Hourly limit reached"),
    NoTextReason.CAP_DAY: N_("Daily limit reached"),
}


@dataclass(frozen=True, slots=True)
class Show:
    """What templates say about values; one for each page made at `now`.

    talks: calls that go on. rings: whose desk phone rings for a row. words: the reader's language.
    """

    office: Office
    now: datetime
    words: PageWords
    talks: Mapping[E164, Talk] = field(default_factory=dict)
    rings: Callable[[Callback, datetime], str] = lambda _row, _now: ""

    def on_phone(self, callback: Callback) -> str:
        """Who is on the phone with this customer, "" for nobody."""
        say = self.words.say
        talk = next((self.talks[number] for number in callback.numbers if number in self.talks), None)
        if talk is None:
            caller = self.rings(callback, self.now)
            return say("%(name)s's phone rings", name=caller) if caller else ""
        who = self.office.at_extension(talk.who)
        if talk.met:
            return say("On the phone with %(name)s", name=who or say("somebody"))
        return say("%(name)s is calling", name=who) if who else say("Is calling us now")

    def outcome(self, callback: Callback) -> str:
        """What came of it; `Booked, Tue, Dec 1` where the day is known."""
        said = self.words.say(OUTCOMES[callback.outcome]) if callback.outcome else ""
        return f"{said}, {self.day(callback.booked_for)}" if callback.booked_for else said

    def on_phones(self) -> list[tuple[str, E164]]:
        """Who is on the phone now, and with whom: `("Ann", +12025550123)`."""
        met = ((self.office.at_extension(talk.who), number) for number, talk in self.talks.items() if talk.met)
        return sorted(((who or self.words.say("somebody"), number) for who, number in met), key=lambda one: one[0])

    def texted_meanwhile(self, callback: Callback) -> bool:
        """Did this customer write while somebody talks with them?"""
        talk = self.talks.get(callback.number) if callback.number else None
        since = talk.since if talk and talk.met else None
        return since is not None and callback.last_reply_at is not None and callback.last_reply_at >= since

    def time(self, at: datetime) -> str:
        """`8:02 AM` today, `Mon 8:02 AM` within the week, `Tue, Nov 3, 8:02 AM` beyond; in the office's zone."""
        wall, today = at.astimezone(self.office.zone), self.now.astimezone(self.office.zone)
        clock = self._clock(wall)
        days = abs((today.date() - wall.date()).days)
        if days == 0:
            return clock
        return f"{self._said(wall, 'EEE')}{NBSP}{clock}" if days < 7 else f"{self._said(wall, 'MMMEd')}, {clock}"

    def _said(self, day: date, skeleton: str) -> str:
        return format_skeleton(skeleton, datetime.combine(day, NOON), locale=self.words.language)

    def _clock(self, wall: datetime | TimeOfDay) -> str:
        if self.office.country not in TWELVE_HOURS:
            return f"{wall:%H:%M}"
        half = format_time(TimeOfDay(wall.hour), "a", locale=self.words.language)
        return f"{wall.hour % 12 or 12}:{wall:%M}{NBSP}{half}"

    def age(self, since: datetime) -> str:
        return self.words.say(age(self.now - since))

    def number(self, number: E164 | None, digits: str = "") -> str:
        """digits: what was shown in its place."""
        if number is None:
            return self.words.say(UNREAD, digits=digits) if digits else self.words.say(WITHHELD)
        return phone.national(number, self.office.country)

    def span(self, start: datetime, end: datetime) -> str:
        """`from 5:00 PM to Tue 9:00 AM`; of whole days `Tue, Dec 1`, `Fri, Dec 25 to Sun, Dec 27`."""
        if end >= FOR_GOOD:
            return self.words.say("from %(start)s on", start=self.time(start))
        first, behind = (at.astimezone(self.office.zone) for at in (start, end))
        if first.time() == behind.time() == TimeOfDay(0):
            last = behind.date() - timedelta(days=1)
            days = {"start": self.day(first.date()), "end": self.day(last)}
            return days["end"] if first.date() == last else self.words.say("%(start)s to %(end)s", **days)
        return self.words.say("from %(start)s to %(end)s", start=self.time(start), end=self.time(end))

    def on_no_row(self, text: Reply) -> str:
        """What it says; of staff without digits, with which they answer alerts."""
        return _DIGITS.sub("·", text.text) if text.role is SenderRole.STAFF else text.text

    def sender(self, text: Reply, known: str) -> str:
        """The name, where there is one, before the number. known: under which the number stands under Contacts."""
        number = self.number(text.number) if text.number else text.source
        name = next(iter(self.office.at_mobiles([text.number])), known) if text.number else known
        return f"{name} {number}" if name else number

    def address(self, written: str) -> str:
        """A number of ours; short codes and names stay as they are."""
        number = phone.parse(written, self.office.country)
        return self.number(number) if number else written

    def addresses(self, written: Sequence[str]) -> list[str]:
        """Each once, however often it is written otherwise."""
        return list(dict.fromkeys(map(self.address, written)))

    def region(self, code: str) -> str:
        """`United States`"""
        return str(Locale.parse(self.words.language).territories.get(code, code))

    def clocks(self, start: datetime, end: datetime) -> str:
        """`5:00 PM – 8:00 AM` of a stretch whose day stands beside it; "" of all of that day."""
        if end - start >= timedelta(hours=24):
            return ""
        first, last = (at.astimezone(self.office.zone) for at in (start, end))
        return f"{self._clock(first)} – {self._clock(last)}"

    def weekday(self, day: int) -> str:
        """Monday is 0."""
        return str(get_day_names("abbreviated", locale=self.words.language)[day])

    def language(self, code: str) -> str:
        return (Locale.parse(code).get_display_name(self.words.language) or code).capitalize()

    def as_input(self, at: TimeOfDay) -> str:
        """As an <input type="time"> wants it."""
        return f"{at:%H:%M}"

    def day(self, day: date) -> str:
        """`Mon, Nov 23`"""
        return self._said(day, "MMMEd")

    def day_of_month(self, day: date) -> str:
        """`Nov 23`"""
        return self._said(day, "MMMd")

    def staffing(self, peak: Peak) -> str:
        """`Tuesdays, 11 AM to 12 PM: busy, 9 calls`"""
        return self.words.say(
            "%(day)ss, %(start)s to %(end)s: %(why)s, %(count)s calls",
            day=get_day_names("wide", locale=self.words.language)[peak.weekday],
            start=self.hour(peak.hour),
            end=self.hour((peak.hour + 1) % 24),
            why=self.words.say(REASONS[peak.reason]),
            count=peak.calls,
        )

    @property
    def afternoon_is_ahead(self) -> bool:
        return self.now.astimezone(self.office.zone).time() < AFTERNOON

    def month(self, at: datetime) -> str:
        """`May`, `May 2025` of another year."""
        wall, today = at.astimezone(self.office.zone), self.now.astimezone(self.office.zone)
        if wall.year != today.year:
            return self._said(wall, "yMMMM")
        return format_date(wall, "LLLL", locale=self.words.language)

    def hour(self, hour: int) -> str:
        """`8 AM`, `08:00`"""
        clock = self._clock(TimeOfDay(hour))
        return clock.replace(":00", "", 1) if self.office.country in TWELVE_HOURS else clock

    def spans(self, spans: Sequence[OpeningSpan]) -> str:
        """Opening hours of one day."""
        if spans == (ALL_DAY,):
            return self.words.say("all day")
        return ", ".join(f"{self._clock(span.opens)} – {self._clock(span.closes)}" for span in spans) or self.words.say(
            "closed"
        )

    def local(self, at: datetime) -> str:
        """As an <input type="datetime-local"> wants it."""
        return f"{at.astimezone(self.office.zone):%Y-%m-%dT%H:%M}"


def age(gone: timedelta) -> str:
    """`now`, `14 min`, `3 h`, `2 d`: one unit, rounded down."""
    minutes = max(gone // timedelta(minutes=1), 0)
    if minutes < 1:
        return NOW
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def attempted(result: Attempt, why: Reason | None) -> str:
    """How a try to reach the customer went."""
    return RANG_OUT.get(why, ATTEMPTS[result]) if why and result is Attempt.RANG_OUT else ATTEMPTS[result]


def bytes_free(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count < 10 * 2**30 else f"{count // 2**30} GB"


def minutes(span: timedelta) -> str:
    """`0:24`, `61:05`."""
    seconds = round(span.total_seconds())
    return f"{seconds // 60}:{seconds % 60:02d}"


def duration(span: timedelta) -> str:
    """`45 s`, `14 min`, `3.2 h`, `2.5 d`."""
    seconds = span.total_seconds()
    for unit, size, most in (("s", 1, 90), ("min", 60, 90 * 60), ("h", 3600, 48 * 3600)):
        if seconds < most:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"
