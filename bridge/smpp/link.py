"""One connection to an SMSC: moves the octets of a `Session` and hands its events on."""

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiohappyeyeballs import start_connection

from bridge.domain.texts.messages import NotWritten, Outcome, Unanswered
from bridge.smpp.codec import CommandId, ShortMessage
from bridge.smpp.session import Answered, Arrived, Bound, Event, Odd, Phase, SessionEnded, SmppSession, TimedOut
from bridge.smpp.settings import SmppSettings
from bridge.smpp.trace import Tracer

READ = 64 * 1024
CLOSING = 2.0
MOST_OFTEN = 0.05
TICK = 1.0


class Owner(Protocol):
    """Whoever opened the link; none of these may block."""

    def bound(self, link: "SmppLink", system_id: str) -> None: ...

    def unbound(self, link: "SmppLink") -> None: ...

    def arrived(self, link: "SmppLink", delivery: Arrived) -> None: ...

    def answered_late(self, answer: Answered) -> None: ...

    def odd(self, event: Odd) -> None: ...


class _SmppProtocol(asyncio.StreamReaderProtocol):
    """Streams, and the one fact they keep to themselves: whether all octets written have left our buffer.

    `drain` returns also when we cut the connection ourselves with octets still unsent.
    """

    flushed = True

    def pause_writing(self) -> None:
        self.flushed = False
        super().pause_writing()

    def resume_writing(self) -> None:
        self.flushed = True
        super().resume_writing()


@dataclass(frozen=True, slots=True)
class Streams:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: _SmppProtocol

    async def write(self, octets: bytes) -> None:
        """Returns when the kernel has all octets; OSError means that it certainly does not. One caller at a time."""
        self.writer.write(octets)
        if self.protocol.flushed and not self.writer.is_closing():
            return
        await self.writer.drain()
        if not self.protocol.flushed:
            raise ConnectionResetError("cut while octets were unsent")


async def connect(settings: SmppSettings) -> Streams:
    """OSError or TimeoutError where no connection comes about, among them a certificate of another host."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(READ, loop)
    protocol = _SmppProtocol(reader, loop=loop)
    context = ssl.create_default_context(cafile=settings.ca_file) if settings.tls else None
    async with asyncio.timeout(settings.connect_timeout):
        # Not by create_connection alone: its race of addresses loses a socket that is cancelled as it connects.
        addresses = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        connected = await start_connection(addresses, happy_eyeballs_delay=0.25)
        transport, _ = await loop.create_connection(
            lambda: protocol, sock=connected, ssl=context, server_hostname=settings.host if context else None
        )
    transport.set_write_buffer_limits(high=0)
    return Streams(reader, asyncio.StreamWriter(transport, protocol, reader, loop), protocol)


class SmppLink:
    """`run` binds and returns when the connection has ended; `ended` then says why.

    Nothing stays in our own buffers: a write has left for the kernel when it returns, so that a lost link tells a part
    that was certainly not written from one that may have been sent. Over TLS some octets may still be on their way to
    the kernel, which errs on the safe side: "may have been sent".
    """

    def __init__(
        self,
        settings: SmppSettings,
        bind_command: CommandId,
        streams: Streams,
        owner: Owner,
    ) -> None:
        self.ended: SessionEnded | None = None
        self.was_bound = False
        self.bind_command = bind_command
        self._settings = settings
        self._streams = streams
        self._owner = owner
        self._trace_in = Tracer("in", settings.name) if settings.trace else None
        self._trace_out = Tracer("out", settings.name) if settings.trace else None
        self._session = SmppSession(settings, bind_command, _now())
        self._answers: dict[int, asyncio.Future[Outcome]] = {}
        self._writing = asyncio.Lock()
        self._to_say = asyncio.Event()
        self._settled = asyncio.Event()

    @property
    def bound(self) -> bool:
        return self._session.phase is Phase.BOUND and not self.ended

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._tick()), group.create_task(self._flush())]
                await self._write(self._session.bind())
                await self._read()
                for helper in helpers:
                    helper.cancel()
        finally:
            self._lost(self.ended or SessionEnded("stopped"))
            await self._close()

    async def submit(self, message: ShortMessage, part_id: int) -> Outcome:
        """Write one submit_sm and wait for its answer."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        async with self._writing:
            if not self.bound:
                return NotWritten("the bind ended first")
            sequence, octets = self._session.submit(message, part_id, _now())
            self._answers[sequence] = answer
            try:
                await self._put(octets)
            except OSError:
                self._session.forget(sequence)
                self._answers.pop(sequence, None)
                return NotWritten("the link was lost before all octets were written")
        return await answer

    async def answer(self, delivery: Arrived, command_status: int) -> bool:
        """False where the link is gone: the SMSC will deliver again."""
        if not self.bound:
            return False
        return await self._write(self._session.answer(delivery, command_status))

    def put_off(self, delivery: Arrived, command_status: int) -> None:
        """Answer without waiting for the connection to take it; for the reader, which must go on."""
        self._session.say(self._session.answer(delivery, command_status))
        self._to_say.set()

    async def drain(self) -> None:
        """Wait until every submit has its outcome."""
        while self._session.unanswered and not self.ended:
            self._settled.clear()
            await self._settled.wait()

    async def leave(self) -> None:
        """Unbind, and wait until the SMSC has answered or the link has ended otherwise."""
        if self.bound:
            await self._write(self._session.unbind(_now()))
            while not self.ended:
                self._settled.clear()
                await self._settled.wait()

    async def _read(self) -> None:
        try:
            while data := await self._streams.reader.read(READ):
                if self._trace_in:
                    self._trace_in.see(data)
                self._handle(self._session.receive(data, _now()))
                if self.ended:
                    return
            self._lost(SessionEnded("the SMSC closed the connection"))
        except OSError as error:
            self._lost(SessionEnded(f"the connection broke: {error.strerror or type(error).__name__}"))

    async def _tick(self) -> None:
        every = max(MOST_OFTEN, min(TICK, self._settings.response_timeout / 4, self._settings.enquire_interval / 4))
        while not self.ended:
            await asyncio.sleep(every)
            self._handle(self._session.tick(_now()))
        self._streams.writer.transport.abort()

    async def _flush(self) -> None:
        """The session's own words, by a task of its own: a peer that does not read must not stop our reader."""
        while True:
            await self._to_say.wait()
            self._to_say.clear()
            await self._write(self._session.take())

    async def _write(self, octets: bytes) -> bool:
        try:
            async with self._writing:
                await self._put(octets)
        except OSError:
            return False
        return True

    async def _put(self, octets: bytes) -> None:
        if self._trace_out:
            self._trace_out.see(octets)
        await self._streams.write(octets)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self._dispatch(event)
        if events:
            self._settled.set()
        if not self.bound:
            self._owner.unbound(self)
        if self._session.wants_to_speak:
            self._to_say.set()

    def _dispatch(self, event: Event) -> None:
        match event:
            case Answered():
                self._answered(event)
            case TimedOut(sequence=sequence):
                self._resolve(sequence, Unanswered("no answer in time"))
            case Arrived():
                self._owner.arrived(self, event)
            case Bound(system_id=system_id):
                self.was_bound = True
                self._owner.bound(self, system_id)
            case Odd():
                self._owner.odd(event)
            case SessionEnded():
                self._lost(event)

    def _answered(self, event: Answered) -> None:
        if not self._resolve(event.sequence, event.outcome):
            self._owner.answered_late(event)

    def _resolve(self, sequence: int, outcome: Outcome) -> bool:
        """False where nobody waits any more: after the time-out, or because the waiting task was cancelled."""
        answer = self._answers.pop(sequence, None)
        if answer is None or answer.done():
            return False
        answer.set_result(outcome)
        return True

    def _lost(self, ended: SessionEnded) -> None:
        self.ended = self.ended or ended
        self._owner.unbound(self)
        for sequence in list(self._answers):
            self._resolve(sequence, Unanswered(self.ended.why))
        self._settled.set()

    async def _close(self) -> None:
        """Last words first, then the connection; a peer that stalls is cut off."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._write(self._session.take())
                self._streams.writer.close()
                await self._streams.writer.wait_closed()
        self._streams.writer.transport.abort()


def _now() -> float:
    return asyncio.get_running_loop().time()
