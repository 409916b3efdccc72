"""FreeSWITCH's events as those of `domain.calls.events`. Pure: one message in, what it tells out.

Source of names and headers: recordings of real calls of FreeSWITCH 1.11, and its sources. A switch says of many
things only half, so this remembers the live legs: a bridge is a talk once whoever was dialled has picked up (before it
is early media, SIP 183), an UNHOLD is a resume unless the end comes in the same moment, and what no event told stands
in the variables of a later one.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from bridge.domain.calls.calls import Reason
from bridge.domain.calls.events import (
    ApplicationEntered,
    BlockedTold,
    Bridged,
    ChannelCreated,
    ChannelKind,
    ChannelState,
    ClosedTold,
    DialBegan,
    DialEnded,
    DialStatus,
    Doing,
    Endpoint,
    Event,
    HangupRequested,
    Held,
    HungUp,
    MailboxRead,
    NobodyDialled,
    NumberGiven,
    Parked,
    QueueJoined,
    QueueLeft,
    SnapshotEnded,
    StateChanged,
    Transferred,
    Unbridged,
    Unheard,
    VoicemailLeft,
)
from bridge.esl import causes
from bridge.esl.applications import doing, mailbox
from bridge.esl.channels import NOBODY, ChannelNames, begins_outside, dialled_number, number_called, own_number
from bridge.esl.links import Leg, Legs
from bridge.esl.protocol import Message
from bridge.pbx.clock import moment

MOMENT = timedelta(milliseconds=25)
"""A switch's stamps move in steps of 20 ms: what one thing sets off may come in any order within that."""

YES = ("yes", "1", "true", "on")
NEVER = ("", "0")
LEAVES = frozenset({Doing.DIAL, Doing.QUEUE, Doing.VOICEMAIL, Doing.PARK, Doing.TRANSFER})
"""What nobody does with a caller who talks: if it begins, the talk is over."""

SENT_ON = ":bl_xfer:"  # in `transfer_source`: to an extension, not to a live party
LONGEST_STAMP = 17  # digits
LOST_ATTEMPT = "DESTINATION_OUT_OF_ORDER"  # also a second attempt of the same name, refused while the first one lives

Whose = tuple[str, Endpoint, str]
"""uniqueid, channel and linkedid."""


class Decoder:
    """Of one switch. open: the bridges in which people talk now. odd_stamps: how many times of day no clock shows."""

    def __init__(self, names: ChannelNames) -> None:
        self.names = names
        self.legs = Legs()
        self.odd_stamps = 0
        self._core = ""
        self._in_doubt = False
        self.open: set[frozenset[str]] = set()
        self._unheld: dict[str, datetime | None] = {}

    def feed(self, told: Message, at: datetime | None) -> list[Event]:
        """What the message tells; mostly little. `at` is used where it has no stamp."""
        return list(self._read(told, self._time(told, at)))

    def forget(self) -> None:
        """The link was lost: from here on nothing is sure, until a snapshot or a later event tells."""
        self._in_doubt = True
        self._unheld.clear()
        for leg in self.legs.all():
            leg.sure = leg.current = False

    def synced(self, core: str) -> None:
        """All that lives in that run of the switch has been told, "" where nothing does."""
        self._core, self._in_doubt = core, False

    def _time(self, told: Message, at: datetime | None) -> datetime | None:
        stamp = told.get("Event-Date-Timestamp")
        if not stamp:
            return at
        found = stamp_of(stamp)
        self.odd_stamps += found is None
        return found or at

    def _read(self, told: Message, at: datetime | None) -> Iterator[Event]:
        yield from self._resume(at)
        yield from self._restart(told.get("Core-UUID"), at)
        name = told.event
        if name == "BACKGROUND_JOB":
            yield from self._job(told, at)
        uuid, read = told.get("Unique-ID"), READERS.get(name)
        if not read or not uuid or self.legs.has_ended(uuid):
            return
        leg = self.legs.live(uuid)
        if leg is None and name == "CUSTOM":
            return  # told by others, even after the end
        if leg is None:
            leg = self.legs.add(told, self.names.endpoint(told))
            yield from self._appear(leg, told, at)
        yield from self._look(leg, told, at)
        yield from read(self, leg, told, at)

    def _restart(self, core: str, at: datetime | None) -> Iterator[Event]:
        """Another run of the switch, after the link was lost: it has none of the channels that we knew."""
        if self._in_doubt and core:
            if self._core not in ("", core):
                self.legs, self.open = Legs(), set()
                yield SnapshotEnded(at)
            self._in_doubt = False
        self._core = core or self._core

    # --- what any event of a channel tells

    def _appear(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """With its first event, which need not be the one that says that it began."""
        heard = told.event == "CHANNEL_CREATE"
        leg.sure = heard
        began = at if heard else stamp_of(told.get("Caller-Channel-Created-Time")) or at
        exten = "" if leg.dialled else number_called(told)
        yield ChannelCreated(
            began,
            *whose(leg),
            state=ChannelState.DOWN if leg.dialled else ChannelState.RING,
            exten=exten,
            asks=exten != "",
            from_outside=not leg.dialled and begins_outside(told),
            caller_number=own_number(told),
            caller_name="" if leg.dialled else told.get("Caller-Caller-ID-Name"),
            restricted=told.get("Caller-Privacy-Hide-Number") == "true",
        )
        if not heard:
            yield Unheard(began, *whose(leg))
        if leg.dialled:
            yield from self.dial_began(leg, told, began)

    def dial_began(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """A switch dials for a caller once they talk no more."""
        caller = self.legs.live(leg.parent)
        if caller and not caller.dialled and caller.endpoint.kind is ChannelKind.TRUNK:
            yield from self._part(caller.pair, at)
        yield DialBegan(at, *self._dialler(leg), *whose(leg), dialled=dialled_number(told))

    def _look(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """What stands in every event of a channel, whatever it is about."""
        if not leg.dialled:
            self.legs.note_fifo(leg, told)
            yield from self.told_by_dialplan(leg, told, at)
            if told.event != "CHANNEL_HANGUP_COMPLETE":  # there it tells nothing of when
                yield from self._sent_on(leg, told.variable("transfer_source"), at)
        if not leg.rang and leg.rings_yet and has_rung(told):
            leg.rang = True
            yield StateChanged(at, *whose(leg), state=ChannelState.RINGING)
        if not leg.answered and is_up(told):
            leg.answered = True
            yield StateChanged(at, *whose(leg), state=ChannelState.UP)
            yield from self._join(leg.pair, at)

    def told_by_dialplan(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Variables of ours stand in every later event of the channel for which they were set."""
        for name, tell in TOLD.items():
            value = told.variable(name)
            if value and leg.told.get(name) != value:
                leg.told[name] = value
                yield tell(at, whose(leg), value)

    def _sent_on(self, leg: Leg, source: str, at: datetime | None) -> Iterator[Event]:
        """After a talk somebody sent the caller to an extension; the dialplan by itself does that as well."""
        if source in ("", leg.sent_on):
            return
        leg.sent_on = source
        _, by_somebody, extension = source.partition(SENT_ON)
        if by_somebody and leg.met and leg.application != "transfer":
            yield Transferred(at, leg.uuid, extension.partition("/")[0], reached=False)

    # --- being dialled, talking

    def _nothing(self, _leg: Leg, _told: Message, _at: datetime | None) -> Iterator[Event]:
        """What it tells, `_look` has seen."""
        return iter(())

    def _bridged(self, _leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        pair = _pair(told)
        for one in self._members(pair):
            if one.pair != pair:
                yield from self._part(one.pair, at)
            one.pair = pair
            one.bridged |= pair
        yield from self._join(pair, at)

    def _join(self, pair: frozenset[str], at: datetime | None) -> Iterator[Event]:
        """They talk once whoever was dialled is up: before that it is the sound of ringing, or of a network."""
        both = self._members(pair)
        if pair in self.open or len(both) != 2 or any(one.rings_yet for one in both):
            return
        self.open.add(pair)
        for one in both:
            one.met |= pair
            yield from self._leave_queue(one, at)
            if one.dialled and not one.relays:
                yield from self._dial_ended(one, DialStatus.ANSWER, at)
        for one in both:
            yield Bridged(at, *whose(one), bridge=bridge_name(pair), holding=False)

    def _unbridged(self, _leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        pair = _pair(told)
        yield from self._join_unheard(pair, at)
        yield from self._part(pair, at)

    def _join_unheard(self, pair: frozenset[str], at: datetime | None) -> Iterator[Event]:
        """Nobody heard how it began. Where we did not even hear that somebody picked up, their own end will tell."""
        both = self._members(pair)
        if not any(one.met >= pair for one in both):
            for one in both:
                one.pair = pair
            yield from self._join(pair, at)

    def _part(self, pair: frozenset[str], at: datetime | None) -> Iterator[Event]:
        """Whoever hangs up on hold takes the other back first, in the same moment; another one came back before."""
        if pair not in self.open:
            return
        self.open.remove(pair)
        both = self._members(pair)
        for one in both:
            if one.held and one.uuid not in self._unheld:
                yield from self.hold(one, at, on=False)
            self._unheld.pop(one.uuid, None)
        for one in both:
            one.pair, one.held = (frozenset() if one.pair == pair else one.pair), False
            yield Unbridged(at, *whose(one), bridge=bridge_name(pair))

    def _held(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        if told.event == "CHANNEL_HOLD":
            self._unheld.pop(leg.uuid, None)
            yield from self.hold(leg, at, on=True)
        elif leg.held:
            self._unheld[leg.uuid] = at

    def _resume(self, at: datetime | None) -> Iterator[Event]:
        """Those whom no end followed in a moment are back."""
        ripe = [uuid for uuid, since in self._unheld.items() if at is None or since is None or at - since > MOMENT]
        for uuid in ripe:
            del self._unheld[uuid]
            if leg := self.legs.live(uuid):
                yield from self.hold(leg, at, on=False)

    def hold(self, leg: Leg, at: datetime | None, *, on: bool) -> Iterator[Event]:
        leg.held = on
        yield Held(at, *whose(leg), on=on)

    def _dial_ended(self, leg: Leg, status: DialStatus, at: datetime | None) -> Iterator[Event]:
        if not leg.end_told:
            leg.end_told = True
            yield DialEnded(at, *self._dialler(leg), *whose(leg), status=status)

    # --- what the dialplan does

    def _execute(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        yield from self.enter(leg, told.get("Application"), told.get("Application-Data"), told, at)

    def enter(self, leg: Leg, application: str, arguments: str, told: Message, at: datetime | None) -> Iterator[Event]:
        leg.application = application
        leg.applications.add(application)
        what = doing(application, arguments, told.variable)
        if what is Doing.OTHER:
            return
        if leg.pair in self.open:
            if what not in LEAVES:
                return  # music on hold, or a key that somebody pressed
            yield from self._part(leg.pair, at)
        if what in LEAVES and what is not Doing.QUEUE:
            yield from self._leave_queue(leg, at)
        yield ApplicationEntered(
            at,
            *whose(leg),
            doing=what,
            name=application,
            exten=told.get("Caller-Destination-Number"),
            mailbox=mailbox(application, arguments),
        )
        if what is Doing.QUEUE:
            yield from self._join_queue(leg, arguments.partition(" ")[0], at)
        elif what is Doing.PARK:
            yield Parked(at, *whose(leg))

    def _parked(self, leg: Leg, _told: Message, at: datetime | None) -> Iterator[Event]:
        yield Parked(at, *whose(leg))

    def _join_queue(self, leg: Leg, queue: str, at: datetime | None) -> Iterator[Event]:
        if not leg.queued:
            leg.queued = queue or "?"
            leg.queues.add(leg.queued)
            yield QueueJoined(at, *whose(leg), queue=leg.queued)

    def _leave_queue(self, leg: Leg, at: datetime | None, queue: str = "") -> Iterator[Event]:
        """queue: the one that says so; nobody may have heard the caller come into it."""
        if queue and not leg.queues and not leg.met:
            yield from self._join_queue(leg, queue, at)
        if leg.queued:
            queue, leg.queued = leg.queued, ""
            yield QueueLeft(at, *whose(leg), queue=queue)

    def _custom(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        tell = CUSTOM.get(told.get("Event-Subclass"))
        return tell(self, leg, told, at) if tell else iter(())

    def _voicemail(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        which = f"{told.get('VM-User')}@{told.get('VM-Domain')}"
        action = told.get("VM-Action")
        if action == "leave-message":
            yield from self._leave_message(leg, which, at)
        elif action == "authentication" and told.get("VM-Auth-Result") != "fail":
            yield MailboxRead(at, which)

    def _leave_message(self, leg: Leg, which: str, at: datetime | None) -> Iterator[Event]:
        if not leg.message_left:
            leg.message_left = True
            yield VoicemailLeft(at, *whose(leg), mailbox=which)

    def _callcenter(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        action = told.get("CC-Action")
        if action == "member-queue-start":
            yield from self._join_queue(leg, told.get("CC-Queue"), at)
        elif action == "member-queue-end":
            yield from self._leave_queue(leg, at, told.get("CC-Queue"))

    def _fifo(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        action = told.get("FIFO-Action")
        if action == "push":
            yield from self._join_queue(leg, told.get("FIFO-Name"), at)
        elif action in ("caller_pop", "abort"):
            yield from self._leave_queue(leg, at, told.get("FIFO-Name"))

    def _conference(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Whether people talk there, nobody tells: two callers who wait for the office do not."""
        action = told.get("Action")
        room = told.get("Conference-Unique-ID") or told.get("Conference-Name")
        if action == "add-member":
            leg.room, leg.was_in_a_room = room, True
            yield Bridged(at, *whose(leg), bridge=room, holding=None)
        elif action == "del-member" and leg.room:
            room, leg.room = leg.room, ""
            yield Unbridged(at, *whose(leg), bridge=room)

    def _valet(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        if told.get("Action") == "hold":
            yield Parked(at, *whose(leg))

    # --- the end

    def _hung_up(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        yield from self._tell_what_was_unheard(leg, told, at)
        yield from self._part(leg.pair, at)
        leg.cause = told.get("Hangup-Cause")
        if leg.relays:
            yield from self._half_ends(leg, at)
        elif leg.dialled:
            yield from self._dial_ended(leg, _status(leg, leg.cause), at)
        else:
            yield from self._caller_ends(leg, told, at)
        if parent := self.legs.known(leg.parent):
            parent.child_cause = leg.cause
        self.legs.end(leg)
        yield HungUp(at, *whose(leg), ended=causes.ended(leg.cause))
        if leg.dialled and not leg.parent and leg.answered and _found_no_way_out(told):
            yield NobodyDialled(at, leg.uuid, Reason.NOT_OFFERED)

    def _tell_what_was_unheard(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Its last event says where the channel has been, though nobody heard it come there."""
        last = told.variable("last_app")
        if not leg.dialled and not leg.met and last and last not in leg.applications:
            yield from self.enter(leg, last, told.variable("last_arg"), told, at)
        seconds = told.variable("voicemail_message_len") or told.variable("voicemail_message_seconds")
        if seconds.strip("0:"):
            box = told.variable("voicemail_account") or told.variable("voicemail_id")
            where = told.variable("voicemail_domain") or told.variable("domain_name")
            yield from self._leave_message(leg, f"{box}@{where}", at)
        other = told.variable("last_bridge_to")
        if other and leg.answered:
            yield from self._join_unheard(frozenset((leg.uuid, other)), at)
        if leg.dialled or not leg.answered:
            return
        with_somebody = other and other not in leg.met and not self._only_rang(leg, other)
        if with_somebody or (told.variable("conference_name") and not leg.was_in_a_room):
            yield Unheard(at, *whose(leg))

    def _only_rang(self, leg: Leg, uuid: str) -> bool:
        other = self.legs.known(uuid)
        return other is not None and uuid in leg.bridged and other.current and other.rings_yet

    def _caller_ends(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        who = told.variable("sip_hangup_disposition")
        left = who.startswith("recv_") or leg.cause == "ORIGINATOR_CANCEL"
        disposition = told.variable("originate_disposition")
        for child in filter(None, map(self.legs.live, leg.children)):
            if child.end_told or child.relays or child.pair:
                continue  # of what may have been a talk its own end tells
            status = DialStatus.CANCEL if left else causes.status(disposition)
            if left or (child.rang and status in causes.FAILED):
                yield from self._dial_ended(child, status, at)
        if not leg.children and not leg.met:
            yield from self._unheard_dial(leg, told, at)
        yield from self._leave_queue(leg, at)
        if who or left:
            yield HangupRequested(at, *whose(leg), by_peer=left, ended=causes.ended(leg.cause))

    def _unheard_dial(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Of whoever was rung, only how that ended is told, by the caller's variables. Some make no leg at all."""
        status = causes.status(told.variable("originate_disposition"))
        if status is DialStatus.ANSWER and not leg.answered:
            status = DialStatus.CANCEL  # it was heard to ring
        if status not in (causes.RUNG if leg.sure else causes.FAILED):
            return
        rung = told.variable("dialed_user")
        somebody = f"{leg.uuid}/dialled", Endpoint(rung or "somebody", party=rung), leg.linkedid
        yield DialBegan(at, *whose(leg), *somebody, dialled=rung)
        yield DialEnded(at, *whose(leg), *somebody, status=status)
        yield HungUp(at, *somebody, ended=causes.ended(""))

    def _half_ends(self, leg: Leg, at: datetime | None) -> Iterator[Event]:
        """Of a loopback: the call waits for both, since a message may be left behind it."""
        other = self.legs.known(leg.twin)
        if self.legs.live(leg.twin):
            return
        dialled, runs = (leg, other) if leg.dialled else (other, leg)
        if dialled:
            found = causes.status(dialled.cause)
            behind = causes.status(runs.child_cause) if runs else found
            yield from self._dial_ended(dialled, behind if found is DialStatus.OTHER else found, at)

    def _job(self, told: Message, at: datetime | None) -> Iterator[Event]:
        """Of an originate of ours: the Job-UUID begins with the attempt's id and a dot."""
        attempt, dot, _ = told.get("Job-UUID").partition(".")
        failed, _, cause = told.get("_body").strip().partition(" ")
        if not dot or told.get("Job-Command") != "originate" or failed != "-ERR":
            return
        if cause == LOST_ATTEMPT and self.legs.live(attempt):
            return  # the first one of that name lives, and this one was refused
        yield NobodyDialled(at, attempt, NOT_TAKEN.get(causes.status(cause), Reason.UNREACHABLE))

    def _members(self, pair: frozenset[str]) -> list[Leg]:
        return [leg for uuid in sorted(pair) if (leg := self.legs.known(uuid))]

    def _dialler(self, leg: Leg) -> Whose:
        parent = self.legs.known(leg.parent)
        return whose(parent) if parent else ("", NOBODY, "")


def whose(leg: Leg) -> Whose:
    return leg.uuid, leg.endpoint, leg.linkedid


def stamp_of(microseconds: str) -> datetime | None:
    told = microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= LONGEST_STAMP
    return moment(int(microseconds) / 1e6) if told else None


def bridge_name(pair: frozenset[str]) -> str:
    return "+".join(sorted(pair))


def is_up(told: Message) -> bool:
    return told.get("Answer-State") == "answered" or told.get("Caller-Channel-Answered-Time") not in NEVER


def has_rung(told: Message) -> bool:
    """183 too is what a phone, or a network, makes its ringing heard by."""
    progress = (told.variable("progress_epoch"), told.variable("progress_media_epoch"))
    return told.event.startswith("CHANNEL_PROGRESS") or any(one not in NEVER for one in progress)


def _pair(told: Message) -> frozenset[str]:
    return frozenset((told.get("Bridge-A-Unique-ID"), told.get("Bridge-B-Unique-ID"))) - {""}


def _status(leg: Leg, cause: str) -> DialStatus:
    """A phone that does not even say that it rings is not there."""
    found = causes.status(cause)
    silent = found is DialStatus.NOANSWER and not leg.rang and not leg.answered
    return DialStatus.CONGESTION if silent else found


def _found_no_way_out(told: Message) -> bool:
    """A desk phone that we had rung was picked up, and no trunk took the call."""
    ours = told.variable("textback_did") != ""
    return ours and causes.status(told.variable("originate_disposition")) in causes.NO_WAY_OUT


def _closed(at: datetime | None, of: Whose, value: str) -> Event:
    return ClosedTold(at, *of, closed=value.casefold() in YES)


def _blocked(at: datetime | None, of: Whose, value: str) -> Event:
    return BlockedTold(at, *of, blocked=value.casefold() in YES)


def _number(at: datetime | None, of: Whose, value: str) -> Event:
    return NumberGiven(at, *of, number=value)


TOLD: Mapping[str, Callable[[datetime | None, Whose, str], Event]] = {
    "textback_closed": _closed,
    "textback_blocked": _blocked,
    "textback_number": _number,
}
"""Variables that the dialplan sets for us."""

NOT_TAKEN = {DialStatus.NOANSWER: Reason.NO_ANSWER, DialStatus.CANCEL: Reason.NO_ANSWER, DialStatus.BUSY: Reason.BUSY}

Reader = Callable[[Decoder, Leg, Message, datetime | None], Iterator[Event]]

READERS: Mapping[str, Reader] = {
    "CHANNEL_CREATE": Decoder._nothing,
    "CHANNEL_PROGRESS": Decoder._nothing,
    "CHANNEL_PROGRESS_MEDIA": Decoder._nothing,
    "CHANNEL_ANSWER": Decoder._nothing,
    "CHANNEL_BRIDGE": Decoder._bridged,
    "CHANNEL_UNBRIDGE": Decoder._unbridged,
    "CHANNEL_EXECUTE": Decoder._execute,
    "CHANNEL_HOLD": Decoder._held,
    "CHANNEL_UNHOLD": Decoder._held,
    "CHANNEL_PARK": Decoder._parked,
    "CHANNEL_HANGUP_COMPLETE": Decoder._hung_up,
    "CUSTOM": Decoder._custom,
}
CUSTOM: Mapping[str, Reader] = {
    "vm::maintenance": Decoder._voicemail,
    "callcenter::info": Decoder._callcenter,
    "fifo::info": Decoder._fifo,
    "conference::maintenance": Decoder._conference,
    "valet_parking::info": Decoder._valet,
}
WANTED = frozenset({*READERS, "BACKGROUND_JOB", "HEARTBEAT"})
"""Names of the events that mean something here; a HEARTBEAT says which run of the switch it is."""

SUBSCRIPTION = " ".join((*sorted(WANTED - {"CUSTOM"}), "CUSTOM", *CUSTOM))
"""What to ask for behind `event json `; subclasses come last."""
