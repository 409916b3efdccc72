"""Follows the channels of one PBX and says what every call came to, when its trunk channel hangs up.

Events may come late, twice, out of order within a moment, or for channels never seen; a call is judged by what was
seen of it, and called `unknown` when part of it happened while nobody listened.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bridge.domain.calls.calls import EndedCall, Reason, Talk
from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.early_hangups import SETTLE, EarlyHangups
from bridge.domain.calls.events import (
    ApplicationEntered,
    AttestationTold,
    BlockedTold,
    Bridged,
    BridgeDestroyed,
    CallerChanged,
    ChannelCreated,
    ChannelEvent,
    ChannelSeen,
    ChannelState,
    ClosedTold,
    DialBegan,
    DialEnded,
    DialRinging,
    Doing,
    Event,
    HangupRequested,
    Held,
    HungUp,
    LinkLost,
    MailboxRead,
    NobodyDialled,
    NumberGiven,
    Parked,
    PresentationTold,
    QueueJoined,
    QueueLeft,
    Renamed,
    SnapshotEnded,
    StateChanged,
    Transferred,
    Unbridged,
    Unheard,
    VoicemailLeft,
)
from bridge.domain.calls.live_call import Leg, LiveCall
from bridge.domain.calls.live_calls import LiveCalls
from bridge.domain.calls.participants import Participants
from bridge.domain.calls.registry import ChannelRegistry
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.snapshot import SnapshotResync
from bridge.domain.calls.unborn import UnbornChannels
from bridge.domain.calls.unmatched import UnmatchedCalls
from bridge.domain.phone import E164

NUMBER = re.compile(r"\+?[0-9]{3,}")


class Tracker:
    def __init__(self, settings: TrackerSettings) -> None:
        self._board = Switchboard()
        self._book = LiveCalls(settings)
        self._registry = ChannelRegistry(self._board, self._book)
        self._participants = Participants(self._board, self._book)
        self._snapshot = SnapshotResync(self._board, self._book, self._participants)
        self._early = EarlyHangups(settings.moment)
        self._unborn = UnbornChannels(settings.moment)
        self._ended: list[EndedCall] = []
        self.unmatched = UnmatchedCalls()
        self.presentation_told = False
        self._handlers: dict[type[Event], Callable[..., None]] = {
            ChannelCreated: self._created,
            ChannelSeen: self._seen,
            SnapshotEnded: self._snapshot_ended,
            StateChanged: self._state_changed,
            CallerChanged: self._caller_changed,
            Renamed: self._renamed,
            DialBegan: self._dial_began,
            DialRinging: self._dial_ringing,
            DialEnded: self._dial_ended,
            Bridged: self._bridged,
            Unbridged: self._unbridged,
            Unheard: self._unheard,
            BridgeDestroyed: self._bridge_destroyed,
            Held: self._held,
            Transferred: self._transferred,
            Parked: self._parked,
            QueueJoined: self._queue_joined,
            QueueLeft: self._queue_left,
            ApplicationEntered: self._application_entered,
            VoicemailLeft: self._voicemail_left,
            HangupRequested: self._hangup_requested,
            HungUp: self._hung_up,
            PresentationTold: self._presentation_told,
            ClosedTold: self._closed_told,
            BlockedTold: self._blocked_told,
            AttestationTold: self._attestation_told,
            MailboxRead: self._mailbox_read,
            NumberGiven: self._number_given,
            LinkLost: self._link_lost,
        }

    # --- what others ask

    def feed(self, event: Event) -> list[EndedCall]:
        """The calls that this event ended, mostly none."""
        if self._early or self._unborn:
            self._settle_until(event.at)
        if isinstance(event, ChannelEvent) and event.uniqueid not in self._board.channels and self._holds(event):
            return []
        self._handle(event)
        if isinstance(event, ChannelCreated):
            for held in self._unborn.born(event.uniqueid) if self._unborn else ():
                self._handle(held)
        return self._take_ended()

    def _holds(self, event: ChannelEvent) -> bool:
        return not self._registry.knew(event.uniqueid) and self._unborn.hold(event)

    def _handle(self, event: Event) -> None:
        if handler := self._handlers.get(type(event)):
            handler(event)

    def nobody_dialled(self, event: NobodyDialled) -> NobodyDialled:
        """With what we know of the phone: one that had a channel was reached, so it was busy or refused."""
        reached = self._registry.knew(event.attempt_id)
        return replace(event, why=Reason.BUSY) if reached and event.why is Reason.UNREACHABLE else event

    @property
    def settling(self) -> bool:
        """Does a call wait for `settle`? With complete events in their order none ever does."""
        return len(self._early) + len(self._unborn) > 0

    def settle(self, now: datetime) -> list[EndedCall]:
        """Decide the calls whose Hangup has waited for 200 ms."""
        self._settle_until(now, SETTLE)
        return self._take_ended()

    def reap(self, now: datetime) -> list[EndedCall]:
        """Give up channels that have been silent for 12 hours."""
        for channel in self._registry.silent(now):
            self._lose(channel)
        return self._take_ended()

    def finish(self) -> list[EndedCall]:
        """Nothing more will come (the end of a recording): what still lives has no known end."""
        self._settle_until(None)
        for call in self._book.all():
            self._lose(call.channel)
        return self._take_ended()

    def is_live(self, number: E164) -> bool:
        """Is there a call with this customer right now?"""
        return self._book.with_customer(number)

    def talks(self) -> dict[E164, Talk]:
        """Every customer there is a call with right now."""
        return self._book.talks()

    @property
    def live_calls(self) -> int:
        return len(self._book)

    @property
    def channels(self) -> int:
        return len(self._board.channels)

    def _settle_until(self, at: datetime | None, age: timedelta | None = None) -> None:
        for held in self._unborn.ripe(at, age):
            self._handle(held)
        for event in self._early.ripe(at, age):
            self._close(event)

    def _take_ended(self) -> list[EndedCall]:
        ended, self._ended = self._ended, []
        return ended

    # --- channels

    def _created(self, event: ChannelCreated) -> None:
        channel = self._registry.heard(event)
        if not channel:
            return
        channel.state, channel.exten, channel.asks = event.state, event.exten, event.asks
        channel.caller_number = event.caller_number
        if channel.trunk:
            self._maybe_inbound(channel, event)
        elif channel.real and self._comes_from_outside(event):
            self.unmatched.add(channel.endpoint.pattern, event.at)

    def _comes_from_outside(self, event: ChannelCreated) -> bool:
        """Is that somebody calling in, though on no trunk? A phone of ours calls as its extension or as the office."""
        begins = event.state is ChannelState.RING and event.uniqueid == event.linkedid
        return begins and self._book.is_from_outside(event.caller_number, event.exten, usual=event.from_outside)

    def _maybe_inbound(self, channel: Channel, event: ChannelCreated) -> None:
        """A trunk channel of its own linkedid that rings us, or asks for an extension, is somebody calling in."""
        if self._book.of(channel.uniqueid) or channel.dialled or self._book.offering(channel.uniqueid):
            return
        if event.uniqueid == event.linkedid and (event.state is not ChannelState.DOWN or event.asks):
            call = self._book.open_inbound(channel, event.caller_number, event.caller_name, event.at)
            call.certain = event.state is not ChannelState.DOWN
            if event.restricted:
                call.withhold(event.at)
            if event.refused:
                call.refuse(event.at)

    def _state_changed(self, event: StateChanged) -> None:
        channel = self._registry.heard(event)
        if not channel:
            return
        channel.state = event.state
        if event.state is ChannelState.RINGING:
            self._rings(channel.uniqueid, event.at)
        if event.state is ChannelState.UP and (offered := self._book.offering(channel.uniqueid)):
            offered.taken(channel.uniqueid, event.at)
        starts = event.state is ChannelState.RING and channel.trunk and channel.uniqueid == channel.linkedid
        if starts and not channel.dialled and not self._book.of(channel.uniqueid):
            self._book.open_inbound(channel, channel.caller_number, "", event.at)
        if event.refused and event.state is ChannelState.UP and (call := self._book.inbound(channel.uniqueid)):
            call.refuse(event.at)

    def _caller_changed(self, event: CallerChanged) -> None:
        self._registry.heard(event)
        call = self._book.inbound(event.uniqueid)
        if not call or call.caller.withheld:
            return
        call.shows(event.caller_name)
        new = self._book.read_caller(event.caller_number, event.caller_name, call.did)
        if new.number and not new.colleague and call.learns_who_calls(new):
            call.caller = new
            call.note(event.at, "the PBX learned the caller's number")
        if event.restricted:
            call.withhold(event.at)

    def _renamed(self, event: Renamed) -> None:
        channel = self._board.channels.get(event.uniqueid)
        if channel:
            self._board.become(channel, event.channel)

    # --- dialling

    def _dial_began(self, event: DialBegan) -> None:
        dialler = self._registry.heard(event)
        leg = self._registry.meet(event.dest_uniqueid, event.dest_channel, event.dest_linkedid, event.at)
        if not leg:
            return
        leg.dialled_by = event.uniqueid
        leg.dialled = event.dialled
        self._book.drop_guess(leg.uniqueid)
        call = self._participants.call_behind(dialler, leg)
        if call and self._book.inbound(call.channel.uniqueid):
            self._offer(call, leg, event)
        elif leg.trunk and not self._book.of(leg.uniqueid):
            origin = self._participants.origin(dialler)
            self._book.open_outbound(leg, origin, self._participants.caller_of_ours(origin), leg.dialled, event.at)

    def _offer(self, call: LiveCall, channel: Channel, event: DialBegan | DialEnded) -> None:
        own = event.uniqueid == call.channel.uniqueid
        label = self._participants.label(channel) or f"a {channel.endpoint.kind}"
        self._book.offer(
            call, channel.uniqueid, Leg(label, own, channel.real, channel.real and not channel.trunk, event.at)
        )
        if channel.state is ChannelState.RINGING:
            call.rings(channel.uniqueid, event.at)

    def _dial_ringing(self, event: DialRinging) -> None:
        self._rings(event.dest_uniqueid, event.at)

    def _rings(self, uniqueid: str, at: datetime | None) -> None:
        channel, call = self._board.channels.get(uniqueid), self._book.offering(uniqueid)
        if channel and call and channel.real:
            call.rings(uniqueid, at)
        if outbound := self._book.outbound(uniqueid):
            outbound.note(at, "it rang there")

    def _dial_ended(self, event: DialEnded) -> None:
        dialler = self._registry.heard(event)
        leg = self._registry.meet(event.dest_uniqueid, event.dest_channel, event.dest_linkedid, event.at)
        if outbound := self._book.outbound(event.dest_uniqueid):
            outbound.refused_as = event.status
            outbound.note(event.at, f"the dial ended: {event.status}")
            return
        call = self._book.offering(event.dest_uniqueid) or self._book.of(event.uniqueid)
        if not call:
            return
        if leg and dialler and not self._book.offering(event.dest_uniqueid):
            self._offer(call, leg, event)  # a pick-up: this channel was never dialled
        call.leg_ended(event.dest_uniqueid, event.status, event.at)

    # --- bridges

    def _bridged(self, event: Bridged) -> None:
        channel = self._registry.heard(event)
        if not channel:
            return
        channel.held = False
        self._board.enter(channel, event.bridge, event.holding)
        self._participants.recount(self._board.connected(channel), event.at)
        call = self._book.of(channel.uniqueid)
        if event.holding and call:
            call.hand_on("put into a waiting room", event.at)

    def _unbridged(self, event: Unbridged) -> None:
        channel = self._registry.heard(event)
        if channel:
            before = self._board.connected(channel)
            self._board.leave(channel, event.bridge)
            self._participants.recount(before, event.at)

    def _unheard(self, event: Unheard) -> None:
        self._registry.heard(event)
        if call := self._book.of(event.uniqueid):
            call.unsure = True
            call.note(event.at, "something of it was not heard")

    def _bridge_destroyed(self, event: BridgeDestroyed) -> None:
        bridge = self._board.bridges.get(event.bridge)
        if bridge:
            before = [self._board.channels[uniqueid] for uniqueid in bridge.members]
            self._board.destroy(event.bridge)
            self._participants.recount(before, event.at)

    def _held(self, event: Held) -> None:
        channel = self._registry.heard(event)
        if channel:
            channel.held = event.on

    # --- being sent on, waiting, listening

    def _transferred(self, event: Transferred) -> None:
        call = self._book.of(event.transferee_uniqueid)
        if call and not event.reached:
            call.hand_on(f"transferred to {event.exten}", event.at)

    def _parked(self, event: Parked) -> None:
        self._registry.heard(event)
        if call := self._book.of(event.uniqueid):
            call.hand_on("parked", event.at)

    def _queue_joined(self, event: QueueJoined) -> None:
        self._registry.heard(event)
        if call := self._book.of(event.uniqueid):
            call.join_queue(event.queue, event.at)

    def _queue_left(self, event: QueueLeft) -> None:
        self._registry.heard(event)
        if call := self._book.of(event.uniqueid):
            call.leave_queue(event.queue, event.at)

    def _application_entered(self, event: ApplicationEntered) -> None:
        channel = self._registry.heard(event)
        call = self._book.inbound(event.uniqueid)
        if channel:
            channel.place = event.place
            channel.does(event.doing, event.mailbox)
        if call:
            call.enter_application(event.doing, event.name, event.at)
            if event.doing is Doing.VOICEMAIL:
                call.enter_voicemail(event.at)
            if event.refused:
                call.refuse(event.at)
            if channel and not channel.asks and NUMBER.fullmatch(event.exten):
                call.did, channel.asks = event.exten, True
        elif channel and event.doing is Doing.VOICEMAIL:
            behind = self._participants.call_behind(channel, channel)
            if behind:
                behind.enter_voicemail(event.at)

    def _voicemail_left(self, event: VoicemailLeft) -> None:
        channel = self._registry.heard(event)
        call = self._book.of(event.uniqueid) or (channel and self._participants.call_behind(channel, channel))
        if call:
            call.leave_message(event.mailbox, event.at)

    def _presentation_told(self, event: PresentationTold) -> None:
        self._registry.heard(event)
        self.presentation_told = True
        call = self._book.of(event.uniqueid)
        if call and event.restricted:
            call.withhold(event.at)

    def _closed_told(self, event: ClosedTold) -> None:
        self._registry.heard(event)
        if call := self._book.of(event.uniqueid):
            call.told_closed = event.closed
            call.note(event.at, f"the night switch said: {'closed' if event.closed else 'open'}")

    def _blocked_told(self, event: BlockedTold) -> None:
        self._registry.heard(event)
        if call := self._book.inbound(event.uniqueid):
            call.refused = call.refused and event.blocked
            if event.blocked:
                call.refuse(event.at)

    def _attestation_told(self, event: AttestationTold) -> None:
        self._registry.heard(event)
        if call := self._book.inbound(event.uniqueid):
            call.attest(event.attestation, event.at)

    def _mailbox_read(self, event: MailboxRead) -> None:
        """Of whoever is asked for that mailbox's PIN now; two callers at one moment are two of the office.

        Where a phone of ours listens to its messages as well, it was that one who was let in.
        """
        there = [one for one in self._board.channels.values() if one.is_at_mailbox(event.mailbox)]
        calls = [self._book.inbound(one.uniqueid) for one in there]
        for call in calls if all(calls) else ():
            if call and call.login is Doing.MAILBOX_LOGIN:
                call.serve("let in to a mailbox", event.at, pin=True)

    def _number_given(self, event: NumberGiven) -> None:
        self._registry.heard(event)
        call, given = self._book.inbound(event.uniqueid), self._book.read_caller(event.number, "")
        if call and given.number:
            call.caller, call.asked_for_text = given, True
            call.note(event.at, "the caller asked to be texted, and said at which number")

    # --- the end

    def _hangup_requested(self, event: HangupRequested) -> None:
        channel = self._registry.heard(event)
        if channel and event.by_peer:
            channel.leaving = True
        if call := self._book.of(event.uniqueid):
            call.ends_refused = event.refused
            call.ask_hangup(event.at, event.ended, by_peer=event.by_peer)

    def _hung_up(self, event: HungUp) -> None:
        """Decides at once, unless the Hangup stands before what must have led to it."""
        channel, call = self._registry.heard(event), self._book.of(event.uniqueid)
        if channel and call and event.at and not call.complete_at(event.at):
            self._early.hold(event)
        elif channel:
            self._close(event)

    def _close(self, event: HungUp) -> None:
        self._early.drop(event.uniqueid)
        channel = self._board.channels[event.uniqueid]
        before = [c for c in self._board.connected(channel) if c is not channel]
        if offered := self._book.offering(channel.uniqueid):
            offered.leg_ended(channel.uniqueid, None, event.at)
        call = self._book.of(channel.uniqueid)
        if call:
            self._participants.leave(call, event.at)
            if event.refused or (event.tidied and call.ends_refused):
                call.refuse(event.at)
            self._ended.append(self._book.decide(call, event.at, event.ended))
        self._registry.forget(channel)
        self._participants.recount(before, event.at)

    def _lose(self, channel: Channel) -> None:
        """It is gone and nobody told us."""
        if early := self._early.of(channel.uniqueid):
            self._close(early)
            return
        call = self._book.of(channel.uniqueid)
        if call:
            self._ended.append(self._book.lose(call))
        before = [c for c in self._board.connected(channel) if c is not channel]
        self._registry.forget(channel)
        self._participants.recount(before, None)

    # --- connecting in the middle

    def _link_lost(self, event: LinkLost) -> None:
        self._settle_until(None)
        self._registry.next_link()
        self._snapshot.link_lost(event.at)
        for call in self._book.all():
            call.unsure = True
            call.note(event.at, "we no longer heard the PBX")

    def _seen(self, event: ChannelSeen) -> None:
        if channel := self._registry.heard(event):
            self._snapshot.saw(channel, event)

    def _snapshot_ended(self, event: SnapshotEnded) -> None:
        missing = self._registry.missing()
        self._snapshot.end({channel.uniqueid for channel in missing})
        for channel in missing:
            if offered := self._book.offering(channel.uniqueid):
                offered.leg_ended(channel.uniqueid, None, event.at)
            self._lose(channel)
