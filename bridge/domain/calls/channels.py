"""The live channels of one PBX, and who shares media with whom. No verdicts here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.calls.events import ChannelKind, ChannelState, Doing, Endpoint

AT_MAILBOX = frozenset({Doing.MAILBOX_LOGIN, Doing.SERVICE})
SOMEBODY = frozenset({ChannelKind.PHONE, ChannelKind.TRUNK})


@dataclass(slots=True, eq=False)
class Channel:
    """A live channel.

    asks: its exten was asked for, and is no stand-in. held: whoever is behind it has put the others on hold. leaving:
    they have hung up. heard: the link on which we last heard of it. absent: snapshots in a row without it. place:
    where in the dialplan it was when last told. at_mailbox: they listen to one, or are asked for its PIN; "" if not
    told which.
    """

    uniqueid: str
    endpoint: Endpoint
    linkedid: str
    state: ChannelState = ChannelState.OTHER
    exten: str = ""
    asks: bool = False
    caller_number: str = ""
    dialled: str = ""
    dialled_by: str = ""
    place: str = ""
    at_mailbox: str | None = None
    held: bool = False
    leaving: bool = False
    bridges: set[str] = field(default_factory=set)
    heard: int = 0
    heard_at: datetime | None = None
    absent: int = 0
    shown: bool = False

    @property
    def real(self) -> bool:
        """Somebody may be behind it: a phone, a trunk. A relay stands for whoever is behind its other half."""
        return self.endpoint.kind in SOMEBODY

    @property
    def trunk(self) -> bool:
        return self.endpoint.kind is ChannelKind.TRUNK

    def does(self, doing: Doing, mailbox: str = "") -> None:
        self.at_mailbox = mailbox if doing in AT_MAILBOX else None

    def is_at_mailbox(self, mailbox: str) -> bool:
        """For all that is known; "" is one that was not told."""
        at = self.at_mailbox
        return at is not None and (not at or not mailbox or at == mailbox)

    @property
    def label(self) -> str:
        return self.endpoint.label

    @property
    def party(self) -> str:
        return self.endpoint.party


@dataclass(slots=True)
class Bridge:
    """`holding`: music and waiting, no talk; None where we met it in the middle and cannot tell.

    members: uniqueids, in the order in which they came.
    """

    holding: bool | None = None
    members: dict[str, None] = field(default_factory=dict)


class Switchboard:
    """Channels and bridges as the events leave them; any order, repeats and gaps leave something sensible."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self._twins: dict[str, dict[str, None]] = {}

    def add(self, uniqueid: str, endpoint: Endpoint, linkedid: str) -> Channel:
        channel = self.channels[uniqueid] = Channel(uniqueid, endpoint, linkedid)
        self._pair(channel)
        return channel

    def become(self, channel: Channel, endpoint: Endpoint) -> None:
        """The same channel, known for something else from now on."""
        self._part(channel)
        channel.endpoint = endpoint
        self._pair(channel)

    def remove(self, channel: Channel) -> None:
        for bridge in list(channel.bridges):
            self.leave(channel, bridge)
        self._part(channel)
        self.channels.pop(channel.uniqueid, None)

    def _pair(self, channel: Channel) -> None:
        if twin := channel.endpoint.twin:
            self._twins.setdefault(twin, {})[channel.uniqueid] = None

    def _part(self, channel: Channel) -> None:
        pair = self._twins.get(channel.endpoint.twin)
        if pair:
            pair.pop(channel.uniqueid, None)
            if not pair:
                del self._twins[channel.endpoint.twin]

    def enter(self, channel: Channel, bridge_id: str, holding: bool | None) -> None:
        bridge = self.bridges.setdefault(bridge_id, Bridge())
        if holding is not None:
            bridge.holding = holding
        bridge.members[channel.uniqueid] = None
        channel.bridges.add(bridge_id)

    def leave(self, channel: Channel, bridge_id: str) -> None:
        channel.bridges.discard(bridge_id)
        bridge = self.bridges.get(bridge_id)
        if bridge:
            bridge.members.pop(channel.uniqueid, None)
            if not bridge.members:
                del self.bridges[bridge_id]

    def destroy(self, bridge_id: str) -> None:
        bridge = self.bridges.get(bridge_id)
        for uniqueid in list(bridge.members) if bridge else ():
            self.leave(self.channels[uniqueid], bridge_id)

    def twin(self, channel: Channel) -> Channel | None:
        """The other half of a relay."""
        pair = self._twins.get(channel.endpoint.twin, ())
        return next((self.channels[uniqueid] for uniqueid in pair if uniqueid != channel.uniqueid), None)

    def connected(self, channel: Channel) -> list[Channel]:
        """Every channel that shares media with it, itself first: through talking bridges and relays."""
        found = {channel.uniqueid: channel}
        pending = [channel]
        while pending:
            for neighbour in self._neighbours(pending.pop()):
                if neighbour.uniqueid not in found:
                    found[neighbour.uniqueid] = neighbour
                    pending.append(neighbour)
        return list(found.values())

    def _neighbours(self, channel: Channel) -> Iterator[Channel]:
        for bridge_id in channel.bridges:
            bridge = self.bridges[bridge_id]
            if not bridge.holding:
                yield from (self.channels[uniqueid] for uniqueid in bridge.members)
        if twin := self.twin(channel):
            yield twin

    def waits(self, channel: Channel) -> bool:
        """Is it in a holding bridge: parked, on hold, in a queue's music?"""
        return any(self.bridges[bridge].holding for bridge in channel.bridges)

    def meets_unknown(self, channel: Channel) -> bool:
        """Is it in a bridge of which we never learned whether people talk in it?"""
        return any(self.bridges[bridge].holding is None for bridge in channel.bridges)
