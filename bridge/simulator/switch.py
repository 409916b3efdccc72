"""A small FreeSWITCH for the demo and the tests: an event socket (ESL) over TCP that plays recorded calls.

It lets in (`auth`, `userauth`), subscribes, answers `show`, `uuid_dump`, `hash` and a few more, sends every session
what the tapes say, and breaks when asked to. There is no telephony in it.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast

from bridge.simulator.live_channels import LiveChannels
from bridge.simulator.switch_tape import SwitchTape, Values

GREETING = b"Content-Type: auth/request\n\n"
COMMAND_END = b"\n\n"
LONGEST_COMMAND = 64 * 1024
UNKNOWN = "-ERR command not found"
BYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
ORIGINATE = re.compile(r"\{(?P<variables>.*)\}user/(?P<user>[^@ ]+)\S* (?P<number>\S+) XML (?P<context>\S+)")
NAMED = re.compile(r"origination_uuid=([^,}]+)")


class SimulatedSwitch:
    """Listens between `async with` and its end. port 0 takes a free one; `port` then says which.

    clock gives aware UTC. username: `name@domain`, "" to let in by the password alone. heartbeat: seconds between two.
    calls_back: how calls that it is asked to make go; without it a desk phone is not picked up. originated: what it was
    asked to make. stalled: it neither says nor answers anything. refuses: nobody may even ask to be let in.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        password: str,
        username: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        heartbeat: float = 20.0,
        calls_back: SwitchTape | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.core = str(uuid.uuid4())
        self.channels = LiveChannels()
        self.originated: list[str] = []
        self.stalled = self.refuses = False
        self._let_in = f"userauth {username}:{password}" if username else f"auth {password}"
        self._clock, self._heartbeat, self._calls_back = clock, heartbeat, calls_back
        self._hashed: dict[str, str] = {}
        self._sessions: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._wanted: dict[asyncio.StreamWriter, frozenset[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=LONGEST_COMMAND)
        self.port = self._server.sockets[0].getsockname()[1]
        self._start(self._beat())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._sessions.values(), *self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Drop every session, as a firewall does."""
        for writer in list(self._sessions):
            writer.transport.abort()

    def restart(self) -> None:
        """Nothing is told of the calls that this ends."""
        self.cut()
        self.core, self.channels = str(uuid.uuid4()), LiveChannels()

    async def play(self, tape: SwitchTape, *, caller: str = "", did: str = "", speed: float = 1.0) -> None:
        """Let this call happen, `speed` times as fast as it was; returns when it is over."""
        words = {old: new for old, new in ((tape.caller, caller), (tape.did, did)) if old and new}
        await self._play(tape, words, speed)

    async def _play(self, tape: SwitchTape, words: Mapping[str, str], speed: float = 1.0) -> None:
        now, core = 0.0, self.core
        for after, values in tape.take(words, core=core, began=self._clock().timestamp()):
            await asyncio.sleep((after - now) / speed)
            now = after
            if self.core != core:
                return  # it went with the run of the switch that played it
            self.happens(values)

    def happens(self, event: Values) -> None:
        """Tell everybody who wants to hear it."""
        self.channels.happens(event)
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        raw = b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body)
        for writer, wanted in self._wanted.items():
            if event["Event-Name"] in wanted and not self.stalled:
                writer.write(raw)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            self.happens({**self._header("HEARTBEAT"), "Event-Info": "System Ready"})

    def _header(self, name: str) -> dict[str, Any]:
        stamp = str(int(self._clock().timestamp() * 1_000_000))
        return {"Event-Name": name, "Core-UUID": self.core, "Event-Date-Timestamp": stamp}

    # --- sessions

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sessions[writer] = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            if self.refuses:
                writer.write(_block("text/rude-rejection", "Access Denied, go away.\n") + _notice())
                return
            writer.write(GREETING)
            while True:
                command = (await reader.readuntil(COMMAND_END)).decode("utf-8", "replace").strip("\n")
                if command and not self.stalled and not self._take(command, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._wanted.pop(writer, None)
            del self._sessions[writer]
            writer.close()

    def _take(self, command: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the session goes on."""
        verb, _, rest = command.partition(" ")
        if verb in ("auth", "userauth"):
            return self._authenticate(command, writer)
        if writer not in self._wanted:
            writer.write(_reply(UNKNOWN))
            return True
        if verb == "exit":
            writer.write(_reply("+OK bye") + _notice())
            return False
        writer.write(COMMANDS.get(verb, SimulatedSwitch._unknown)(self, rest, writer))
        return True

    def _authenticate(self, command: str, writer: asyncio.StreamWriter) -> bool:
        if command != self._let_in:
            writer.write(_reply("-ERR invalid") + _notice())
            return False
        self._wanted[writer] = frozenset()
        limits = {"Allowed-Events": "all", "Allowed-API": "all"} if command.startswith("userauth") else {}
        writer.write(_reply("+OK accepted", limits))
        return True

    def _subscribe(self, rest: str, writer: asyncio.StreamWriter) -> bytes:
        kind, *names = rest.split()
        if kind != "json" or not names:
            return _reply("-ERR no keywords supplied")
        self._wanted[writer] |= frozenset(names)
        return _reply("+OK event listener enabled json")

    def _no_events(self, _rest: str, writer: asyncio.StreamWriter) -> bytes:
        self._wanted[writer] = frozenset()
        return _reply("+OK no longer listening for events")

    def _send_event(self, _rest: str, _writer: asyncio.StreamWriter) -> bytes:
        return _reply(f"+OK {uuid.uuid4()}")

    def _unknown(self, _rest: str, _writer: asyncio.StreamWriter) -> bytes:
        return _reply(UNKNOWN)

    # --- what it is asked

    def _api(self, rest: str, _writer: asyncio.StreamWriter) -> bytes:
        return _block("api/response", self._answer(rest))

    def _background_api(self, rest: str, _writer: asyncio.StreamWriter) -> bytes:
        asked, _, headers = rest.partition("\n")
        named = re.search(r"^Job-UUID: (.+)$", headers, re.MULTILINE)
        job = named[1] if named else str(uuid.uuid4())
        if asked.startswith("originate "):
            self._originate(asked.removeprefix("originate "), job)
        else:
            self._done(job, asked, self._answer(asked))
        return _reply(f"+OK Job-UUID: {job}", {"Job-UUID": job})

    def _answer(self, asked: str) -> str:
        match asked.split():
            case ["show", "channels", "as", "json"]:
                return self.channels.show_channels()
            case ["show", "bridged_calls", "as", "json"]:
                return self.channels.show_bridged_calls()
            case ["uuid_dump", channel, "json"]:
                return self.channels.uuid_dump(channel)
            case ["version"]:
                return "FreeSWITCH Version 1.11.1-release~64bit ( 64bit)\n"
            case ["status"]:
                return "UP 0 years, 0 days, 0 hours, 0 minutes, 1 second\n"
            case ["module_exists", _]:
                return "true"
            case ["hash", what, *words]:
                return self._hash([*what.split("/", 3), *words])
            case ["hash_dump", "db", realm]:
                kept = (f"D/{key}/{value}\n" for key, value in self._hashed.items() if key.startswith(f"{realm}_"))
                return "".join(kept)
            case [name, *_]:
                return f"-ERR {name} Command not found!\n"
        return UNKNOWN

    def _hash(self, words: Sequence[str]) -> str:
        match words:
            case ["insert", realm, key, *value]:
                self._hashed[f"{realm}_{key}"] = " ".join(value)
                return "+OK\n"
            case ["select", realm, key]:
                return self._hashed.get(f"{realm}_{key}", "-ERR no reply\n")
            case ["delete", realm, key]:
                return "+OK\n" if self._hashed.pop(f"{realm}_{key}", None) is not None else "-ERR Not found\n"
        return "-USAGE: [insert|delete]/<realm>/<key>/<val>\n"

    def _originate(self, asked: str, job: str) -> None:
        self.originated.append(asked)
        told, named = ORIGINATE.fullmatch(asked), NAMED.search(asked)
        if not told or not named or not self._calls_back:
            self._done(job, f"originate {asked}", "-ERR NO_ANSWER\n")
            return
        tape = self._calls_back
        words = {tape.job: job, tape.uuid: named[1], tape.dialled: told["number"], tape.phone: told["user"]}
        self._start(self._play(tape, {old: new for old, new in words.items() if old}))

    def _done(self, job: str, asked: str, answer: str) -> None:
        told = {"Job-UUID": job, "Job-Command": asked.partition(" ")[0], "_body": answer}
        self.happens(self._header("BACKGROUND_JOB") | told)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


COMMANDS: Mapping[str, Callable[[SimulatedSwitch, str, asyncio.StreamWriter], bytes]] = {
    "event": SimulatedSwitch._subscribe,
    "noevents": SimulatedSwitch._no_events,
    "sendevent": SimulatedSwitch._send_event,
    "api": SimulatedSwitch._api,
    "bgapi": SimulatedSwitch._background_api,
}


def _reply(text: str, headers: Mapping[str, str] | None = None) -> bytes:
    more = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    return f"Content-Type: command/reply\nReply-Text: {text}\n{more}\n".encode()


def _block(kind: str, body: str) -> bytes:
    octets = body.encode()
    return f"Content-Type: {kind}\nContent-Length: {len(octets)}\n\n".encode() + octets


def _notice() -> bytes:
    return _block("text/disconnect-notice", BYE)
