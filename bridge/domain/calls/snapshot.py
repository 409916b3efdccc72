"""What lives when we look: calls we know are sure again, calls we meet in the middle are opened.

A snapshot shows who shares media now, not who did before: whether that may hide a talk, `gaps` tells.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.events import ChannelKind, ChannelSeen, ChannelState, DialStatus, Doing
from bridge.domain.calls.gaps import BEGAN_UNHEARD, Before, Unheard
from bridge.domain.calls.live_call import Leg, LiveCall, together
from bridge.domain.calls.live_calls import LiveCalls
from bridge.domain.calls.participants import Participants

TAKES = (None, DialStatus.ANSWER)
"""How a leg has not ended, as far as is known, that talks next."""


class SnapshotResync:
    def __init__(self, board: Switchboard, book: LiveCalls, participants: Participants) -> None:
        self._board = board
        self._book = book
        self._participants = participants
        self._strangers: dict[str, ChannelSeen] = {}
        self._again: list[tuple[LiveCall, bool, str, ChannelSeen]] = []  # was it up, and where it stood
        self._shown: defaultdict[str, list[ChannelSeen]] = defaultdict(list)  # by linkedid
        self._lost_at: datetime | None = None
        self._doing: dict[str, Doing] = {}

    def link_lost(self, at: datetime | None) -> None:
        self._lost_at = self._lost_at or at

    def saw(self, channel: Channel, event: ChannelSeen) -> None:
        was_up, stood = channel.state is ChannelState.UP, channel.place
        channel.state, channel.shown, channel.place = event.state, True, event.place
        channel.does(event.doing)
        self._doing[channel.uniqueid] = event.doing
        self._shown[event.linkedid].append(event)
        channel.caller_number = channel.caller_number or event.caller_number
        if not channel.exten:
            channel.exten, channel.asks = event.exten, event.asks
        self._place(channel, event)
        if call := self._book.of(channel.uniqueid):
            call.note(event.at, "still there when we looked")
            self._again.append((call, was_up, stood, event))
        elif channel.trunk:
            self._strangers[channel.uniqueid] = event
        self._participants.recount(self._board.connected(channel), event.at)

    def end(self, gone: Collection[str]) -> None:
        """All have been seen, and `gone` were not. Who called in comes first: a leg of theirs is no call of its own."""
        for call, was_up, stood, event in self._again:
            if call.unsure:
                lasted = event.at - self._lost_at if event.at and self._lost_at else timedelta.max
                before = self._before(call, was_up, stood, gone)
                call.unsure = self._unheard(event, lasted, call).may_hide_a_talk(before)
                self._take_up(call, event)
                call.spoke_with = event.connected if event.unheard else ""
        strangers = [(self._board.channels.get(uniqueid), event) for uniqueid, event in self._strangers.items()]
        met = [(channel, event) for channel, event in strangers if channel and not self._is_leg(channel)]
        for channel, event in met:
            if not _is_dialled(event) and not self._is_asked(channel):
                self._open_inbound(channel, event)
        for channel, event in met:
            if _is_dialled(event) and (channel.linkedid == channel.uniqueid or not self._book.of(channel.linkedid)):
                self._open_outbound(channel, event)
            self._participants.recount(self._board.connected(channel), event.at)
        self._again.clear()
        self._shown.clear()
        self._lost_at = None
        self._strangers.clear()
        self._doing.clear()

    def _place(self, channel: Channel, event: ChannelSeen) -> None:
        before = self._board.connected(channel)
        for bridge in channel.bridges - {event.bridge}:
            self._board.leave(channel, bridge)
        if event.bridge:
            self._board.enter(channel, event.bridge, None)
        self._participants.recount(before, event.at)

    def _before(self, call: LiveCall, was_up: bool, place: str, gone: Collection[str]) -> Before:
        """gone: channels that lived when the link was lost."""
        channels = self._board.channels
        legs = [(leg, channels[one]) for one, leg in call.legs.items() if leg.real and one in channels]
        lives = [(leg, channel.state) for leg, channel in legs if channel.uniqueid not in gone and not leg.taken]
        return Before(
            was_up,
            place,
            answered=any(together(leg.answered_at, self._lost_at) for leg, _ in legs if leg.answered_at),
            rings_yet=any(state is not ChannelState.UP and not leg.ended for leg, state in lives),
            picked_up=any(state is ChannelState.UP for _, state in lives),
            hung_up=any(channel.uniqueid in gone and leg.status in TAKES for leg, channel in legs),
            left_queue=call.queue_left,
        )

    def _unheard(self, now: ChannelSeen, lasted: timedelta, call: LiveCall) -> Unheard:
        others = [one for one in self._shown[now.linkedid] if one is not now]
        ringing = [one for one in others if one.state is ChannelState.RINGING]
        stray = any(self._is_stray(one, now) for one in others if one.bridge or one.uniqueid not in call.legs)
        known = {leg.label for leg in call.legs.values()} | {one.caller_number for one in ringing}
        names_another = now.connected != "" and now.connected not in known
        return Unheard(now, lasted, max(map(_age, ringing), default=None), stray, names_another)

    def _is_stray(self, one: ChannelSeen, caller: ChannelSeen) -> bool:
        channel = self._board.channels.get(one.uniqueid)
        apart = not one.bridge or one.bridge != caller.bridge
        return bool(channel and channel.real and one.state is ChannelState.UP and apart)

    def _take_up(self, call: LiveCall, now: ChannelSeen) -> None:
        """What it came to in the gap: what the dialplan does with it, who is rung."""
        if now.name and now.doing is not call.doing:
            call.enter_application(now.doing, now.name, now.at)
            if now.doing is not Doing.QUEUE:
                call.leave_queue("", now.at)
            elif not now.bridge:
                call.join_queue("", now.at)
        shown = self._shown[now.linkedid]
        own = all(one.channel.kind is not ChannelKind.RELAY for one in shown)
        for one in shown:
            channel = self._board.channels.get(one.uniqueid)
            if channel and one.state is ChannelState.RINGING and channel.real and one.uniqueid not in call.legs:
                label = self._participants.label(channel)
                leg = Leg(label, own, real=True, ours=not channel.trunk, began_at=_began(one))
                self._book.offer(call, one.uniqueid, leg)
                call.rings(one.uniqueid, _began(one))

    def _is_leg(self, channel: Channel) -> bool:
        """Did we know it as one that is dialled, or is it about to be?"""
        known = channel.dialled or self._book.offering(channel.uniqueid)
        return bool(known) or channel.state is ChannelState.DOWN

    def _is_asked(self, channel: Channel) -> bool:
        """Has it picked up for another channel's Dial, which waits for it to say that it takes the call?"""
        waiting = self._doing.get(channel.linkedid) is Doing.DIAL
        return waiting and channel.linkedid != channel.uniqueid and not channel.bridges

    def _open_inbound(self, channel: Channel, event: ChannelSeen) -> None:
        call = self._book.open_inbound(channel, event.caller_number, event.caller_name, _began(event))
        lasted = _age(event) if event.seconds is not None else timedelta.max
        call.unsure = self._unheard(event, lasted, call).may_hide_a_talk(BEGAN_UNHEARD if self._lost_at else None)
        self._take_up(call, event)
        call.spoke_with = event.connected if event.unheard else ""
        if event.restricted:
            call.withhold(event.at)

    def _open_outbound(self, channel: Channel, event: ChannelSeen) -> None:
        origin = self._board.channels.get(channel.linkedid)
        by = self._participants.caller_of_ours(origin)
        self._book.open_outbound(channel, origin, by, event.caller_number, _began(event))


def _is_dialled(event: ChannelSeen) -> bool:
    return event.dialled or event.state is ChannelState.RINGING


def _age(event: ChannelSeen) -> timedelta:
    return timedelta(seconds=event.seconds or 0)


def _began(event: ChannelSeen) -> datetime | None:
    return event.at - timedelta(seconds=event.seconds) if event.at and event.seconds is not None else None
