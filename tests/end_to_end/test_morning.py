"""A morning at the office, through the real daemon, a PBX and a gateway that only play: 30 calls, 20 replies.

What it must end in is written down beside each customer: the texts they get, the row they leave, what the figures say.
"""

import asyncio
import io
import itertools
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bridge.config import Config, load
from bridge.daemon import jobs as upkeep
from bridge.daemon.daemon import Daemon
from bridge.domain.phone import E164
from bridge.domain.reports.figures import FILTERED, Count
from bridge.domain.texts.policy import ContactKind
from bridge.ops import logs
from bridge.reports import figures
from bridge.simulator.morning import callers
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from storage import callbacks, contacts, settings
from storage.contacts import Contact
from storage.database import Database, Reader
from tests import site
from tests.end_to_end.every_verb import all_work
from tests.smpp.peer import until_submitted

OFFICE, ANN = "+12125550100", "+12015550199"
MONDAY = date(2026, 11, 23)
TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SPEED = 20.0
TAPES = (
    "hangup_ringing_15s",
    "noanswer_one_phone",
    "queue_abandoned",
    "voicemail_message",
    "ringgroup_noanswer",
    "busy",
)

FIRST, VOICEMAIL = "Sorry we missed you. What can we help with?", "Sorry we missed you. We have your voicemail."
THANKS = "Thanks, we have your text. Nothing is booked until a person answers you."
ASKS = f"{THANKS} What is the service address?"
DANGER = f"{THANKS} If anyone is in danger, leave and call 911."
GRACIAS = "Gracias, tenemos su mensaje. No hay cita hasta que una persona le conteste."
PREGUNTA = f"{GRACIAS} ¿En qué domicilio es el servicio?"
STOPPED = "Ace Plumbing: You will get no more texts from us. Reply START to get them again."
HELPED = (
    "Ace Plumbing: Texts from here follow a call to (212) 555-0100 that nobody answered. "
    "You can call us at (212) 555-0100. Reply STOP to opt out."
)


@dataclass(frozen=True, slots=True)
class Customer:
    """writes: their replies. gets: what we answer. urgent: whether it is flagged. redials: called again, missed again.

    through: called again and a person answered. called: somebody of the office called them.
    """

    writes: tuple[str, ...] = ()
    gets: tuple[str, ...] = ()
    urgent: bool = False
    redials: int = 0
    through: bool = False
    called: bool = False


CUSTOMERS = (
    Customer(("Water is leaking through the ceiling at 418 Birchwood Ave",), (THANKS,), urgent=True, redials=1),
    Customer(("no heat since last night, my mother is 84. 1209 Heather Ct",), (THANKS,), urgent=True, redials=1),
    Customer(("Se esta saliendo el agua del baño, 330 W 45th St, es urgente",), (GRACIAS,), urgent=True, redials=1),
    Customer(("There is a burning smell from the panel, 12 Elm St",), (DANGER,), urgent=True),
    Customer(("Can I get an estimate for a water heater? 77 Maple St",), through=True),
    Customer(through=True),
    Customer(("Necesito una cita para revisar la caldera, 52 Oak Lane",), called=True),
    Customer(("STOP",), (STOPPED,)),
    Customer(("You have the wrong number, I never called you",)),
    Customer(("my sink is clogged",), (ASKS,)),
    Customer(("hola, quiero un presupuesto",), (PREGUNTA,)),
    Customer(("hi", "the dishwasher does not drain"), (ASKS,)),
    Customer(("ok thanks",)),
    Customer(("I'm driving with Do Not Disturb While Driving turned on. I'll see your message later.",)),
    Customer(("¿Cuánto cuesta cambiar un grifo? 9 Pine St",), (GRACIAS,)),
    Customer(("HELP",), (HELPED,)),
    Customer(("please call me after 5pm, 3 Cedar Ct",), (THANKS,)),
    Customer(("la puerta del garaje no abre",), (PREGUNTA,)),
    Customer(("is anyone there?",), (ASKS,)),
)
NEWCOMERS = tuple(itertools.islice(callers(), len(CUSTOMERS) + 5))
NUMBERS, SUPPLIER, STRANGERS = NEWCOMERS[:-5], NEWCOMERS[-5], NEWCOMERS[-4:]
LAST = len(CUSTOMERS) - 1
CALLS, REPLIES = 30, 20


class Clock:
    """Real time from ten o'clock on Monday, but for the leaps that the test makes."""

    def __init__(self) -> None:
        self._ahead = TEN - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def leap(self, **span: float) -> None:
        self._ahead += timedelta(**span)


class Office:
    """The daemon between its two simulated ends, and what is in its database."""

    def __init__(self, config: Config, pbx: SimulatedPbx, smsc: Smsc, clock: Clock, database: Database) -> None:
        self.config, self.clock, self.database = config, clock, database
        self.pbx, self.smsc = pbx, smsc

    async def call(self, number: str, tape: str) -> None:
        await self.pbx.play(Tape.named(tape), caller=number, did=OFFICE, speed=SPEED)

    async def call_out(self, number: str) -> None:
        await self.pbx.play(Tape.named("outbound_answered"), did=number.removeprefix("+1"), speed=SPEED)

    async def write(self, number: str, words: str) -> None:
        assert set(await self.smsc.deliver(number, OFFICE, words)) == {0}

    async def stored(self, query: str, expected: int) -> None:
        while await self.value(query) != expected:  # noqa: ASYNC110  it is another connection that writes
            await asyncio.sleep(0.02)

    async def value(self, query: str) -> object:
        async with self.database.read() as db:
            return (await db.only(query))[0]

    def texts(self, number: str) -> list[str]:
        """What that number got, long texts in their parts."""
        return [text.text for text in self.smsc.submitted if text.destination == number.removeprefix("+")]

    async def got(self, number: str, count: int) -> list[str]:
        await self.smsc.until(lambda _: len(self.texts(number)) >= count)
        return self.texts(number)


@asynccontextmanager
async def office(folder: Path, port: int) -> AsyncIterator[Office]:
    clock = Clock()
    async with SimulatedPbx(clock=clock, secret="secret") as pbx, Smsc().serve() as smsc:
        path = site.write(
            folder,
            pbx={"port": pbx.port},
            person={"name": "Ann", "mobile": "+12015550199", "extension": "101", "on_call": True},
            hours={"mon-fri": "08:00-17:00"},
            digest={"people": ["Ann"], "at": "10:30"},
            rules={"min_ring": "0s"},  # the calls play twenty times as fast
            smpp={"port": smsc.port},
            web={"listen": f"127.0.0.1:{port}"},
        )
        async with await Database.open(folder / "textback.db") as database, asyncio.TaskGroup() as group:
            await prepare(database)
            config = load(path, {})
            daemon = Daemon(config, {}, clock)
            group.create_task(daemon.run())
            await daemon.started.wait()
            await smsc.until_bound()
            while not daemon.health().links[0].since:  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.02)
            yield Office(config, pbx, smsc, clock, database)
            daemon.stop()


async def prepare(database: Database) -> None:
    async with database.transaction() as tx:
        await settings.resume(tx, "Ann", TEN)
        await contacts.put(tx, Contact(E164(SUPPLIER), "Pipes Inc", ContactKind.SUPPLIER), "Ann", TEN)


async def everybody_calls(at: Office) -> None:
    missed = [(number, tape) for number, tape in zip((*NUMBERS, SUPPLIER), itertools.cycle(TAPES))]
    served = [(number, "answered_one_phone") for number in STRANGERS]
    await asyncio.gather(*(at.call(*call) for call in (*missed, *served)))
    await until_submitted(at.smsc, len(NUMBERS))
    again = [number for number, who in zip(NUMBERS, CUSTOMERS, strict=True) for _ in range(who.redials)]
    await asyncio.gather(*(at.call(number, "noanswer_one_phone") for number in again))


async def everybody_writes(at: Office) -> None:
    for number, who in list(zip(NUMBERS, CUSTOMERS, strict=True))[:LAST]:
        for words in who.writes:
            await at.write(number, words)


async def some_are_reached(at: Office) -> None:
    for number, who in zip(NUMBERS, CUSTOMERS, strict=True):
        if who.through:
            await at.call(number, "answered_one_phone")
        if who.called:
            await at.call_out(number)
    await at.stored("SELECT count(*) FROM call", CALLS)


async def a_minute_passes(at: Office) -> None:
    """And another: whoever was silent has their receipt then; the last one writes only after the first."""
    at.clock.leap(seconds=61)
    for number, who in list(zip(NUMBERS, CUSTOMERS, strict=True))[:LAST]:
        await at.got(number, 1 + len(who.gets))
    await at.write(NUMBERS[0], "any news?")
    await at.write(NUMBERS[LAST], *CUSTOMERS[LAST].writes)
    at.clock.leap(seconds=61)
    await at.got(NUMBERS[LAST], 2)


@pytest.fixture
def journal() -> Iterator[io.StringIO]:
    """What this process logs at its most talkative, libraries and all."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    logs.configure("debug", {}, stream)
    yield stream
    root.handlers, root.level = handlers, level
    for package in logs.OURS:
        logging.getLogger(package).setLevel(logging.NOTSET)


async def test_a_morning_ends_in_exactly_these_texts_rows_attempts_and_figures_and_a_log_without_words_or_numbers(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch, journal: io.StringIO
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_EVERY", timedelta(seconds=0.1))
    async with office(tmp_path, unused_tcp_port) as at:
        await everybody_calls(at)
        await everybody_writes(at)
        await some_are_reached(at)
        await a_minute_passes(at)
        the_texts_are_these(at)
        async with at.database.read() as db:
            await the_rows_are_these(db)
            await the_figures_are_these(db, at.config, at.clock())
        at.clock.leap(minutes=30)
        await at.smsc.until(lambda _: any("to call" in text for text in at.texts(ANN)))
        [digest] = [text for text in at.texts(ANN) if "to call" in text]
        assert digest.startswith("18 to call, 4 urgent. URGENT #")
        sent = [text.text for text in at.smsc.submitted]
    the_log_tells_what_happened_and_to_nobody_in_particular(journal.getvalue(), sent)
    monkeypatch.setenv("TEXTBACK_CONFIG", str(tmp_path / "textback.toml"))
    assert all_work(tmp_path, NUMBERS[0]) == []


def the_texts_are_these(at: Office) -> None:
    for number, who in zip(NUMBERS, CUSTOMERS, strict=True):
        first, *answers = at.texts(number)
        assert any(words in first for words in (FIRST, VOICEMAIL))
        assert (number, tuple(answers)) == (number, who.gets)
    assert {at.texts(number) == [] for number in (SUPPLIER, *STRANGERS)} == {True}
    assert Counter("DANGER" in text for text in at.texts(ANN)) == {True: 1}


async def the_rows_are_these(db: Reader) -> None:
    assert (await db.only("SELECT count(*) FROM reply"))[0] == REPLIES
    for number, who in zip((*NUMBERS, SUPPLIER), (*CUSTOMERS, Customer()), strict=True):
        [found] = await db.all("SELECT id FROM callback WHERE number = :number", number=number)
        row = await callbacks.get(db, found["id"])
        assert (number, row.state == "closed", row.reached_at is not None) == (number, who.through, who.through)
        assert (number, row.missed, row.flagged_at is not None) == (number, 1 + who.redials, who.urgent)
        assert (number, row.unread) == (number, bool(who.writes))
        attempts = [(attempt.who, attempt.result) for attempt in await callbacks.attempts(db, row.id)]
        assert (number, attempts) == (number, [("Ann", "called")] * who.called)
    assert (await db.only("SELECT count(*) FROM callback"))[0] == len(NUMBERS) + 1
    assert (await db.only("SELECT count(*) FROM opt_out WHERE ended_at IS NULL"))[0] == 2


async def the_figures_are_these(db: Reader, config: Config, now: datetime) -> None:
    found = await figures.of_period(db, config.office, MONDAY, MONDAY, now)
    assert found.counts == {
        Count.MISSED_CALLS: 23,
        Count.MISSED_CALLERS: 20,
        Count.FILTERED_CALLS: 0,
        **dict.fromkeys(FILTERED.values(), 0),
        Count.TEXTS_SENT: 19,
        Count.TEXT_REPLIES: 18,
        Count.CALLBACKS_OPENED: 20,
        Count.CALLBACKS_OPEN: 18,
        Count.CALLBACKS_CLOSED: 2,
        Count.CALLS_RECOVERED: 2,
        Count.APPOINTMENTS_BOOKED: 0,
        Count.URGENT_FLAGGED: 4,
        Count.URGENT_ACKNOWLEDGED: 0,
    }
    assert len(found.times.to_contact) == 2


def the_log_tells_what_happened_and_to_nobody_in_particular(log: str, sent: list[str]) -> None:
    """Not the last seven digits of a number either, and no dozen characters that somebody wrote or was sent."""
    assert {"call.ended", "text.answered", "reply.received"} <= set(re.split(r"[ \n]|event=", log))
    numbers = [number.removeprefix("+1") for number in (*NUMBERS, SUPPLIER, *STRANGERS, ANN, OFFICE)]
    assert [number for number in numbers if number in log or number[3:] in log] == []
    words = [*sent, *(text for who in CUSTOMERS for text in who.writes if len(text) > len("START"))]
    pieces = {text[at : at + 12] for text in words for at in range(0, max(1, len(text) - 11), 6)}
    assert [piece for piece in sorted(pieces) if piece in log] == []
