"""What a PBX's own records say of an office's calls before it is ever texted for: who called, whom nobody answered,
who was never called back. Pure: the calls of a period in, figures out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from bridge.domain.calls.calls import Caller, Direction, EndedCall, Reason, Verdict
from bridge.domain.phone import E164

NOT_TAKEN = frozenset({Verdict.MISSED, Verdict.SHORT})
LONGEST_EXTENSION = 6


@dataclass(frozen=True, slots=True)
class MissedCaller:
    """Somebody whom nobody answered. calls: how often. last: when at last. why: then; None if not told."""

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

    why: how the missed calls ended. phones: of ours that talked in that time. all_busy: missed while each of them was
    talking. got_through: missed callers who called again and were answered. called_back: whom the office called,
    whatever came of it. never: neither of the two, the latest first. hidden: missed callers whom nobody can call back.
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
    never: Sequence[MissedCaller]
    hidden: int
    days: Sequence[Day]


def prove(calls: Iterable[EndedCall], zone: tzinfo) -> Proof:
    """Of calls that have ended."""
    ended = sorted((call for call in calls if call.ended_at and call.started_at), key=_end)
    inbound = [call for call in ended if call.direction is Direction.INBOUND and call.filtered is None]
    missed = [call for call in inbound if call.verdict in NOT_TAKEN]
    phones = {call.answered_by for call in ended if call.answered_by and len(call.answered_by) <= LONGEST_EXTENSION}
    by_caller = _by_caller(missed)
    known = {key: theirs for key, theirs in by_caller.items() if not _is_hidden(theirs[0].caller)}
    again = {key for key, theirs in known.items() if _answered_after(theirs[0], inbound)}
    back = {key for key, theirs in known.items() if key not in again and _called_after(theirs[0], ended)}
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
        all_busy=sum(call.reason is Reason.BUSY or _all_talk(phones, call, ended) for call in missed),
        got_through=len(again),
        called_back=len(back),
        never=sorted(never, key=lambda one: one.last, reverse=True),
        hidden=len(by_caller) - len(known),
        days=list(_days(inbound, zone)),
    )


def _end(call: EndedCall) -> datetime:
    return call.ended_at or datetime.max.replace(tzinfo=UTC)


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


def _answered_after(missed: EndedCall, inbound: Iterable[EndedCall]) -> bool:
    who, since = _who(missed.caller), _end(missed)
    return any(call.verdict is Verdict.ANSWERED and _end(call) > since and _who(call.caller) == who for call in inbound)


def _called_after(missed: EndedCall, ended: Iterable[EndedCall]) -> bool:
    who, since = _who(missed.caller), _end(missed)
    outbound = (call for call in ended if call.direction is Direction.OUTBOUND)
    return any(_end(call) > since and _who(call.caller) == who for call in outbound)


def _all_talk(phones: Iterable[str], missed: EndedCall, ended: Iterable[EndedCall]) -> bool:
    """Was each of our phones on a call when that one began?"""
    at = missed.started_at
    talking = {call.answered_by for call in ended if at and call.talked and _end(call) - call.talked <= at < _end(call)}
    return bool(phones) and talking.issuperset(phones)


def _missed_caller(calls: Sequence[EndedCall]) -> MissedCaller:
    last = calls[-1]
    name = next((call.caller.name for call in reversed(calls) if call.caller.name), "")
    return MissedCaller(last.caller.number, last.caller.digits, name, len(calls), _end(last), last.reason)


def _days(inbound: Iterable[EndedCall], zone: tzinfo) -> Iterator[Day]:
    calls, missed = Counter[date](), Counter[date]()
    for call in inbound:
        day = _end(call).astimezone(zone).date()
        calls[day] += 1
        missed[day] += call.verdict in NOT_TAKEN
    for day in sorted(calls):
        yield Day(day, calls[day], missed[day])
