"""Was the customer reached, and by whom?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks import reached as recovery
from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.texts.policy import TextRules
from storage.database import Database
from tests.desk import CUSTOMER, EAST, MONDAY_NOON, OFFICE, OTHER, Desk, answered_call, missed_call, outbound_call

LATER = MONDAY_NOON + timedelta(minutes=5)


@pytest.mark.parametrize(("extension", "who"), [("101", "Ann"), ("102", "Bob"), ("177", "177"), (None, "somebody")])
def test_a_talk_is_told_with_the_name_of_whose_phone_it_was(extension: str | None, who: str) -> None:
    assert recovery.who_talked(replace(answered_call(), answered_by=extension), OFFICE) == who


async def test_a_talk_in_one_branch_leaves_the_row_of_another(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(did=EAST.dids[0]))
    await desk.call(answered_call(at=LATER, did=EAST.dids[0]))
    assert (await desk.row(branch="east")).state is CallbackState.CLOSED
    assert (await desk.row(branch="main")).state is CallbackState.OPEN


async def test_calling_a_customer_is_noted_on_all_their_rows_once(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(did=EAST.dids[0]))
    call = await desk.call(outbound_call(at=LATER))
    await desk.call(call)
    assert await desk.column("SELECT callback_id FROM attempt") == [1, 2]


async def test_the_dialled_number_is_read_as_people_there_dial_it(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(replace(outbound_call(at=LATER), did="(202) 555-0123"))
    assert await desk.column("SELECT count(*) FROM attempt") == [1]


async def test_a_call_to_somebody_else_says_nothing(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(outbound_call(OTHER, LATER))
    await desk.call(answered_call(OTHER, LATER))
    assert (await desk.row()).version == 1


async def test_a_withheld_caller_who_is_answered_closes_nothing(desk: Desk) -> None:
    await desk.call(missed_call(None))
    unseen = missed_call(None, LATER)
    await desk.call(replace(answered_call(at=LATER), caller=unseen.caller))
    assert (await desk.row(None)).state is CallbackState.OPEN


async def test_a_row_reached_by_itself_stands_in_what_was_done(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(answered_call(at=LATER))
    row = await desk.row()
    assert (row.closed_by, row.outcome, row.reached_by) == ("textback", None, "Ann")
    row = await desk.callbacks.finish(Seen.of(row, "Bob", LATER), Outcome.BOOKED)
    assert (row.reached_by, row.closed_by) == ("Ann", "Bob")


async def test_talking_to_the_customer_cancels_a_text_that_waits(database: Database) -> None:
    desk = Desk(database, rules=TextRules(delay=timedelta(seconds=120)))
    await desk.resume()
    await desk.call(missed_call())
    await desk.call(outbound_call(at=MONDAY_NOON + timedelta(seconds=100)))
    assert [(part.number, part.why) for part in await desk.parts()] == [(CUSTOMER, "talked")]
