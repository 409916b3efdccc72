""" "Call my wife at 202 555 0188": what that number is good for, and who can change it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.callbacks.click_to_call import CannotCallError, ClickToCall
from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.calls.calls import Talk
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Concatenation
from bridge.domain.texts.policy import ContactKind
from bridge.office.composer import Composer
from bridge.oncall.staff_messages import StaffMessages
from bridge.reports.digest import Digest
from bridge.reports.retention import Privacy
from bridge.reports.settings import DigestSettings
from storage import contacts, search
from storage.contacts import Contact
from tests.agi.test_lamp import NotingDisplay
from tests.agi.test_lamp import shown as lamp
from tests.callbacks.test_click_to_call import NotingPbx
from tests.desk import CUSTOMER, EAST, MONDAY_NOON, OFFICE, OTHER, STAFF, Desk, answered_call, missed_call, text
from tests.desk import outbound_call as outbound
from tests.oncall.night import Night, night
from tests.reports.test_retention import everything
from tests.web.served import Client, served
from tests.web.test_call import Switchboard
from tests.web.test_page import act, post, shown

__all__ = ["night"]

WIFE = E164("+12025550188")
LATER = MONDAY_NOON + timedelta(minutes=5)
WORDS = "No heat at 4 Oak Ave. Call my wife at 202 555 0188"


@pytest.fixture
async def asked(desk: Desk) -> Desk:
    """A customer was missed, and asks us to call another number."""
    await desk.call(missed_call())
    await desk.inbox.received(text(WORDS))
    return desk


async def corrected(desk: Desk, second: E164 | None) -> None:
    row = await desk.row()
    await desk.callbacks.correct(Seen.of(row, "Ann", desk.clock()), address=None, issue=None, second=second)


async def test_it_stands_on_the_row(asked: Desk) -> None:
    assert (await asked.row()).second == WIFE


async def test_it_is_found_in_a_text_of_two_parts_as_well(desk: Desk) -> None:
    whole = f"{'My sink leaks. ' * 9} Call my wife at 202 555 0188"
    for sequence, words in enumerate((whole[:150], whole[150:]), 1):
        await desk.inbox.received(text(words, part=Concatenation(7, 2, sequence)))
    assert (await desk.row()).second == WIFE


@pytest.mark.parametrize("number", ["202 555 0123", "202 555 0100", "202 555 0199"], ids=["theirs", "ours", "staff"])
async def test_a_number_that_we_know_already_is_no_second_one(desk: Desk, number: str) -> None:
    await desk.inbox.received(text(f"call me at {number}"))
    assert (await desk.row()).second is None


@pytest.mark.parametrize(
    "words", ["Sorry, wrong number, call my wife at 202 555 0188", "Ese numero esta equivocado, llame al 202 555 0188"]
)
async def test_who_says_that_another_number_is_the_right_one_has_not_turned_us_away(desk: Desk, words: str) -> None:
    await desk.inbox.received(text(words))
    assert (await desk.row()).second == WIFE
    assert await desk.column("SELECT count(*) FROM opt_out") == [0]


async def test_who_wants_no_texts_but_a_call_gets_a_row_and_no_text(desk: Desk) -> None:
    await desk.inbox.received(text("Stop texting me. Call my wife at 202 555 0188"))
    assert (await desk.row()).second == WIFE
    assert await desk.column("SELECT kind FROM message") == ["opt_out_confirmation"]


async def test_a_talk_from_there_closes_the_row_as_reached(asked: Desk) -> None:
    await asked.call(answered_call(WIFE, LATER))
    row = await asked.row()
    assert (row.state, row.reached_by, row.outcome) == (CallbackState.CLOSED, "Ann", None)


async def test_a_talk_in_another_branch_or_from_a_shared_number_closes_nothing(asked: Desk) -> None:
    await asked.call(answered_call(WIFE, LATER, did=EAST.dids[0]))
    async with asked.database.transaction() as tx:
        await contacts.put(tx, Contact(WIFE, "Hotel", ContactKind.SHARED), "Ann", LATER)
    await asked.call(answered_call(WIFE, LATER))
    assert (await asked.row()).state is CallbackState.OPEN


async def test_a_guest_of_a_hotel_is_known_by_the_number_they_gave(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "Hotel Azul", ContactKind.SHARED), "Ann", LATER)
    await desk.call(missed_call())
    await desk.call(missed_call())
    await desk.inbox.received(text("no hot water in 12, call me at 202 555 0188"))
    await desk.call(answered_call(WIFE, LATER))
    assert await desk.column("SELECT state FROM callback ORDER BY id") == ["open", "closed"]


async def test_a_row_of_withheld_callers_stays_for_a_person_whoever_of_them_got_through(desk: Desk) -> None:
    await desk.call(missed_call(None))
    row = await desk.row(None)
    await desk.callbacks.correct(Seen.of(row, "Ann", LATER), address=None, issue="by voicemail", second=WIFE)
    await desk.call(answered_call(WIFE, LATER))
    assert (await desk.row(None)).state is CallbackState.OPEN


async def test_a_call_to_there_is_an_attempt_of_whoever_called(asked: Desk) -> None:
    await asked.call(outbound(WIFE, LATER, talked=0))
    row = await asked.row()
    assert row.state is CallbackState.OPEN
    assert await asked.column("SELECT who || ' ' || result FROM attempt") == ["Ann rang_out"]


async def test_a_number_that_was_taken_off_the_row_does_nothing_any_more(asked: Desk) -> None:
    await corrected(asked, None)
    await asked.call(answered_call(WIFE, LATER))
    await asked.inbox.received(text("any news?"))
    row = await asked.row()
    assert (row.state, row.second) == (CallbackState.OPEN, None)


async def test_undo_brings_back_what_was_taken_off(asked: Desk) -> None:
    await corrected(asked, OTHER)
    row = await asked.row()
    assert row.second == OTHER
    assert (await asked.callbacks.undo(Seen.of(row, "Ann", asked.clock()))).second == WIFE


async def test_a_missed_call_from_there_is_a_row_of_its_own_and_a_talk_closes_both(asked: Desk) -> None:
    await asked.call(missed_call(WIFE, LATER))
    assert (await asked.row(WIFE)).missed == (await asked.row()).missed == 1
    await asked.call(answered_call(WIFE, LATER + timedelta(minutes=2)))
    assert (await asked.row(WIFE)).state is (await asked.row()).state is CallbackState.CLOSED


async def test_staff_are_told_of_it(asked: Desk) -> None:
    staff_messages = StaffMessages(OFFICE, Composer(), by_email=False)
    digest = Digest(asked.database, OFFICE, DigestSettings(), staff_messages)
    async with asked.database.read() as db:
        assert "(202) 555-0123 or (202) 555-0188, 4 Oak Ave" in await digest.text(db, LATER)


async def test_desk_phones_know_who_calls_from_there_until_it_is_taken_off(asked: Desk) -> None:
    display = NotingDisplay()
    keeper = lamp(asked, display)
    await keeper.run_due()
    assert display.words("2025550188").startswith("URGENT")
    await corrected(asked, None)
    await keeper.run_due()
    assert display.words("2025550188") == ""


async def test_the_row_is_found_by_its_digits(asked: Desk) -> None:
    async with asked.database.read() as db:
        assert [row.number for row in (await search.find(db, "555-0188")).rows] == [CUSTOMER]


async def test_each_number_can_be_called_from_the_row(asked: Desk) -> None:
    pbx = NotingPbx()
    calling = ClickToCall(OFFICE, asked.callbacks, lambda: {"office": pbx})
    await calling.call(await asked.row(), "Ann", LATER, second=True)
    await calling.call(await asked.row(), "Ann", LATER)
    assert [call["number"] for call in pbx.asked] == [WIFE, CUSTOMER]


async def test_where_there_is_no_second_number_nobody_is_called_instead(desk: Desk) -> None:
    pbx = NotingPbx()
    await desk.call(missed_call())
    with pytest.raises(CannotCallError):
        await ClickToCall(OFFICE, desk.callbacks, lambda: {"office": pbx}).call(
            await desk.row(), "Ann", LATER, second=True
        )
    assert pbx.asked == []


# --- forgetting ----------------------------------------------------------------------------------------------------


async def test_whoever_is_forgotten_takes_their_second_number_along(asked: Desk) -> None:
    await corrected(asked, OTHER)
    await Privacy(asked.database).forget(CUSTOMER, "Ann", LATER)
    kept = await everything(asked)
    assert WIFE.value not in kept
    assert OTHER.value not in kept


async def test_a_second_number_is_told_to_whoever_it_belongs_to_and_forgotten_at_their_wish(asked: Desk) -> None:
    await corrected(asked, OTHER)
    await corrected(asked, WIFE)
    privacy = Privacy(asked.database)
    known = (await privacy.export(WIFE))["second_number"]
    assert [(entry["branch"], entry["second"]) for entry in known] == [("main", WIFE.value)]
    await privacy.forget(WIFE, "Ann", LATER)
    kept = await everything(asked)
    assert "0188" not in kept
    assert "No heat at 4 Oak Ave. Call my wife at •••" in kept
    assert (await asked.row()).number == CUSTOMER


async def test_what_staff_were_told_of_a_second_number_is_forgotten_with_it(night: Night) -> None:
    await night.writes(WORDS)
    assert "(202) 555-0188" in str(await night.told())
    await night.arrive()
    await Privacy(night.database).forget(WIFE, "Ann", night.clock())
    assert "0188" not in await everything(night)


async def test_a_second_number_that_was_taken_off_is_forgotten_too(asked: Desk) -> None:
    await corrected(asked, None)
    await Privacy(asked.database).forget(WIFE, "Ann", LATER)
    assert "0188" not in await everything(asked)


# --- on the page ---------------------------------------------------------------------------------------------------


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
async def client(asked: Desk, board: Switchboard) -> AsyncIterator[Client]:
    async with served(asked, phones=board.phones()) as made:
        yield made


async def test_without_a_desk_phone_both_numbers_are_links(client: Client) -> None:
    page = await shown(client)
    assert 'href="tel:+12025550123"' in page.html
    assert 'href="tel:+12025550188"' in page.html


async def test_with_a_desk_phone_one_chooses_which_to_call(client: Client, asked: Desk, board: Switchboard) -> None:
    await post(client, "/me", me="Ann")
    assert 'name="to" value="second"' in (await shown(client)).html
    await act(client, await asked.row(), "call", to="second")
    row = await asked.row()
    await asked.callbacks.claim(Seen.of(row, "Bob", asked.clock()))
    await act(client, await asked.row(), "call", anyway="second")
    assert [call["number"] for call in board.pbx.asked] == [WIFE, WIFE]


async def test_a_withheld_caller_who_left_a_number_can_be_called(desk: Desk, board: Switchboard) -> None:
    await desk.call(missed_call(None))
    async with served(desk, phones=board.phones()) as client:
        assert "Call</" not in (await shown(client)).html
        await act(client, await desk.row(None), "correct", second="202-555-0188")
        assert 'href="tel:+12025550188" data-key="c"' in (await shown(client)).html
        await post(client, "/me", me="Ann")
        assert 'name="to" value="second"' in (await shown(client)).html
        await act(client, await desk.row(None), "call", to="second")
    assert [call["number"] for call in board.pbx.asked] == [WIFE]


async def test_the_row_says_who_is_on_the_phone_with_the_second_number(
    client: Client, asked: Desk, board: Switchboard
) -> None:
    board.talks = {WIFE: Talk(who="102", met=True)}
    assert "On the phone with Bob" in (await shown(client)).words


async def test_the_row_of_the_second_number_names_the_other(client: Client, asked: Desk) -> None:
    await asked.call(missed_call(WIFE, LATER))
    assert "Second number of (202) 555-0123" in (await shown(client)).words


async def test_the_history_says_which_number_it_was(client: Client, asked: Desk) -> None:
    await asked.call(outbound(WIFE, LATER))
    await asked.call(answered_call(WIFE, LATER + timedelta(minutes=1)))
    page = await shown(client, f"/callbacks/{(await asked.row()).id}")
    assert "Called the second number" in page.words
    assert "Talked on the second number: done by itself" in page.words


async def test_a_person_can_put_it_right_or_take_it_off(client: Client, asked: Desk) -> None:
    await act(client, await asked.row(), "correct", second="(202) 555-7788", address="4 Oak Ave")
    assert (await asked.row()).second == OTHER
    await act(client, await asked.row(), "correct", second="", address="4 Oak Ave")
    assert (await asked.row()).second is None


@pytest.mark.parametrize("written", ["12", "ask Bob", "202 555 018 or so", "<script>"])
async def test_what_is_no_number_is_refused_and_named(client: Client, asked: Desk, written: str) -> None:
    status, page = await act(client, await asked.row(), "correct", second=written)
    assert status == 400
    assert f"“{written}” is no number that can be called." in page.words
    assert (await asked.row()).second == WIFE


async def test_the_staff_number_is_one_a_person_may_write_there(client: Client, asked: Desk) -> None:
    status, _ = await act(client, await asked.row(), "correct", second=STAFF.value)
    assert (status, (await asked.row()).second) == (200, STAFF)


async def test_a_row_that_is_closed_keeps_it(asked: Desk) -> None:
    row = await asked.row()
    await asked.callbacks.finish(Seen.of(row, "Ann", LATER), Outcome.BOOKED)
    assert (await asked.row()).second == WIFE
