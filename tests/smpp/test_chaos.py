"""A gateway that does everything wrong, at random, against the real outbox, inbox and disk.

Whatever it does: no text reaches it again that it has not refused, none is forgotten, and what it was told is stored
is on disk once.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import split
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.smpp.client import SmppClient
from bridge.smpp.codec import Address, CommandId, Pdu, PduFramer, ShortMessage, decode_message, encode, encode_message
from bridge.smpp.failover import Failover
from bridge.texts.outbox import Outbox, OutboxSettings
from storage import messages
from storage.messages import NewMessage
from tests.desk import MONDAY_NOON, OWN, Desk
from tests.smpp.support import running, with_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CUSTOMERS = [E164(f"+1202555{n:04}") for n in range(2000, 2040)]
TEMPORARY, PERMANENT = (0x58, 0x14, 0x08, 0x64), (0x0B, 0x45)
FAST = 30  # the clock runs so many times as fast as the test


@dataclass
class Chaos:
    """Many connections of one bad gateway. refused, submitted: by destination."""

    chance: random.Random
    refused: Counter[str] = field(default_factory=Counter)
    submitted: Counter[str] = field(default_factory=Counter)
    resent: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    stored: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await connection.serve(reader)
        writer.transport.abort()

    def took(self, destination: str) -> None:
        """Every submit but the last one must have been refused by now."""
        if self.submitted[destination] > self.refused[destination]:
            self.resent.append(destination)
        self.submitted[destination] += 1

    def new_id(self) -> str:
        return f"{next(self._ids)}"


@dataclass
class Connection:
    chaos: Chaos
    writer: asyncio.StreamWriter
    held: list[bytes] = field(default_factory=list)
    asked: dict[int, str] = field(default_factory=dict)
    sequence: int = 1000

    async def serve(self, reader: asyncio.StreamReader) -> None:
        framer = PduFramer()
        while data := await reader.read(4096):
            framer.feed(data)
            while pdu := framer.next():
                await self.handle(pdu)

    async def handle(self, pdu: Pdu) -> None:
        if pdu.command_id == CommandId.BIND_TRANSCEIVER:
            await self.bind(pdu)
        elif pdu.command_id == CommandId.SUBMIT_SM:
            await self.submit(pdu)
        elif pdu.command_id == CommandId.ENQUIRE_LINK:
            await self.say(encode(CommandId.ENQUIRE_LINK_RESP, pdu.sequence))
        elif pdu.command_id == CommandId.UNBIND:
            await self.say(encode(CommandId.UNBIND_RESP, pdu.sequence))
        elif pdu.command_id == CommandId.DELIVER_SM_RESP and pdu.status == 0 and pdu.sequence in self.asked:
            text = self.asked.pop(pdu.sequence)
            self.chaos.stored[text] += 1
            self.chaos.replies.pop(text, None)

    async def bind(self, pdu: Pdu) -> None:
        if self.chaos.chance.random() < 0.2:
            raise ConnectionResetError
        await self.say(encode(CommandId.BIND_TRANSCEIVER_RESP, pdu.sequence, system_id="chaos"))
        for text, source in list(self.chaos.replies.items()):
            await self.deliver(text, source)

    async def deliver(self, text: str, source: str) -> None:
        self.sequence += 1
        self.asked[self.sequence] = text
        message = ShortMessage(Address(source, 1, 1), Address(OWN.digits, 1, 1), text.encode())
        await self.say(encode_message(CommandId.DELIVER_SM, self.sequence, message))

    async def submit(self, pdu: Pdu) -> None:
        destination = decode_message(CommandId.SUBMIT_SM, pdu).destination.value
        self.chaos.took(destination)
        fault, *_ = self.chaos.chance.choices(list(FAULTS), list(FAULTS.values()))
        await HANDLERS[fault](self, pdu, destination)

    def accepted(self, pdu: Pdu) -> bytes:
        return encode(CommandId.SUBMIT_SM_RESP, pdu.sequence, message_id=self.chaos.new_id())

    async def accepts(self, pdu: Pdu, _: str) -> None:
        await self.say(self.accepted(pdu))

    async def accepts_twice(self, pdu: Pdu, _: str) -> None:
        await self.say(self.accepted(pdu) * 2)

    async def accepts_late(self, pdu: Pdu, _: str) -> None:
        answer = self.accepted(pdu)
        asyncio.get_running_loop().call_later(0.6, self.writer.write, answer)

    async def accepts_out_of_order(self, pdu: Pdu, _: str) -> None:
        self.held.append(self.accepted(pdu))
        if len(self.held) > 2:
            await self.say(b"".join(reversed(self.held)))
            self.held.clear()

    async def dribbles(self, pdu: Pdu, _: str) -> None:
        for octet in self.accepted(pdu):
            await self.say(bytes([octet]))

    async def answers_another(self, pdu: Pdu, _: str) -> None:
        await self.say(encode(CommandId.SUBMIT_SM_RESP, pdu.sequence + 5000, message_id="wrong"))

    async def says_nothing(self, _pdu: Pdu, _: str) -> None:
        """And nobody will ever know."""

    async def refuses_for_now(self, pdu: Pdu, destination: str) -> None:
        self.chaos.refused[destination] += 1
        await self.say(encode(CommandId.SUBMIT_SM_RESP, pdu.sequence, status=self.chaos.chance.choice(TEMPORARY)))

    async def refuses(self, pdu: Pdu, destination: str) -> None:
        self.chaos.refused[destination] += 1
        await self.say(encode(CommandId.SUBMIT_SM_RESP, pdu.sequence, status=self.chaos.chance.choice(PERMANENT)))

    async def nacks(self, pdu: Pdu, destination: str) -> None:
        self.chaos.refused[destination] += 1
        await self.say(encode(CommandId.GENERIC_NACK, pdu.sequence, status=0x08))

    async def cuts(self, _pdu: Pdu, _: str) -> None:
        raise ConnectionResetError

    async def cuts_in_the_middle(self, pdu: Pdu, _: str) -> None:
        await self.say(self.accepted(pdu)[:-3])
        raise ConnectionResetError

    async def unbinds_first(self, pdu: Pdu, _: str) -> None:
        await self.say(encode(CommandId.UNBIND, 77) + self.accepted(pdu))

    async def delivers_first(self, pdu: Pdu, _: str) -> None:
        for text, source in list(self.chaos.replies.items())[:3]:
            await self.deliver(text, source)
        await self.say(self.accepted(pdu))

    async def say(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()


Fault = Callable[[Connection, Pdu, str], Awaitable[None]]

FAULTS: Mapping[str, int] = {
    "accepts": 8,
    "accepts_twice": 2,
    "accepts_late": 2,
    "accepts_out_of_order": 3,
    "dribbles": 2,
    "answers_another": 1,
    "says_nothing": 1,
    "refuses_for_now": 2,
    "refuses": 1,
    "nacks": 1,
    "cuts": 2,
    "cuts_in_the_middle": 2,
    "unbinds_first": 2,
    "delivers_first": 3,
}
HANDLERS: Mapping[str, Fault] = {name: getattr(Connection, name) for name in FAULTS}


@pytest.mark.parametrize("seed", range(3))
async def test_a_gateway_that_does_everything_wrong_gets_no_text_twice(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    bad, worse = Chaos(chance), Chaos(chance)
    bad.replies = {f"we have a question, number {n}": number.digits for n, number in enumerate(CUSTOMERS[:12])}
    began = asyncio.get_running_loop().time()

    def clock() -> datetime:
        return MONDAY_NOON + timedelta(seconds=FAST * (asyncio.get_running_loop().time() - began))

    async with bad.serving(), worse.serving():
        faults = {"window": 4, "response_timeout": 0.4, "enquire_interval": 0.4, "drain_timeout": 1.0}
        gateways = [
            SmppClient(with_settings(name=name, port=chaos.port, **faults), desk.inbox, clock=clock, jitter=lambda: 0.0)
            for name, chaos in (("bad", bad), ("worse", worse))
        ]
        limits = OutboxSettings(window=4, look_again=timedelta(milliseconds=100))
        outbox = Outbox(desk.database, Failover(gateways), desk.live, limits, clock=clock)
        await _queue(desk)
        async with running(gateways[0]), running(gateways[1]), _sending(outbox):
            await _settled(desk, bad)

    assert bad.resent == worse.resent == []
    both = bad.submitted + worse.submitted
    assert all(both[to] - bad.refused[to] - worse.refused[to] <= 1 for to in both)
    never_read = [part for part in await desk.parts() if part.number.digits not in both]
    assert {part.state for part in never_read} <= {PartState.UNKNOWN}, "what was cut off on its way may have been sent"
    stored = Counter(map(str, await desk.column("SELECT text FROM reply")))
    assert set(stored.values()) == {1}
    assert set(bad.stored) <= set(stored)


async def _queue(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        for number in CUSTOMERS:
            message = NewMessage(
                kind=MessageKind.BY_HAND,
                number=number,
                source=OWN.value,
                branch="main",
                text=f"We come and look, {number.digits}",
                template="by_hand",
                created_at=MONDAY_NOON,
                due_at=MONDAY_NOON,
                expires_at=MONDAY_NOON + timedelta(hours=3),
            )
            await messages.queue(tx, message, split(message.text))


@asynccontextmanager
async def _sending(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _settled(desk: Desk, chaos: Chaos) -> None:
    """Nothing waits any more, here or there; the gateway has no event for that."""
    waiting = (PartState.QUEUED, PartState.SENDING)
    while chaos.replies or any(part.state in waiting for part in await desk.parts()):  # noqa: ASYNC110  as above
        await asyncio.sleep(0.05)
