"""Whatever happens in whatever order, the promises hold: calls, redials, texts, STOP, people, restarts and kills.

Runs on a real SQLite file with a gateway that notes what it is given; every rule is one thing that happens in an
office, and after each the promises are checked against the file.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.callbacks.actions import OUTLIVES_A_TALK, ConflictError, Seen
from bridge.domain.callbacks.queue import Attempt, NotPossibleError
from bridge.domain.calls.calls import EndedCall
from bridge.domain.phone import E164
from bridge.domain.texts.messages import (
    Accepted,
    MessageKind,
    NotWritten,
    Outcome,
    ReceiptState,
    Refused,
    Submission,
    Unanswered,
)
from bridge.domain.texts.policy import TextRules
from bridge.domain.words.lexicon import default_lexicon
from bridge.reports.retention import Privacy
from bridge.texts import delivery
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.reader import TextReader
from storage import audit, callbacks, messages
from storage.database import Database
from storage.messages import Part
from tests.depth import runs
from tests.desk import CUSTOMER, EAST, MAIN, OTHER, Desk, answered_call, missed_call, outbound_call, receipt, text

pytestmark = pytest.mark.slow

PICTURE = "You have received a picture message"

T = TypeVar("T")
NUMBERS = st.sampled_from([CUSTOMER, OTHER, None])
PEOPLE = st.sampled_from([CUSTOMER, OTHER])
DIDS = st.sampled_from([MAIN.dids[0], EAST.dids[0]])
STAFF_NAMES = st.sampled_from(["Ann", "Bob"])
WORDS = st.sampled_from(["sink leaks", "thanks", "4 Oak Ave", "HELP", PICTURE, f"call my wife at {OTHER}"])
OUTCOMES = st.sampled_from(
    [Accepted("a"), Refused(0x58, permanent=False), Refused(0x45, permanent=True), NotWritten("x"), Unanswered("x")]
)
SENT = ("submitted", "delivered", "unknown", "failed", "sending")


class Office(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.calls: list[EndedCall] = []
        self.recorded = 0
        self.submitted: list[tuple[Submission, Outcome]] = []
        self.stopped: set[E164] = set()
        self.desk = self.do(self.open())
        self.do(self.desk.resume())
        self.beside = sqlite3.connect(self.desk.database.path)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def open(self) -> Desk:
        return Desk(await Database.open(Path(self.folder.name) / "textback.db"))

    def teardown(self) -> None:
        self.beside.close()
        self.do(self.desk.database.close())
        self.runner.close()
        self.folder.cleanup()

    # --- what happens -------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, did=DIDS)
    def a_call_is_missed(self, number: E164 | None, did: str) -> None:
        self.ends(missed_call(number, self.desk.clock.advance(seconds=40), did=did))

    @rule(number=PEOPLE, did=DIDS)
    def a_call_is_answered(self, number: E164, did: str) -> None:
        self.ends(answered_call(number, self.desk.clock.advance(seconds=40), did=did))

    @rule(number=PEOPLE, talked=st.sampled_from([0, 30]))
    def somebody_calls_the_customer(self, number: E164, talked: int) -> None:
        self.ends(outbound_call(number, self.desk.clock.advance(seconds=40), talked=talked))

    @precondition(lambda self: self.calls)
    @rule(which=st.integers(0, 1000))
    def a_call_is_told_again(self, which: int) -> None:
        self.do(self.desk.call(self.calls[which % len(self.calls)]))

    @rule(number=PEOPLE)
    def the_customer_is_on_the_phone(self, number: E164) -> None:
        self.desk.live.numbers ^= {number}

    @rule(number=PEOPLE, words=WORDS)
    def a_customer_writes(self, number: E164, words: str) -> None:
        self.do(self.desk.inbox.received(text(words, number.value)))

    @rule(number=PEOPLE)
    def a_customer_says_stop(self, number: E164) -> None:
        self.do(self.desk.inbox.received(text("STOP", number.value)))
        self.stopped.add(number)

    @rule(number=PEOPLE)
    def a_customer_says_start(self, number: E164) -> None:
        self.do(self.desk.inbox.received(text("START", number.value)))
        self.stopped.discard(number)

    @rule(words=st.sampled_from(["my sink is clogged", "no hay agua", "thanks"]), number=PEOPLE)
    def a_customer_writes_and_then_is_silent(self, words: str, number: E164) -> None:
        self.do(self.desk.inbox.received(text(words, number.value)))
        self.do(self.receipts().run_due(self.desk.clock.advance(seconds=61)))

    @rule(number=PEOPLE)
    def a_customer_is_forgotten(self, number: E164) -> None:
        self.do(Privacy(self.desk.database).forget(number, "Ann", self.desk.clock()))

    @rule(outcome=OUTCOMES)
    def the_outbox_sends_one_part(self, outcome: Outcome) -> None:
        self.do(self.send(outcome))

    @rule()
    def the_daemon_is_killed_between_commit_and_answer(self) -> None:
        self.do(self.send(None))
        self.restart()

    @rule()
    def the_daemon_is_restarted(self) -> None:
        self.restart()

    @rule(told=st.sampled_from(ReceiptState), which=st.integers(0, 20))
    def a_receipt_comes(self, told: ReceiptState, which: int) -> None:
        self.do(self.desk.inbox.received(receipt(told, f"id-{which}")))

    @rule(hours=st.sampled_from([1, 9, 25]))
    def time_passes(self, hours: int) -> None:
        self.desk.clock.advance(hours=hours)
        self.do(self.desk.callbacks.wake_due(self.desk.clock()))
        self.do(self.desk.callbacks.release_idle(self.desk.clock()))

    @rule(back=st.sampled_from([1, 30]))
    def the_clock_is_set_back(self, back: int) -> None:
        self.desk.clock.advance(hours=-back)

    @rule(
        who=STAFF_NAMES,
        verb=st.sampled_from(
            ["claim", "release", "undo", "reopen", "acknowledge", "finish", "attempt", "snooze", "text", "correct"]
        ),
        which=st.integers(0, 1000),
        outcome=st.sampled_from(["booked", "no_need", "lost"]),
        stale=st.booleans(),
    )
    def somebody_acts(self, who: str, verb: str, which: int, outcome: str, stale: bool) -> None:
        self.do(self.act(who, verb, which, outcome, stale))

    # --- how -----------------------------------------------------------------------------------------------------

    def ends(self, call: EndedCall) -> None:
        self.calls.append(call)
        self.do(self.desk.call(call))

    def receipts(self) -> AutoReplies:
        return AutoReplies(self.desk.database, self.desk.office, TextRules(), TextReader(default_lexicon()))

    def restart(self) -> None:
        clock, live = self.desk.clock, self.desk.live
        self.do(self.desk.database.close())
        self.desk = self.do(self.open())
        self.desk.clock, self.desk.live = clock, live
        self.desk.inbox._clock = clock
        self.desk.missed_calls._live = live

        async def give_up() -> None:
            async with self.desk.database.transaction() as tx:
                for part in await messages.interrupted(tx):
                    await delivery.interrupted(tx, part, clock())

        self.do(give_up())

    async def send(self, outcome: Outcome | None) -> None:
        """What the outbox does with the first due part; None is a kill after the bytes left."""
        now, database = self.desk.clock(), self.desk.database
        async with database.transaction() as tx:
            for part, why in await messages.hopeless(tx, now):
                await messages.cancel(tx, part, why, now)
            due = [part for part in await messages.due(tx, now) if not self.desk.live.is_live(part.number)]
            claimed = await messages.claim(tx, due[0], now) if due else None
        if claimed is None:
            return
        submission = Submission(claimed.id, claimed.source, claimed.number, claimed.text, claimed.encoding)
        if claimed.number in self.stopped:
            assert claimed.kind is MessageKind.OPT_OUT_CONFIRMATION
        if claimed.kind is MessageKind.FIRST:
            assert not await self.wrote_since(claimed)
        if claimed.kind is MessageKind.RECEIPT:
            assert not await self.people_acted_on(claimed)
        if isinstance(outcome, Accepted):
            outcome = replace(outcome, message_id=f"id-{claimed.id}")
        self.submitted.append((submission, outcome or Unanswered("killed")))
        if outcome is not None:
            async with database.transaction() as tx:
                await delivery.answered(tx, claimed.id, outcome, now)

    async def wrote_since(self, part: Part) -> bool:
        async with self.desk.database.read() as db:
            sql = """
                SELECT 1 FROM reply r JOIN message m ON m.number = r.number
                WHERE m.id = :id AND r.received_at > m.created_at
            """
            return await db.one(sql, id=part.message_id) is not None

    async def people_acted_on(self, part: Part) -> bool:
        async with self.desk.database.read() as db:
            sql = "SELECT 1 FROM audit WHERE callback_id = :id AND who <> 'textback'"
            return await db.one(sql, id=part.callback_id) is not None

    async def act(self, who: str, verb: str, which: int, outcome: str, stale: bool) -> None:
        async with self.desk.database.read() as db:
            ids = [row["id"] for row in await db.all("SELECT id FROM callback")]
            row = await callbacks.get(db, ids[which % len(ids)]) if ids else None
            last = await audit.of_version(db, audit.Subject.CALLBACK, row.id, row.version) if row else None
        if row is None:
            return
        outlived = verb in OUTLIVES_A_TALK and last is not None and last.what == "callback.talked"
        version, now = row.version - stale, self.desk.clock()
        facts = {"address": None, "issue": None, "second": OTHER if which % 2 else None}
        more: dict[str, tuple[Any, ...]] = {
            "finish": (outcome,),
            "attempt": (Attempt.NO_ANSWER,),
            "snooze": (now + timedelta(hours=1),),
            "text": ("We call you, Ann",),
        }
        with suppress(ConflictError, NotPossibleError):
            named = facts if verb == "correct" else {}
            seen = Seen(row.id, version, who, now)
            await getattr(self.desk.callbacks, verb)(seen, *more.get(verb, ()), **named)
            assert not stale or outlived

    # --- the promises ----------------------------------------------------------------------------------------------

    def numbers(self, sql: str) -> list[Any]:
        """As anybody sees it who opens the file beside the daemon; by far quicker than through the event loop."""
        return [value for (value,) in self.beside.execute(sql)]

    @invariant()
    def every_call_is_one_row(self) -> None:
        keys = {call.key for call in self.calls}
        assert self.numbers("SELECT count(*) FROM call") == [len(keys)]

    @invariant()
    def every_missed_call_is_on_exactly_one_callback(self) -> None:
        missed = "SELECT count(*) FROM call WHERE direction = 'inbound' AND verdict = 'missed'"
        assert self.numbers(f"{missed} AND callback_id IS NULL") == [0]
        assert self.numbers("SELECT ifnull(sum(missed), 0) FROM callback") == self.numbers(missed)

    @invariant()
    def opened_is_open_plus_closed_and_one_open_each(self) -> None:
        opened = self.numbers("SELECT count(*) FROM audit WHERE what = 'callback.opened'")
        assert opened == self.numbers("SELECT count(*) FROM callback")
        most = self.numbers(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM callback WHERE state <> 'closed' GROUP BY branch, number)"
        )
        assert most in ([None], [1])

    @invariant()
    def a_row_is_closed_by_a_person_or_by_a_talk(self) -> None:
        closed = "SELECT count(*) FROM callback WHERE state = 'closed' AND closed_by = 'textback'"
        assert self.numbers(f"{closed} AND reached_at IS NULL") == [0]
        assert self.numbers("SELECT count(*) FROM callback WHERE second = number") == [0]

    @invariant()
    def no_two_first_texts_share_a_cool_down(self) -> None:
        clashes = self.numbers(
            """
            SELECT count(*) FROM live_message a JOIN live_message b
            ON a.number = b.number AND a.slot = b.slot AND a.id < b.id AND b.created_at < a.cool_until
            WHERE a.kind = 'first' AND b.kind = 'first'
            """
        )
        assert clashes == [0]

    @invariant()
    def a_conversation_has_at_most_one_receipt(self) -> None:
        most = self.numbers(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM message WHERE kind = 'receipt' GROUP BY callback_id)"
        )
        assert most in ([None], [1])

    @invariant()
    def nothing_is_submitted_twice_unless_refused_or_never_written(self) -> None:
        final: dict[int, int] = {}
        for submission, outcome in self.submitted:
            if not isinstance(outcome, (Refused, NotWritten)):
                final[submission.part_id] = final.get(submission.part_id, 0) + 1
        assert all(times == 1 for times in final.values())

    @invariant()
    def every_state_has_its_audit_entries(self) -> None:
        for table, subject in (
            ("callback", "callback"),
            ("message_part", "part"),
            ("call", "call"),
            ("reply", "reply"),
        ):
            versions = self.numbers(f"SELECT ifnull(sum(version), 0) FROM {table}")
            assert versions == self.numbers(f"SELECT count(*) FROM audit WHERE subject = '{subject}'")


RUNS = runs(40)
TestOffice = pytest.mark.timeout(300 + 5 * RUNS)(Office.TestCase)
TestOffice.settings = settings(
    max_examples=RUNS,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
