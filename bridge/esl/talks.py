"""Who is with whom on a switch: bridges, holds and queues."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.domain.calls.events import Bridged, DialEnded, DialStatus, Event, Held, QueueJoined, QueueLeft, Unbridged
from bridge.esl.links import Leg, Legs, Pair, bridge_name

MOMENT = timedelta(milliseconds=25)
"""A switch's stamps move in steps of 20 ms: what one thing sets off may come in any order within that."""


class Talks:
    """open: the bridges in which people talk now."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._unheld: dict[str, datetime | None] = {}
        self.open: set[Pair] = set()

    def forget(self) -> None:
        self._unheld.clear()

    def bridge(self, pair: Pair, at: datetime | None) -> Iterator[Event]:
        """Two are put together; whatever they were in before is over."""
        for one in self._legs.members(pair):
            if one.pair != pair:
                yield from self.part(one.pair, at)
            one.pair = pair
            one.bridged |= pair
        yield from self.join(pair, at)

    def join(self, pair: Pair, at: datetime | None) -> Iterator[Event]:
        """They talk once whoever was dialled is up: before that it is the sound of ringing, or of a network."""
        both = self._legs.members(pair)
        if pair in self.open or len(both) != 2 or any(one.rings_yet for one in both):
            return
        self.open.add(pair)
        for one in both:
            one.met |= pair
            yield from self.leave_queue(one, at)
            if one.dialled and not one.relays:
                yield from self.dial_ended(one, DialStatus.ANSWER, at)
        for one in both:
            yield Bridged(at, *one.whose, bridge=bridge_name(pair), holding=False)

    def join_unheard(self, pair: Pair, at: datetime | None) -> Iterator[Event]:
        """Nobody heard how it began. Where we did not even hear that somebody picked up, their own end will tell."""
        both = self._legs.members(pair)
        if not any(one.met >= pair for one in both):
            for one in both:
                one.pair = pair
            yield from self.join(pair, at)

    def part(self, pair: Pair, at: datetime | None) -> Iterator[Event]:
        """Whoever hangs up on hold takes the other back first, in the same moment; another one came back before."""
        if pair not in self.open:
            return
        self.open.remove(pair)
        both = self._legs.members(pair)
        for one in both:
            if one.held and one.uuid not in self._unheld:
                yield from self.hold(one, at, on=False)
            self._unheld.pop(one.uuid, None)
        for one in both:
            one.pair, one.held = (frozenset() if one.pair == pair else one.pair), False
            yield Unbridged(at, *one.whose, bridge=bridge_name(pair))

    def come_back(self, leg: Leg, at: datetime | None) -> None:
        """Whoever held the others takes them back, or is about to hang up."""
        if leg.held:
            self._unheld[leg.uuid] = at

    def resume(self, at: datetime | None) -> Iterator[Event]:
        """Those whom no end followed in a moment are back."""
        if not self._unheld:
            return
        ripe = [uuid for uuid, since in self._unheld.items() if at is None or since is None or at - since > MOMENT]
        for uuid in ripe:
            del self._unheld[uuid]
            if leg := self._legs.live(uuid):
                yield from self.hold(leg, at, on=False)

    def hold(self, leg: Leg, at: datetime | None, *, on: bool) -> Iterator[Event]:
        self._unheld.pop(leg.uuid, None)
        leg.held = on
        yield Held(at, *leg.whose, on=on)

    def dial_ended(self, leg: Leg, status: DialStatus, at: datetime | None) -> Iterator[Event]:
        if not leg.end_told:
            leg.end_told = True
            yield DialEnded(at, *self._legs.dialler(leg), *leg.whose, status=status)

    def join_queue(self, leg: Leg, queue: str, at: datetime | None) -> Iterator[Event]:
        if not leg.queued:
            leg.queued = queue or "?"
            leg.queues.add(leg.queued)
            yield QueueJoined(at, *leg.whose, queue=leg.queued)

    def leave_queue(self, leg: Leg, at: datetime | None, queue: str = "") -> Iterator[Event]:
        """queue: the one that says so; nobody may have heard the caller come into it."""
        if queue and not leg.queues and not leg.met:
            yield from self.join_queue(leg, queue, at)
        if leg.queued:
            queue, leg.queued = leg.queued, ""
            yield QueueLeft(at, *leg.whose, queue=queue)
