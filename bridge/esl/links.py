"""The legs that live on one switch, and who belongs to whom: a switch has no Linkedid.

Variables of a leg name the channel it was dialled for (`originating_leg_uuid`, `originator`); both halves of a
loopback name one another.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from bridge.domain.calls.events import ChannelKind, Endpoint
from bridge.esl.channels import NOBODY, is_dialled
from bridge.esl.protocol import Message

CALLERS = ("originating_leg_uuid", "originator", "cc_member_session_uuid", "ent_originate_aleg_uuid")
"""Variables of a leg that name the channel it was dialled for, the surest first."""

Whose = tuple[str, Endpoint, str]
"""uniqueid, channel and linkedid."""

Pair = frozenset[str]
"""The uuids of whom a bridge joins."""

REMEMBERED = 2_000  # ended legs that a late or a repeated event does not bring back
MOST = 50_000  # what a switch that never ends anything may make us hold


@dataclass(slots=True, eq=False)
class Leg:
    """A channel of the switch.

    dialled: the switch made it. parent: for whom, "" if for nobody. twin: the other half of a loopback. pair: the two
    uuids of the bridge that it entered last, until that ends; whoever is in it talks once both are up. bridged: who
    was in all of them. met: who was in those in which it talked. room: the conference it is in. fifo: what mod_fifo
    calls its search for somebody. applications: all that it ran; `application` is the last. sent_on: whereto, as
    `transfer_source` has it. child_cause: for which what it dialled ended last. told: what the dialplan told us of it,
    by variables. sure: we have listened for as long as it lives. current: since we last knew how it is, nothing went
    unheard.
    """

    uuid: str
    endpoint: Endpoint
    linkedid: str
    dialled: bool
    parent: str = ""
    twin: str = ""
    children: list[str] = field(default_factory=list)
    answered: bool = False
    rang: bool = False
    pair: Pair = frozenset()
    room: str = ""
    bridged: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    fifo: str = ""
    queued: str = ""
    queues: set[str] = field(default_factory=set)
    was_in_a_room: bool = False
    held: bool = False
    application: str = ""
    applications: set[str] = field(default_factory=set)
    sent_on: str = ""
    cause: str = ""
    child_cause: str = ""
    told: dict[str, str] = field(default_factory=dict)
    of_others: bool = False
    message_left: bool = False
    end_told: bool = False
    sure: bool = False
    current: bool = True
    absent: int = 0

    @property
    def whose(self) -> Whose:
        return self.uuid, self.endpoint, self.linkedid

    @property
    def relays(self) -> bool:
        return self.endpoint.kind is ChannelKind.RELAY

    @property
    def rings_yet(self) -> bool:
        """Has it been dialled, and nobody has picked up? Halves of a loopback need not."""
        return self.dialled and not self.answered and not self.relays


class Legs:
    """Those that live, and for a while those that have ended."""

    def __init__(self) -> None:
        self._live: dict[str, Leg] = {}
        self._gone: OrderedDict[str, Leg] = OrderedDict()
        self._by_fifo: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._live)

    def all(self) -> list[Leg]:
        return list(self._live.values())

    def live(self, uuid: str) -> Leg | None:
        return self._live.get(uuid)

    def known(self, uuid: str) -> Leg | None:
        """Also one that has ended."""
        return self._live.get(uuid) or self._gone.get(uuid)

    def members(self, pair: Pair) -> list[Leg]:
        return [leg for uuid in sorted(pair) if (leg := self.known(uuid))]

    def dialler(self, leg: Leg) -> Whose:
        parent = self.known(leg.parent)
        return parent.whose if parent else ("", NOBODY, "")

    def has_ended(self, uuid: str) -> bool:
        return uuid in self._gone

    def add(self, told: Message, endpoint: Endpoint) -> Leg:
        uuid, dialled = told.get("Unique-ID"), is_dialled(told)
        twin = told.variable("other_loopback_leg_uuid") if endpoint.kind is ChannelKind.RELAY else ""
        parent = self._caller_of(told) if dialled else ""
        leg = Leg(uuid, endpoint, uuid, dialled, parent, twin)
        leg.linkedid = self._linkedid(leg)
        if above := self._live.get(parent):
            above.children.append(uuid)
        if len(self._live) >= MOST:
            self.end(next(iter(self._live.values())))
        self._live[uuid] = leg
        return leg

    def drop(self, leg: Leg) -> None:
        """It is not there any more, and nobody told."""
        self._live.pop(leg.uuid, None)
        self._by_fifo.pop(leg.fifo, None)

    def end(self, leg: Leg) -> None:
        self.drop(leg)
        self._gone[leg.uuid] = leg
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def note_fifo(self, leg: Leg, told: Message) -> None:
        """mod_fifo gives the caller, and whom it dials for them, the same variable."""
        common = told.variable("fifo_originate_uuid")
        if common and common != leg.fifo:
            self._by_fifo.pop(leg.fifo, None)
            self._by_fifo[common], leg.fifo = leg.uuid, common

    def _caller_of(self, told: Message) -> str:
        named = (told.variable(name) for name in CALLERS)
        call = told.get("Channel-Call-UUID")
        found = next(filter(None, named), "") or self._by_fifo.get(told.variable("fifo_originate_uuid"), "")
        return found or (call if call != told.get("Unique-ID") else "")

    def _linkedid(self, leg: Leg) -> str:
        """The channel that the whole call began with, as far as is known."""
        above = self.known(leg.parent) or self.known(leg.twin)
        return above.linkedid if above else leg.parent or leg.uuid


def bridge_name(pair: Pair) -> str:
    return "+".join(sorted(pair))
