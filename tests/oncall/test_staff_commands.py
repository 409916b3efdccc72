"""What staff can say by text, from the phone in their pocket."""

from datetime import timedelta

import pytest

from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Concatenation, MessageKind
from bridge.domain.texts.policy import ContactKind
from bridge.oncall.staff_commands import NOTHING, USAGE, StaffCommand, parse
from bridge.oncall.staff_commands import StaffCommandKind as Said
from storage import contacts, settings
from storage.contacts import Contact
from tests.desk import CUSTOMER, MONDAY_NIGHT, OTHER, OWN, STAFF, text
from tests.oncall.night import BOB, LEAK, OLGA, Night, night

__all__ = ["night"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("1", StaffCommand(Said.TAKE)),
        (" 1. ", StaffCommand(Said.TAKE)),
        ("1 7", StaffCommand(Said.TAKE, 7)),
        ("1 #7", StaffCommand(Said.TAKE, 7)),
        ("1, 7!", StaffCommand(Said.TAKE, 7)),
        ("2", StaffCommand(Said.REACHED)),
        ("3 12", StaffCommand(Said.NO_ANSWER, 12)),
        ("list", StaffCommand(Said.LIST)),
        ("LIST.", StaffCommand(Said.LIST)),
        ("T on my way", StaffCommand(Said.TEXT, None, "on my way")),
        ("t: on my way", StaffCommand(Said.TEXT, None, "on my way")),
        ("Text on my way", StaffCommand(Said.TEXT, None, "on my way")),
        ("T7 on my way", StaffCommand(Said.TEXT, 7, "on my way")),
        ("t #7: on my way", StaffCommand(Said.TEXT, 7, "on my way")),
        ("T 7 am is fine", StaffCommand(Said.TEXT, None, "7 am is fine")),
        ("T first line\nsecond line", StaffCommand(Said.TEXT, None, "first line\nsecond line")),
        ("17", StaffCommand(Said.UNKNOWN)),
        ("1 maybe", StaffCommand(Said.UNKNOWN)),
        ("Thanks", StaffCommand(Said.UNKNOWN)),
        ("T", StaffCommand(Said.UNKNOWN)),
        ("t7", StaffCommand(Said.UNKNOWN)),
        ("", StaffCommand(Said.UNKNOWN)),
        ("1 99999999999999999999", StaffCommand(Said.UNKNOWN)),
    ],
)
def test_what_is_meant(words: str, command: StaffCommand) -> None:
    assert parse(words) == command


async def answer(night: Night, who: E164, words: str) -> str:
    """What they get back."""
    before = len(await night.told())
    await night.staff(who, words)
    (told,) = [words for _, words in (await night.told())[before:]][-1:]
    return told


@pytest.mark.parametrize("words", ["1", "2", "3", "T hello", "LIST"])
async def test_with_nothing_pending_nothing_is_waiting(night: Night, words: str) -> None:
    assert await answer(night, STAFF, words) == NOTHING


async def test_unknown_words_get_one_line_of_help(night: Night) -> None:
    assert await answer(night, STAFF, "who is it?") == USAGE
    assert len(USAGE) <= 160


async def test_a_phone_that_answers_by_itself_gets_it_once_an_hour(night: Night) -> None:
    for _ in range(5):
        await night.staff(STAFF, "I am driving right now")
        night.clock.advance(minutes=1)
    assert await night.told() == [("Ann", USAGE)]
    night.clock.advance(hours=1)
    await night.staff(STAFF, "I am driving right now")
    assert len(await night.told()) == 2


async def test_a_reaction_to_an_alert_takes_nothing_and_is_answered_by_nobody(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    before = await night.told()
    await night.staff(STAFF, "👍 to “1”")
    assert (await night.row()).owner is None
    assert await night.told() == before


@pytest.fixture
async def held(night: Night) -> Night:
    """Ann has row 1."""
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    return night


async def test_2_closes_the_row_as_reached(held: Night) -> None:
    assert await answer(held, STAFF, "2") == "#1 is done: reached."
    row = await held.row()
    assert (row.state, row.outcome, row.closed_by) == (CallbackState.CLOSED, Outcome.REACHED, "Ann")


async def test_3_notes_an_attempt_and_brings_the_row_back_in_office_hours(held: Night) -> None:
    assert await answer(held, STAFF, "3") == "#1: no answer, noted. It comes back at Tue 11 AM."
    row = await held.row()
    assert (row.state, row.owner, row.until) == (CallbackState.WAITING, "Ann", MONDAY_NIGHT + timedelta(hours=13))


async def test_t_texts_the_customer_in_that_persons_name(held: Night) -> None:
    said = await answer(held, STAFF, "T I can be there at 7, Ann")
    assert said == "Your text goes to #1 (202) 555-0123, in your name."
    (part,) = [part for part in await held.parts() if part.kind is MessageKind.BY_HAND]
    assert (part.number, part.text, part.source) == (CUSTOMER, "I can be there at 7, Ann", OWN.value)
    assert await held.column("SELECT written_by FROM message WHERE kind = 'by_hand'") == ["Ann"]


async def test_a_text_comes_once_although_the_daemon_restarts(held: Night) -> None:
    await held.staff(STAFF, "T on my way")
    held.loop = held.new_loop()
    await held.look()
    assert await held.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [1]


async def test_a_text_that_came_in_part_waits_for_the_rest(held: Night) -> None:
    one, two = Concatenation(9, 2, 1), Concatenation(9, 2, 2)
    await held.inbox.received(text("T I will be ", STAFF.value, part=one))
    held.clock.advance(minutes=5)
    await held.inbox.show_incomplete(held.clock())
    await held.look()
    assert await held.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [0]
    await held.inbox.received(text("there at 7", STAFF.value, part=two))
    await held.look()
    assert await held.column("SELECT text FROM message WHERE kind = 'by_hand'") == ["I will be there at 7"]


async def test_with_two_rows_t_asks_to_whom(held: Night) -> None:
    await held.writes("no heat, urgent", OTHER)
    await held.staff(STAFF, "1")
    assert await answer(held, STAFF, "T on my way") == "To whom? #2 #1. For example: T2 words"
    await held.staff(STAFF, "T1 on my way")
    assert await held.column("SELECT number FROM message WHERE kind = 'by_hand'") == [CUSTOMER.value]


async def test_who_opted_out_cannot_be_texted_by_staff_either(held: Night) -> None:
    await held.writes("STOP")
    assert await answer(held, STAFF, "T on my way") == "#1 cannot be texted. Please call."


async def test_a_second_1_is_told_who_has_it(held: Night) -> None:
    assert await answer(held, BOB, "1 1") == "Ann has #1."
    assert (await held.row()).owner == "Ann"


async def test_whoever_has_a_row_hears_that_somebody_else_took_care_of_it(held: Night) -> None:
    await held.staff(BOB, "2 1")
    assert ("Ann", "Bob took care of #1: (202) 555-0123") in await held.told()


async def test_one_row_after_the_other_the_newest_first(night: Night) -> None:
    await night.writes(LEAK)
    await night.writes("no heat, urgent", OTHER)
    said = await answer(night, STAFF, "1")
    assert said.startswith("You have #2: (202) 555-7788")
    assert said.endswith(" 1 more waits: LIST.")
    assert (await answer(night, STAFF, "1")).startswith("You have #1: ")


async def test_a_row_without_any_alert_can_be_taken_by_its_number(night: Night) -> None:
    await night.is_missed()
    assert (await answer(night, OLGA, "1 1")).startswith("You have #1: (202) 555-0123")
    assert (await answer(night, BOB, "1 1")) == "Olga has #1."


async def test_rows_that_are_not_there_or_done_are_said_to_be(held: Night) -> None:
    assert await answer(held, STAFF, "1 99") == "There is no row #99."
    await held.staff(STAFF, "2")
    assert await answer(held, BOB, "1 1") == "#1 is done already, by Ann."


async def test_list_names_what_waits_and_what_is_ones_own(held: Night) -> None:
    await held.writes("burning smell from the panel", OTHER)
    assert await answer(held, STAFF, "list") == "1 waits: DANGER #2 (202) 555-7788. Yours: #1."


async def test_a_customer_who_says_1_is_a_customer(night: Night) -> None:
    await night.is_missed()
    await night.writes("1")
    assert await night.told() == []
    assert (await night.row()).unread


async def test_a_staff_contact_without_a_persons_entry_gets_no_say(night: Night) -> None:
    async with night.database.transaction() as tx:
        await contacts.put(tx, Contact(OTHER, "Temp", ContactKind.STAFF), "Ann", night.clock())
    await night.staff(OTHER, "1")
    assert await night.told() == []


async def test_a_stop_from_staff_is_not_answered(night: Night) -> None:
    await night.staff(STAFF, "STOP")
    assert await night.told() == []


async def test_alerts_and_answers_leave_while_customers_texts_are_paused(night: Night) -> None:
    async with night.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", night.clock())
        await settings.turn(tx, settings.BREAKER, True, "Ann", night.clock())
    await night.writes(LEAK)
    async with night.sending():
        submitted = await night.gateway.submitted(2)
    assert {(part.destination, part.urgent) for part in submitted} == {(STAFF, True)}
