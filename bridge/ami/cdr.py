"""Calls as Asterisk's own call detail records tell them, for those that ended while nobody listened.

Read is what `cdr_csv` writes (`Master.csv`, with `loguniqueid=yes`): one row for every leg that was tried, under the
caller's channel. A row says ANSWERED for menus, queues and voicemail too, so a person is a real channel behind it,
looked for through Local pairs. Who hung up is not told, so that no call is `short` here. Rows come a moment after the
call, in batches up to five minutes later, and none at all where no phone could be tried or the PBX crashed.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.ami.applications import doing
from bridge.ami.channels import ChannelNames, number_dialled, pattern
from bridge.domain import phone
from bridge.domain.calls.calls import Caller, CallKey, Direction, EndedCall, FilterReason, Reason, Verdict
from bridge.domain.calls.channels import SOMEBODY
from bridge.domain.calls.events import ChannelKind, Doing, Endpoint
from bridge.domain.calls.live_call import LISTENS_TO_A_TONE
from bridge.domain.calls.live_calls import LiveCalls
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.verdicts import PROMPTS, why_filtered
from bridge.pbx.clock import moment

COLUMNS = 17  # accountcode to uniqueid
UNIQUEID = re.compile(r"(?:.{1,80}-)?(\d{9,11})\.\d{1,12}")  # a `systemname` stands in front
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
LONGEST = 7 * 86400  # seconds
HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
SETTLED_AFTER = timedelta(seconds=5)
"""The legs of one call are written one after the other."""

SERVICES = frozenset({Doing.SERVICE, Doing.MAILBOX_LOGIN})
MACHINES = frozenset({Doing.VOICEMAIL, Doing.MACHINE, Doing.FAX_TONE})

ANSWERED, BUSY, FAILED = "ANSWERED", "BUSY", frozenset({"FAILED", "CONGESTION"})


@dataclass(frozen=True, slots=True)
class Record:
    """One row. start and end are of one clock that runs on; where the wall clock was changed, `shift` is by how much.

    As written they are times of the day in the zone of whoever wrote them: only their differences are used. did: the
    number called, where that is told beside where the dialplan took it. arguments: of what was done last.
    """

    src: str
    name: str
    dst: str
    context: str
    channel: str
    dstchannel: str
    doing: Doing
    start: datetime
    end: datetime
    billsec: int
    disposition: str
    uniqueid: str
    shift: timedelta = timedelta(0)
    did: str = ""
    arguments: str = ""


def records(text: str) -> Iterator[Record]:
    """What can be read as a record; callers' names can break rows, so the rest is passed over."""
    for row in read_csv(text):
        if len(row) >= COLUMNS and (found := record(row)):
            yield found


def read_csv(text: str) -> Iterator[Sequence[str]]:
    """Quoted fields stay whole, line breaks and all: what a caller wrote into one is no row."""
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""))
    while True:
        try:
            yield next(reader)
        except csv.Error:
            continue
        except StopIteration:
            return


def record(row: Sequence[str], did: str = "") -> Record | None:
    """Of the columns of Master.csv, as text; None where they are none."""
    _, src, dst, context, clid, channel, dstchannel, lastapp, lastdata = row[:9]
    start, _, end, duration, billsec, disposition, _, uniqueid = row[9:COLUMNS]
    unique = UNIQUEID.fullmatch(uniqueid)
    if unique is None or moment(int(unique[1])) is None:
        return None
    try:
        begun, over = _moment(start), _moment(end)
        lasted, seconds = timedelta(seconds=int(duration)), int(billsec)
    except (ValueError, OverflowError):
        return None
    if not 0 <= seconds <= LONGEST or not timedelta(0) <= lasted <= timedelta(seconds=LONGEST):
        return None
    name = first_line(clid.rpartition("<")[0].strip().strip('"'))
    return Record(
        first_line(src),
        name,
        dst,
        context,
        channel,
        dstchannel,
        doing(lastapp, lastdata, dst),
        begun,
        begun + lasted,
        seconds,
        disposition,
        uniqueid,
        _shift(over - begun - lasted),
        did,
        lastdata,
    )


def first_line(written: str) -> str:
    """A caller may have planted more behind a line break in a number or a name; the network's word stands before it."""
    found = CONTROLS.search(written)
    return written[: found.start()] if found else written


def _shift(unaccounted: timedelta) -> timedelta:
    """A clock is changed by halves of an hour; seconds are the rounding of what was written."""
    return round(unaccounted / HALF_HOUR) * HALF_HOUR


def _moment(written: str) -> datetime:
    """Raises ValueError, also for a year in which no PBX keeps records."""
    told = datetime.fromisoformat(written).replace(tzinfo=None)
    if moment(told.replace(tzinfo=UTC).timestamp()) is None:
        raise ValueError(written)
    return told


@dataclass(frozen=True, slots=True)
class ToldCall:
    """due: from then on no more is expected to be written of it."""

    call: EndedCall
    due: datetime

    def is_of(self, since: datetime, now: datetime) -> bool:
        """Did it end since then, with all that there is to tell by now?"""
        return self.call.ended_at is not None and self.call.ended_at >= since and self.due <= now


@dataclass
class Ledger:
    """Records of one PBX, put together to calls."""

    settings: TrackerSettings
    names: ChannelNames
    _by_call: dict[str, list[Record]] = field(default_factory=dict)
    _by_channel: dict[str, list[Record]] = field(default_factory=dict)
    _from_phones: list[Record] = field(default_factory=list)
    _trunks: set[str] = field(default_factory=set)  # patterns of channels on which calls came in
    _forwarded: dict[str, str] = field(default_factory=dict)  # the trunk's leg to a number -> the number

    def __post_init__(self) -> None:
        self._live_calls = LiveCalls(self.settings)

    def add(self, found: Iterable[Record]) -> None:
        for record in found:
            self._by_channel.setdefault(record.channel, []).append(record)
            if record.channel.endswith(";2"):
                self._forwarded[record.dstchannel] = record.dst
            if self._came_in(record):
                self._trunks.add(pattern(record.channel))
                self._by_call.setdefault(record.uniqueid, []).append(record)
            elif self.names.endpoint(record.channel).kind is ChannelKind.PHONE:
                self._from_phones.append(record)

    def calls(self) -> list[ToldCall]:
        """Inbound and outbound, in the order in which they ended."""
        ended = [
            *map(self._call, self._by_call.values()),
            *map(self._outbound, filter(self._went_out, self._from_phones)),
        ]
        told = [ToldCall(call, call.ended_at + SETTLED_AFTER) for call in ended if call.ended_at]
        return sorted(told, key=lambda one: (one.due, one.call.key.uniqueid))

    def _came_in(self, record: Record) -> bool:
        return self.names.in_context(record.channel, record.context, record.did).kind is ChannelKind.TRUNK

    def _went_out(self, record: Record) -> bool:
        return self._is_trunk(record.dstchannel)

    def _is_trunk(self, channel: str) -> bool:
        return self.names.is_trunk(channel) or pattern(channel) in self._trunks

    def _outbound(self, leg: Record) -> EndedCall:
        started_at = _started_at(leg)
        answered = leg.disposition == ANSWERED and leg.billsec > 0
        return EndedCall(
            key=CallKey(self.settings.pbx, leg.uniqueid, started_at),
            direction=Direction.OUTBOUND,
            linkedid=leg.uniqueid,
            channel=leg.dstchannel,
            caller=self._whom(leg),
            did=leg.dst,
            verdict=Verdict.ANSWERED if answered else Verdict.MISSED,
            reason=None if answered else _reason([leg]),
            started_at=started_at,
            ended_at=started_at + (leg.end - leg.start),
            answered_by=self.names.endpoint(leg.channel).party,
            talked=timedelta(seconds=leg.billsec),
        )

    def _whom(self, leg: Record) -> Caller:
        """As the trunk was told, where that is a number: by then the dialplan has cut off what only a phone dials."""
        told = number_dialled(leg.arguments, self.names.endpoint(leg.dstchannel).party)
        sent = self._live_calls.read_dialled(told)
        return sent if sent.number else self._live_calls.read_dialled(leg.dst)

    def _call(self, legs: Sequence[Record]) -> EndedCall:
        legs = sorted(_on_one_clock(legs), key=lambda leg: (leg.start, leg.end))
        first, last = legs[0], max(legs, key=lambda leg: leg.end)
        started_at = _started_at(first)
        talks = [leg for leg in legs if self._person(leg)]
        verdict, reason = _judged(legs, talks)
        did = first.did or first.dst
        caller = self._live_calls.read_caller(first.src, first.name, did)
        return EndedCall(
            key=CallKey(self.settings.pbx, first.uniqueid, started_at),
            direction=Direction.INBOUND,
            linkedid=first.uniqueid,
            channel=first.channel,
            caller=caller,
            did=phone.bare(did) or did,
            verdict=verdict,
            reason=reason,
            started_at=started_at,
            ended_at=started_at + (last.end - first.start),
            answered_by=self._person(talks[0]) if talks else None,
            talked=timedelta(seconds=sum(leg.billsec for leg in talks)),
            elsewhere=verdict is Verdict.UNKNOWN,
            filtered=self._filtered(legs, caller, reason),
            names=(first.name,) if first.name else (),
            offered=tuple(dict.fromkeys(phone for leg in legs for phone in self._phones(leg))),
        )

    def _filtered(self, legs: Sequence[Record], caller: Caller, reason: Reason | None) -> FilterReason | None:
        """As near as records tell: they do not say whether a mailbox let them in, nor what stands behind a Gosub."""
        last = max(legs, key=lambda leg: leg.end)
        asked_for_nobody = not any(leg.dstchannel for leg in legs)
        refused = self.names.ignores(last.context, last.dst)
        return why_filtered(caller, reason, refused=refused, served=asked_for_nobody and last.doing in SERVICES)

    def _person(self, leg: Record, depth: int = 0) -> str | None:
        """The extension or forwarded number that talked on this leg."""
        if leg.disposition != ANSWERED or leg.billsec <= 0 or not leg.dstchannel or leg.doing in MACHINES:
            return None
        there = self.names.endpoint(leg.dstchannel)
        if there.kind in SOMEBODY:
            return self._who(there, leg)
        behind = self._by_channel.get(f"{there.twin};2", ()) if leg.dstchannel.endswith(";1") else ()
        found = (self._person(further, depth + 1) for further in behind if depth < MAX_DEPTH)
        return next((who for who in found if who), None)

    def _phones(self, leg: Record, depth: int = 0) -> Iterator[str]:
        """Those of ours that this leg rang."""
        there = self.names.endpoint(leg.dstchannel)
        if there.kind is ChannelKind.PHONE and there.party and not self._is_trunk(leg.dstchannel):
            yield there.party
        if leg.dstchannel.endswith(";1") and depth < MAX_DEPTH:
            for further in self._by_channel.get(f"{there.twin};2", ()):
                yield from self._phones(further, depth + 1)

    def _who(self, there: Endpoint, leg: Record) -> str:
        outside = self._is_trunk(leg.dstchannel)
        return self._forwarded.get(leg.dstchannel, leg.dst) if outside else there.party


MAX_DEPTH = 8
"""Local channels one behind the other."""


def _on_one_clock(legs: Sequence[Record]) -> Iterator[Record]:
    """The legs of one call, as written, with their times as if nobody had changed the clock meanwhile."""
    gone, beside, reached = timedelta(0), None, legs[0].end
    for leg in legs:
        start = leg.start if leg.shift or leg.start == beside else leg.start - gone
        if start < legs[0].start - HALF_HOUR or start > reached + HALF_HOUR:  # changed between two legs
            gone = round((start - reached) / HOUR) * HOUR
            start -= gone
        end = start + (leg.end - leg.start)
        yield replace(leg, start=start, end=end)
        reached = max(reached, end)
        if leg.shift:
            gone, beside = leg.shift, leg.start


def _started_at(record: Record) -> datetime:
    """The second in which its channel was made: unlike the times written beside it, of a known zone."""
    match = UNIQUEID.fullmatch(record.uniqueid)
    if match is None:
        raise ValueError(f"not a uniqueid: {record.uniqueid!r}")
    return datetime.fromtimestamp(int(match[1]), UTC)


def _judged(legs: Sequence[Record], talks: Sequence[Record]) -> tuple[Verdict, Reason | None]:
    if talks:
        return (Verdict.ANSWERED_THEN_LOST if _handed_on(legs, talks[-1]) else Verdict.ANSWERED), None
    if _is_machine(legs):
        return Verdict.MISSED, Reason.MACHINE
    if legs[-1].doing is Doing.TRANSFER:
        return Verdict.UNKNOWN, None
    return Verdict.MISSED, _reason(legs)


def _is_machine(legs: Sequence[Record]) -> bool:
    """Where phones rang first, somebody who hears the tone may have wanted those; a fax goes on for longer."""
    asked_for = not any(leg.dstchannel for leg in legs)
    return any(
        leg.doing is Doing.FAX_TONE
        or (leg.doing is Doing.MACHINE and (asked_for or leg.end - leg.start >= LISTENS_TO_A_TONE))
        for leg in legs
    )


def _handed_on(legs: Sequence[Record], talk: Record) -> bool:
    """Somebody else was tried after the talk, and was not there."""
    return any(leg.dstchannel and leg.disposition != ANSWERED and leg.start >= talk.end for leg in legs)


def _reason(legs: Sequence[Record]) -> Reason:
    """As near as records tell: who hung up, they do not say."""
    if any(leg.doing is Doing.VOICEMAIL for leg in legs):
        return Reason.VOICEMAIL
    tried = {leg.disposition for leg in legs if leg.dstchannel}
    if legs[-1].doing is Doing.QUEUE:
        return Reason.ABANDONED_QUEUE
    if BUSY in tried:
        return Reason.BUSY
    if tried and tried <= FAILED:
        return Reason.UNREACHABLE
    if tried:
        return Reason.NO_ANSWER
    return Reason.ABANDONED_MENU if legs[-1].doing in PROMPTS else Reason.NOT_OFFERED
