"""What lives on a switch, as it answers when asked (`show channels`, `show bridged_calls`, `uuid_dump`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.calls.events import ChannelSeen, ChannelState, Doing, Event, SnapshotEnded
from bridge.esl.applications import doing
from bridge.esl.channels import NUMBER, number_called, own_number
from bridge.esl.decode import Decoder
from bridge.esl.links import Leg, bridge_name
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
    """First who lives, then a SnapshotEnded. What `uuid_dump` does not find is gone, whatever the lists say."""
    shown = {row.get("uuid"): row for row in rows(snapshot.channels)}
    dumps = {dump.get("Unique-ID"): dump for dump in sorted(map(read, snapshot.dumps), key=_began)}
    dumps.pop("", None)
    followed = {leg.uuid for leg in decoder.legs.all() if leg.current}
    found = [_Found(_take_up(decoder, dump), dump, shown.get(uuid, NOTHING)) for uuid, dump in dumps.items()]
    legs = {one.leg.uuid: one.leg for one in found}
    pairs = [frozenset((row.get("uuid"), row.get("b_uuid"))) for row in rows(snapshot.bridged)]
    _pair(decoder, legs, [pair for pair in pairs if len(pair) == 2 and pair <= legs.keys()])
    yield from _holds(decoder, dumps, at)
    for one in found:
        yield _seen(one, decoder, at)
    _drop_absent(decoder, legs)
    decoder.synced(next((dump.get("Core-UUID") for dump in dumps.values()), ""))
    yield SnapshotEnded(at)
    for one in found:
        if one.leg.uuid not in followed:
            yield from _catch_up(one, decoder, at)


@dataclass(frozen=True, slots=True)
class _Found:
    """row: of the list of channels."""

    leg: Leg
    dump: Message
    row: Message


def _catch_up(found: _Found, decoder: Decoder, at: datetime | None) -> Iterator[Event]:
    """What only a call that is known can be told."""
    leg, dump = found.leg, found.dump
    if not leg.dialled:
        yield from decoder.told_by_dialplan(leg, dump, at)
    elif not leg.end_told:
        yield from decoder.dial_began(leg, dump, at)
    if leg.relays and leg.pair not in decoder.talks.open:
        yield from decoder.enter(leg, leg.application, found.row.get("application_data"), dump, at)


def _take_up(decoder: Decoder, dump: Message) -> Leg:
    leg = decoder.legs.live(dump.get("Unique-ID")) or decoder.legs.add(dump, decoder.names.endpoint(dump))
    if not leg.dialled:
        decoder.legs.note_fifo(leg, dump)
    leg.answered = leg.answered or is_up(dump)
    leg.rang = leg.rang or (leg.dialled and dump.get("Channel-Call-State") in RINGING)
    leg.current, leg.absent = True, 0
    return leg


def _pair(decoder: Decoder, legs: Mapping[str, Leg], pairs: Sequence[frozenset[str]]) -> None:
    """Whom a dead colleague joined, only the bridge says: they are of the caller's call."""
    decoder.talks.open = {pair for pair in pairs if not any(legs[uuid].rings_yet for uuid in pair)}
    for leg in legs.values():
        leg.pair = next((pair for pair in pairs if leg.uuid in pair), frozenset())
        for other in (legs[uuid] for uuid in leg.pair if uuid != leg.uuid):
            if leg.dialled and leg.linkedid not in legs and not other.dialled:
                leg.linkedid = other.linkedid
        leg.end_told = leg.end_told or leg.pair in decoder.talks.open


def _holds(decoder: Decoder, dumps: Mapping[str, Message], at: datetime | None) -> Iterator[Event]:
    """First of all: whoever came back, or went, while nobody listened holds nobody."""
    for leg in decoder.legs.all():
        now = leg.uuid in dumps and dumps[leg.uuid].get("Channel-Call-State") == HELD
        if now != leg.held:
            yield from decoder.talks.hold(leg, at, on=now)


def _seen(found: _Found, decoder: Decoder, at: datetime | None) -> ChannelSeen:
    leg, dump, row = found.leg, found.dump, found.row
    talks = leg.pair in decoder.talks.open
    application = row.get("application") or dump.variable("current_application")
    what = Doing.OTHER if talks else doing(application, row.get("application_data"), dump.variable)
    room = dump.variable("conference_uuid") if application == "conference" else ""
    exten = "" if leg.dialled else number_called(dump, row.get("initial_dest"))
    unheard = _was_unheard(leg, dump)
    leg.application, leg.room = application, room
    leg.applications.add(application)
    leg.queued = row.get("application_data") or "?" if what is Doing.QUEUE else ""
    leg.sent_on = dump.variable("transfer_source")
    leg.met |= {dump.variable("last_bridge_to")} - {""}
    leg.was_in_a_room = leg.was_in_a_room or room != ""
    return ChannelSeen(
        at,
        *leg.whose,
        state=_state(leg),
        exten=exten,
        asks=exten != "",
        caller_number=own_number(dump),
        caller_name="" if leg.dialled else dump.get("Caller-Caller-ID-Name"),
        restricted=dump.get("Caller-Privacy-Hide-Number") == "true",
        doing=what,
        name="" if talks else application,
        dialled=leg.dialled,
        bridge=bridge_name(leg.pair) if talks else room,
        seconds=_age(dump),
        connected=_spoke_with(dump) if unheard and not talks else "",
        unheard=unheard,
    )


def _was_unheard(leg: Leg, dump: Message) -> bool:
    """Since it has talked, the last whom it was bridged with stands in its variables, the last room as well."""
    last = dump.variable("last_bridge_to")
    in_a_room = dump.variable("conference_name") != "" and not leg.was_in_a_room
    return in_a_room or (last != "" and last not in leg.met)


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


def _drop_absent(decoder: Decoder, legs: Mapping[str, Leg]) -> None:
    """The lists lag: one that was just made may be missing once."""
    for leg in decoder.legs.all():
        if leg.uuid not in legs:
            leg.absent += 1
            if leg.absent >= 2 or not leg.current:
                decoder.legs.drop(leg)
