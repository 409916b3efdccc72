"""The callback queue: one row per customer who still needs to talk with a person, and what may happen to a row.

The verbs are the same for the status page, the desk phones and the command line. `MOVES` is the whole of the rules; a
verb that is not in it for a state is `NotPossibleError`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.domain.phone import E164


class State(StrEnum):
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


_UNFINISHED = (State.OPEN, State.CLAIMED, State.WAITING)
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
MOVES: dict[tuple[State, Verb], State] = {
    **{(state, verb): state for state in State for verb in _STAYS},
    **{(state, Verb.CLAIM): State.CLAIMED for state in _UNFINISHED},
    **{(state, Verb.ATTEMPT): State.WAITING for state in _UNFINISHED},
    **{(state, Verb.SNOOZE): State.WAITING for state in _UNFINISHED},
    **{(state, Verb.FINISH): State.CLOSED for state in State},
    **{(state, Verb.TALKED): State.CLOSED for state in _UNFINISHED},
    **{(state, Verb.MISSED): State.OPEN for state in _UNFINISHED},
    **{(state, Verb.REPLY): State.OPEN for state in State},
    (State.CLAIMED, Verb.RELEASE): State.OPEN,
    (State.WAITING, Verb.RELEASE): State.WAITING,
    (State.WAITING, Verb.WAKE): State.OPEN,
    (State.CLOSED, Verb.REOPEN): State.OPEN,
}

RECOVERED = frozenset({Outcome.REACHED, Outcome.BOOKED})


class NotPossibleError(ValueError):
    """This verb makes no sense in this state: nothing was changed."""

    def __init__(self, verb: Verb, state: State) -> None:
        super().__init__(f"a row that is {state} does not take '{verb}'")
        self.verb, self.state = verb, state


@dataclass(frozen=True, slots=True)
class Callback:
    """number: None is the branch's "Number withheld" row, which only a person closes. until: snoozed until then.

    closed_by and reached_by: a person or an extension; TEXTBACK where the row closed by itself. unread: a reply that
    nobody has seen. line: the line that was rung last. second: where else this customer can be reached.
    """

    id: int
    branch: str
    number: E164 | None
    line: str
    opened_at: datetime
    version: int
    name: str = ""
    shared: bool = False
    state: State = State.OPEN
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

    @property
    def numbers(self) -> tuple[E164, ...]:
        """Where this customer can be reached, their own number first."""
        return tuple(number for number in (self.number, self.second) if number)


TEXTBACK = "textback"
"""Who did it, where nobody did."""


def claim(row: Callback, who: str, now: datetime) -> Callback:
    return _seen(_moved(row, Verb.CLAIM, owner=who), who, now)


def release(row: Callback) -> Callback:
    return _moved(row, Verb.RELEASE, owner=None)


def note(row: Callback) -> Callback:
    return _moved(row, Verb.NOTE)


def attempt(row: Callback, who: str, until: datetime, now: datetime) -> Callback:
    """Tried and not reached: the row comes back at `until`."""
    return _seen(_moved(row, Verb.ATTEMPT, owner=row.owner or who, until=until, unread=False), who, now)


def snooze(row: Callback, until: datetime) -> Callback:
    return _moved(row, Verb.SNOOZE, until=until)


def finish(row: Callback, outcome: Outcome, who: str, now: datetime) -> Callback:
    """Close the row, or say what came of one that closed before."""
    reached = outcome in RECOVERED and row.reached_at is None
    by_itself = row.closed_by in (None, TEXTBACK)
    done = _moved(
        row,
        Verb.FINISH,
        outcome=outcome,
        unread=False,
        closed_at=row.closed_at or now,
        closed_by=who if by_itself else row.closed_by,
        reached_at=now if reached else row.reached_at,
        reached_by=who if reached else row.reached_by,
    )
    return _seen(done, who, now)


def reopen(row: Callback) -> Callback:
    return _moved(row, Verb.REOPEN)


def rank(row: Callback, urgency: Urgency, who: str, now: datetime) -> Callback:
    """A person raises or lowers the urgency. Raising asks for a new acknowledgement, unless `who` just looked at it."""
    return _flagged(_moved(row, Verb.RANK, urgency_by=who), urgency, now)


def acknowledge(row: Callback, who: str, now: datetime) -> Callback:
    return _seen(_moved(row, Verb.ACKNOWLEDGE, unread=False), who, now)


def correct(row: Callback, *, address: str | None, issue: str | None, second: E164 | None) -> Callback:
    """A person puts right what was picked out of the customer's words."""
    return _moved(row, Verb.CORRECT, address=address, issue=issue, second=None if second == row.number else second)


def read(row: Callback) -> Callback:
    return _moved(row, Verb.READ, unread=False)


def text(row: Callback, who: str, now: datetime) -> Callback:
    """A person writes to the customer, and so has seen what the customer wrote."""
    return _seen(_moved(row, Verb.TEXT, unread=False), who, now)


def missed(row: Callback, line: str, ended_at: datetime) -> Callback:
    """The customer called again and was missed again: adds, keeps the owner, wakes a snoozed row."""
    last = max(ended_at, row.last_missed_at or ended_at)
    return _moved(row, Verb.MISSED, missed=row.missed + 1, last_missed_at=last, line=line)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a customer's words say, as far as a machine can tell."""

    urgency: Urgency = Urgency.ROUTINE
    address: str | None = None
    issue: str | None = None
    second: E164 | None = None


def replied(row: Callback, at: datetime, found: Findings) -> Callback:
    """A text came: wakes a snoozed row, reopens a closed one for whoever closed it.

    The machine never lowers an urgency, and never writes over an address, issue or second number that is there.
    """
    closer = row.closed_by if row.closed_by != TEXTBACK else None
    after = _moved(
        row,
        Verb.REPLY,
        unread=True,
        last_reply_at=at,
        owner=row.owner or closer,
        address=row.address or found.address,
        issue=row.issue or found.issue,
        second=row.second or found.second,
    )
    return _flagged(after, found.urgency, at) if _is_higher(found.urgency, row.urgency) else after


def thanked(row: Callback, at: datetime) -> Callback:
    """A thanks or an ok to a closed row: somebody sees it, nobody has to do anything."""
    return _moved(row, Verb.THANKS, unread=True, last_reply_at=at)


def talked(row: Callback, who: str, at: datetime) -> Callback:
    """The customer called and a person answered. The claim and the notes stay; the outcome is still asked."""
    reached = {"reached_at": row.reached_at or at, "reached_by": row.reached_by or who}
    return _seen(_moved(row, Verb.TALKED, closed_at=at, closed_by=TEXTBACK, **reached), who, at)


def called(row: Callback, who: str, at: datetime) -> Callback:
    """Somebody called the customer. Closes nothing: voicemail answers too."""
    return _seen(_moved(row, Verb.CALLED), who, at)


def not_called(row: Callback) -> Callback:
    """The phone of whoever wanted to call was not picked up."""
    return _moved(row, Verb.NOT_CALLED)


def wake(row: Callback) -> Callback:
    return _moved(row, Verb.WAKE)


def _moved(row: Callback, verb: Verb, **changes: Any) -> Callback:
    state = MOVES.get((row.state, verb))
    if state is None:
        raise NotPossibleError(verb, row.state)
    after = replace(row, **changes)
    if state is State.OPEN and after.owner:
        state = State.CLAIMED
    if state is not State.WAITING:
        after = replace(after, until=None)
    if state is not State.CLOSED:
        after = replace(after, closed_at=None, closed_by=None, outcome=None)
    return replace(after, state=state)


def _seen(row: Callback, who: str, at: datetime) -> Callback:
    """Whoever deals with an urgent row has acknowledged it."""
    if row.flagged_at is None or row.acknowledged_at is not None:
        return row
    return replace(row, acknowledged_at=at, acknowledged_by=who)


def _flagged(row: Callback, urgency: Urgency, at: datetime) -> Callback:
    if urgency is not Urgency.URGENT:
        return replace(row, urgency=urgency)
    return replace(row, urgency=urgency, flagged_at=at, acknowledged_at=None, acknowledged_by=None)


def _is_higher(one: Urgency, other: Urgency) -> bool:
    ladder = list(Urgency)
    return ladder.index(one) < ladder.index(other)
