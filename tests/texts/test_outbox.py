"""Each part is handed over at most once, and what came of it is on disk."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import split
from bridge.domain.texts.messages import (
    Accepted,
    LateAnswer,
    MessageKind,
    NotWritten,
    Outcome,
    PartState,
    ReceiptState,
    Refused,
    Stored,
    Submission,
    Unanswered,
)
from bridge.domain.texts.policy import TextRules
from bridge.ops.health import Backlog
from bridge.texts.outbox import Outbox, OutboxSettings
from storage import messages, opt_outs, settings
from storage.audit import Act, Subject, add
from storage.database import Database, Reader, Writer
from storage.errors import StorageError
from storage.messages import NewMessage
from storage.opt_outs import OptOutCause
from tests.desk import (
    CUSTOMER,
    MONDAY_NOON,
    OTHER,
    OWN,
    STAFF,
    Desk,
    NotingGateway,
    missed_call,
    receipt,
    text,
)

T = TypeVar("T")

THROTTLED = Refused(0x58, permanent=False, throttled=True)
FORBIDDEN = Refused(0x0B, permanent=True)


def message(
    kind: MessageKind = MessageKind.BY_HAND, number: E164 = CUSTOMER, words: str = "On our way to look", **more: object
) -> NewMessage:
    made = NewMessage(
        kind=kind,
        number=number,
        source=OWN.value,
        branch="main",
        text=words,
        template="by_hand",
        created_at=MONDAY_NOON,
        due_at=MONDAY_NOON,
        expires_at=MONDAY_NOON + timedelta(hours=1),
    )
    return replace(made, **more)  # type: ignore[arg-type]


async def queue(desk: Desk, *new: NewMessage) -> None:
    async with desk.database.transaction() as tx:
        for one in new:
            await messages.queue(tx, one, split(one.text))


def answering(*outcomes: Outcome) -> Callable[[Submission], Awaitable[Outcome]]:
    left = list(outcomes)

    async def answer(_: Submission) -> Outcome:
        return left.pop(0)

    return answer


async def test_a_missed_call_is_handed_over_once_and_recorded(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    (submission,) = desk.gateway.submissions
    assert submission.destination == CUSTOMER
    assert submission.source == OWN.value
    assert submission.valid_for == timedelta(minutes=15)
    (part,) = await desk.parts()
    assert part.gateway_id == f"id-{part.id}"


async def test_sending_is_committed_before_the_gateway_sees_the_part(desk: Desk) -> None:
    seen: list[object] = []

    async def look(part: Submission) -> Outcome:
        seen.extend(await desk.column("SELECT state FROM message_part"))
        return Accepted("1")

    desk.gateway.answer = look
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    assert seen == ["sending"]


async def test_a_text_is_claimed_in_the_commit_that_queues_it(desk: Desk) -> None:
    commits: list[int] = []

    async def note(_: Submission) -> None:
        commits.append(desk.database.commits.count)

    async with desk.sending():
        await queue(desk, message(number=OTHER))
        await desk.until_parts_are("submitted")  # the outbox rests
        desk.gateway.before, before = note, desk.database.commits.count
        await desk.call(missed_call())
        await desk.gateway.submitted(2)
    assert commits == [before + 1]


async def test_what_is_queued_while_the_window_is_full_is_not_forgotten(desk: Desk) -> None:
    answers = asyncio.Semaphore(0)

    async def slowly(part: Submission) -> Outcome:
        await answers.acquire()
        return Accepted(f"id-{part.part_id}")

    desk.gateway.answer = slowly
    async with desk.sending(OutboxSettings(window=1)):
        await queue(desk, message(), message(number=OTHER))
        await desk.gateway.submitted(1)
        await queue(desk, message(number=OTHER, words="And another"))
        answers.release()
        await desk.gateway.submitted(2)
        answers.release()
        await desk.gateway.submitted(3)
        answers.release()


async def test_what_was_being_sent_when_the_daemon_died_is_unknown_and_not_sent_again(desk: Desk) -> None:
    await desk.call(missed_call())
    async with desk.database.transaction() as tx:
        (part,) = await messages.due(tx, MONDAY_NOON)
        await messages.claim(tx, part, MONDAY_NOON)
    async with desk.sending():
        await desk.until_parts_are("unknown")
    assert desk.gateway.submissions == []


async def test_a_temporary_refusal_is_tried_again_later(desk: Desk) -> None:
    desk.gateway.answer = answering(THROTTLED, Accepted("7"))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until(put_back)
    desk.clock.advance(seconds=3)
    async with desk.sending():
        await desk.until_parts_are("submitted")
    assert [part.reference for part in desk.gateway.submissions] == [None, None]


async def put_back(db: Reader) -> bool:
    rows = await db.all("SELECT 1 FROM message_part WHERE state = 'queued' AND attempts = 1")
    return len(rows) == 1


async def test_bytes_that_never_left_are_tried_again(desk: Desk) -> None:
    desk.gateway.answer = answering(NotWritten("link down"), Accepted("7"))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until(put_back)
    desk.clock.advance(seconds=3)
    async with desk.sending():
        await desk.until_parts_are("submitted")


async def test_no_answer_is_unknown_and_never_tried_again(desk: Desk) -> None:
    desk.gateway.answer = answering(Unanswered("time-out"))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("unknown")
    desk.gateway.answer = desk.gateway.accept
    desk.clock.advance(minutes=5)
    async with desk.sending():
        await desk.call(missed_call(OTHER, desk.clock()))
        await desk.gateway.submitted(2)
    assert [part.destination for part in desk.gateway.submissions] == [CUSTOMER, OTHER]


async def test_a_permanent_refusal_fails_and_teaches_that_the_number_takes_no_texts(desk: Desk) -> None:
    desk.gateway.answer = answering(FORBIDDEN)
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("failed")
    desk.clock.advance(hours=30)
    await desk.call(missed_call(at=desk.clock()))
    assert await desk.column("SELECT text_why FROM call") == ["send", "landline"]


async def test_a_fault_of_the_gateway_fails_no_part(desk: Desk) -> None:
    desk.gateway.answer = answering(Refused(0x0E, permanent=True, gateway_fault=True))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until(put_back)


async def test_what_waited_too_long_is_cancelled_even_without_a_gateway(desk: Desk) -> None:
    desk.gateway.set_ready(False)
    await desk.call(missed_call())
    desk.clock.advance(minutes=15)
    async with desk.sending():
        await desk.until_parts_are("cancelled")


def answering_first(answer: Callable[[Submission], Awaitable[Outcome]]) -> Callable[[Submission], Awaitable[Outcome]]:
    """The first one like that, the others are simply accepted."""
    answers = iter([answer])

    async def give(part: Submission) -> Outcome:
        first = next(answers, None)
        return await first(part) if first else Accepted(str(part.part_id))

    return give


class BackAtOnce(NotingGateway):
    """Away when the outbox looks, and back before it has gone to sleep."""

    @property
    def ready(self) -> bool:
        found = super().ready
        self.set_ready(True)
        return found


async def test_a_gateway_that_comes_back_while_the_outbox_looks_is_not_overlooked(desk: Desk) -> None:
    desk.gateway = BackAtOnce()
    desk.gateway.set_ready(False)
    await desk.call(missed_call())
    async with desk.sending(OutboxSettings(look_again=timedelta(hours=1))), asyncio.timeout(5):
        await desk.gateway.submitted(1)


class Awaited(NotingGateway):
    def __init__(self) -> None:
        super().__init__()
        self.is_awaited = asyncio.Event()

    async def wait_ready(self) -> None:
        self.is_awaited.set()
        await super().wait_ready()


async def test_a_gateway_that_takes_a_breath_while_it_has_parts_gets_the_rest(desk: Desk) -> None:
    desk.gateway = gateway = Awaited()

    async def breathless(part: Submission) -> Outcome:
        gateway.set_ready(False)
        await queue(desk, message(number=E164(f"+1202556{part.part_id:04}")))  # has the outbox look
        await gateway.is_awaited.wait()
        gateway.set_ready(True)
        await desk.parts()
        return Accepted(str(part.part_id))

    desk.gateway.answer = answering_first(breathless)
    await queue(desk, *(message(number=E164(f"+1202555{n:04}")) for n in range(3)))
    async with desk.sending(OutboxSettings(window=1, look_again=timedelta(hours=1))), asyncio.timeout(5):
        await desk.gateway.submitted(4)


async def test_in_a_storm_what_is_urgent_overtakes_and_what_was_stopped_stays(desk: Desk) -> None:
    """The queue is not looked at again for each part; what it was found to be may be old by then."""
    first, second, third = (E164(f"+1202555{n:04}") for n in range(3))

    async def meanwhile(part: Submission) -> Outcome:
        async with desk.database.transaction() as tx:
            await opt_outs.start(tx, second, OptOutCause.STOP, None, "Ann", desk.clock())
        await queue(desk, message(MessageKind.STAFF, STAFF, "alert"))
        return Accepted(str(part.part_id))

    desk.gateway.answer = answering_first(meanwhile)
    await queue(desk, *(message(number=number, words=str(number)) for number in (first, second, third)))
    async with desk.sending(OutboxSettings(window=1)):
        await desk.until_parts_are("submitted", "cancelled", "submitted", "submitted")
    assert [part.text for part in desk.gateway.submissions] == [str(first), "alert", str(third)]


async def test_the_parts_of_a_text_go_one_after_the_other(desk: Desk) -> None:
    await queue(desk, message(words="long " * 90))
    async with desk.sending():
        await desk.until_parts_are("submitted", "submitted", "submitted")
    assert [part.sequence for part in desk.gateway.submissions] == [1, 2, 3]
    assert len({part.reference for part in desk.gateway.submissions}) == 1
    assert "".join(part.text for part in desk.gateway.submissions) == "long " * 90


async def test_when_a_part_fails_the_rest_is_not_sent(desk: Desk) -> None:
    desk.gateway.answer = answering(Accepted("1"), Refused(0x45, permanent=True))
    await queue(desk, message(words="long " * 90))
    async with desk.sending():
        await desk.until_parts_are("submitted", "failed", "cancelled")


async def test_staff_and_urgent_texts_overtake(desk: Desk) -> None:
    await queue(
        desk,
        message(words="one"),
        message(words="two", urgent=True),
        message(MessageKind.STAFF, STAFF, "alert"),
    )
    async with desk.sending(OutboxSettings(window=1)):
        await desk.gateway.submitted(3)
    assert [part.text for part in desk.gateway.submissions] == ["alert", "two", "one"]


async def test_never_more_than_the_window_is_at_the_gateway(desk: Desk) -> None:
    at_once: list[int] = []
    running = 0
    release = asyncio.Event()

    async def slowly(part: Submission) -> Outcome:
        nonlocal running
        running += 1
        at_once.append(running)
        await release.wait()
        running -= 1
        return Accepted(str(part.part_id))

    desk.gateway.answer = slowly
    await queue(desk, *(message(number=E164(f"+1202555{n:04}")) for n in range(12)))
    async with desk.sending(OutboxSettings(window=4)):
        await desk.gateway.submitted(4)
        release.set()
        await desk.until_parts_are(*["submitted"] * 12)
    assert max(at_once) == 4


async def test_a_call_that_begins_before_the_text_leaves_holds_it_back(desk: Desk) -> None:
    await desk.call(missed_call())
    desk.live.numbers.add(CUSTOMER)
    async with desk.sending():
        await desk.call(missed_call(OTHER))
        await desk.gateway.submitted(1)
        assert desk.gateway.submissions[0].destination == OTHER
        desk.live.numbers.clear()
        await desk.call(missed_call(at=MONDAY_NOON + timedelta(seconds=5)))
        await desk.gateway.submitted(2)
    assert desk.gateway.submissions[1].destination == CUSTOMER


async def test_pause_holds_automatic_texts_but_not_a_persons_own_words(desk: Desk) -> None:
    await desk.call(missed_call())
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", MONDAY_NOON)
    await queue(desk, message(words="by hand", number=OTHER), message(MessageKind.STAFF, STAFF, "alert"))
    async with desk.sending():
        await desk.gateway.submitted(2)
        await desk.until_parts_are("queued", "submitted", "submitted")
        await desk.resume()
        await desk.gateway.submitted(3)


async def test_what_is_due_and_held_back_by_nobody_is_overdue(desk: Desk) -> None:
    outbox = Outbox(desk.database, desk.gateway, desk.live, OutboxSettings(), clock=desk.clock)
    await desk.call(missed_call())
    await queue(desk, message(words="by hand", number=OTHER))
    assert (await outbox.overdue(MONDAY_NOON + timedelta(seconds=90))).count == 2
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", MONDAY_NOON)
    assert await outbox.overdue(MONDAY_NOON + timedelta(seconds=90)) == Backlog(1, timedelta(seconds=90))
    async with desk.sending():
        await desk.gateway.submitted(1)
    assert await outbox.overdue(MONDAY_NOON + timedelta(seconds=90)) == Backlog()


async def test_while_trying_it_out_strangers_get_nothing_that_nobody_wrote_by_hand(desk: Desk) -> None:
    await desk.call(missed_call())
    await queue(desk, message(MessageKind.RECEIPT, OTHER, "Thanks"), message(words="by hand"))
    async with desk.sending(OutboxSettings(may_text={OTHER}.__contains__)):
        await desk.until_parts_are("queued", "submitted", "submitted")
    assert {part.destination for part in desk.gateway.submissions} == {OTHER, CUSTOMER}


async def test_a_text_queued_before_stop_is_cancelled(desk: Desk) -> None:
    desk.gateway.set_ready(False)
    await desk.call(missed_call())
    await desk.inbox.received(text("STOP"))
    desk.gateway.set_ready(True)
    async with desk.sending():
        await desk.until_parts_are("cancelled", "submitted")
    assert [part.text.partition(":")[0] for part in desk.gateway.submissions] == ["Acme Plumbing"]
    assert (await desk.parts())[1].kind is MessageKind.OPT_OUT_CONFIRMATION


async def test_a_text_that_waits_at_the_gateway_when_stop_comes_does_not_leave(desk: Desk) -> None:
    async def stop_comes_first(part: Submission) -> None:
        if part.text.startswith("On our way"):
            await desk.inbox.received(text("STOP"))

    desk.gateway.before = stop_comes_first
    await queue(desk, message())
    async with desk.sending():
        await desk.until_parts_are("cancelled", "submitted")
    assert [part.text.partition(":")[0] for part in desk.gateway.submissions] == ["Acme Plumbing"]


async def test_a_text_that_grows_too_old_while_it_waits_at_the_gateway_does_not_leave(desk: Desk) -> None:
    async def the_gateway_is_slow(_: Submission) -> None:
        desk.clock.advance(minutes=16)

    desk.gateway.before = the_gateway_is_slow
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("cancelled")
    assert desk.gateway.submissions == []


async def test_a_text_that_waits_at_the_gateway_when_the_office_pauses_does_not_leave(desk: Desk) -> None:
    async def pause(_: Submission) -> None:
        async with desk.database.transaction() as tx:
            await settings.turn(tx, settings.PAUSED, True, "Ann", MONDAY_NOON)

    desk.gateway.before = pause
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until(_was_given_back)
    assert desk.gateway.submissions == []


async def _was_given_back(db: Reader) -> bool:
    return bool(await db.all("SELECT 1 FROM message_part WHERE state = 'queued' AND attempts = 1"))


async def test_a_clock_that_is_set_back_holds_no_text_back(desk: Desk) -> None:
    await desk.call(missed_call())
    desk.clock.advance(hours=-3)
    async with desk.sending():
        await desk.gateway.submitted(1)


async def test_a_text_queued_after_stop_is_cancelled_too(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await opt_outs.start(tx, CUSTOMER, OptOutCause.BY_HAND, None, "Ann", MONDAY_NOON)
    await queue(desk, message())
    async with desk.sending():
        await desk.until_parts_are("cancelled")


async def test_a_commit_of_another_process_is_sent_as_well(desk: Desk) -> None:
    async with desk.sending(OutboxSettings(look_again=timedelta(milliseconds=50))):
        async with await Database.open(desk.database.path) as other, other.transaction() as tx:
            await messages.queue(tx, message(), split("hello"))
        await desk.gateway.submitted(1)


@asynccontextmanager
async def full(desk: Desk) -> AsyncIterator[None]:
    """Not even one more audit row fits."""
    writer = desk.database._writer
    await writer.execute("PRAGMA max_page_count = 1")  # SQLite makes it the size that the file has
    with pytest.raises(StorageError, match="disk is full"):
        await _write_until_refused(desk)
    yield
    await writer.execute("PRAGMA max_page_count = 100000")


async def _write_until_refused(desk: Desk) -> None:
    for version in range(100_000):
        async with desk.database.transaction() as tx:
            await add(tx, Act("Ann", "filled", MONDAY_NOON), Subject.SETTING, 99, version)


@asynccontextmanager
async def read_only(desk: Desk) -> AsyncIterator[None]:
    await desk.database._writer.execute("PRAGMA query_only = ON")
    yield
    await desk.database._writer.execute("PRAGMA query_only = OFF")


@asynccontextmanager
async def locked(desk: Desk) -> AsyncIterator[None]:
    await desk.database._writer.execute("PRAGMA busy_timeout = 10")
    async with await Database.open(desk.database.path) as other, other.transaction():
        yield


@pytest.mark.parametrize("fault", [full, read_only, locked])
async def test_nothing_is_sent_that_cannot_be_recorded(
    desk: Desk, fault: Callable[[Desk], AbstractAsyncContextManager[None]]
) -> None:
    await desk.call(missed_call())
    async with AsyncExitStack() as stack:
        async with fault(desk):
            refused = count_refusals(desk)
            await stack.enter_async_context(desk.sending(OutboxSettings(storage_retry=timedelta(milliseconds=5))))
            await refused.wait()
            assert await desk.inbox.received(text("12 Elm St")) is Stored.TRY_AGAIN
            sending = await desk.column("SELECT count(*) FROM message_part WHERE state = 'sending'")
            assert sending == [len(desk.gateway.submissions)]
        await desk.until(is_submitted)
        assert len(desk.gateway.submissions) == 1
        assert await desk.inbox.received(text("12 Elm St")) is Stored.OK


async def test_while_the_gateway_is_away_calls_do_not_have_the_whole_queue_looked_through_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, hopeless = list[datetime](), messages.hopeless

    async def counted(db: Reader, now: datetime) -> Any:
        looks.append(now)
        return await hopeless(db, now)

    monkeypatch.setattr(messages, "hopeless", counted)
    desk.gateway.set_ready(False)
    async with desk.sending():
        for number in range(10):
            await desk.call(missed_call(E164(f"+1202555{number}123")))
        await desk.until_parts_are(*["queued"] * 10)
        assert len(looks) <= 3
        desk.gateway.set_ready(True)
        await desk.gateway.submitted(10)


async def is_submitted(db: Reader) -> bool:
    return await db.one("SELECT 1 FROM message_part WHERE state = 'submitted'") is not None


def count_refusals(desk: Desk) -> asyncio.Event:
    """Set once the outbox could not write."""
    refused, write = asyncio.Event(), desk.database.write

    async def watched(work: Callable[[Writer], Coroutine[Any, Any, T]], *, soon: bool = False) -> T:
        try:
            return await write(work, soon=soon)
        except StorageError:
            refused.set()
            raise

    desk.database.write = watched  # type: ignore[method-assign]
    return refused


# --- receipts -----------------------------------------------------------------------------------------------------


async def sent(desk: Desk) -> None:
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("submitted")


async def state(desk: Desk) -> PartState:
    (part,) = await desk.parts()
    return part.state


async def test_a_receipt_delivers_its_part(desk: Desk) -> None:
    await sent(desk)
    assert await desk.inbox.received(receipt(ReceiptState.DELIVERED, "0x1", "id-1")) is Stored.OK
    assert await state(desk) is PartState.DELIVERED


async def test_delivered_is_final(desk: Desk) -> None:
    await sent(desk)
    for told in (ReceiptState.DELIVERED, ReceiptState.ENROUTE, ReceiptState.EXPIRED, ReceiptState.DELIVERED):
        await desk.inbox.received(receipt(told, "id-1"))
    assert await state(desk) is PartState.DELIVERED
    assert await desk.column("SELECT count(*) FROM audit WHERE what = 'part.delivered'") == [1]


async def test_two_gateways_may_give_the_same_id(desk: Desk) -> None:
    async def numbers_alike(part: Submission) -> Outcome:
        return Accepted("7", "carrier" if part.destination == CUSTOMER else "backup")

    desk.gateway.answer = numbers_alike
    await sent(desk)
    await desk.call(missed_call(OTHER))
    async with desk.sending():
        await desk.until_parts_are("submitted", "submitted")
    await desk.inbox.received(receipt(ReceiptState.DELIVERED, "7"))
    assert [part.state for part in await desk.parts()] == [PartState.DELIVERED, PartState.SUBMITTED]


async def test_a_receipt_before_the_answer_is_kept_until_the_id_turns_up(desk: Desk) -> None:
    async def receipt_first(part: Submission) -> Outcome:
        await desk.inbox.received(receipt(ReceiptState.DELIVERED, "late-id"))
        return Accepted("late-id")

    desk.gateway.answer = receipt_first
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("delivered")


async def test_a_number_that_texts_us_is_no_landline(desk: Desk) -> None:
    await sent(desk)
    await desk.inbox.received(replace(receipt(ReceiptState.UNDELIVERABLE, "id-1"), landline=True))
    assert await desk.column("SELECT number FROM landline WHERE ended_at IS NULL") == [CUSTOMER.value]
    await desk.inbox.received(text("it is me"))
    assert await desk.column("SELECT number FROM landline WHERE ended_at IS NULL") == []


async def test_a_late_answer_resolves_what_was_unknown(desk: Desk) -> None:
    desk.gateway.answer = answering(Unanswered("time-out"))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("unknown")
    await desk.inbox.received(receipt(ReceiptState.DELIVERED, "77"))
    await desk.inbox.answered_late(LateAnswer(1, Accepted("77"), MONDAY_NOON))
    assert await state(desk) is PartState.DELIVERED
    await desk.inbox.answered_late(LateAnswer(1, Refused(0x0B, permanent=True), MONDAY_NOON))
    assert await state(desk) is PartState.DELIVERED


async def test_a_late_refusal_fails_the_part(desk: Desk) -> None:
    desk.gateway.answer = answering(Unanswered("time-out"))
    await desk.call(missed_call())
    async with desk.sending():
        await desk.until_parts_are("unknown")
    await desk.inbox.answered_late(LateAnswer(1, THROTTLED, MONDAY_NOON))
    assert await state(desk) is PartState.FAILED


async def test_a_repeated_receipt_changes_nothing(desk: Desk) -> None:
    await sent(desk)
    for _ in range(3):
        await desk.inbox.received(receipt(ReceiptState.DELIVERED, "id-1"))
    assert await desk.column("SELECT count(*) FROM receipt") == [1]


async def test_the_delay_of_the_office_is_kept(database: Database) -> None:
    desk = Desk(database, rules=TextRules(delay=timedelta(seconds=90)))
    await desk.resume()
    await desk.call(missed_call())
    (part,) = await desk.parts()
    assert part.due_at == MONDAY_NOON + timedelta(seconds=90)
    assert part.expires_at == part.due_at + timedelta(minutes=15)


def test_the_file_is_readable_by_its_owner_only(database: Database) -> None:
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
