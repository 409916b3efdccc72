"""What a PBX's own records say of an office's calls before it is ever texted for: who called, whom nobody answered,
who was never called back. Pure: the calls of a period in, figures out.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from bridge.domain import phone
from bridge.domain.calls.calls import Caller, Direction, EndedCall, Reason, Verdict
from bridge.domain.phone import E164

NOT_TAKEN = frozenset({Verdict.MISSED, Verdict.SHORT})
LONGEST_EXTENSION = 6
LOCAL = 7
"""Digits at the end that tell one customer from another, where what was dialled is no whole number."""


@dataclass(frozen=True, slots=True)
class MissedCaller:
    """Somebody whom nobody answered. calls: how often. last: when the last began. why: then; None if not told."""

    number: E164 | None
    digits: str
    name: str
    calls: int
    last: datetime
    why: Reason | None


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    calls: int
    missed: int


@dataclass(frozen=True, slots=True)
class Proof:
    """calls: from outside, without those of faxes and of callers who are turned away. Callers who hid their number
    count one each. lost: talked with, sent on, and then nobody. unknown: connected elsewhere, or not told.

    why: how the missed calls ended. phones: of ours that rang or talked in that time. all_busy: missed while each of
    them was talking. got_through: missed callers who called again and were answered. called_back: whom the office
    called, whatever came of it; in_vain: those of them where nobody picked up. never: neither of the two, the latest
    first. hidden: missed callers whom nobody can call back.
    """

    calls: int
    callers: int
    answered: int
    lost: int
    unknown: int
    missed: int
    missed_callers: int
    why: Mapping[Reason | None, int]
    phones: int
    all_busy: int
    got_through: int
    called_back: int
    in_vain: int
    never: Sequence[MissedCaller]
    hidden: int
    days: Sequence[Day]


def prove(calls: Iterable[EndedCall], zone: tzinfo) -> Proof:
    """Of calls that have ended."""
    ended = sorted((call for call in calls if call.ended_at and call.started_at), key=_end)
    inbound = [call for call in ended if call.direction is Direction.INBOUND and call.filtered is None]
    missed = [call for call in inbound if call.verdict in NOT_TAKEN]
    phones = {who for call in ended for who in (call.answered_by, *call.offered) if who and _is_phone(who)}
    by_caller = _by_caller(missed)
    known = {key: theirs for key, theirs in by_caller.items() if not _is_hidden(theirs[0].caller)}
    last_answer = {_who(call.caller): _end(call) for call in inbound if call.verdict is Verdict.ANSWERED}
    last_try, last_reached = _last_calls_to(ended), _last_calls_to(call for call in ended if call.talked)
    again = {key for key, theirs in known.items() if _is_after(last_answer.get(key), theirs[0])}
    back = {key for key, theirs in known.items() if key not in again and _was_called(theirs[0], last_try)}
    reached = {key for key in back if _was_called(known[key][0], last_reached)}
    never = [_missed_caller(theirs) for key, theirs in known.items() if key not in again | back]
    verdicts = Counter(call.verdict for call in inbound)
    return Proof(
        calls=len(inbound),
        callers=len(_by_caller(inbound)),
        answered=verdicts[Verdict.ANSWERED],
        lost=verdicts[Verdict.ANSWERED_THEN_LOST],
        unknown=verdicts[Verdict.UNKNOWN],
        missed=len(missed),
        missed_callers=len(by_caller),
        why=dict(Counter(call.reason for call in missed).most_common()),
        phones=len(phones),
        all_busy=_while_all_talked(phones, missed, ended),
        got_through=len(again),
        called_back=len(back),
        in_vain=len(back - reached),
        never=sorted(never, key=lambda one: one.last, reverse=True),
        hidden=len(by_caller) - len(known),
        days=list(_days(inbound, zone)),
    )


def _end(call: EndedCall) -> datetime:
    return call.ended_at or datetime.max.replace(tzinfo=UTC)


def _start(call: EndedCall) -> datetime:
    return call.started_at or _end(call)


def _by_caller(calls: Iterable[EndedCall]) -> dict[str, list[EndedCall]]:
    found: dict[str, list[EndedCall]] = {}
    for call in calls:
        key = call.key.uniqueid if _is_hidden(call.caller) else _who(call.caller)
        found.setdefault(key, []).append(call)
    return found


def _is_hidden(caller: Caller) -> bool:
    return caller.withheld or not _who(caller)


def _who(caller: Caller) -> str:
    return caller.number.value if caller.number else caller.digits


def _is_phone(who: str) -> bool:
    """And no mobile that a call was forwarded to."""
    return len(who) <= LONGEST_EXTENSION or phone.digits_of(who) != who


def _last_calls_to(ended: Iterable[EndedCall]) -> Mapping[str, datetime]:
    """When the office called whom at last: by their number, or by its end where a phone dialled something else."""
    found: dict[str, datetime] = {}
    for call in ended:
        if call.direction is Direction.OUTBOUND:
            number = call.caller.number
            whole = number is not None and phone.is_valid(number)
            found[_who(call.caller) if whole else _local(_who(call.caller))] = _end(call)
    return found


def _was_called(missed: EndedCall, last: Mapping[str, datetime]) -> bool:
    who = _who(missed.caller)
    return any(_is_after(last.get(one), missed) for one in (who, _local(who)))


def _local(who: str) -> str:
    digits = phone.digits_of(who).removeprefix("+")
    return digits[-LOCAL:] if len(digits) >= LOCAL else who


def _is_after(at: datetime | None, missed: EndedCall) -> bool:
    return at is not None and at > _end(missed)


def _while_all_talked(phones: Collection[str], missed: Iterable[EndedCall], ended: Iterable[EndedCall]) -> int:
    """How many of them came in then, or were told busy. Of phones that talk, who has two calls at a time is one."""
    turns = sorted(turn for call in ended if call.talked and call.answered_by in phones for turn in _talk(call))
    times, many, talking = [datetime.min.replace(tzinfo=UTC)], [0], Counter[str]()
    for at, change, who in turns:
        talking[who] += change
        times.append(at)
        many.append(many[-1] + (change if talking[who] == max(change, 0) else 0))
    full = [bool(phones) and count == len(phones) for count in many]
    return sum(
        call.reason is Reason.BUSY or (call.started_at is not None and full[bisect(times, call.started_at) - 1])
        for call in missed
    )


def _talk(call: EndedCall) -> Iterator[tuple[datetime, int, str]]:
    """When a phone begins to, and when it is free."""
    yield _end(call) - call.talked, 1, call.answered_by or ""
    yield _end(call), -1, call.answered_by or ""


def _missed_caller(calls: Sequence[EndedCall]) -> MissedCaller:
    last = calls[-1]
    name = next((call.caller.name for call in reversed(calls) if call.caller.name), "")
    return MissedCaller(last.caller.number, last.caller.digits, name, len(calls), _start(last), last.reason)


def _days(inbound: Iterable[EndedCall], zone: tzinfo) -> Iterator[Day]:
    calls, missed = Counter[date](), Counter[date]()
    for call in inbound:
        day = _start(call).astimezone(zone).date()
        calls[day] += 1
        missed[day] += call.verdict in NOT_TAKEN
    for day in sorted(calls):
        yield Day(day, calls[day], missed[day])
