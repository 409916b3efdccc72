"""Desk phones at a running Asterisk, with Textback behind them in this process: what live phone tests sit at."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agi.desk import Desk, PinLock
from agi.routes import routes
from agi.server import AgiServer
from agi.settings import AgiSettings
from bridge.ami.channels import ChannelNames
from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.display import AsteriskDisplay
from bridge.ami.line import AmiLine
from bridge.ami.pbx import AsteriskPbx
from bridge.ami.protocol import Message
from bridge.ami.settings import AmiSettings
from bridge.callbacks.actions import Callbacks, Seen
from bridge.callbacks.desk_phones import DeskPhoneSync
from bridge.calls.missed_calls import MissedCalls
from bridge.domain.callbacks.queue import Callback, CallbackState, Urgency, Verb
from bridge.domain.calls.calls import Caller
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Line, Office, Person
from bridge.domain.office.templates import Texts
from bridge.domain.phone import E164
from bridge.domain.texts.policy import TextRules
from bridge.ops.backoff import Backoff
from bridge.pbx.listener import Listener
from storage import callbacks, settings
from storage.audit import Act
from storage.database import Database
from tests.desk import OnThePhone, missed_call
from tests.lab.asterisk import AGI_TOKEN, Ports
from tests.lab.judge import EVERYTHING, LEAST
from tests.lab.office import Office as Lab
from tests.lab.phone import Call
from tests.lab.scenario import TRUNKS

SAYING = re.compile(r'(?:STREAM FILE|GET DATA|SAY DIGITS|SAY NUMBER) "([^"]*)"')
SCRIPT_EVENTS = ("AGIExecStart", "AGIExecEnd")
PIN = "2468"
LINE_DID = "0205550100"
NINA, OMAR = E164("+31612345678"), E164("+31687654321")
ALWAYS_OPEN = Calendar(ZoneInfo("Europe/Amsterdam"))
MAIN = Line("main", "lab", (LINE_DID,), "main", "+31205550100", Texts(), ALWAYS_OPEN)
OFFICE = Office(
    business="Dakwerk",
    country="NL",
    zone=ZoneInfo("Europe/Amsterdam"),
    regions=frozenset({"NL"}),
    lines=(MAIN,),
    people=(Person("Ann", None, "101"),),
)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Heard:
    """What Asterisk says that it did for our scripts: each command as it begins, and what came of those that ended."""

    began: list[str] = field(default_factory=list)
    results: set[str] = field(default_factory=set)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, message: Message) -> None:
        async with self._came:
            if message.event == "AGIExecStart":
                self.began.append(message.get("Command"))
            else:
                self.results.add(message.get("Result"))
            self._came.notify_all()

    @property
    def sounds(self) -> list[str]:
        """The names of the sounds, and the digits, in the order in which they were said."""
        found = (SAYING.match(command) for command in self.began)
        return [match[1] for match in found if match]

    async def until(self, sound: str, times: int = 1, seconds: float = 30) -> None:
        """Wait until it is being said for that time. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: self.sounds.count(sound) >= times)


@dataclass
class Phones:
    lab: Lab
    database: Database
    callbacks: Callbacks
    server: AgiServer
    pbx: AsteriskPbx
    heard: Heard

    async def opens(self, number: E164 | None = NINA, **changes: object) -> Callback:
        """That customer was missed a moment ago."""
        await misses(self.database, number)
        row = await self.row(number)
        return await self.change(row, **changes) if changes else row

    async def flags(self, row: Callback, issue: str = "leak", address: str = "418 Birchwood") -> Callback:
        return await self.change(row, urgency=Urgency.URGENT, flagged_at=now(), issue=issue, address=address)

    async def claims(self, row: Callback) -> Callback:
        return await self.callbacks.claim(Seen.of(row, "Ann", now()))

    async def change(self, row: Callback, **changes: object) -> Callback:
        async with self.database.transaction() as tx:
            return await callbacks.save(tx, replace(row, **changes), Act("textback", Verb.REPLY, now()))  # type: ignore[arg-type]

    async def row(self, number: E164 | None = NINA) -> Callback:
        async with self.database.read() as db:
            found = await db.only("SELECT max(id) AS id FROM callback WHERE number IS :number", number=number)
            return await callbacks.get(db, found["id"])

    async def until_row(self, holds: Callable[[Callback], bool], number: E164 | None = NINA) -> Callback:
        """Wait for the commit that makes it so. Raises TimeoutError."""
        async with asyncio.timeout(20):
            while True:
                seen = self.database.commits.count
                with suppress(LookupError):
                    if holds(row := await self.row(number)):
                        return row
                await self.database.commits.beyond(seen)

    async def resume(self) -> None:
        async with self.database.transaction() as tx:
            await settings.resume(tx, "Ann", now())

    async def is_on(self, key: str) -> bool:
        async with self.database.read() as db:
            return await settings.is_on(db, key)

    async def asks(self, code: str, extension: str = "101") -> Call:
        """Somebody dials a code, and is answered."""
        call = self.lab.phones[extension].call(code)
        async with asyncio.timeout(15):
            await call.answered.wait()
        return call


async def misses(database: Database, number: E164 | None) -> None:
    """The office misses a call of that customer."""
    missed = MissedCalls(database, OFFICE, TextRules(country="NL"), OnThePhone())
    call = replace(missed_call(number, now(), did=LINE_DID), caller=Caller(number, withheld=number is None))
    await missed.ended(call, now())


async def ended(call: Call, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        await call.ended.wait()


def closed(row: Callback) -> bool:
    return row.state is CallbackState.CLOSED


def shown_name(call: Call) -> str:
    """The display name with which a call rings."""
    assert call.invite is not None
    found = re.match(r'\s*"?([^"<]*)"?\s*<', call.invite.get("from"))
    return found[1].strip() if found else ""


@asynccontextmanager
async def open_phones(lab: Lab, folder: Path) -> AsyncIterator[Phones]:
    ports = lab.asterisk.ports
    async with await Database.open(folder / "textback.db") as database, asyncio.TaskGroup() as tasks:
        desk = Desk(database, OFFICE, Callbacks(database, OFFICE), PinLock(PIN), now)
        server = AgiServer(AgiSettings(AGI_TOKEN, port=ports.agi), routes(desk))
        line = AmiClient(_account(ports.ami, LEAST), clock=now, wanted=WANTED, retry=Backoff(0.1, 0.5))
        missed = MissedCalls(database, OFFICE, TextRules(country="NL", regions=frozenset({"NL"})), OnThePhone())
        tracker = Tracker(TrackerSettings(country="NL", pbx="lab"))
        listener = Listener(AmiLine(line, ChannelNames(TRUNKS)), tracker, missed.ended, now)
        shown = DeskPhoneSync(database, AsteriskDisplay(line), OFFICE.country, clock=now)
        running = [tasks.create_task(work) for work in (line.run(), listener.run(), shown.run())]
        async with server.serving(), hearing(ports) as heard:
            try:
                await _synced(line)
                yield Phones(lab, database, desk.callbacks, server, AsteriskPbx(line), heard)
            finally:
                for task in running:
                    task.cancel()


def _account(port: int, account: tuple[str, str]) -> AmiSettings:
    return AmiSettings("lab", port=port, username=account[0], secret=account[1])


async def _synced(client: AmiClient) -> None:
    async with asyncio.timeout(20):
        while not client.health.synced_at:  # noqa: ASYNC110  # health has no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def hearing(ports: Ports) -> AsyncIterator[Heard]:
    """What scripts say meanwhile, whoever runs them."""
    ear = AmiClient(_account(ports.ami, EVERYTHING), clock=now, wanted=SCRIPT_EVENTS, retry=Backoff(0.1, 0.5))
    heard = Heard()

    async def listen() -> None:
        async for _, message in ear.messages():
            if isinstance(message, Message) and message.event in SCRIPT_EVENTS:
                await heard.note(message)

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(ear.run()), tasks.create_task(listen())]
        try:
            await _synced(ear)
            yield heard
        finally:
            for task in running:
                task.cancel()
