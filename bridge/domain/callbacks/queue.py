"""The callback queue: one row per customer who still needs to talk with a person, and what may happen to a row.

The verbs are the same for the status page, the desk phones and the command line. `MOVES` is the whole of the rules; a
verb that is not in it for a state is `NotPossibleError`. How long one can be taken back: the undo window.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from bridge.domain.phone import E164


class CallbackState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    WAITING = "waiting"
    CLOSED = "closed"


class Urgency(StrEnum):
    URGENT = "urgent"
    CHECK = "check"
    ROUTINE = "routine"


class Outcome(StrEnum):
    REACHED = "reached"
    BOOKED = "booked"
    NO_NEED = "no_need"
    LOST = "lost"
    WRONG_NUMBER = "wrong_number"
    SPAM = "spam"


class Attempt(StrEnum):
    """How a try to reach the customer went. CALLED: somebody or something answered, voicemail perhaps."""

    CALLED = "called"
    RANG_OUT = "rang_out"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"


class Verb(StrEnum):
    """What people do, and below what merely happens."""

    CLAIM = "claim"
    ASSIGN = "assign"
    RELEASE = "release"
    NOTE = "note"
    ATTEMPT = "attempt"
    SNOOZE = "snooze"
    FINISH = "finish"
    REOPEN = "reopen"
    RANK = "rank"
    ACKNOWLEDGE = "acknowledge"
    CORRECT = "correct"
    READ = "read"
    TEXT = "text"
    UNDO = "undo"

    MISSED = "missed"
    REPLY = "reply"
    THANKS = "thanks"
    TALKED = "talked"
    CALLED = "called"
    NOT_CALLED = "not_called"
    WAKE = "wake"


_UNFINISHED = (CallbackState.OPEN, CallbackState.CLAIMED, CallbackState.WAITING)
_STAYS = (
    Verb.NOTE,
    Verb.RANK,
    Verb.ACKNOWLEDGE,
    Verb.CORRECT,
    Verb.READ,
    Verb.TEXT,
    Verb.CALLED,
    Verb.NOT_CALLED,
    Verb.THANKS,
)

# A move to OPEN means "nobody waits any more": with an owner the row is CLAIMED.
MOVES: dict[tuple[CallbackState, Verb], CallbackState] = {
    **{(state, verb): state for state in CallbackState for verb in _STAYS},
    **{(state, Verb.CLAIM): CallbackState.CLAIMED for state in _UNFINISHED},
    (CallbackState.OPEN, Verb.ASSIGN): CallbackState.CLAIMED,
    (CallbackState.CLAIMED, Verb.ASSIGN): CallbackState.CLAIMED,
    (CallbackState.WAITING, Verb.ASSIGN): CallbackState.WAITING,
    **{(state, Verb.ATTEMPT): CallbackState.WAITING for state in _UNFINISHED},
    **{(state, Verb.SNOOZE): CallbackState.WAITING for state in _UNFINISHED},
    **{(state, Verb.FINISH): CallbackState.CLOSED for state in CallbackState},
    **{(state, Verb.TALKED): CallbackState.CLOSED for state in _UNFINISHED},
    **{(state, Verb.MISSED): CallbackState.OPEN for state in _UNFINISHED},
    **{(state, Verb.REPLY): CallbackState.OPEN for state in CallbackState},
    (CallbackState.CLAIMED, Verb.RELEASE): CallbackState.OPEN,
    (CallbackState.WAITING, Verb.RELEASE): CallbackState.WAITING,
    (CallbackState.WAITING, Verb.WAKE): CallbackState.OPEN,
    (CallbackState.CLOSED, Verb.REOPEN): CallbackState.OPEN,
}

RECOVERED = frozenset({Outcome.REACHED, Outcome.BOOKED})


UNDO_WINDOW = timedelta(seconds=10)
"""How long undo is on offer, for rows and contacts; a text by hand waits so long before it leaves."""


class NotPossibleError(ValueError):
    """This verb makes no sense in this state: nothing was changed."""

    def __init__(self, verb: Verb, state: CallbackState) -> None:
        super().__init__(f"a row that is {state} does not take '{verb}'")
        self.verb, self.state = verb, state


class TooLateError(NotPossibleError):
    """What was done can no longer be taken back: `UNDO_WINDOW` has gone by."""


@dataclass(frozen=True, slots=True)
class Callback:
    """number: None for what is no number: the row of these `digits`, else the branch's "Number withheld" row; only a
    person closes either. until: snoozed until then.

    closed_by and reached_by: a person or an extension; TEXTBACK where the row closed by itself. unread: a reply that
    nobody has seen. line: the line that was rung last. second: where else this customer can be reached. booked_for: the
    day of the visit, where somebody said so.
    """

    id: int
    branch: str
    number: E164 | None
    line: str
    opened_at: datetime
    version: int
    name: str = ""
    digits: str = ""
    shared: bool = False
    state: CallbackState = CallbackState.OPEN
    owner: str | None = None
    until: datetime | None = None
    urgency: Urgency = Urgency.ROUTINE
    urgency_by: str | None = None
    flagged_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    missed: int = 0
    last_missed_at: datetime | None = None
    unread: bool = False
    last_reply_at: datetime | None = None
    address: str | None = None
    issue: str | None = None
    second: E164 | None = None
    reached_at: datetime | None = None
    reached_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: Outcome | None = None
    booked_for: date | None = None

    @property
    def numbers(self) -> tuple[E164, ...]:
        """Where this customer can be reached, their own number first."""
        return tuple(number for number in (self.number, self.second) if number)


TEXTBACK = "textback"
"""Who did it, where nobody did."""


def claim(callback: Callback, who: str, now: datetime) -> Callback:
    return _seen(_moved(callback, Verb.CLAIM, owner=who), who, now)


def assign(callback: Callback, to: str) -> Callback:
    """Give the row to a colleague, who has not seen it yet; a snoozed one comes back to them."""
    return _moved(callback, Verb.ASSIGN, owner=to)


def release(callback: Callback) -> Callback:
    return _moved(callback, Verb.RELEASE, owner=None)


def note(callback: Callback) -> Callback:
    return _moved(callback, Verb.NOTE)


def attempt(callback: Callback, who: str, until: datetime, now: datetime) -> Callback:
    """Tried and not reached: the row comes back at `until`."""
    return _seen(_moved(callback, Verb.ATTEMPT, owner=callback.owner or who, until=until, unread=False), who, now)


def snooze(callback: Callback, until: datetime) -> Callback:
    return _moved(callback, Verb.SNOOZE, until=until)


def finish(callback: Callback, outcome: Outcome, who: str, now: datetime, booked_for: date | None = None) -> Callback:
    """Close the row, or say what came of one that closed before."""
    reached = outcome in RECOVERED and callback.reached_at is None
    by_itself = callback.closed_by in (None, TEXTBACK)
    done = _moved(
        callback,
        Verb.FINISH,
        outcome=outcome,
        booked_for=booked_for if outcome is Outcome.BOOKED else None,
        unread=False,
        closed_at=callback.closed_at or now,
        closed_by=who if by_itself else callback.closed_by,
        reached_at=now if reached else callback.reached_at,
        reached_by=who if reached else callback.reached_by,
    )
    return _seen(done, who, now)


def reopen(callback: Callback) -> Callback:
    return _moved(callback, Verb.REOPEN)


def rank(callback: Callback, urgency: Urgency, who: str, now: datetime) -> Callback:
    """A person raises or lowers the urgency. Raising asks for a new acknowledgement, unless `who` just looked at it."""
    return _flagged(_moved(callback, Verb.RANK, urgency_by=who), urgency, now)


def acknowledge(callback: Callback, who: str, now: datetime) -> Callback:
    return _seen(_moved(callback, Verb.ACKNOWLEDGE, unread=False), who, now)


def correct(callback: Callback, *, address: str | None, issue: str | None, second: E164 | None) -> Callback:
    """A person puts right what was picked out of the customer's words."""
    return _moved(
        callback, Verb.CORRECT, address=address, issue=issue, second=None if second == callback.number else second
    )


def read(callback: Callback) -> Callback:
    return _moved(callback, Verb.READ, unread=False)


def text(callback: Callback, who: str, now: datetime) -> Callback:
    """A person writes to the customer, and so has seen what the customer wrote."""
    return _seen(_moved(callback, Verb.TEXT, unread=False), who, now)


def missed(callback: Callback, line: str, ended_at: datetime) -> Callback:
    """The customer called again and was missed again: adds, keeps the owner, wakes a snoozed row."""
    last = max(ended_at, callback.last_missed_at or ended_at)
    return _moved(callback, Verb.MISSED, missed=callback.missed + 1, last_missed_at=last, line=line)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a customer's words say, as far as a machine can tell.

    outdone: the issue by what they had said before; where that still stands on the row, an urgent one takes its place.
    """

    urgency: Urgency = Urgency.ROUTINE
    address: str | None = None
    issue: str | None = None
    second: E164 | None = None
    outdone: str | None = None


def replied(callback: Callback, at: datetime, found: Findings) -> Callback:
    """A text came: wakes a snoozed row, reopens a closed one for whoever closed it.

    The machine never lowers an urgency, and never writes over an address, an issue or a second number that a person
    may have put there.
    """
    closer = callback.closed_by if callback.closed_by != TEXTBACK else None
    after = _moved(
        callback,
        Verb.REPLY,
        unread=True,
        last_reply_at=at,
        owner=callback.owner or closer,
        address=callback.address or found.address,
        issue=found.issue if callback.issue in (None, found.outdone) else callback.issue,
        second=callback.second or found.second,
    )
    return _flagged(after, found.urgency, at) if _is_higher(found.urgency, callback.urgency) else after


def thanked(callback: Callback, at: datetime) -> Callback:
    """A thanks or an ok to a closed row: somebody sees it, nobody has to do anything."""
    return _moved(callback, Verb.THANKS, unread=True, last_reply_at=at)


def talked(callback: Callback, who: str, at: datetime) -> Callback:
    """The customer called and a person answered. The claim and the notes stay; the outcome is still asked."""
    reached = {"reached_at": callback.reached_at or at, "reached_by": callback.reached_by or who}
    return _seen(_moved(callback, Verb.TALKED, closed_at=at, closed_by=TEXTBACK, **reached), who, at)


def called(callback: Callback, who: str, at: datetime) -> Callback:
    """Somebody called the customer. Closes nothing: voicemail answers too."""
    return _seen(_moved(callback, Verb.CALLED), who, at)


def not_called(callback: Callback) -> Callback:
    """The phone of whoever wanted to call was not picked up."""
    return _moved(callback, Verb.NOT_CALLED)


def wake(callback: Callback) -> Callback:
    return _moved(callback, Verb.WAKE)


def _moved(callback: Callback, verb: Verb, **changes: Any) -> Callback:
    state = MOVES.get((callback.state, verb))
    if state is None:
        raise NotPossibleError(verb, callback.state)
    after = replace(callback, **changes)
    if state is CallbackState.OPEN and after.owner:
        state = CallbackState.CLAIMED
    if state is not CallbackState.WAITING:
        after = replace(after, until=None)
    if state is not CallbackState.CLOSED:
        after = replace(after, closed_at=None, closed_by=None, outcome=None, booked_for=None)
    return replace(after, state=state)


def _seen(callback: Callback, who: str, at: datetime) -> Callback:
    """Whoever deals with an urgent row has acknowledged it."""
    if callback.flagged_at is None or callback.acknowledged_at is not None:
        return callback
    return replace(callback, acknowledged_at=at, acknowledged_by=who)


def _flagged(callback: Callback, urgency: Urgency, at: datetime) -> Callback:
    if urgency is not Urgency.URGENT:
        return replace(callback, urgency=urgency)
    return replace(callback, urgency=urgency, flagged_at=at, acknowledged_at=None, acknowledged_by=None)


def _is_higher(one: Urgency, other: Urgency) -> bool:
    ladder = list(Urgency)
    return ladder.index(one) < ladder.index(other)
