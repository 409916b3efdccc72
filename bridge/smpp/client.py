"""The SMS gateway as the outbox sees it: stays bound, submits within the contract, and loses no delivery.

What arrives waits in a bounded queue for a task that stores it and then acknowledges it. The reader never waits for
the disk; when the queue is full the SMSC is asked to keep its texts and bring them again.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bridge.domain.texts.messages import (
    Accepted,
    Inbound,
    LateAnswer,
    NotWritten,
    Outcome,
    Poison,
    Refused,
    Stored,
    Submission,
    Unanswered,
)
from bridge.ops.backoff import Backoff
from bridge.ports import TextReceiver, Wanted, always
from bridge.smpp import incoming, status
from bridge.smpp.codec import CommandId, ShortMessage
from bridge.smpp.figures import Counters, SmppCounters
from bridge.smpp.gate import Gate, GateClosedError
from bridge.smpp.health import BindHealth, BindState
from bridge.smpp.link import SmppLink, connect
from bridge.smpp.outgoing import compose
from bridge.smpp.pacing import Reconnect
from bridge.smpp.session import Answered, Arrived, Odd
from bridge.smpp.settings import BindMode, SmppSettings

log = structlog.get_logger()

_BINDS = {
    BindMode.TRANSCEIVER: (CommandId.BIND_TRANSCEIVER,),
    BindMode.TX_RX: (CommandId.BIND_TRANSMITTER, CommandId.BIND_RECEIVER),
}
TOGETHER = 100
"""Deliveries that are stored at one time: fewer than there is room for, so that one that comes now waits for few."""

_ANSWERS = {Stored.OK: status.OK, Stored.TRY_AGAIN: status.TRY_AGAIN}


@dataclass(frozen=True, slots=True)
class _Delivery:
    link: SmppLink
    arrived: Arrived


class SmppClient:
    """One gateway. `run` owns everything; cancelling it drains what is under way, unbinds, and is bounded in time.

    clock: the wall clock, for what is stored. jitter: 0 to 1, spreads reconnects.
    """

    def __init__(
        self,
        settings: SmppSettings,
        receiver: TextReceiver,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.health = BindHealth(clock)
        self._receiver = receiver
        self._clock = clock
        self._jitter = jitter
        self._gate = Gate(settings.window, settings.rate)
        self._counters = Counters()
        self._stopping = False
        self._sender: SmppLink | None = None
        self._links: set[SmppLink] = set()
        self._inbox: asyncio.Queue[_Delivery | LateAnswer] = asyncio.Queue()

    @property
    def ready(self) -> bool:
        return self._gate.is_open

    async def wait_ready(self) -> None:
        await self._gate.wait_open()

    @property
    def snapshot(self) -> SmppCounters:
        """Figures for metrics and status."""
        return self._counters.snapshot(
            window_used=self._gate.inside, waiting=self._gate.waiting, backlog=self._inbox.qsize()
        )

    async def submit(self, part: Submission, wanted: Wanted = always) -> Outcome:
        outcome = await self._submitted(part, wanted)
        self._counters.outcome(outcome)
        return outcome

    async def _submitted(self, part: Submission, wanted: Wanted) -> Outcome:
        try:
            message = compose(part, self.settings)
        except ValueError as error:
            log.warning("smpp.unsendable", gateway=self.settings.name, part=part.part_id, why=str(error))
            return Refused(status.INVALID_LENGTH, permanent=True)
        try:
            await self._gate.enter(urgent=part.urgent)
        except GateClosedError as closed:
            return NotWritten(str(closed))
        try:
            if not await wanted():
                return NotWritten("not wanted any more")
            return await self._through(self._sender, part, message)
        finally:
            self._gate.leave()

    async def _through(self, link: SmppLink | None, part: Submission, message: ShortMessage) -> Outcome:
        if link is None:
            return NotWritten("not bound")
        started = _now()
        outcome = await link.submit(message, part.part_id)
        match outcome:
            case Accepted():
                self._counters.took(_now() - started)
                self._gate.accepted()
            case Refused(permanent=False):
                log.warning("smpp.resting", gateway=self.settings.name, status=f"0x{outcome.status:02x}")
                self._gate.throttle()
            case Unanswered():
                log.warning("smpp.unanswered", gateway=self.settings.name, part=part.part_id, why=outcome.why)
        return outcome

    async def run(self) -> None:
        serving = asyncio.create_task(self._serve())
        try:
            await asyncio.shield(serving)
        finally:
            try:
                await self._stop()
            finally:
                serving.cancel()
                await asyncio.wait([serving])
                self.health.now(BindState.STOPPED)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._acknowledge())
            for command in _BINDS[self.settings.bind]:
                group.create_task(self._stay_bound(command))

    async def _stop(self) -> None:
        """Nothing new goes out; what is under way gets its answer, what came in is stored, then goodbye."""
        self._stopping = True
        self._gate.shut("stopping")
        try:
            async with asyncio.timeout(self.settings.drain_timeout):
                for link in tuple(self._links):
                    await link.drain()
                await self._inbox.join()
                for link in tuple(self._links):
                    await link.leave()
        except TimeoutError:
            log.warning("smpp.not_drained", gateway=self.settings.name, backlog=self._inbox.qsize())

    async def _stay_bound(self, command: CommandId) -> None:
        first, most = self.settings.reconnect_after, self.settings.reconnect_longest
        reconnect = Reconnect(Backoff(first, most, self._jitter), Backoff(30, 600, self._jitter))
        while True:
            refused = await self._one_link(command, reconnect)
            if self._stopping:
                return
            delay = (reconnect.refused if refused else reconnect.lost).delay()
            log.info("smpp.reconnect", gateway=self.settings.name, bind=command.wire_name, seconds=round(delay, 1))
            await asyncio.sleep(delay)

    async def _one_link(self, command: CommandId, reconnect: Reconnect) -> bool:
        """From connecting to the end. True where the SMSC refused in a way that asks for patience."""
        self.health.now(BindState.CONNECTING)
        try:
            link = SmppLink(self.settings, command, await connect(self.settings), self)
        except (OSError, TimeoutError) as error:
            self._down(f"no connection: {str(error) or type(error).__name__}")
            return False
        self._links.add(link)
        started = _now()
        try:
            await link.run()
        except Exception:
            log.exception("smpp.link_failed", gateway=self.settings.name)
        finally:
            self._links.discard(link)
        ended = link.ended
        if link.was_bound:
            reconnect.was_up(_now() - started)
        if not self._stopping:
            self._down(ended.why if ended else "stopped")
        return ended is not None and ended.status in status.BIND_LATER

    def bound(self, link: SmppLink, system_id: str) -> None:
        log.info("smpp.bound", gateway=self.settings.name, bind=link.bind_command.wire_name, smsc=system_id)
        self._counters.binds += 1
        if link.bind_command is not CommandId.BIND_RECEIVER:
            self._sender = link
            self._gate.open()
        if sum(other.bound for other in self._links) == len(_BINDS[self.settings.bind]):
            self.health.now(BindState.BOUND)

    def unbound(self, link: SmppLink) -> None:
        """No more submits over this link; told more than once."""
        if link is self._sender:
            self._sender = None
            self._gate.close("not bound")

    def _down(self, why: str) -> None:
        self.health.now(BindState.DOWN, why)
        log.warning("smpp.down", gateway=self.settings.name, why=why)

    def arrived(self, link: SmppLink, delivery: Arrived) -> None:
        """Called by the reader: either there is room in the queue, or the SMSC keeps it."""
        if self._inbox.qsize() < self.settings.backlog:
            self._inbox.put_nowait(_Delivery(link, delivery))
        else:
            self._counters.put_off += 1
            link.put_off(delivery, status.TRY_AGAIN)

    def answered_late(self, answer: Answered) -> None:
        self._counters.late += 1
        self._inbox.put_nowait(LateAnswer(answer.part_id, answer.outcome, self._clock()))

    def odd(self, event: Odd) -> None:
        self._counters.odd += 1
        log.warning("smpp.odd", what=event.what, command=f"0x{event.command_id:08x}", sequence=event.sequence)

    async def _acknowledge(self) -> None:
        """All that waits, begun in its order: what is stored at one time shares a commit."""
        room = asyncio.Semaphore(TOGETHER)
        async with asyncio.TaskGroup() as group:
            while True:
                await room.acquire()
                group.create_task(self._settle(await self._inbox.get(), room))

    async def _settle(self, item: _Delivery | LateAnswer, room: asyncio.Semaphore) -> None:
        try:
            if isinstance(item, LateAnswer):
                await self._store_late(item)
            else:
                stored = await self._store(item.arrived)
                await item.link.answer(item.arrived, _ANSWERS[stored])
        finally:
            room.release()
            self._inbox.task_done()

    def _read(self, arrived: Arrived) -> Inbound:
        if arrived.message is None:
            return Poison(self.settings.account_name, arrived.raw, arrived.error)
        return incoming.read(arrived.message, arrived.raw, self.settings)

    async def _store(self, arrived: Arrived) -> Stored:
        """Whatever goes wrong with storing, the SMSC keeps it and we go on."""
        try:
            what = self._read(arrived)
            self._counters.arrived(what)
            stored = await self._receiver.received(what)
        except Exception:
            log.exception("smpp.not_stored", gateway=self.settings.name, octets=len(arrived.raw))
            stored = Stored.TRY_AGAIN
        self._counters.put_off += stored is Stored.TRY_AGAIN
        return stored

    async def _store_late(self, answer: LateAnswer) -> None:
        try:
            await self._receiver.answered_late(answer)
        except Exception:
            log.exception("smpp.late_answer_not_stored", gateway=self.settings.name, part=answer.part_id)


def _now() -> float:
    return asyncio.get_running_loop().time()
