"""What lives when we look: calls we know are sure again, calls we meet in the middle are opened.

A snapshot shows who shares media now, not who did before. A call that came up while nobody listened, and is with nobody
now, may have had its talk: it stays unsure unless a machine has it.
"""

from datetime import datetime, timedelta

from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.events import ChannelSeen, ChannelState, Doing
from bridge.domain.calls.live_call import LiveCall
from bridge.domain.calls.live_calls import LiveCalls
from bridge.domain.calls.participants import Participants
from bridge.domain.calls.verdicts import WITH_A_MACHINE


class SnapshotResync:
    def __init__(self, board: Switchboard, book: LiveCalls, participants: Participants) -> None:
        self._board = board
        self._book = book
        self._participants = participants
        self._strangers: dict[str, ChannelSeen] = {}
        self._doing: dict[str, Doing] = {}

    def saw(self, channel: Channel, event: ChannelSeen) -> None:
        was_up = channel.state is ChannelState.UP
        channel.state, channel.shown = event.state, True
        self._doing[channel.uniqueid] = event.doing
        channel.caller_number = channel.caller_number or event.caller_number
        if not channel.exten:
            channel.exten, channel.asks = event.exten, event.asks
        self._place(channel, event)
        if call := self._book.of(channel.uniqueid):
            self._see_again(call, event, was_up=was_up)
        elif channel.trunk:
            self._strangers[channel.uniqueid] = event
        self._participants.recount(self._board.connected(channel), event.at)

    def end(self) -> None:
        """All have been seen. Who called in comes first: a leg of theirs is no call of its own."""
        strangers = [(self._board.channels.get(uniqueid), event) for uniqueid, event in self._strangers.items()]
        met = [(channel, event) for channel, event in strangers if channel and not self._is_leg(channel)]
        for channel, event in met:
            if not _is_dialled(event) and not self._is_asked(channel):
                self._open_inbound(channel, event)
        for channel, event in met:
            if _is_dialled(event) and (channel.linkedid == channel.uniqueid or not self._book.of(channel.linkedid)):
                self._open_outbound(channel, event)
            self._participants.recount(self._board.connected(channel), event.at)
        self._strangers.clear()
        self._doing.clear()

    def _place(self, channel: Channel, event: ChannelSeen) -> None:
        before = self._board.connected(channel)
        for bridge in channel.bridges - {event.bridge}:
            self._board.leave(channel, bridge)
        if event.bridge:
            self._board.enter(channel, event.bridge, None)
        self._participants.recount(before, event.at)

    def _see_again(self, call: LiveCall, event: ChannelSeen, *, was_up: bool) -> None:
        call.note(event.at, "still there when we looked")
        call.unsure = call.unsure and not was_up and _may_have_talked(event)

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
        call.enter_application(event.doing, event.name, event.at)
        call.unsure = _may_have_talked(event)
        if event.restricted:
            call.withhold(event.at)

    def _open_outbound(self, channel: Channel, event: ChannelSeen) -> None:
        origin = self._board.channels.get(channel.linkedid)
        by = self._participants.caller_of_ours(origin)
        self._book.open_outbound(channel, origin, by, event.caller_number, _began(event))


def _is_dialled(event: ChannelSeen) -> bool:
    return event.dialled or event.state is ChannelState.RINGING


def _may_have_talked(event: ChannelSeen) -> bool:
    return event.state is ChannelState.UP and event.doing not in WITH_A_MACHINE


def _began(event: ChannelSeen) -> datetime | None:
    return event.at - timedelta(seconds=event.seconds) if event.at and event.seconds is not None else None
