"""A small PBX for the demo and the tests: an AMI server over TCP that plays recorded calls.

It logs in, answers Ping, CoreShowChannels and Originate, and sends every session what the tapes say. Asked to connect
a desk phone with a customer, it plays such a call. There is no telephony in it.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from bridge.ami.protocol import Headers, Message, MessageFramer
from bridge.simulator import cdr
from bridge.simulator.tape import Take, Tape

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BRIDGES = ("BridgeEnter", "BridgeLeave")
CALLBACK = "textback-callback"
"""The context in which a desk phone is connected with a customer."""


class SimulatedPbx:
    """Listens between `async with` and its end. port 0 takes a free one; `port` then says which.

    `originated` holds the Originate actions that were taken. `clock` gives aware UTC. `calls_back`: how calls that it
    is asked to make go; without it, nothing comes of them. records: where it writes down what it had (CDR).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        secret: str,
        username: str = "textback",
        host: str = "127.0.0.1",
        port: int = 0,
        calls_back: Tape | None = None,
        records: Path | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.originated: list[Message] = []
        self._calls_back = calls_back
        self._records = records
        self._calling: set[asyncio.Task[None]] = set()
        self._clock = clock
        self._account = (username, secret)
        self._numbers = itertools.count(1)
        self._channels: dict[str, dict[str, str]] = {}
        self._sessions: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._listening: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for call in self._calling:
            call.cancel()
        await asyncio.gather(*self._sessions.values(), *self._calling, return_exceptions=True)

    def cut(self) -> None:
        """Drop every session, as a restart of the PBX or a firewall does."""
        for writer in list(self._sessions):
            writer.transport.abort()

    async def play(self, tape: Tape, *, caller: str = "", did: str = "", speed: float = 1.0) -> None:
        """Let this call happen, `speed` times as fast as it was; returns when it is over."""
        words = {old: new for old, new in ((tape.caller, caller), (tape.did, did)) if old and new}
        await self._play(self._take(tape, words), speed)

    def _take(self, tape: Tape, words: Mapping[str, str]) -> Take:
        return Take(tape, int(self._clock().timestamp()), self._numbers.__next__, words)

    async def _play(self, take: Take, speed: float) -> None:
        now, began = 0.0, self._clock()
        for step in take.tape.steps:
            await asyncio.sleep((step.after - now) / speed)
            now = step.after
            self._happens(take.rewrite(step.headers))
        if self._records and take.tape.records:
            with self._records.open("a", encoding="utf-8") as file:
                file.write(cdr.played(take.tape.records, take.say, began, speed))

    def _happens(self, headers: Headers) -> None:
        self._remember(dict(headers))
        raw = _render(headers)
        for writer in self._listening:
            writer.write(raw)

    def _remember(self, event: dict[str, str]) -> None:
        """Keep what CoreShowChannels will show."""
        uniqueid = event.get("Uniqueid", "")
        if event["Event"] == "Newchannel":
            self._channels[uniqueid] = event | {"BridgeId": "", "Application": ""}
        elif event["Event"] == "Hangup":
            self._channels.pop(uniqueid, None)
        elif uniqueid in self._channels:
            row = self._channels[uniqueid]
            row |= {key: event[key] for key in ("ChannelState", "Application", "Linkedid") if key in event}
            if event["Event"] in BRIDGES:
                row["BridgeId"] = event.get("BridgeUniqueid", "") if event["Event"] == "BridgeEnter" else ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sessions[writer] = cast("asyncio.Task[None]", asyncio.current_task())
        writer.write(BANNER)
        framer = MessageFramer()
        try:
            while data := await reader.read(65536):
                for action in framer.feed(data):
                    self._act(action, writer)
        except ConnectionError:
            pass
        finally:
            self._listening.discard(writer)
            del self._sessions[writer]
            writer.close()

    def _act(self, action: Message, writer: asyncio.StreamWriter) -> None:
        name = action.get("Action").casefold()
        answer = ACTIONS.get(name, SimulatedPbx._unknown)
        if name != "login" and writer not in self._listening:
            answer = SimulatedPbx._not_logged_in
        for headers in answer(self, action, writer):
            writer.write(_render((headers[0], ("ActionID", action.get("ActionID")), *headers[1:])))
        if name == "login" and writer not in self._listening:
            writer.close()

    def _login(self, action: Message, writer: asyncio.StreamWriter) -> list[Headers]:
        if (action.get("Username"), action.get("Secret")) != self._account:
            return [_response("Error", "Authentication failed")]
        self._listening.add(writer)
        return [_response("Success", "Authentication accepted")]

    def _ping(self, _action: Message, _writer: asyncio.StreamWriter) -> list[Headers]:
        return [(("Response", "Success"), ("Ping", "Pong"))]

    def _core_show_channels(self, _action: Message, _writer: asyncio.StreamWriter) -> list[Headers]:
        rows = [_row(channel) for channel in self._channels.values()]
        end = (("Event", "CoreShowChannelsComplete"), ("EventList", "Complete"), ("ListItems", str(len(rows))))
        return [(*_response("Success", "Channels will follow"), ("EventList", "start")), *rows, end]

    def _originate(self, action: Message, _writer: asyncio.StreamWriter) -> list[Headers]:
        self.originated.append(action)
        if self._calls_back and action.get("Context") == CALLBACK:
            call = asyncio.create_task(self._call_back(self._calls_back, action))
            self._calling.add(call)
            call.add_done_callback(self._calling.discard)
        return [_response("Success", "Originate successfully queued")]

    async def _call_back(self, tape: Tape, action: Message) -> None:
        take = self._take(tape, {tape.channel: action.get("Channel"), tape.dialled: action.get("Exten")})
        take.renamed[tape.uniqueid] = action.get("ChannelId")
        await self._play(take, 1.0)

    def _unknown(self, _action: Message, _writer: asyncio.StreamWriter) -> list[Headers]:
        return [_response("Error", "Invalid/unknown command")]

    def _not_logged_in(self, _action: Message, _writer: asyncio.StreamWriter) -> list[Headers]:
        return [_response("Error", "Permission denied")]


ACTIONS: dict[str, Callable[[SimulatedPbx, Message, asyncio.StreamWriter], list[Headers]]] = {
    "login": SimulatedPbx._login,
    "ping": SimulatedPbx._ping,
    "coreshowchannels": SimulatedPbx._core_show_channels,
    "originate": SimulatedPbx._originate,
}


def _response(result: str, message: str) -> Headers:
    return (("Response", result), ("Message", message))


def _row(channel: dict[str, str]) -> Headers:
    shown = {key: value for key, value in channel.items() if key not in ("Event", "Privilege")}
    return (("Event", "CoreShowChannel"), *shown.items())


def _render(headers: Headers) -> bytes:
    lines = [f"{key}: {value}\r\n" for key, value in headers]
    return "".join([*lines, "\r\n"]).encode()
