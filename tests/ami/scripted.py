"""An AMI server that says what a test wants it to say, and a client on the line to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from bridge.ami.client import AmiClient
from bridge.ami.protocol import Message
from bridge.ami.resync import Heard, Received
from bridge.ami.settings import AmiSettings
from bridge.ops.backoff import Backoff
from bridge.pbx.line import RawStreamListener

WANTED = frozenset({"Newchannel", "Hangup", "Shutdown", "UserEvent"})
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Headers = dict[str, str]
Answer = Callable[[Headers], bytes]


def event(name: str, **headers: str) -> bytes:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass
class ScriptedPbx:
    """An AMI server of a few lines. `answers` says, by action, what to write; an action not in it is met by silence."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    actions: list[Headers] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    sessions: set[asyncio.Task[None]] = field(default_factory=set)
    acted: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.answers = {
            "Login": lambda a: reply(a, Message="Authentication accepted"),
            "Ping": lambda a: reply(a, Ping="Pong"),
            "CoreShowChannels": snapshot,
        } | self.answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.add(cast("asyncio.Task[None]", asyncio.current_task()))
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                await self._act(dict(line.split(": ", 1) for line in lines if line), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _act(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        answer = self.answers.get(action["Action"])
        writer.write(answer(action) if answer else b"")
        async with self.acted:
            self.actions.append(action)
            self.acted.notify_all()

    async def until(self, name: str, times: int = 1) -> Headers:
        """Wait for the n-th action of that name."""
        async with self.acted:
            await self.acted.wait_for(lambda: len(self.named(name)) >= times)
        return self.named(name)[times - 1]

    def named(self, name: str) -> list[Headers]:
        return [action for action in self.actions if action["Action"] == name]

    def write(self, raw: bytes) -> None:
        self.writers[-1].write(raw)


def reply(action: Headers, response: str = "Success", **headers: str) -> bytes:
    lines = [f"Response: {response}", f"ActionID: {action['ActionID']}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def snapshot(action: Headers, *rows: bytes, before_end: bytes = b"") -> bytes:
    started = reply(action, EventList="start", Message="Channels will follow")
    end = event("CoreShowChannelsComplete", ActionID=action["ActionID"], EventList="Complete", ListItems=str(len(rows)))
    return started + b"".join(rows) + before_end + end


@dataclass
class Line:
    """A client running against a scripted PBX."""

    pbx: ScriptedPbx
    client: AmiClient
    received: AsyncIterator[Received]

    async def next(self) -> Heard:
        return (await anext(self.received))[1]

    async def failed(self) -> None:
        """Wait until the client has a trouble to tell."""
        async with asyncio.timeout(5):
            while not self.client.health.last_error:  # noqa: ASYNC110  # health has no event
                await asyncio.sleep(0.001)

    async def paused(self) -> None:
        """Wait until the client lets the PBX wait."""
        async with asyncio.timeout(5):
            while not self.client.health.paused:  # noqa: ASYNC110  # health has no event
                await asyncio.sleep(0.001)

    async def names(self, count: int) -> list[str]:
        return [name_of(await self.next()) for _ in range(count)]


def name_of(what: Heard) -> str:
    return what.event if isinstance(what, Message) else type(what).__name__


@asynccontextmanager
async def line_to(
    pbx: ScriptedPbx,
    *,
    refused_retry: Backoff | None = None,
    tap: RawStreamListener | None = None,
    clock: Callable[[], datetime] = lambda: NOON,
    **settings: Any,
) -> AsyncIterator[Line]:
    server = await asyncio.start_server(pbx.serve, "127.0.0.1", pbx.port, ssl=pbx.tls)
    pbx.port = server.sockets[0].getsockname()[1]
    defaults: dict[str, Any] = {"name": "office", "port": pbx.port, "secret": "s3cret", "answer_timeout": 5.0}
    client = AmiClient(
        AmiSettings(**(defaults | settings)),
        clock=clock,
        wanted=WANTED,
        retry=Backoff(0.001, 0.01),
        refused_retry=refused_retry or Backoff(0.001, 0.01),
        tap=tap,
    )
    running = asyncio.create_task(client.run())
    try:
        yield Line(pbx, client, client.messages())
    finally:
        running.cancel()
        await asyncio.wait({running})
        server.close()
        for writer in pbx.writers:
            writer.close()
        await asyncio.gather(*pbx.sessions)
