"""FreeSWITCH's events as those of `domain.calls.events`. Pure: one message in, what it tells out.

Source of names and headers: recordings of real calls of FreeSWITCH 1.11, and its sources. A switch says of many
things only half, so this remembers the live legs: a bridge is a talk once whoever was dialled has picked up (before it
is early media, SIP 183), an UNHOLD is a resume unless the end comes in the same moment, and what no event told stands
in the variables of a later one.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from bridge.domain.calls.calls import Reason
from bridge.domain.calls.events import (
    ApplicationEntered,
    BlockedTold,
    Bridged,
    ChannelCreated,
    ChannelKind,
    ChannelState,
    DialBegan,
    DialEnded,
    DialStatus,
    Doing,
    Endpoint,
    Event,
    HangupRequested,
    HungUp,
    MailboxRead,
    NobodyDialled,
    Parked,
    SnapshotEnded,
    StateChanged,
    Transferred,
    Unbridged,
    Unheard,
    VoicemailLeft,
)
from bridge.esl import causes
from bridge.esl.applications import doing, mailbox
from bridge.esl.channels import ChannelNames, begins_outside, dialled_number, number_called, own_number
from bridge.esl.links import Leg, Legs
from bridge.esl.protocol import Message
from bridge.esl.talks import Talks
from bridge.esl.variables import TOLD, has_rung, is_up, mailbox_used, pair_of, stamp_of

LEAVES = frozenset({Doing.DIAL, Doing.QUEUE, Doing.VOICEMAIL, Doing.PARK, Doing.TRANSFER})
"""What nobody does with a caller who talks: if it begins, the talk is over."""

SENT_ON = ":bl_xfer:"  # in `transfer_source`: to an extension, not to a live party
LOST_ATTEMPT = "DESTINATION_OUT_OF_ORDER"  # also a second attempt of the same name, refused while the first one lives


class Decoder:
    """Of one switch. odd_stamps: how many times of day no clock shows."""

    def __init__(self, names: ChannelNames) -> None:
        self.names = names
        self._begin()
        self.odd_stamps = 0
        self._core = ""
        self._in_doubt = False

    def _begin(self) -> None:
        self.legs = Legs()
        self.talks = Talks(self.legs)

    def feed(self, told: Message, at: datetime | None) -> list[Event]:
        """What the message tells; mostly little. `at` is used where it has no stamp."""
        return list(self._read(told, self._time(told, at)))

    def forget(self) -> None:
        """The link was lost: from here on nothing is sure, until a snapshot or a later event tells."""
        self._in_doubt = True
        self.talks.forget()
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
        yield from self.talks.resume(at)
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
                self._begin()
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
            *leg.whose,
            state=ChannelState.DOWN if leg.dialled else ChannelState.RING,
            exten=exten,
            asks=exten != "",
            from_outside=not leg.dialled and begins_outside(told),
            caller_number=leg.endpoint.party if leg.dialled and "@" in leg.endpoint.party else own_number(told),
            caller_name="" if leg.dialled else told.get("Caller-Caller-ID-Name"),
            restricted=told.get("Caller-Privacy-Hide-Number") == "true",
        )
        if not heard:
            yield Unheard(began, *leg.whose)
        if leg.dialled:
            yield from self.dial_began(leg, told, began)

    def dial_began(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """A switch dials for a caller once they talk no more."""
        caller = self.legs.live(leg.parent)
        if caller and not caller.dialled and caller.endpoint.kind is ChannelKind.TRUNK:
            yield from self.talks.part(caller.pair, at)
        yield DialBegan(at, *self.legs.dialler(leg), *leg.whose, dialled=dialled_number(told))

    def _look(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """What stands in every event of a channel, whatever it is about."""
        if not leg.dialled:
            self.legs.note_fifo(leg, told)
            yield from self.told_by_dialplan(leg, told, at)
            if told.event != "CHANNEL_HANGUP_COMPLETE":  # there it tells nothing of when
                yield from self._sent_on(leg, told.variable("transfer_source"), at)
        if not leg.rang and leg.rings_yet and has_rung(told):
            leg.rang = True
            yield StateChanged(at, *leg.whose, state=ChannelState.RINGING)
        if not leg.answered and is_up(told):
            leg.answered = True
            yield StateChanged(at, *leg.whose, state=ChannelState.UP)
            yield from self.talks.join(leg.pair, at)

    def told_by_dialplan(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Variables of ours stand in every later event of the channel for which they were set."""
        for name, tell in TOLD.items():
            value = told.variable(name)
            if value and leg.told.get(name) != value:
                leg.told[name] = value
                yield tell(at, leg.whose, value)
        if leg.endpoint.kind is ChannelKind.TRUNK and self.names.is_of_others(told) != leg.of_others:
            leg.of_others = not leg.of_others
            yield BlockedTold(at, *leg.whose, blocked=leg.of_others)

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
        return self.talks.bridge(pair_of(told), at)

    def _unbridged(self, _leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        pair = pair_of(told)
        yield from self.talks.join_unheard(pair, at)
        yield from self.talks.part(pair, at)

    def _held(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        if told.event == "CHANNEL_HOLD":
            yield from self.talks.hold(leg, at, on=True)
        else:
            self.talks.come_back(leg, at)

    # --- what the dialplan does

    def _execute(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        yield from self.enter(leg, told.get("Application"), told.get("Application-Data"), told, at)

    def enter(self, leg: Leg, application: str, arguments: str, told: Message, at: datetime | None) -> Iterator[Event]:
        leg.application = application
        leg.applications.add(application)
        what = doing(application, arguments, told.variable)
        if what is Doing.OTHER:
            return
        if leg.pair in self.talks.open:
            if what not in LEAVES:
                return  # music on hold, or a key that somebody pressed
            yield from self.talks.part(leg.pair, at)
        if what in LEAVES and what is not Doing.QUEUE:
            yield from self.talks.leave_queue(leg, at)
        yield ApplicationEntered(
            at,
            *leg.whose,
            doing=what,
            name=application,
            exten=told.get("Caller-Destination-Number"),
            mailbox=mailbox(application, arguments),
        )
        if what is Doing.QUEUE:
            yield from self.talks.join_queue(leg, arguments.partition(" ")[0], at)
        elif what is Doing.PARK:
            yield Parked(at, *leg.whose)

    def _parked(self, leg: Leg, _told: Message, at: datetime | None) -> Iterator[Event]:
        yield Parked(at, *leg.whose)

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
            yield VoicemailLeft(at, *leg.whose, mailbox=which)

    def _callcenter(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        action = told.get("CC-Action")
        if action == "member-queue-start":
            yield from self.talks.join_queue(leg, told.get("CC-Queue"), at)
        elif action == "member-queue-end":
            yield from self.talks.leave_queue(leg, at, told.get("CC-Queue"))

    def _fifo(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        action = told.get("FIFO-Action")
        if action == "push":
            yield from self.talks.join_queue(leg, told.get("FIFO-Name"), at)
        elif action in ("caller_pop", "abort"):
            yield from self.talks.leave_queue(leg, at, told.get("FIFO-Name"))

    def _conference(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Whether people talk there, nobody tells: two callers who wait for the office do not."""
        action = told.get("Action")
        room = told.get("Conference-Unique-ID") or told.get("Conference-Name")
        if action == "add-member":
            leg.room, leg.was_in_a_room = room, True
            yield Bridged(at, *leg.whose, bridge=room, holding=None)
        elif action == "del-member" and leg.room:
            room, leg.room = leg.room, ""
            yield Unbridged(at, *leg.whose, bridge=room)

    def _valet(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        if told.get("Action") == "hold":
            yield Parked(at, *leg.whose)

    # --- the end

    def _hung_up(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        yield from self._tell_what_was_unheard(leg, told, at)
        yield from self.talks.part(leg.pair, at)
        leg.cause = told.get("Hangup-Cause")
        if leg.relays:
            yield from self._half_ends(leg, at)
        elif leg.dialled:
            yield from self.talks.dial_ended(leg, _status(leg, leg.cause), at)
        else:
            yield from self._caller_ends(leg, told, at)
        if parent := self.legs.known(leg.parent):
            parent.child_cause = leg.cause
        self.legs.end(leg)
        yield HungUp(at, *leg.whose, ended=causes.ended(leg.cause))
        if leg.dialled and not leg.parent and leg.answered and _found_no_way_out(told):
            yield NobodyDialled(at, leg.uuid, Reason.NOT_OFFERED)

    def _tell_what_was_unheard(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Its last event says where the channel has been, though nobody heard it come there."""
        last = told.variable("last_app")
        if not leg.dialled and not leg.met and last and last not in leg.applications:
            yield from self.enter(leg, last, told.variable("last_arg"), told, at)
        if which := mailbox_used(told):
            yield from self._leave_message(leg, which, at)
        other = told.variable("last_bridge_to")
        if other and leg.answered:
            yield from self.talks.join_unheard(frozenset((leg.uuid, other)), at)
        if leg.dialled or not leg.answered:
            return
        with_somebody = other and other not in leg.met and not self._only_rang(leg, other)
        if with_somebody or (told.variable("conference_name") and not leg.was_in_a_room):
            yield Unheard(at, *leg.whose)

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
                yield from self.talks.dial_ended(child, status, at)
        if not leg.children and not leg.met:
            yield from self._unheard_dial(leg, told, at)
        yield from self.talks.leave_queue(leg, at)
        if who or left:
            yield HangupRequested(at, *leg.whose, by_peer=left, ended=causes.ended(leg.cause))

    def _unheard_dial(self, leg: Leg, told: Message, at: datetime | None) -> Iterator[Event]:
        """Of whoever was rung, only how that ended is told, by the caller's variables. Some make no leg at all."""
        status = causes.status(told.variable("originate_disposition"))
        if status is DialStatus.ANSWER and not leg.answered:
            status = DialStatus.CANCEL  # it was heard to ring
        if status not in (causes.RUNG if leg.sure else causes.FAILED):
            return
        rung = told.variable("dialed_user")
        somebody = f"{leg.uuid}/dialled", Endpoint(rung or "somebody", party=rung), leg.linkedid
        yield DialBegan(at, *leg.whose, *somebody, dialled=rung)
        yield DialEnded(at, *leg.whose, *somebody, status=status)
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
            yield from self.talks.dial_ended(dialled, behind if found is DialStatus.OTHER else found, at)

    def _job(self, told: Message, at: datetime | None) -> Iterator[Event]:
        """Of an originate of ours: the Job-UUID begins with the attempt's id and a dot."""
        attempt, dot, _ = told.get("Job-UUID").partition(".")
        failed, _, cause = told.get("_body").strip().partition(" ")
        if not dot or told.get("Job-Command") != "originate" or failed != "-ERR":
            return
        if cause == LOST_ATTEMPT and self.legs.live(attempt):
            return  # the first one of that name lives, and this one was refused
        yield NobodyDialled(at, attempt, NOT_TAKEN.get(causes.status(cause), Reason.UNREACHABLE))


def _status(leg: Leg, cause: str) -> DialStatus:
    """A phone that does not even say that it rings is not there."""
    found = causes.status(cause)
    silent = found is DialStatus.NOANSWER and not leg.rang and not leg.answered
    return DialStatus.CONGESTION if silent else found


def _found_no_way_out(told: Message) -> bool:
    """A desk phone that we had rung was picked up, and no trunk took the call."""
    ours = told.variable("textback_did") != ""
    return ours and causes.status(told.variable("originate_disposition")) in causes.NO_WAY_OUT


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
