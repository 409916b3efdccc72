"""What lives on a switch, as it answers when asked (`show channels`, `show bridged_calls`, `uuid_dump`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.calls.events import ChannelSeen, ChannelState, Doing, Event, SnapshotEnded
from bridge.esl.applications import doing
from bridge.esl.channels import NUMBER, number_called, own_number
from bridge.esl.decode import Decoder
from bridge.esl.links import Leg, Pair, bridge_name
from bridge.esl.protocol import Message, parsed, read
from bridge.esl.variables import is_up, stamp_of

RINGING = ("RINGING", "EARLY")
HELD = "HELD"
NOTHING = Message({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answers, unread: to `show channels as json`, to `show bridged_calls as json`, to `uuid_dump UUID json`."""

    channels: str
    bridged: str
    dumps: tuple[str, ...]


def rows(answer: str) -> Sequence[Message]:
    """Of a `show ... as json`; without any the switch leaves them out."""
    found = parsed(answer)
    told = found.get("rows") if isinstance(found, dict) else None
    return [Message(row) for row in told if isinstance(row, dict)] if isinstance(told, list) else []


def seen(snapshot: Snapshot, decoder: Decoder, at: datetime | None) -> Iterator[Event]:
    """First who lives, then a SnapshotEnded. What `uuid_dump` does not find is gone, whatever the lists say.

    Of channels that we have followed without a gap the events know best: the lists come from a database that lags, the
    dumps are ahead of what waits to be heard.
    """
    shown = {row.get("uuid"): row for row in rows(snapshot.channels)}
    dumps = {dump.get("Unique-ID"): dump for dump in sorted(map(read, snapshot.dumps), key=_began)}
    dumps.pop("", None)
    followed = {leg.uuid for leg in decoder.legs.all() if leg.current}
    found = {uuid: _find(decoder, dump, shown.get(uuid, NOTHING)) for uuid, dump in dumps.items()}
    met = [one for uuid, one in found.items() if uuid not in followed]
    _pair(decoder, found, [frozenset((row.get("uuid"), row.get("b_uuid"))) for row in rows(snapshot.bridged)], followed)
    for leg in decoder.legs.all():
        if leg.held and not leg.current and leg.uuid not in found:
            yield from decoder.talks.hold(leg, at, on=False)
    for one in met:
        yield from _learn(one, decoder, at)
    for one in found.values():
        yield _seen(one, decoder, at)
    _drop_absent(decoder, found)
    decoder.synced(next((dump.get("Core-UUID") for dump in dumps.values()), ""))
    yield SnapshotEnded(at)
    for one in met:
        yield from _catch_up(one, decoder, at)


@dataclass(frozen=True, slots=True)
class _Found:
    """row: of the list of channels. unheard: it has talked, and we were not told."""

    leg: Leg
    dump: Message
    row: Message
    unheard: bool

    @property
    def application(self) -> str:
        return self.row.get("application") or self.dump.variable("current_application")

    @property
    def arguments(self) -> str:
        return self.row.get("application_data")

    @property
    def doing(self) -> Doing:
        return doing(self.application, self.arguments, self.dump.variable)


def _find(decoder: Decoder, dump: Message, row: Message) -> _Found:
    leg = decoder.legs.live(dump.get("Unique-ID"))
    followed = leg is not None and leg.current
    leg = leg or decoder.legs.add(dump, decoder.names.endpoint(dump))
    unheard = not followed and _was_unheard(leg, dump)
    leg.absent = 0
    if not followed:
        leg.current = True
        leg.answered = leg.answered or is_up(dump)
        leg.rang = leg.rang or (leg.dialled and dump.get("Channel-Call-State") in RINGING)
        if not leg.dialled:
            decoder.legs.note_fifo(leg, dump)
    return _Found(leg, dump, row, unheard)


def _was_unheard(leg: Leg, dump: Message) -> bool:
    """Since it has talked, the last whom it was bridged with stands in its variables, the last room as well."""
    last = dump.variable("last_bridge_to")
    in_a_room = dump.variable("conference_name") != "" and not leg.was_in_a_room
    return in_a_room or (last != "" and last not in leg.met)


def _pair(decoder: Decoder, found: Mapping[str, _Found], told: Iterable[Pair], followed: Set[str]) -> None:
    """Whom a dead colleague joined, only the bridge says: they are of the caller's call."""
    legs = {uuid: one.leg for uuid, one in found.items()}
    pairs = [pair for pair in told if len(pair) == 2 and pair <= legs.keys() and not pair <= followed]
    kept = {pair for pair in decoder.talks.open if pair <= followed}
    decoder.talks.open = kept | {pair for pair in pairs if not any(legs[uuid].rings_yet for uuid in pair)}
    for uuid, leg in legs.items():
        if uuid in followed and not any(uuid in pair for pair in pairs):
            continue
        leg.pair = next((pair for pair in pairs if uuid in pair), frozenset())
        for other in (legs[one] for one in leg.pair if one != uuid):
            if leg.dialled and leg.linkedid not in legs and not other.dialled:
                leg.linkedid = other.linkedid
        leg.end_told = leg.end_told or leg.pair in decoder.talks.open


def _learn(found: _Found, decoder: Decoder, at: datetime | None) -> Iterator[Event]:
    """What is told of a channel that we met in its middle, or lost for a while. Who holds whom first of all."""
    leg, dump = found.leg, found.dump
    talks = leg.pair in decoder.talks.open
    leg.application = found.application
    leg.applications.add(found.application)
    leg.room = dump.variable("conference_uuid") if found.application == "conference" else ""
    leg.was_in_a_room = leg.was_in_a_room or leg.room != ""
    leg.queued = found.arguments or "?" if found.doing is Doing.QUEUE and not talks else ""
    leg.sent_on = dump.variable("transfer_source")
    leg.met |= {dump.variable("last_bridge_to")} - {""}
    if leg.held != (dump.get("Channel-Call-State") == HELD):
        yield from decoder.talks.hold(leg, at, on=not leg.held)


def _seen(found: _Found, decoder: Decoder, at: datetime | None) -> ChannelSeen:
    leg, dump = found.leg, found.dump
    talks = leg.pair in decoder.talks.open
    exten = "" if leg.dialled else number_called(dump, found.row.get("initial_dest"))
    return ChannelSeen(
        at,
        *leg.whose,
        state=_state(leg),
        exten=exten,
        asks=exten != "",
        caller_number=own_number(dump),
        caller_name="" if leg.dialled else dump.get("Caller-Caller-ID-Name"),
        restricted=dump.get("Caller-Privacy-Hide-Number") == "true",
        doing=Doing.OTHER if talks else found.doing,
        name="" if talks else found.application,
        dialled=leg.dialled,
        bridge=bridge_name(leg.pair) if talks else leg.room,
        seconds=_age(dump),
        connected=_spoke_with(dump) if found.unheard and not talks else "",
        unheard=found.unheard,
    )


def _catch_up(found: _Found, decoder: Decoder, at: datetime | None) -> Iterator[Event]:
    """What only a call that is known can be told."""
    leg, dump = found.leg, found.dump
    if not leg.dialled:
        yield from decoder.told_by_dialplan(leg, dump, at)
    elif not leg.end_told:
        yield from decoder.dial_began(leg, dump, at)
    if leg.relays and leg.pair not in decoder.talks.open:
        yield from decoder.enter(leg, found.application, found.arguments, dump, at)


def _spoke_with(dump: Message) -> str:
    """Whom it was bridged with last; an attended transfer leaves the caller's own number there."""
    callee = dump.get("Caller-Callee-ID-Number")
    told = NUMBER.fullmatch(callee) and callee.strip("+0") and callee != own_number(dump)
    return callee if told else dump.variable("dialed_user")


def _state(leg: Leg) -> ChannelState:
    if leg.answered:
        return ChannelState.UP
    if not leg.dialled:
        return ChannelState.RING
    return ChannelState.RINGING if leg.rang else ChannelState.DOWN


def _began(dump: Message) -> str:
    return dump.get("Caller-Channel-Created-Time")


def _age(dump: Message) -> int | None:
    began, now = stamp_of(_began(dump)), stamp_of(dump.get("Event-Date-Timestamp"))
    return max(now - began, timedelta(0)) // timedelta(seconds=1) if began and now else None


def _drop_absent(decoder: Decoder, found: Mapping[str, _Found]) -> None:
    """The lists lag: one that was just made may be missing once."""
    for leg in decoder.legs.all():
        if leg.uuid not in found:
            leg.absent += 1
            if leg.absent >= 2 or not leg.current:
                decoder.legs.drop(leg)
