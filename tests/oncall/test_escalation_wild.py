"""Whatever happens in a night, in whatever order: no urgent row is forgotten, and our own code is never surprised."""

import asyncio
import tempfile
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog.testing
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.callbacks.actions import ConflictError, Seen
from bridge.domain.callbacks.queue import Attempt, Callback, CallbackState, NotPossibleError, Urgency
from bridge.domain.callbacks.queue import Outcome as Closing
from bridge.domain.oncall.escalation import UNHEARD, Escalation
from bridge.domain.phone import E164
from bridge.domain.texts.messages import NotWritten, Outcome, ReceiptState, Refused, Unanswered
from storage import alerts, callbacks
from storage.database import Database
from tests.depth import runs
from tests.desk import CUSTOMER, OTHER, STAFF, answered_call, missed_call, outbound_call
from tests.oncall.night import BOB, GAS, LEAK, OLGA, Night, voicemail

pytestmark = pytest.mark.slow

T = TypeVar("T")
CUSTOMERS = st.sampled_from([CUSTOMER, OTHER])
PHONES = st.sampled_from([STAFF, BOB, OLGA])
PEOPLE = st.sampled_from(["Ann", "Bob", "Dee"])
WORDS = st.sampled_from([LEAK, GAS, "thanks", "12 Oak Ave", "never mind, it is fixed", "STOP", "START"])
COMMANDS = st.sampled_from(
    ["{}", "{} 2", "{} 3", "T {} on my way", "T {} www.example.com", "1", "1 2", "0000", "LIST", "who?", "STOP"]
)
VERBS = ("claim", "release", "finish", "reopen", "acknowledge", "attempt", "snooze", "note", "raise", "lower", "undo")
FATES = st.sampled_from(
    [
        ReceiptState.DELIVERED,
        ReceiptState.UNDELIVERABLE,
        Unanswered("x"),
        Refused(0x45, permanent=True),
        NotWritten("x"),
    ]
)


class Wild(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.faults: list[Any] = []
        self.night = self.do(self.open())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        with structlog.testing.capture_logs() as logged:
            done = self.runner.run(work)
        self.faults += [entry for entry in logged if entry.get("exc_info")]
        return done

    async def open(self) -> Night:
        return Night(await Database.open(Path(self.folder.name) / "textback.db"))

    def teardown(self) -> None:
        self.do(self.night.database.close())
        self.runner.close()
        self.folder.cleanup()

    @initialize(number=CUSTOMERS, words=st.sampled_from([LEAK, GAS]))
    def somebody_is_in_trouble(self, number: E164, words: str) -> None:
        self.do(self.night.writes(words, number))

    # --- what happens -------------------------------------------------------------------------------------------

    @rule(number=CUSTOMERS, words=WORDS)
    def a_customer_writes(self, number: E164, words: str) -> None:
        self.do(self.night.writes(words, number))

    @rule(who=PHONES, words=COMMANDS, row=st.integers(1, 2))
    def staff_write(self, who: E164, words: str, row: int) -> None:
        self.do(self.night.says(who, words, row))

    @rule(fate=FATES)
    def alerts_leave(self, fate: ReceiptState | Outcome) -> None:
        self.do(self.leave(fate))

    async def leave(self, fate: ReceiptState | Outcome) -> None:
        if isinstance(fate, ReceiptState):
            await self.night.arrive(fate)
            return
        for part in await self.night.waiting():
            await self.night.sent(part, fate)
        await self.night.look()

    @rule(minutes=st.sampled_from([1, 3, 10, 31, 300]))
    def time_passes(self, minutes: int) -> None:
        self.do(self.night.passes(minutes=minutes))

    @rule(minutes=st.sampled_from([1, 90]))
    def the_clock_is_put_back(self, minutes: int) -> None:
        self.night.clock.now -= timedelta(minutes=minutes)
        self.do(self.night.look())

    @rule()
    def the_daemon_starts_anew(self) -> None:
        self.night.loop = self.night.new_loop()

    @rule(number=CUSTOMERS)
    def a_call_is_missed(self, number: E164) -> None:
        self.do(self.night.is_missed(missed_call(number, self.night.clock())))

    @rule()
    def a_voicemail_is_left(self) -> None:
        self.do(self.night.is_missed(voicemail(self.night.clock())))

    @rule(number=CUSTOMERS)
    def the_customer_gets_through(self, number: E164) -> None:
        self.do(self.night.is_missed(answered_call(number, self.night.clock())))

    @rule(number=CUSTOMERS, talked=st.sampled_from([0, 30]))
    def somebody_calls_the_customer(self, number: E164, talked: int) -> None:
        self.do(self.night.is_missed(outbound_call(number, self.night.clock(), talked=talked)))

    @rule(number=CUSTOMERS)
    def the_customer_is_on_the_phone(self, number: E164) -> None:
        self.night.live.numbers ^= {number}

    @rule(clicks=st.lists(st.tuples(PEOPLE, st.sampled_from(VERBS), st.integers(0, 3)), min_size=1, max_size=3))
    def somebody_works_on_the_page(self, clicks: list[tuple[str, str, int]]) -> None:
        """Several may be faster than the alerts look."""
        for who, verb, which in clicks:
            rows = self.do(self.rows())
            with suppress(ConflictError, NotPossibleError):
                self.do(self.work(rows[which % len(rows)], who, verb))

    async def work(self, row: Callback, who: str, verb: str) -> None:
        page, now = self.night.callbacks, self.night.clock()
        seen = Seen.of(row, who, now)
        does = {
            "attempt": lambda: page.attempt(seen, Attempt.LEFT_MESSAGE),
            "finish": lambda: page.finish(seen, Closing.NO_NEED),
            "snooze": lambda: page.snooze(seen, now + timedelta(hours=2)),
            "note": lambda: page.note(seen, "gate code 4711"),
            "raise": lambda: page.rank(seen, Urgency.URGENT),
            "lower": lambda: page.rank(seen, Urgency.ROUTINE),
        }
        await (does[verb]() if verb in does else getattr(page, verb)(seen))

    async def rows(self) -> list[Callback]:
        async with self.night.database.read() as db:
            return [await callbacks.get(db, row["id"]) for row in await db.all("SELECT id FROM callback ORDER BY id")]

    # --- what always holds --------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_forgotten_and_nobody_woken_for_nothing(self) -> None:
        self.do(self.night.look())
        assert self.faults == []
        assert self.do(self.due()) == []
        for row in self.do(self.rows()):
            case = self.do(self.case(row))
            if row.state is CallbackState.CLOSED:
                assert case is None
            elif row.urgency is Urgency.URGENT and row.acknowledged_at is None:
                assert case is not None
            if case is not None and case.stage in UNHEARD and case.due_at is None:
                assert self.do(self.told(case)) >= {"Ann", "Bob", "Olga"}

    async def case(self, row: Callback) -> Escalation | None:
        async with self.night.database.read() as db:
            return await alerts.live(db, row.id)

    async def told(self, case: Escalation) -> set[str]:
        async with self.night.database.read() as db:
            return {alert.person for alert in await alerts.alerts_of(db, case.id)}

    async def due(self) -> Sequence[Escalation]:
        async with self.night.database.read() as db:
            return await alerts.due(db, self.night.clock())


RUNS = runs(20)
TestWild = pytest.mark.timeout(120 + 5 * RUNS)(Wild.TestCase)
TestWild.settings = settings(
    max_examples=RUNS, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
