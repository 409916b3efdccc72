"""An office on a real SQLite file, with a gateway that only notes what it is given. What use-case tests sit at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.callbacks.actions import Callbacks
from bridge.calls.missed_calls import MissedCalls
from bridge.domain.callbacks.queue import Callback
from bridge.domain.calls.calls import Caller, CallKey, Direction, EndedCall, Reason, Verdict
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Line, Office, Person
from bridge.domain.office.templates import Texts
from bridge.domain.phone import E164
from bridge.domain.texts.messages import (
    Accepted,
    Concatenation,
    InboundText,
    NotWritten,
    Outcome,
    Receipt,
    ReceiptState,
    Submission,
)
from bridge.domain.texts.policy import TextRules
from bridge.ports import Wanted, always
from bridge.texts.inbox import Inbox
from bridge.texts.outbox import Outbox, OutboxSettings
from storage import callbacks, messages, settings
from storage.database import Database, Reader
from storage.messages import Part

NEW_YORK = ZoneInfo("America/New_York")
MONDAY_NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

CUSTOMER = E164("+12025550123")
OTHER = E164("+12025557788")
STAFF = E164("+12025550199")
OWN = E164("+12025550100")

NINE_TO_FIVE = Calendar(NEW_YORK, ((OpeningSpan(time(9), time(17)),),) * 7)

MAIN = Line("main", "office", ("+12025550100", "2025550100"), "main", OWN.value, Texts(), NINE_TO_FIVE)
EAST = replace(MAIN, name="east", dids=("+12025550200",), branch="east")

OFFICE = Office(
    business="Acme Plumbing",
    country="US",
    zone=NEW_YORK,
    regions=frozenset({"US", "CA"}),
    lines=(MAIN, EAST),
    people=(Person("Ann", STAFF, "101"), Person("Bob", None, "102")),
    own_numbers=frozenset({OWN}),
)

_serial = count(1)


def missed_call(
    number: E164 | None = CUSTOMER,
    at: datetime = MONDAY_NOON,
    *,
    verdict: Verdict = Verdict.MISSED,
    did: str = "2025550100",
) -> EndedCall:
    """A fresh inbound call that rang for 20 s and ended at `at`."""
    started_at = at - timedelta(seconds=25)
    return EndedCall(
        key=CallKey("office", f"{started_at.timestamp():.0f}.{next(_serial)}", started_at),
        direction=Direction.INBOUND,
        linkedid="1.1",
        channel="PJSIP/trunk-00000001",
        caller=Caller(number, "anonymous" if number is None else number.value, withheld=number is None),
        did=did,
        verdict=verdict,
        reason=Reason.NO_ANSWER if verdict is Verdict.MISSED else None,
        started_at=started_at,
        ended_at=at,
        rang=timedelta(seconds=20),
    )


def answered_call(
    number: E164 = CUSTOMER, at: datetime = MONDAY_NOON, *, by: str = "101", did: str = "2025550100"
) -> EndedCall:
    return replace(
        missed_call(number, at, verdict=Verdict.ANSWERED, did=did), answered_by=by, talked=timedelta(seconds=42)
    )


def outbound_call(
    number: E164 = CUSTOMER, at: datetime = MONDAY_NOON, *, by: str = "101", talked: int = 42
) -> EndedCall:
    return replace(
        missed_call(number, at, verdict=Verdict.ANSWERED if talked else Verdict.MISSED, did=number.value),
        direction=Direction.OUTBOUND,
        caller=Caller(number),
        reason=None,
        answered_by=by,
        talked=timedelta(seconds=talked),
    )


def text(
    words: str | None,
    number: str = CUSTOMER.value,
    *,
    to: str = OWN.value,
    part: Concatenation | None = None,
    raw: bytes | None = None,
    alphanumeric: bool = False,
) -> InboundText:
    """A fresh text; give `raw` to make it the same one brought again."""
    body = raw if raw is not None else bytes(16) + str(next(_serial)).encode()
    return InboundText("carrier", number, to, words, body, alphanumeric, part)


def receipt(state: ReceiptState, *message_ids: str) -> Receipt:
    raw = bytes(16) + f"{message_ids} {state}".encode()
    return Receipt("carrier", message_ids, state, "000", final=True, raw=raw)


class Clock:
    def __init__(self, now: datetime = MONDAY_NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class OnThePhone:
    numbers: set[E164] = field(default_factory=set)

    def is_live(self, number: E164) -> bool:
        return number in self.numbers


class NotingGateway:
    """Takes every part, or does what `answer` says."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.answer: Callable[[Submission], Awaitable[Outcome]] = self.accept
        self.before: Callable[[Submission], Awaitable[None]] = self.turn_comes
        self._ready = asyncio.Event()
        self._ready.set()
        self._came = asyncio.Condition()

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    def set_ready(self, ready: bool) -> None:
        self._ready.set() if ready else self._ready.clear()

    async def wait_ready(self) -> None:
        await self._ready.wait()

    async def submit(self, part: Submission, wanted: Wanted = always) -> Outcome:
        await self.before(part)
        if not await wanted():
            return NotWritten("not wanted any more")
        async with self._came:
            self.submissions.append(part)
            self._came.notify_all()
        return await self.answer(part)

    async def turn_comes(self, _: Submission) -> None:
        """At once; a test can let something happen while the part waits for its turn."""

    async def accept(self, part: Submission) -> Outcome:
        return Accepted(f"id-{part.part_id}")

    async def submitted(self, number: int) -> Sequence[Submission]:
        """Wait until there were so many."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.submissions) >= number)
        return self.submissions


class Desk:
    def __init__(self, database: Database, *, office: Office = OFFICE, rules: TextRules | None = None) -> None:
        self.database = database
        self.office = office
        self.clock = Clock()
        self.live = OnThePhone()
        self.gateway = NotingGateway()
        self.missed_calls = MissedCalls(database, office, rules or TextRules(), self.live)
        self.callbacks = Callbacks(database, office)
        self.inbox = Inbox(database, office, clock=self.clock)

    async def resume(self) -> None:
        async with self.database.transaction() as tx:
            await settings.resume(tx, "Ann", self.clock())

    async def call(self, call: EndedCall) -> EndedCall:
        """The call ends now."""
        self.clock.now = max(self.clock.now, call.ended_at or self.clock.now)
        await self.missed_calls.ended(call, self.clock())
        return call

    async def row(self, number: E164 | None = CUSTOMER, branch: str = "main") -> Callback:
        """The newest row of that customer."""
        async with self.database.read() as db:
            found = await db.only(
                "SELECT max(id) AS id FROM callback WHERE number IS :number AND branch = :branch",
                number=number,
                branch=branch,
            )
            return await callbacks.get(db, found["id"])

    async def parts(self) -> Sequence[Part]:
        async with self.database.read() as db:
            ids = await db.all("SELECT id FROM message_part ORDER BY id")
            return [await messages.get_part(db, row["id"]) for row in ids]

    async def column(self, sql: str) -> list[object]:
        """The first column of a query, for looking at what is stored."""
        async with self.database.read() as db:
            return [row[0] for row in await db.all(sql)]

    @asynccontextmanager
    async def sending(self, limits: OutboxSettings | None = None) -> AsyncIterator[None]:
        """The outbox runs meanwhile."""
        outbox = Outbox(self.database, self.gateway, self.live, limits or OutboxSettings(), clock=self.clock)
        running = asyncio.create_task(outbox.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def until(self, holds: Callable[[Reader], Awaitable[bool]]) -> None:
        """Wait for the commit that makes it so."""
        while True:
            seen = self.database.commits.count
            async with self.database.read() as db:
                if await holds(db):
                    return
            await self.database.commits.beyond(seen)

    async def until_parts_are(self, *states: str) -> None:
        async def holds(db: Reader) -> bool:
            rows = await db.all("SELECT state FROM message_part ORDER BY id")
            return [row["state"] for row in rows] == list(states)

        await self.until(holds)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "textback.db") as opened:
        yield opened


@pytest.fixture
async def desk(database: Database) -> Desk:
    """An office that texts: not paused any more."""
    made = Desk(database)
    await made.resume()
    return made
