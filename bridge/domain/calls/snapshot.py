"""What lives when we look: calls we know are sure again, calls we meet in the middle are opened.

A snapshot shows who shares media now, not who did before. A call that came up while nobody listened, and is with nobody
now, may have had its talk: it stays unsure unless a machine has it. So may one that was up all the while: where whoever
was rung then is gone or up, where nothing holds it now, or where it got to what comes after a talk. Cut out of recorded
calls, gaps of three events made no talk a missed call.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.events import ChannelSeen, ChannelState, DialStatus, Doing
from bridge.domain.calls.live_call import Leg, LiveCall
from bridge.domain.calls.live_calls import LiveCalls
from bridge.domain.calls.participants import Participants
from bridge.domain.calls.verdicts import WITH_A_MACHINE

A_WORD, A_TALK = timedelta(seconds=1), timedelta(seconds=3)
"""Gaps as long as it takes somebody to pick up and to go; and, before that, to be rung."""

ON_THE_WAY = frozenset({Doing.DIAL, Doing.QUEUE, Doing.MENU, Doing.VOICEMAIL})
"""Where a caller gets to with whom nobody talked yet."""


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """A call that we knew, as it was before the link was lost and as it is shown now."""

    call: LiveCall
    was_up: bool
    was_doing: Doing
    now: ChannelSeen


class SnapshotResync:
    def __init__(self, board: Switchboard, book: LiveCalls, participants: Participants) -> None:
        self._board = board
        self._book = book
        self._participants = participants
        self._strangers: dict[str, ChannelSeen] = {}
        self._again: list[SeenAgain] = []
        self._ringing: set[str] = set()  # the linkedids of what is rung now
        self._lost_at: datetime | None = None
        self._doing: dict[str, Doing] = {}

    def link_lost(self, at: datetime | None) -> None:
        self._lost_at = self._lost_at or at

    def saw(self, channel: Channel, event: ChannelSeen) -> None:
        was_up = channel.state is ChannelState.UP
        channel.state, channel.shown = event.state, True
        self._doing[channel.uniqueid] = event.doing
        if event.state is ChannelState.RINGING:
            self._ringing.add(event.linkedid)
        channel.caller_number = channel.caller_number or event.caller_number
        if not channel.exten:
            channel.exten, channel.asks = event.exten, event.asks
        self._place(channel, event)
        if call := self._book.of(channel.uniqueid):
            call.note(event.at, "still there when we looked")
            self._again.append(SeenAgain(call, was_up, call.doing, event))
        elif channel.trunk:
            self._strangers[channel.uniqueid] = event
        self._participants.recount(self._board.connected(channel), event.at)

    def end(self, gone: Collection[str]) -> None:
        """All have been seen, and `gone` were not. Who called in comes first: a leg of theirs is no call of its own."""
        for seen in self._again:
            seen.call.unsure = seen.call.unsure and self._may_have_talked_unheard(seen, gone)
        self._again.clear()
        self._ringing.clear()
        self._lost_at = None
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

    def _may_have_talked_unheard(self, seen: SeenAgain, gone: Collection[str]) -> bool:
        """gone: channels that lived when the link was lost."""
        legs = self._known_legs(seen.call)
        gap = self._gap(seen.now.at)
        if seen.now.state is not ChannelState.UP:
            return False
        if gap and any(leg.status is DialStatus.ANSWER or _picked_up(leg, channel) for leg, channel in legs):
            return True
        if not seen.was_up:
            return _may_have_talked(seen.now)
        if any(channel.uniqueid not in gone and not leg.ended and not leg.taken for leg, channel in legs):
            return False  # somebody rings yet, so nobody took it from them
        if any(channel.uniqueid in gone for _, channel in legs):
            return True
        may_talk = (_may_have_talked(seen.now) and seen.now.linkedid not in self._ringing) or _waits_no_more(seen)
        return (gap >= A_WORD and may_talk) or (gap >= A_TALK and _got_on(seen))

    def _known_legs(self, call: LiveCall) -> list[tuple[Leg, Channel]]:
        """Persons whom it was offered to, as far as they lived when the link was lost."""
        channels = self._board.channels
        return [(leg, channels[one]) for one, leg in call.legs.items() if leg.real and one in channels]

    def _gap(self, at: datetime | None) -> timedelta:
        return at - self._lost_at if at and self._lost_at else timedelta(0)

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


def _waits_no_more(seen: SeenAgain) -> bool:
    """Was it fetched from where it still seems to wait?"""
    if seen.now.doing is Doing.QUEUE:
        return seen.call.queue_left
    return seen.now.doing is Doing.PARK and not seen.now.bridge


def _picked_up(leg: Leg, channel: Channel) -> bool:
    """Is it up, and nobody told us when that came about?"""
    return channel.state is ChannelState.UP and not leg.taken


def _got_on(seen: SeenAgain) -> bool:
    return seen.now.doing is not seen.was_doing and seen.now.doing not in ON_THE_WAY


def _began(event: ChannelSeen) -> datetime | None:
    return event.at - timedelta(seconds=event.seconds) if event.at and event.seconds is not None else None
