"""A small SMSC over TCP, for `textback demo` and the tests: it answers, delivers and misbehaves as its script says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.domain.texts.gsm import Alphabet, split
from bridge.domain.texts.messages import Concatenation
from bridge.simulator.smsc_script import Behaviour, Script, When, answered_id, receipt
from bridge.smpp import multipart, status
from bridge.smpp.alphabets import decode_text, encode_text
from bridge.smpp.codec import (
    Address,
    CommandId,
    FramingError,
    Pdu,
    PduError,
    PduFramer,
    ShortMessage,
    decode_bind,
    decode_message,
    encode,
    encode_message,
)
from bridge.smpp.incoming import INTERNATIONAL

_BINDS = frozenset({CommandId.BIND_TRANSCEIVER, CommandId.BIND_TRANSMITTER, CommandId.BIND_RECEIVER})
_SENDERS = frozenset({CommandId.BIND_TRANSCEIVER, CommandId.BIND_TRANSMITTER})
_RECEIVERS = frozenset({CommandId.BIND_TRANSCEIVER, CommandId.BIND_RECEIVER})
_READ = 64 * 1024


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submit_sm as it came. text: what a phone would show of it."""

    source: str
    destination: str
    text: str
    part: Concatenation | None
    status: int
    message: ShortMessage


class Smsc:
    """on_submit is called for every submit that will be accepted, before its answer leaves."""

    def __init__(
        self,
        script: Script = Script(),  # noqa: B008  frozen, so one for all is right
        *,
        system_id: str = "textback",
        password: str = "secret",  # noqa: S107  of a simulator on loopback
        on_submit: Callable[[Submitted], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.script = script
        self.submitted: list[Submitted] = []
        self.binds: Counter[str] = Counter()
        self._account = (system_id, password)
        self._on_submit = on_submit
        self._clock = clock
        self._connections: list[_Connection] = []
        self._numbers = 0
        self._references = 0
        self._by_destination: Counter[str] = Counter()
        self._changed = asyncio.Condition()
        self.port = 0

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator["Smsc"]:
        """port: 0 for any that is free; `self.port` then says which."""
        server = await asyncio.start_server(self._connected, host, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.drop_links()
            await server.wait_closed()

    async def until(self, condition: Callable[["Smsc"], bool]) -> None:
        """Wait until something is true of this SMSC; looked at whenever something happened."""
        async with self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def until_bound(self) -> None:
        await self.until(lambda smsc: smsc._receiver() is not None)

    @property
    def links(self) -> int:
        return len(self._connections)

    async def deliver(self, source: str, destination: str, text: str) -> list[int]:
        """A customer writes: every part is delivered and its answer awaited; returns their command_status."""
        segments = split(text)
        self._references = self._references % 255 + 1
        statuses = []
        for sequence, part_text in enumerate(segments.parts, start=1):
            place = Concatenation(self._references, len(segments.parts), sequence)
            header = multipart.udh8(place) if place.total > 1 else b""
            data_coding, octets = encode_text(part_text, segments.encoding, Alphabet.GSM7)
            message = ShortMessage(
                source=_address(source),
                destination=_address(destination),
                short_message=header + octets,
                esm_class=multipart.UDH_INDICATOR if header else 0,
                data_coding=data_coding,
            )
            statuses.append(await self.deliver_message(message))
        return statuses

    async def deliver_message(self, message: ShortMessage) -> int:
        """ConnectionError where nobody is bound to receive, or the link ends before the answer."""
        return await self._bound_receiver().request(
            lambda number: encode_message(CommandId.DELIVER_SM, number, message)
        )

    def drop_links(self) -> None:
        for connection in tuple(self._connections):
            connection.cut()

    def _bound_receiver(self) -> "_Connection":
        receiver = self._receiver()
        if receiver is None:
            raise ConnectionError("nobody is bound to receive")
        return receiver

    def _receiver(self) -> "_Connection | None":
        return next((each for each in self._connections if each.bound_as in _RECEIVERS), None)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._connections.append(connection)
        try:
            await connection.serve()
        finally:
            self._connections.remove(connection)
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def bind(self, connection: "_Connection", command: CommandId, pdu: Pdu) -> None:
        accepted = decode_bind(command, pdu) == self._account
        connection.bound_as = command if accepted else None
        await connection.write(
            encode(
                command.response,
                pdu.sequence,
                status=status.OK if accepted else status.INVALID_PASSWORD,
                system_id="simulator",
            )
        )
        self.binds[command.wire_name] += 1
        await self._tell()

    async def take(self, message: ShortMessage) -> tuple[Behaviour, int]:
        """Write a submit down; what is to become of it, and its number."""
        destination = message.destination.value
        behaviour = self.script.behaviour(destination, self._by_destination[destination])
        self._by_destination[destination] += 1
        submitted = _submitted(message, behaviour.status)
        self.submitted.append(submitted)
        self._numbers += 1
        number = self._numbers
        if self._on_submit and not behaviour.status:
            self._on_submit(submitted)
        await self._tell()
        return behaviour, number

    async def send_receipt(self, message: ShortMessage, number: int, behaviour: Behaviour) -> None:
        told = receipt(message, number, behaviour, self.script, self._clock())
        with suppress(ConnectionError):
            await self.deliver_message(told)


class _Connection:
    def __init__(self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.bound_as: CommandId | None = None
        self._smsc = smsc
        self._reader = reader
        self._writer = writer
        self._sequence = 0
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._ended = False

    async def serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._read(group)
                finally:
                    self._end()  # first: what still plays must not wait for an answer that cannot come
        except* (OSError, FramingError, PduError):
            pass  # the peer is gone, or what it says is no SMPP

    async def _read(self, group: asyncio.TaskGroup) -> None:
        framer = PduFramer()
        while data := await self._reader.read(_READ):
            framer.feed(data)
            while pdu := framer.next():
                await self._handle(pdu, group)

    def cut(self) -> None:
        self._writer.transport.abort()

    async def write(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def request(self, make: Callable[[int], bytes]) -> int:
        """Send a request and wait for the command_status of its answer. ConnectionError where the link has ended."""
        if self._ended:
            raise ConnectionError("the link has ended")
        self._sequence += 1
        answer = asyncio.get_running_loop().create_future()
        self._asked[self._sequence] = answer
        await self.write(make(self._sequence))
        return int(await answer)

    async def _handle(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        if pdu.command_id in _BINDS:
            await self._smsc.bind(self, CommandId(pdu.command_id), pdu)
        elif pdu.command_id == CommandId.SUBMIT_SM:
            await self._submitted(pdu, group)
        elif pdu.command_id == CommandId.ENQUIRE_LINK:
            await self.write(encode(CommandId.ENQUIRE_LINK_RESP, pdu.sequence))
        elif pdu.command_id == CommandId.UNBIND:
            await self.write(encode(CommandId.UNBIND_RESP, pdu.sequence))
            self._writer.close()
        elif (answer := self._asked.pop(pdu.sequence, None)) and not answer.done():
            answer.set_result(pdu.status)

    async def _submitted(self, pdu: Pdu, group: asyncio.TaskGroup) -> None:
        message = decode_message(CommandId.SUBMIT_SM, pdu)
        if self.bound_as not in _SENDERS:
            await self._answer(pdu, status.NOT_BOUND)
            return
        behaviour, number = await self._smsc.take(message)
        if behaviour.dropped:
            self.cut()
            return
        if behaviour.delay or behaviour.receipt is not When.NEVER:
            group.create_task(self._play(pdu, message, behaviour, number))
        else:
            await self._answer_as_told(pdu, behaviour, number)

    async def _play(self, pdu: Pdu, message: ShortMessage, behaviour: Behaviour, number: int) -> None:
        if behaviour.receipt is When.BEFORE_ANSWER and not behaviour.status:
            await self._smsc.send_receipt(message, number, behaviour)
        await asyncio.sleep(behaviour.delay)
        await self._answer_as_told(pdu, behaviour, number)
        if behaviour.receipt is When.AFTER_ANSWER and not behaviour.status:
            await self._smsc.send_receipt(message, number, behaviour)

    async def _answer_as_told(self, pdu: Pdu, behaviour: Behaviour, number: int) -> None:
        if behaviour.answered:
            await self._answer(pdu, behaviour.status, answered_id(number, self._smsc.script.ids))

    async def _answer(self, pdu: Pdu, command_status: int, message_id: str = "") -> None:
        await self.write(
            encode(
                CommandId.SUBMIT_SM_RESP,
                pdu.sequence,
                status=command_status,
                message_id="" if command_status else message_id,
            )
        )

    def _end(self) -> None:
        self._ended, self.bound_as = True, None
        self.cut()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the link ended before the answer"))


def _address(number: str) -> Address:
    """A number with its plus is international, anything else is sent as it is."""
    return Address(number.removeprefix("+"), INTERNATIONAL, 1) if number.startswith("+") else Address(number)


def _submitted(message: ShortMessage, command_status: int) -> Submitted:
    part, octets = None, message.user_data
    if message.esm_class & multipart.UDH_INDICATOR:
        part, octets = multipart.take_header(octets)
    return Submitted(
        source=message.source.value,
        destination=message.destination.value,
        text=decode_text(message.data_coding, octets, Alphabet.GSM7) or "",
        part=part or multipart.from_sar(message.tlvs),
        status=command_status,
        message=message,
    )
