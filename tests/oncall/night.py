"""A night with somebody on call: a desk whose clock the test moves, and phones that get (or do not get) their texts."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.calls.calls import EndedCall, Reason
from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Office, Person
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.oncall.escalation import Escalation, EscalationRules, Stage
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Accepted, MessageKind, Outcome, PartState, ReceiptState
from bridge.domain.words.lexicon import default_lexicon
from bridge.oncall.escalation import EscalationLoop
from bridge.texts import delivery
from bridge.texts.reader import TextReader
from storage import alerts, messages
from storage.database import Database
from storage.messages import Part
from tests.desk import (
    CUSTOMER,
    MONDAY_NIGHT,
    MONDAY_NOON,
    NEW_YORK,
    OFFICE,
    OWN,
    STAFF,
    Desk,
    missed_call,
    receipt,
    text,
)

BOB, OLGA = E164("+12025550198"), E164("+12025550197")
NAMES = {STAFF: "Ann", BOB: "Bob", OLGA: "Olga"}
PEOPLE = (Person("Ann", STAFF, "101"), Person("Bob", BOB, "102"), Person("Olga", OLGA))
ON_CALL = Roster((Shift(Calendar(NEW_YORK), ("Ann", "Bob")),), owner="Olga")
AT_NIGHT = replace(OFFICE, people=PEOPLE, roster=ON_CALL)

LEAK = "12 Elm St, kitchen sink leaks, urgent"
GAS = "I smell gas in the house"


class Night(Desk):
    """`passes` moves the clock and lets everything happen that is due until then, in steps of seconds."""

    def __init__(self, database: Database, *, office: Office = AT_NIGHT, rules: EscalationRules | None = None) -> None:
        super().__init__(database, office=office)
        self.clock.now = MONDAY_NIGHT
        self.rules = rules or EscalationRules()
        self.text_reader = TextReader(default_lexicon())
        self.loop = self.new_loop()

    def new_loop(self) -> EscalationLoop:
        """As after a restart: it knows only what is on disk."""
        return EscalationLoop(
            self.database, self.office, self.rules, self.live, self.text_reader, clock=self.clock, by_email=True
        )

    async def look(self) -> None:
        await self.loop.run_due()

    async def writes(self, words: str, number: E164 = CUSTOMER) -> None:
        await self.inbox.received(text(words, number.value, to=OWN.value))
        await self.look()

    async def staff(self, who: E164, words: str) -> None:
        await self.writes(words, who)

    async def digits(self, who: E164, row: int = 1) -> str:
        """Those by which this person names the row; "0000" where they were never told of it."""
        async with self.database.read() as db:
            found = await db.one(
                "SELECT digits FROM staff_code WHERE person = :who AND callback_id = :row", who=NAMES[who], row=row
            )
        return str(found["digits"]) if found else "0000"

    async def says(self, who: E164, words: str, row: int = 1) -> None:
        """words: `{} 2` with the row's digits in it."""
        await self.staff(who, words.format(await self.digits(who, row)))

    async def takes(self, who: E164, row: int = 1) -> None:
        await self.says(who, "{}", row)

    async def is_missed(self, call: EndedCall | None = None) -> None:
        await self.call(call or missed_call(at=self.clock()))
        await self.look()

    async def passes(self, **span: float) -> None:
        until = self.clock() + timedelta(**span)
        while self.clock() < until:
            wait = max(await self.loop.run_due(), timedelta(seconds=1))
            self.clock.now = min(until, self.clock() + wait)
        await self.look()

    # --- the phones of staff

    async def waiting(self) -> Sequence[Part]:
        return [
            part for part in await self.parts() if part.kind is MessageKind.STAFF and part.state is PartState.QUEUED
        ]

    async def arrive(self, told: ReceiptState = ReceiptState.DELIVERED) -> None:
        await self.alerts_arrive(told)
        await self.look()

    async def alerts_arrive(self, told: ReceiptState = ReceiptState.DELIVERED) -> None:
        """Every staff text that waits is sent, and its receipt comes."""
        for part in await self.waiting():
            await self.sent(part, Accepted(f"id-{part.id}"))
            await self.inbox.received(receipt(told, f"id-{part.id}"))

    async def sent(self, part: Part, outcome: Outcome) -> None:
        async with self.database.transaction() as tx:
            claimed = await messages.claim(tx, part, self.clock())
            assert claimed is not None
            await delivery.answered(tx, claimed.id, outcome, self.clock())

    async def told(self) -> list[tuple[str, str]]:
        """Every staff text so far: to whom, and what."""
        rows = await self.column("SELECT number || text FROM message WHERE kind = 'staff' ORDER BY id")
        return [(NAMES[E164(str(row)[:12])], str(row)[12:]) for row in rows]

    async def who_was_told(self) -> list[str]:
        return [who for who, _ in await self.told()]

    async def case(self, number: E164 = CUSTOMER) -> Escalation | None:
        row = await self.row(number)
        async with self.database.read() as db:
            return await alerts.live(db, row.id)

    async def stage(self, number: E164 = CUSTOMER) -> Stage:
        case = await self.case(number)
        return case.stage if case else Stage.OVER

    async def minutes(self, template: str = "alert") -> list[tuple[str, int]]:
        """Who was told, so many minutes into the night."""
        async with self.database.read() as db:
            rows = await db.all(
                "SELECT number, created_at FROM message WHERE kind = 'staff' AND template = :template ORDER BY id",
                template=template,
            )
        start = MONDAY_NIGHT.timestamp() * 1000
        return [(NAMES[E164(row["number"])], round((row["created_at"] - start) / 60_000)) for row in rows]


def voicemail(at: datetime) -> EndedCall:
    return replace(missed_call(at=at), reason=Reason.VOICEMAIL, voicemail_left=True)


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    async with await Database.open(tmp_path / "textback.db") as database:
        made = Night(database)
        await made.resume()
        yield made


@pytest.fixture
async def day(night: Night) -> Night:
    night.clock.now = MONDAY_NOON
    return night
