"""Calls as Asterisk's channel event logging (CEL) tells them, for those that ended while nobody listened.

Its rows are turned into the events of `domain.calls.events`, so that the tracker judges what was not heard by the rule
for what was: who shared a bridge. Not in them: ringing, hold, messages left, whether the caller wanted to be shown.
Times are whole seconds, so that no call is `short` here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.ami.applications import doing, is_dialled, is_heard, mailbox
from bridge.ami.cdr import SETTLED_AFTER, ToldCall
from bridge.ami.cel_rows import LAST, CelRow, in_utc, made_at
from bridge.ami.channels import NOBODY, ChannelNames, dialled_number, number_dialled
from bridge.ami.contexts import is_from_outside
from bridge.ami.decode import ENDED, START, TIDYING, Whose
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.events import (
    ApplicationEntered,
    Bridged,
    CallerChanged,
    ChannelCreated,
    ChannelKind,
    ChannelState,
    DialBegan,
    DialEnded,
    DialStatus,
    Doing,
    Ended,
    Event,
    HangupRequested,
    HungUp,
    Parked,
    QueueJoined,
    QueueLeft,
    StateChanged,
    Transferred,
    Unbridged,
)
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker

TOLD_BY_CAUSE = {  # ITU-T Q.850
    "17": DialStatus.BUSY,
    "18": DialStatus.NOANSWER,
    "19": DialStatus.NOANSWER,
    "21": DialStatus.NOANSWER,  # rejected
    **dict.fromkeys(("34", "38", "41", "42", "44", "58"), DialStatus.CONGESTION),
    **dict.fromkeys(("1", "3", "20", "27", "28"), DialStatus.CHANUNAVAIL),
}
BUSY, REDIRECTED = "17", "23"  # Q.850
NO_WAY_OUT = (DialStatus.CHANUNAVAIL, DialStatus.CONGESTION)
QUEUE = "Queue"
NO_CHANNEL: Whose = ("", NOBODY, "")
PAIRS = (("CHAN_START", "CHAN_END"), ("BRIDGE_ENTER", "BRIDGE_EXIT"))
COMES_LATE = timedelta(minutes=5)
"""So long we wait for rows that a call lacks: a PBX may write them in batches."""


@dataclass(slots=True)
class _Known:
    """What earlier rows told of a channel.

    running: the application, with its arguments. guessed: it may be somebody calling in, or one that a program began.
    legs: whom it dialled. let_go: those of them that hung up without a word why.
    """

    whose: Whose
    exten: str
    began: datetime
    shows: tuple[str, str]
    running: tuple[str, str] = ("", "")
    guessed: bool = False
    up: bool = False
    legs: list[Whose] = field(default_factory=list)
    let_go: list[Whose] = field(default_factory=list)
    cause: str = ""


class CelDecoder:
    """Of one PBX, whose channels `names` knows. Takes rows in their order, their times in UTC."""

    def __init__(self, names: ChannelNames) -> None:
        self._names = names
        self._channels: dict[str, _Known] = {}
        self._by_name: dict[str, _Known] = {}
        self._relays: dict[str, _Known] = {}  # by linkedid, the one that dials what begins next
        self._readers: Mapping[str, Callable[[CelRow, _Known], Iterable[Event]]] = {
            "ANSWER": self._answered,
            "APP_END": self._application_ended,
            "BRIDGE_ENTER": self._entered,
            "BRIDGE_EXIT": self._left,
            "BLINDTRANSFER": self._transferred,
            "ATTENDEDTRANSFER": self._transferred,
            "PARK_START": self._parked,
            "HANGUP": self._hung_up,
            "CHAN_END": self._ended,
        }

    def decode(self, row: CelRow) -> Iterator[Event]:
        known = self._channels.get(row.uniqueid)
        if row.event == "CHAN_START":
            yield from self._begun(row)
        elif known:
            begun = known.whose[1]  # its context may have told more of it than its name does
            endpoint = begun if row.channel == begun.label else self._names.endpoint(row.channel)
            known.whose = (row.uniqueid, endpoint, row.linkedid)
            self._by_name[row.channel] = known
            yield from self._went_on(row, known)
            if read := self._readers.get(row.event):
                yield from read(row, known)

    # --- who calls, who is dialled

    def _begun(self, row: CelRow) -> Iterator[Event]:
        """No row says who calls in: whoever asks for an extension, unless another channel dials it."""
        endpoint = self._names.in_context(row.channel, row.context)
        whose, at = (row.uniqueid, endpoint, row.linkedid), made_at(row.uniqueid) or row.at
        asks, alone = row.exten not in ("", START), row.uniqueid == row.linkedid
        known = _Known(whose, row.exten, at, (row.cid_num, row.cid_name))
        known.guessed = alone and not asks and endpoint.kind is ChannelKind.TRUNK
        self._channels[row.uniqueid] = self._by_name[row.channel] = known
        yield ChannelCreated(
            at,
            *whose,
            state=ChannelState.RING if alone and asks else ChannelState.DOWN,
            exten=row.exten,
            asks=asks,
            from_outside=is_from_outside(row.context),
            caller_number=row.cid_num,
            caller_name=row.cid_name,
            restricted=None,
            refused=self._names.ignores(row.context, row.exten),
        )
        if row.channel.endswith(";2"):  # nobody dials that half of a relay
            self._relays[row.linkedid] = known
        elif not alone:
            yield from self._dialled(row, known)

    def _dialled(self, row: CelRow, leg: _Known) -> Iterator[Event]:
        """By whoever the call belongs to or, behind a relay, by that."""
        caller = self._channels.get(row.linkedid)
        relayed = leg.whose[1].kind is not ChannelKind.RELAY
        dialler = (self._relays.get(row.linkedid) if relayed else None) or caller
        number = ""
        if dialler:
            yield from self._calls_in(dialler)
            yield from self._in_vain(dialler, row.at)
            dialler.legs.append(leg.whose)
            outside = dialler.whose[1].kind is ChannelKind.TRUNK
            number = "" if outside else _number_of(leg.whose, dialler.running[1]) or dialled_number(dialler.exten)
        yield DialBegan(row.at, *(dialler.whose if dialler else NO_CHANNEL), *leg.whose, dialled=number)

    def _calls_in(self, known: _Known) -> Iterator[Event]:
        if known.guessed:
            known.guessed = False
            yield StateChanged(known.began, *known.whose, state=ChannelState.RING)

    def _in_vain(self, dialler: _Known, at: datetime) -> Iterator[Event]:
        """It goes on without those whom it rang, so they did not answer."""
        for leg in dialler.let_go:
            yield DialEnded(at, *dialler.whose, *leg, DialStatus.NOANSWER)
        dialler.let_go.clear()

    # --- where in the dialplan they are

    def _went_on(self, row: CelRow, known: _Known) -> Iterator[Event]:
        """What every row tells, whatever it is of."""
        if is_dialled(row.application):
            known.guessed = False
            yield from self._rung_by_queue(row)
            return
        yield from self._calls_in(known)
        if (shows := (row.cid_num, row.cid_name)) != known.shows:
            known.shows = shows
            yield CallerChanged(row.at, *known.whose, *shows, restricted=None)
        if row.application and row.event != "APP_END" and (row.application, row.arguments) != known.running:
            yield from self._runs(row, known)

    def _rung_by_queue(self, row: CelRow) -> Iterator[Event]:
        """The phone tells where the caller is, who may have no row for it."""
        caller = self._channels.get(row.linkedid)
        if row.application == "AppQueue" and caller and doing(*caller.running) is not Doing.QUEUE:
            caller.running = (QUEUE, "")
            yield ApplicationEntered(row.at, *caller.whose, doing=Doing.QUEUE, name=QUEUE, exten=caller.exten)
            yield QueueJoined(row.at, *caller.whose, queue="")

    def _runs(self, row: CelRow, known: _Known) -> Iterator[Event]:
        was, what = doing(*known.running), doing(row.application, row.arguments, row.exten)
        known.running = (row.application, row.arguments)
        if was is Doing.QUEUE and what is not Doing.QUEUE:
            yield QueueLeft(row.at, *known.whose, queue="")
        yield ApplicationEntered(
            row.at,
            *known.whose,
            doing=what,
            name=row.application,
            exten=row.exten,
            refused=is_heard(row.application) and self._names.turns_away(row.context),
            mailbox=mailbox(row.application, row.arguments),
        )
        if what is Doing.QUEUE:
            yield QueueJoined(row.at, *known.whose, queue="")
        if what is Doing.DIAL:
            for leg in known.legs:
                yield DialBegan(row.at, *known.whose, *leg, dialled=_number_of(leg, row.arguments))

    def _application_ended(self, row: CelRow, known: _Known) -> Iterator[Event]:
        if doing(row.application) is Doing.QUEUE and doing(*known.running) is Doing.QUEUE:
            known.running = ("", "")
            yield QueueLeft(row.at, *known.whose, queue="")

    # --- who is with whom

    def _answered(self, row: CelRow, known: _Known) -> Iterator[Event]:
        known.up = True
        yield StateChanged(row.at, *known.whose, state=ChannelState.UP, refused=self._names.turns_away(row.context))

    def _entered(self, row: CelRow, known: _Known) -> Iterator[Event]:
        if bridge := row.extra.get("bridge_id"):
            holding = row.extra.get("bridge_technology") == "holding_bridge"
            if is_dialled(row.application) and not holding:
                yield DialEnded(row.at, *NO_CHANNEL, *known.whose, DialStatus.ANSWER)
            for there in (known, *filter(None, map(self._by_name.get, row.peers))):  # the first has no row of its own
                yield Bridged(row.at, *there.whose, bridge=bridge, holding=holding)

    def _left(self, row: CelRow, known: _Known) -> Iterator[Event]:
        if bridge := row.extra.get("bridge_id"):
            yield Unbridged(row.at, *known.whose, bridge=bridge)

    def _transferred(self, row: CelRow, _known: _Known) -> Iterator[Event]:
        """app: where they were sent to, if not to somebody."""
        if whom := row.extra.get("transferee_channel_uniqueid"):
            app = row.extra.get("app", "")
            reached = row.event == "ATTENDEDTRANSFER" and not app
            yield Transferred(row.at, whom, row.extra.get("extension", app), reached=reached)

    def _parked(self, row: CelRow, known: _Known) -> Iterator[Event]:
        yield Parked(row.at, *known.whose)

    # --- the end

    def _hung_up(self, row: CelRow, known: _Known) -> Iterator[Event]:
        """hangupsource: the channel that asked for it, or `dialplan/` and what did. dialstatus: of its last Dial."""
        known.cause, status = row.extra.get("hangupcause", ""), row.extra.get("dialstatus", "")
        by_peer = row.extra.get("hangupsource") == row.channel
        if is_dialled(row.application):
            yield from self._leg_ended(row, known)
        elif not by_peer or status == DialStatus.NOANSWER:
            yield from self._in_vain(known, row.at)
        if not known.legs and status in NO_WAY_OUT:
            yield ApplicationEntered(row.at, *known.whose, doing=Doing.DIAL, name="Dial", exten=row.exten)
        if not known.legs and not known.up and known.cause == BUSY:
            yield ApplicationEntered(row.at, *known.whose, doing=Doing.BUSY_TONE, name="Busy", exten=row.exten)
        if row.extra.get("hangupsource"):
            refused = self._names.ignores(row.context, row.exten)
            yield HangupRequested(row.at, *known.whose, by_peer=by_peer, ended=_how(known), refused=refused)

    def _leg_ended(self, row: CelRow, known: _Known) -> Iterator[Event]:
        if status := TOLD_BY_CAUSE.get(known.cause):
            yield DialEnded(row.at, *NO_CHANNEL, *known.whose, status)
        for dialler in filter(None, (self._relays.get(row.linkedid), self._channels.get(row.linkedid))):
            if not status and known.whose[0] in (leg[0] for leg in dialler.legs):
                dialler.let_go.append(known.whose)

    def _ended(self, row: CelRow, known: _Known) -> Iterator[Event]:
        del self._channels[row.uniqueid]
        self._by_name.pop(row.channel, None)
        if self._relays.get(row.linkedid) is known:
            del self._relays[row.linkedid]
        refused = self._names.ignores(row.context, row.exten)
        yield HungUp(row.at, *known.whose, ended=_how(known), refused=refused, tidied=row.exten == TIDYING)


def _how(known: _Known) -> Ended:
    return Ended.ELSEWHERE if known.cause == REDIRECTED else ENDED.get(known.cause, Ended.OTHER)


def _number_of(leg: Whose, dial_string: str) -> str:
    return number_dialled(dial_string, leg[1].party)


def calls(rows: Iterable[CelRow], settings: TrackerSettings, names: ChannelNames) -> list[ToldCall]:
    """What ended in these rows, inbound and outbound, in that order."""
    told = in_utc(rows)
    decoder, tracker = CelDecoder(names), Tracker(replace(settings, min_ring=timedelta(0)))
    ended = [call for row in told for event in decoder.decode(row) for call in tracker.feed(event)]
    ended += tracker.settle(LAST)
    half = _half_told(told)
    return [_told(replace(call, rang=None), call.ended_at, half) for call in ended if call.ended_at]


def _half_told(rows: Sequence[CelRow]) -> Set[str]:
    """The linkedids with a channel that begins and does not end, leaves a bridge and did not enter it, or so."""
    count = Counter((row.event, row.uniqueid) for row in rows)
    return {
        row.linkedid
        for row in rows
        for one, other in PAIRS
        if row.event in (one, other) and count[one, row.uniqueid] != count[other, row.uniqueid]
    }


def _told(call: EndedCall, ended_at: datetime, half_told: Set[str]) -> ToldCall:
    return ToldCall(call, ended_at + (COMES_LATE if call.linkedid in half_told else SETTLED_AFTER))
