"""Urgent work on its way to a named person: what is due next, and what each thing that happens does to that.

An escalation has one next step, at `due_at`. The functions here say what follows; nobody is told by them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.domain.callbacks.queue import Verb


class AlertCause(StrEnum):
    """Why somebody is told, the most pressing first."""

    HAZARD = "hazard"
    URGENT = "urgent"
    VOICEMAIL = "voicemail"
    UNTEXTABLE = "untextable"
    REPEATED = "repeated"


WORDS_OF_THE_CUSTOMER = frozenset({AlertCause.HAZARD, AlertCause.URGENT})
"""The other causes are only facts about calls, told while the office is closed, and not in anybody's quiet hours."""


class Stage(StrEnum):
    """ALERTING: the next person is told at `due_at`. UNSEEN: everybody was told, nobody answered; it goes on once more.

    ACKNOWLEDGED: `holder` has it, and is reminded at `due_at`. REMINDED: the next person is told at `due_at`.
    """

    ALERTING = "alerting"
    UNSEEN = "unseen"
    ACKNOWLEDGED = "acknowledged"
    REMINDED = "reminded"
    OVER = "over"


UNHEARD = frozenset({Stage.ALERTING, Stage.UNSEEN})
HELD = frozenset({Stage.ACKNOWLEDGED, Stage.REMINDED})

ACKNOWLEDGES = frozenset(
    {Verb.CLAIM, Verb.ACKNOWLEDGE, Verb.ATTEMPT, Verb.SNOOZE, Verb.FINISH, Verb.TEXT, Verb.CALLED, Verb.TALKED}
)
"""What only somebody does who deals with the row."""

ACTS = frozenset({Verb.ATTEMPT, Verb.FINISH, Verb.TEXT, Verb.CALLED, Verb.TALKED})
"""A call, a text or an outcome: nobody needs a reminder any more."""


@dataclass(frozen=True, slots=True)
class EscalationRules:
    """office_first: so long the page is alone with it while the office is open. undelivered_after: then an alert that
    has not arrived counts as lost. rounds: how often each person is told of one piece of work.

    storm: after so many unanswered alerts within storm_window a person gets one alert for all, at most every roll_every
    (roll_hazard_every where somebody may be in danger). voicemail, untextable, repeated: told while closed, too.
    """

    ack_within: timedelta = timedelta(minutes=10)
    office_first: timedelta = timedelta(minutes=3)
    remind_after: timedelta = timedelta(minutes=20)
    voicemail: bool = True
    untextable: bool = True
    repeated: bool = True
    undelivered_after: timedelta = timedelta(seconds=60)
    rounds: int = 2
    storm: int = 3
    storm_window: timedelta = timedelta(minutes=15)
    roll_every: timedelta = timedelta(minutes=5)
    roll_hazard_every: timedelta = timedelta(minutes=1)
    repeated_calls: int = 3
    repeated_within: timedelta = timedelta(minutes=15)

    def wants(self, cause: AlertCause) -> bool:
        """Is this cause switched on? A customer's own words always are."""
        return {
            AlertCause.VOICEMAIL: self.voicemail,
            AlertCause.UNTEXTABLE: self.untextable,
            AlertCause.REPEATED: self.repeated,
        }.get(cause, True)


@dataclass(frozen=True, slots=True)
class Escalation:
    """why: the categories that made it urgent. due_at: of the next step, None while nothing is due by itself.

    set_at: when due_at was set, so that a clock that was put back is noticed.
    """

    id: int
    version: int
    callback_id: int
    cause: AlertCause
    stage: Stage
    raised_at: datetime
    set_at: datetime
    due_at: datetime | None
    why: tuple[str, ...] = ()
    holder: str | None = None
    held_at: datetime | None = None


def first_due(cause: AlertCause, rules: EscalationRules, now: datetime, *, is_open: bool) -> datetime:
    return now + rules.office_first if is_open and cause is not AlertCause.HAZARD else now


def pressed(case: Escalation, cause: AlertCause, why: tuple[str, ...], due_at: datetime, now: datetime) -> Escalation:
    """More was learned of it. A cause that presses more may bring the next step forward, never put it off."""
    if not _presses_more(cause, case.cause):
        return case
    sooner = case.stage is Stage.ALERTING and case.due_at is not None and due_at < case.due_at
    pressing = replace(case, cause=cause, why=why)
    return due(pressing, due_at, now) if sooner else pressing


def anew(case: Escalation, cause: AlertCause, why: tuple[str, ...], now: datetime) -> Escalation:
    """What somebody has turned into something worse: they are told again, and so are the others if need be."""
    return replace(let_go(case, now), cause=cause, why=why, raised_at=now)


def due(case: Escalation, due_at: datetime | None, now: datetime) -> Escalation:
    return replace(case, due_at=due_at, set_at=now)


def told(case: Escalation, at: datetime, rules: EscalationRules, now: datetime) -> Escalation:
    """Somebody is told at `at`: if that does not arrive, the next one is."""
    return due(case, at + rules.undelivered_after, now)


def arrived(case: Escalation, told_at: datetime, rules: EscalationRules, now: datetime) -> Escalation:
    """The alert is on the phone: its owner has until ack_within after it was sent."""
    return due(case, max(told_at + rules.ack_within, now), now)


def taken(case: Escalation, who: str, rules: EscalationRules, now: datetime) -> Escalation:
    held = replace(case, stage=Stage.ACKNOWLEDGED, holder=who, held_at=now)
    return due(held, now + rules.remind_after, now)


def acted(case: Escalation, now: datetime) -> Escalation:
    return due(replace(case, stage=Stage.ACKNOWLEDGED), None, now)


def reminded(case: Escalation, rules: EscalationRules, now: datetime) -> Escalation:
    return due(replace(case, stage=Stage.REMINDED), now + rules.ack_within, now)


def let_go(case: Escalation, now: datetime) -> Escalation:
    """Whoever had it has it no more, or did nothing: on to the next person."""
    return due(replace(case, stage=Stage.ALERTING, holder=None, held_at=None), now, now)


def unseen(case: Escalation) -> Escalation:
    """Everybody was told, and nobody answered: the page says so in red."""
    return replace(case, stage=Stage.UNSEEN)


def over(case: Escalation, now: datetime) -> Escalation:
    return due(replace(case, stage=Stage.OVER), None, now)


def next_person(ladder: Sequence[str], told_so_often: Mapping[str, int], rounds: int) -> str | None:
    """The first of those who were told least; None when everybody was told `rounds` times, or there is nobody."""
    counts = {person: told_so_often.get(person, 0) for person in ladder}
    left = [person for person in ladder if counts[person] < rounds]
    return min(left, key=lambda person: counts[person]) if left else None


def everybody_knows(ladder: Sequence[str], told_so_often: Mapping[str, int]) -> bool:
    return all(told_so_often.get(person, 0) for person in ladder)


def pressure(case: Escalation) -> tuple[int, int]:
    """A key to sort by: what presses most first, then the oldest."""
    return list(AlertCause).index(case.cause), case.id


def _presses_more(one: AlertCause, other: AlertCause) -> bool:
    ladder = list(AlertCause)
    return ladder.index(one) < ladder.index(other)
