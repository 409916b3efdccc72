"""How the page says things: times in the office's zone, ages, numbers, states."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as TimeOfDay  # noqa: N812 - `Show.time` is another

from bridge.domain import phone
from bridge.domain.calls import Reason, Talk, Verdict
from bridge.domain.hours import ALL_DAY, Span
from bridge.domain.messages import PartState
from bridge.domain.office import Office
from bridge.domain.phone import E164
from bridge.domain.policy import Why
from bridge.domain.queue import Attempt, Callback, Outcome
from bridge.domain.texts import TWELVE_HOURS

WITHHELD = "Number withheld"

OUTCOMES = {
    Outcome.REACHED: "Reached",
    Outcome.BOOKED: "Booked",
    Outcome.NO_NEED: "No need",
    Outcome.LOST: "Lost",
    Outcome.WRONG_NUMBER: "Wrong number",
    Outcome.SPAM: "Spam",
}

ATTEMPTS = {
    Attempt.CALLED: "called",
    Attempt.RANG_OUT: "rang out",
    Attempt.LEFT_MESSAGE: "left message",
    Attempt.NO_ANSWER: "no answer",
}

REASONS = {
    Reason.NO_ANSWER: "nobody answered",
    Reason.BUSY: "busy",
    Reason.UNREACHABLE: "no phone reachable",
    Reason.ABANDONED_RINGING: "hung up while ringing",
    Reason.ABANDONED_MENU: "hung up in the menu",
    Reason.ABANDONED_QUEUE: "gave up in the queue",
    Reason.VOICEMAIL: "went to voicemail",
    Reason.NOT_OFFERED: "no phone rang",
}

VERDICTS = {
    Verdict.ANSWERED: "answered",
    Verdict.MISSED: "missed",
    Verdict.ANSWERED_THEN_LOST: "lost after talking",
    Verdict.SHORT: "short ring",
    Verdict.UNKNOWN: "ended unseen",
}

TEXT_STATES = {
    PartState.QUEUED: "Text waits",
    PartState.SENDING: "Text going out",
    PartState.SUBMITTED: "Text sent",
    PartState.DELIVERED: "Text delivered",
    PartState.FAILED: "Text failed",
    PartState.UNKNOWN: "Text may have been sent",
    PartState.CANCELLED: "Text not sent",
}

WHY_NO_TEXT = {
    Why.PAUSED: "Would have texted",
    Why.LIVE_ONLY: "Would have texted",
    Why.OPTED_OUT: "Opted out: call, do not text",
    Why.LANDLINE: "Landline: call, do not text",
    Why.WITHHELD: "Cannot be texted",
    Why.INTERNAL: "Cannot be texted",
    Why.INVALID: "Cannot be texted",
    Why.EMERGENCY_OR_SHORT_CODE: "Cannot be texted",
    Why.OWN_NUMBER: "Own number: no text",
    Why.TOLL_FREE: "Toll-free: call, do not text",
    Why.PREMIUM: "Premium number: no text",
    Why.REGION: "Foreign number: no text",
    Why.CONTACT: "Supplier or other: no text",
    Why.COOL_DOWN: "Texted earlier",
    Why.REPLIED: "Already in conversation",
    Why.TALKED_SINCE: "Talked since: no text",
    Why.TOO_OLD: "Found late: no text",
    Why.IN_CALL: "Calling again now",
    Why.LOST_AFTER_TALK: "Was talking: no text",
    Why.BREAKER: "Texts stopped: too many calls",
    Why.CAP_HOUR: "Hourly limit reached",
    Why.CAP_DAY: "Daily limit reached",
}


@dataclass(frozen=True, slots=True)
class Show:
    """What templates say about values; one for each page made at `now`.

    talks: calls that go on. rings: whose desk phone rings for a row.
    """

    office: Office
    now: datetime
    talks: Mapping[E164, Talk] = field(default_factory=dict)
    rings: Callable[[Callback, datetime], str] = lambda _row, _now: ""

    def on_phone(self, row: Callback) -> str:
        """Who is on the phone with this customer, "" for nobody."""
        talk = self.talks.get(row.number) if row.number else None
        if talk is None:
            caller = self.rings(row, self.now)
            return f"{caller}'s phone rings" if caller else ""
        who = self.office.at_extension(talk.who)
        if talk.met:
            return f"On the phone with {who or 'somebody'}"
        return f"{who} is calling" if who else "Is calling us now"

    def time(self, at: datetime) -> str:
        """`8:02 AM` today, `Mon 8:02 AM` within the week, `Nov 3, 8:02 AM` beyond; in the office's zone."""
        wall, today = at.astimezone(self.office.zone), self.now.astimezone(self.office.zone)
        clock = self._clock(wall)
        days = abs((today.date() - wall.date()).days)
        if days == 0:
            return clock
        return f"{wall:%a} {clock}" if days < 7 else f"{wall:%b} {wall.day}, {clock}"

    def _clock(self, wall: datetime | TimeOfDay) -> str:
        if self.office.country not in TWELVE_HOURS:
            return f"{wall:%H:%M}"
        return f"{wall.hour % 12 or 12}:{wall:%M} {'AM' if wall.hour < 12 else 'PM'}"

    def age(self, since: datetime) -> str:
        return age(self.now - since)

    def number(self, number: E164 | None) -> str:
        return phone.national(number, self.office.country) if number else WITHHELD

    def span(self, start: datetime, end: datetime) -> str:
        return f"from {self.time(start)} to {self.time(end)}"

    def day(self, day: date) -> str:
        return f"{day:%a} {day:%b} {day.day}"

    def spans(self, spans: Sequence[Span]) -> str:
        """Opening hours of one day."""
        if spans == (ALL_DAY,):
            return "all day"
        return ", ".join(f"{self._clock(span.opens)} – {self._clock(span.closes)}" for span in spans) or "closed"

    def local(self, at: datetime) -> str:
        """As an <input type="datetime-local"> wants it."""
        return f"{at.astimezone(self.office.zone):%Y-%m-%dT%H:%M}"


def age(gone: timedelta) -> str:
    """`now`, `14 min`, `3 h`, `2 d`: one unit, rounded down."""
    minutes = max(gone // timedelta(minutes=1), 0)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def bytes_free(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count < 10 * 2**30 else f"{count // 2**30} GB"


def duration(span: timedelta) -> str:
    """`45 s`, `14 min`, `3.2 h`, `2.5 d`."""
    seconds = span.total_seconds()
    for unit, size, most in (("s", 1, 90), ("min", 60, 90 * 60), ("h", 3600, 48 * 3600)):
        if seconds < most:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"
