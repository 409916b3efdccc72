"""The live channels of one PBX, and who shares media with whom. No verdicts here.

Channel names follow Asterisk: `TECH/endpoint-serial`, the halves of a Local pair end in `;1` and `;2`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.calls.events import ChannelState

# Channels with nobody behind them. A Local half stands for whoever is behind its other half.
NOBODY = frozenset(
    {"Local", "Announcer", "CBAnn", "CBRec", "Recorder", "Snoop", "ARI", "UnicastRTP", "Message", "AsyncGoto"}
)


@dataclass(slots=True, eq=False)
class Channel:
    """A live channel.

    held: whoever is behind it has put the others on hold. leaving: they have hung up. heard: the link on which we last
    heard of it. absent: snapshots in a row without it.
    """

    uniqueid: str
    name: str
    linkedid: str
    state: ChannelState = ChannelState.OTHER
    exten: str = ""
    caller_number: str = ""
    dialled: str = ""
    dialled_by: str = ""
    trunk: bool = False
    held: bool = False
    leaving: bool = False
    bridges: set[str] = field(default_factory=set)
    heard: int = 0
    heard_at: datetime | None = None
    absent: int = 0
    shown: bool = False

    @property
    def real(self) -> bool:
        """Somebody may be behind it: a phone, a trunk."""
        return is_real(self.name)

    @property
    def other_half(self) -> str:
        """The name of the other half of a Local pair, "" for every other channel."""
        if self.name.endswith(";1"):
            return self.name[:-1] + "2"
        return self.name[:-1] + "1" if self.name.endswith(";2") else ""


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
        self._by_name: dict[str, str] = {}

    def add(self, uniqueid: str, name: str, linkedid: str) -> Channel:
        """The channel, made where it is new; a name or linkedid that is told replaces the old one."""
        channel = self.channels.get(uniqueid)
        if channel is None:
            channel = self.channels[uniqueid] = Channel(uniqueid, name, linkedid)
            self._by_name[name] = uniqueid
        if linkedid:
            channel.linkedid = linkedid
        return channel

    def rename(self, channel: Channel, name: str) -> None:
        if self._by_name.get(channel.name) == channel.uniqueid:
            del self._by_name[channel.name]
        channel.name = name
        self._by_name[name] = channel.uniqueid

    def remove(self, channel: Channel) -> None:
        for bridge in list(channel.bridges):
            self.leave(channel, bridge)
        if self._by_name.get(channel.name) == channel.uniqueid:
            del self._by_name[channel.name]
        self.channels.pop(channel.uniqueid, None)

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

    def named(self, name: str) -> Channel | None:
        return self.channels.get(self._by_name.get(name, ""))

    def connected(self, channel: Channel) -> list[Channel]:
        """Every channel that shares media with it, itself first: through talking bridges and Local pairs."""
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
        other = self.named(channel.other_half) if channel.other_half else None
        if other:
            yield other

    def waits(self, channel: Channel) -> bool:
        """Is it in a holding bridge: parked, on hold, in a queue's music?"""
        return any(self.bridges[bridge].holding for bridge in channel.bridges)

    def meets_unknown(self, channel: Channel) -> bool:
        """Is it in a bridge of which we never learned whether people talk in it?"""
        return any(self.bridges[bridge].holding is None for bridge in channel.bridges)


def is_real(name: str) -> bool:
    """May somebody be behind a channel of that name?"""
    return tech(name) not in NOBODY


def tech(name: str) -> str:
    """`PJSIP` of `PJSIP/101-00000005`."""
    return name.partition("/")[0]


def endpoint(name: str) -> str:
    """`101` of `PJSIP/101-00000005`, `front-desk` of `PJSIP/front-desk-00000005`."""
    rest = name.partition("/")[2]
    return rest.rpartition("-")[0] or rest


def dialled_number(dial_string: str) -> str:
    """The number in what a dialplan dialled: `0655500001@trunk`, `trunk/0655500001`, `PJSIP/t/sip:+31655@host`.

    The longest run that is nothing but digits (and a plus), "" where there is none. What a phone wrote behind its
    address (`sip:101@host;rinstance=123456`) is no number.
    """
    tokens = re.split(r"[^0-9A-Za-z+*#.]+", dial_string[:200].partition(";")[0])
    return max((token for token in tokens if re.fullmatch(r"\+?[0-9]+", token)), key=len, default="")
