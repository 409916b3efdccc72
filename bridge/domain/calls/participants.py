"""Who is with a caller, and which call a dial serves: questions to the live channels and the live calls together."""

import re
from collections.abc import Iterable
from datetime import datetime

from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.live_call import LiveCall
from bridge.domain.calls.live_calls import LiveCalls

MAX_HOPS = 16  # relays behind one another
LONGEST_EXTENSION = 6
NUMBER = re.compile(r"\+?[0-9*#]+")


class Participants:
    def __init__(self, board: Switchboard, book: LiveCalls) -> None:
        self._board = board
        self._book = book

    def recount(self, channels: Iterable[Channel], at: datetime | None) -> None:
        """Who talks with whom now, for every call among these channels."""
        for channel in channels:
            call = self._book.of(channel.uniqueid)
            if call:
                people = self._people(call)
                label = self.label(people[0]) if people else ""
                call.participants_changed(people, label, at, on_hold=self._on_hold(call))

    def leave(self, call: LiveCall, at: datetime | None) -> None:
        """The caller is gone, whoever was there."""
        if call.participants:
            call.participants_changed((), "", at, on_hold=self._on_hold(call))

    def _people(self, call: LiveCall) -> list[Channel]:
        """The persons who share media with the caller."""
        connected = self._board.connected(call.channel)
        people = [c for c in connected if c.real and not c.leaving and c is not call.channel]
        if self._board.meets_unknown(call.channel):  # two parked callers share a bridge and do not talk
            people = [c for c in people if not self._book.inbound(c.uniqueid)]
        return people

    def _on_hold(self, call: LiveCall) -> bool:
        """Is everybody away whom the caller has? Who asks somebody on another line is at work for them, not away."""
        return all(person.held and not self._consulting(person, call) for person in call.participants)

    def _consulting(self, person: Channel, call: LiveCall) -> bool:
        """Are they on another line of theirs, and not for another caller?"""
        channels = self._board.channels.values() if person.party else ()
        lines = [c for c in channels if c is not person and c.real and c.party == person.party]
        return any(not self._serves_another(line, call) for line in lines)

    def _serves_another(self, line: Channel, call: LiveCall) -> bool:
        return any(other is not call and self._has(other, line) for other in self._book.all_inbound())

    def _has(self, call: LiveCall, line: Channel) -> bool:
        return line in call.participants or self._book.offering(line.uniqueid) is call

    def label(self, channel: Channel) -> str:
        """An extension, or the number that a forwarded leg was dialled by; "" where nobody tells who that is."""
        name, shown = channel.party, channel.caller_number
        if channel.trunk:
            return next(filter(NUMBER.fullmatch, (channel.dialled, shown)), name)
        if _is_extension(name):
            return name
        if NUMBER.fullmatch(channel.dialled) and not _is_extension(channel.dialled):
            return channel.dialled  # over a gateway that no pattern calls a trunk
        return shown if _is_extension(shown) and channel.real and not name.isdigit() else name

    def call_behind(self, dialler: Channel | None, leg: Channel) -> LiveCall | None:
        """The call that this dial serves: through relays back to whoever dialled them."""
        channel = dialler
        for _ in range(MAX_HOPS):
            if channel is None:
                break
            if call := self._book.of(channel.uniqueid):
                return call
            twin = self._board.twin(channel)
            channel = self._board.channels.get(twin.dialled_by) if twin else None
        linkedid = (dialler or leg).linkedid
        return self._book.of(linkedid) if linkedid != leg.uniqueid else None

    def caller_of_ours(self, origin: Channel | None) -> str:
        """Who made an outbound call; "" where no phone of ours did: a relay or a program began it."""
        return self.label(origin) if origin and origin.real and not origin.trunk else ""

    def origin(self, dialler: Channel | None) -> Channel | None:
        """Whose outbound call it is: the dialling phone, or the one that began what the relay belongs to."""
        if dialler is None or dialler.real:
            return dialler
        return self._board.channels.get(dialler.linkedid)


def _is_extension(number: str) -> bool:
    return number.isdigit() and len(number) <= LONGEST_EXTENSION
