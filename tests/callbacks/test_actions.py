"""What people do with a row, and that nobody steps on another's toes."""

import asyncio
from datetime import timedelta

import pytest

from bridge.callbacks.actions import ConflictError, Seen
from bridge.domain.callbacks.queue import (
    UNDO_WINDOW,
    Attempt,
    Callback,
    CallbackState,
    NotPossibleError,
    Outcome,
    TooLateError,
    Urgency,
)
from bridge.domain.calls.calls import Verdict
from bridge.domain.phone import E164
from bridge.domain.texts.messages import PartState
from storage import audit, callbacks
from storage.callbacks import Key
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, answered_call, missed_call, text

LATER = MONDAY_NOON + timedelta(minutes=10)


@pytest.fixture
async def row(desk: Desk) -> Callback:
    await desk.call(missed_call())
    return await desk.row()


async def test_claim_release_and_finish(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.claim(Seen.of(row, "Ann", LATER))
    assert (row.state, row.owner) == (CallbackState.CLAIMED, "Ann")
    row = await desk.callbacks.release(Seen.of(row, "Ann", LATER))
    assert (row.state, row.owner) == (CallbackState.OPEN, None)
    row = await desk.callbacks.finish(Seen.of(row, "Bob", LATER), Outcome.BOOKED)
    assert (row.state, row.outcome, row.closed_by, row.reached_by) == (
        CallbackState.CLOSED,
        Outcome.BOOKED,
        "Bob",
        "Bob",
    )


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(desk: Desk, row: Callback) -> None:
    results = await asyncio.gather(
        *(desk.callbacks.claim(Seen.of(row, who, LATER)) for who in ("Ann", "Bob", "Cid")),
        return_exceptions=True,
    )
    winner = next(result for result in results if isinstance(result, Callback))
    conflicts = [result for result in results if isinstance(result, ConflictError)]
    assert len(conflicts) == 2
    assert {conflict.who for conflict in conflicts} == {winner.owner}
    assert conflicts[0].what == "callback.claim"
    assert conflicts[0].row.owner == winner.owner


async def test_a_row_that_changed_meanwhile_is_not_touched(desk: Desk, row: Callback) -> None:
    await desk.inbox.received(text("never mind"))
    with pytest.raises(ConflictError) as conflict:
        await desk.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.NO_NEED)
    assert (conflict.value.who, conflict.value.what) == ("textback", "callback.reply")
    assert (await desk.row()).state is CallbackState.OPEN


async def test_an_attempt_brings_the_row_back_after_two_office_hours(desk: Desk, row: Callback) -> None:
    five_to_closing = MONDAY_NOON + timedelta(hours=4, minutes=55)
    row = await desk.callbacks.attempt(Seen.of(row, "Ann", five_to_closing), Attempt.LEFT_MESSAGE)
    five_to_eleven_tomorrow = MONDAY_NOON + timedelta(hours=22, minutes=55)
    assert (row.state, row.owner, row.until) == (CallbackState.WAITING, "Ann", five_to_eleven_tomorrow)


async def test_an_urgent_customer_who_does_not_answer_comes_back_after_5_20_and_60_minutes(desk: Desk) -> None:
    """On the page only: whoever was told of it has it, and is not told again."""
    await desk.call(missed_call())
    await desk.inbox.received(text("burning smell from the panel"))
    now, alerted = MONDAY_NOON, await desk.column("SELECT count(*) FROM alert")
    for minutes in (5, 20, 60, 120):  # then as for everybody
        row = await desk.callbacks.attempt(Seen.of(await desk.row(), "Ann", now), Attempt.NO_ANSWER)
        assert row.until == now + timedelta(minutes=minutes)
        now = row.until
        await desk.callbacks.wake_due(now)
        assert (await desk.row()).state is CallbackState.CLAIMED
    assert await desk.column("SELECT count(*) FROM alert") == alerted
    row = await desk.callbacks.attempt(Seen.of(await desk.row(), "Ann", now), Attempt.LEFT_MESSAGE)
    row = await desk.callbacks.attempt(Seen.of(row, "Ann", now), Attempt.NO_ANSWER)
    assert row.until == now + timedelta(minutes=5)  # a message was left meanwhile


async def test_a_snoozed_row_wakes_when_its_time_has_come(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.snooze(Seen.of(row, "Ann", MONDAY_NOON), LATER)
    await desk.callbacks.wake_due(LATER - timedelta(seconds=1))
    assert (await desk.row()).state is CallbackState.WAITING
    await desk.callbacks.wake_due(LATER)
    assert (await desk.row()).state is CallbackState.OPEN


async def test_a_snooze_into_the_past_is_refused(desk: Desk, row: Callback) -> None:
    with pytest.raises(ValueError, match="lies ahead"):
        await desk.callbacks.snooze(Seen.of(row, "Ann", LATER), MONDAY_NOON)


async def test_a_row_that_closed_by_itself_still_takes_an_outcome(desk: Desk, row: Callback) -> None:
    await desk.call(answered_call(at=LATER))
    row = await desk.row()
    row = await desk.callbacks.finish(Seen.of(row, "Ann", LATER + timedelta(hours=1)), Outcome.BOOKED)
    assert (row.closed_at, row.closed_by, row.outcome, row.reached_at) == (LATER, "Ann", Outcome.BOOKED, LATER)


async def test_a_closed_row_cannot_be_claimed_or_snoozed(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.LOST)
    with pytest.raises(NotPossibleError):
        await desk.callbacks.claim(Seen.of(row, "Bob", LATER))
    with pytest.raises(NotPossibleError):
        await desk.callbacks.snooze(Seen.of(row, "Bob", LATER), LATER + timedelta(hours=1))


async def test_raising_asks_for_an_acknowledgement_and_acting_gives_it(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.rank(Seen.of(row, "Ann", LATER), Urgency.URGENT)
    assert (row.urgency, row.urgency_by, row.flagged_at, row.acknowledged_at) == (Urgency.URGENT, "Ann", LATER, None)
    row = await desk.callbacks.acknowledge(Seen.of(row, "Bob", LATER))
    assert row.acknowledged_by == "Bob"
    row = await desk.callbacks.rank(Seen.of(row, "Ann", LATER), Urgency.ROUTINE)
    assert row.urgency is Urgency.ROUTINE


async def test_a_claim_left_alone_for_half_an_hour_is_released(desk: Desk, row: Callback) -> None:
    await desk.callbacks.claim(Seen.of(row, "Ann", LATER))
    await desk.callbacks.release_idle(LATER + timedelta(minutes=29))
    assert (await desk.row()).owner == "Ann"
    await desk.callbacks.release_idle(LATER + timedelta(minutes=31))
    assert (await desk.row()).owner is None


async def test_what_was_picked_out_of_the_words_can_be_corrected(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.correct(Seen.of(row, "Ann", LATER), address="4 Oak Ave", issue=None, second=None)
    assert row.address == "4 Oak Ave"


# --- undo ---------------------------------------------------------------------------------------------------------


async def test_undo_brings_back_what_was(desk: Desk, row: Callback) -> None:
    claimed = await desk.callbacks.claim(Seen.of(row, "Ann", LATER))
    done = await desk.callbacks.finish(Seen(row.id, claimed.version, "Ann", LATER), Outcome.SPAM)
    back = await desk.callbacks.undo(Seen(row.id, done.version, "Ann", LATER))
    assert (back.state, back.owner, back.outcome, back.closed_at) == (CallbackState.CLAIMED, "Ann", None, None)


async def test_undo_takes_notes_and_attempts_away(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.note(Seen.of(row, "Ann", LATER), "wrong row")
    row = await desk.callbacks.undo(Seen.of(row, "Ann", LATER))
    row = await desk.callbacks.attempt(Seen.of(row, "Ann", LATER), Attempt.NO_ANSWER)
    row = await desk.callbacks.undo(Seen.of(row, "Ann", LATER))
    assert row.state is CallbackState.OPEN
    async with desk.database.read() as db:
        assert await callbacks.notes(db, row.id) == []
        assert await callbacks.attempts(db, row.id) == []


async def test_undo_is_only_for_who_did_it_and_only_if_nothing_followed(desk: Desk, row: Callback) -> None:
    done = await desk.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.SPAM)
    with pytest.raises(NotPossibleError):
        await desk.callbacks.undo(Seen(row.id, done.version, "Bob", LATER))
    await desk.inbox.received(text("are you there?"))
    with pytest.raises(ConflictError):
        await desk.callbacks.undo(Seen(row.id, done.version, "Ann", LATER))


async def test_undo_is_not_undone(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.claim(Seen.of(row, "Ann", LATER))
    row = await desk.callbacks.undo(Seen.of(row, "Ann", LATER))
    with pytest.raises(NotPossibleError):
        await desk.callbacks.undo(Seen.of(row, "Ann", LATER))


async def test_a_closed_row_is_not_reopened_beside_a_newer_one(desk: Desk, row: Callback) -> None:
    done = await desk.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.NO_NEED)
    await desk.call(missed_call(at=LATER))
    newer = await desk.row()
    for verb in (desk.callbacks.undo, desk.callbacks.reopen):
        with pytest.raises(ConflictError) as conflict:
            await verb(Seen(row.id, done.version, "Ann", LATER))
        assert conflict.value.row.id == newer.id
    assert await desk.column("SELECT state FROM callback") == ["closed", "open"]


# --- a person's own words -----------------------------------------------------------------------------------------


async def test_a_text_by_hand_waits_until_it_can_no_longer_be_undone(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.text(Seen.of(row, "Ann", LATER), "We are on our way, Ann")
    part = (await desk.parts())[-1]
    assert (part.due_at, part.text) == (LATER + timedelta(seconds=10), "We are on our way, Ann")
    assert await desk.column("SELECT written_by FROM message WHERE kind = 'by_hand'") == ["Ann"]
    await desk.callbacks.undo(Seen.of(row, "Ann", LATER))
    assert (await desk.parts())[-1].state is PartState.CANCELLED


async def test_a_text_that_left_cannot_be_undone(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.text(Seen.of(row, "Ann", MONDAY_NOON), "Hello")
    desk.clock.advance(seconds=11)
    async with desk.sending():
        await desk.until_parts_are("submitted", "submitted")
    with pytest.raises(NotPossibleError):
        await desk.callbacks.undo(Seen.of(row, "Ann", LATER))


async def test_nobody_texts_a_number_that_opted_out_or_is_withheld(desk: Desk, row: Callback) -> None:
    await desk.inbox.received(text("STOP"))
    await desk.call(missed_call(None))
    for number in (CUSTOMER, None):
        row = await desk.row(number)
        with pytest.raises(NotPossibleError):
            await desk.callbacks.text(Seen.of(row, "Ann", LATER), "Hello")


# --- lists --------------------------------------------------------------------------------------------------------


async def test_urgent_rows_come_first_then_the_oldest_page_by_page(desk: Desk) -> None:
    for minute, area in enumerate((202, 212, 312, 415, 512)):
        await desk.call(missed_call(E164(f"+1{area}5550123"), MONDAY_NOON + timedelta(minutes=minute)))
    urgent = await desk.row(E164("+13125550123"))
    await desk.callbacks.rank(Seen.of(urgent, "Ann", LATER), Urgency.URGENT)
    seen: list[int] = []
    after: Key | None = None
    async with desk.database.read() as db:
        while rows := await callbacks.to_call(db, after=after, limit=2):
            seen += [row.id for row in rows]
            after = Key.of(rows[-1])
    assert seen == [3, 1, 2, 4, 5]


async def test_snoozed_and_done_rows_have_lists_of_their_own(desk: Desk, row: Callback) -> None:
    await desk.callbacks.snooze(Seen.of(row, "Ann", MONDAY_NOON), LATER)
    await desk.call(missed_call(OTHER))
    other = await desk.row(OTHER)
    await desk.callbacks.finish(Seen.of(other, "Ann", LATER), Outcome.NO_NEED)
    async with desk.database.read() as db:
        assert [found.number for found in await callbacks.snoozed(db)] == [CUSTOMER]
        assert [found.number for found in await callbacks.done(db, MONDAY_NOON)] == [OTHER]
        assert await callbacks.to_call(db) == []
        assert (await callbacks.count_waiting(db)).snoozed == 1


async def test_every_change_of_a_row_is_one_audit_entry_with_a_name(desk: Desk, row: Callback) -> None:
    row = await desk.callbacks.claim(Seen.of(row, "Ann", LATER))
    await desk.call(missed_call(at=LATER, verdict=Verdict.MISSED))
    async with desk.database.read() as db:
        history = [(entry.who, entry.what) for entry in await audit.of_callback(db, row.id)]
    assert history[::-1] == [
        ("textback", "callback.opened"),
        ("textback", "call.ended"),
        ("textback", "part.queued"),
        ("Ann", "callback.claim"),
        ("textback", "callback.missed"),
        ("textback", "call.ended"),
    ]


async def test_what_was_done_longer_ago_than_undo_is_on_offer_stays(desk: Desk, row: Callback) -> None:
    done = await desk.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.NO_NEED)
    with pytest.raises(TooLateError):
        await desk.callbacks.undo(Seen.of(done, "Ann", LATER + UNDO_WINDOW + timedelta(seconds=1)))
    taken_back = await desk.callbacks.undo(Seen.of(done, "Ann", LATER + UNDO_WINDOW))
    assert taken_back.state is CallbackState.OPEN
