"""What staff can say by text, from the phone in their pocket."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.office.roster import Roster
from bridge.domain.oncall.escalation import Stage
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Concatenation, MessageKind
from bridge.domain.texts.policy import ContactKind
from bridge.oncall.staff_commands import NO_LINKS, NOTHING, USAGE, WHICH_ONE, WRONG_DIGITS, StaffCommand, parse
from bridge.oncall.staff_commands import StaffCommandKind as Said
from storage import contacts, settings
from storage.contacts import Contact
from tests.depth import runs
from tests.desk import CUSTOMER, MONDAY_NIGHT, OTHER, OWN, STAFF, text
from tests.oncall.night import AT_NIGHT, BOB, GAS, LEAK, OLGA, PEOPLE, Night, night
from tests.web.served import served
from tests.web.test_page import shown

__all__ = ["night"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("4821", StaffCommand(Said.TAKE, "4821")),
        (" #4821. ", StaffCommand(Said.TAKE, "4821")),
        ("4821 1", StaffCommand(Said.TAKE, "4821")),
        ("0007", StaffCommand(Said.TAKE, "0007")),
        ("4821 2", StaffCommand(Said.REACHED, "4821")),
        ("4821, 3!", StaffCommand(Said.NO_ANSWER, "4821")),
        ("list", StaffCommand(Said.LIST)),
        ("LIST.", StaffCommand(Said.LIST)),
        ("T 4821 on my way", StaffCommand(Said.TEXT, "4821", "on my way")),
        ("t4821: on my way", StaffCommand(Said.TEXT, "4821", "on my way")),
        ("Text #4821 on my way", StaffCommand(Said.TEXT, "4821", "on my way")),
        ("T 4821 first line\nsecond line", StaffCommand(Said.TEXT, "4821", "first line\nsecond line")),
        ("1", StaffCommand(Said.TAKE)),
        (" 1. ", StaffCommand(Said.TAKE)),
        ("1 7", StaffCommand(Said.TAKE, row=7)),
        ("2", StaffCommand(Said.WITHOUT_DIGITS)),
        ("3 12", StaffCommand(Said.WITHOUT_DIGITS)),
        ("T on my way", StaffCommand(Said.WITHOUT_DIGITS)),
        ("T7 on my way", StaffCommand(Said.WITHOUT_DIGITS)),
        ("17", StaffCommand(Said.UNKNOWN)),
        ("48210", StaffCommand(Said.UNKNOWN)),
        ("4821 9", StaffCommand(Said.UNKNOWN)),
        ("1 maybe", StaffCommand(Said.UNKNOWN)),
        ("Thanks", StaffCommand(Said.UNKNOWN)),
        ("T", StaffCommand(Said.UNKNOWN)),
        ("", StaffCommand(Said.UNKNOWN)),
        ("٤٨٢١", StaffCommand(Said.UNKNOWN)),
        ("1 99999999999999999999", StaffCommand(Said.UNKNOWN)),
    ],
)
def test_what_is_meant(words: str, command: StaffCommand) -> None:
    assert parse(words) == command


async def answer(night: Night, who: E164, words: str, row: int = 1) -> str:
    """What they get back, "" for nothing. words: as of `Night.says`."""
    before = len(await night.told())
    await night.says(who, words, row)
    return next((words for _, words in reversed((await night.told())[before:])), "")


async def test_with_nothing_pending_nothing_is_waiting(night: Night) -> None:
    assert await answer(night, STAFF, "LIST") == NOTHING


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
    await night.takes(STAFF)
    return night


async def test_2_closes_the_row_as_reached(held: Night) -> None:
    assert await answer(held, STAFF, "{} 2") == "#1 is done: reached."
    row = await held.row()
    assert (row.state, row.outcome, row.closed_by) == (CallbackState.CLOSED, Outcome.REACHED, "Ann")


async def test_3_notes_an_attempt_and_brings_the_row_back_in_office_hours(held: Night) -> None:
    assert await answer(held, STAFF, "{} 3") == "#1: no answer, noted. It comes back at Tue 11 AM."
    row = await held.row()
    assert (row.state, row.owner, row.until) == (CallbackState.WAITING, "Ann", MONDAY_NIGHT + timedelta(hours=13))


async def test_t_texts_the_customer_in_that_persons_name(held: Night) -> None:
    said = await answer(held, STAFF, "T {} I can be there at 7, Ann")
    assert said == "Your text goes to #1 (202) 555-0123, in your name."
    (part,) = [part for part in await held.parts() if part.kind is MessageKind.BY_HAND]
    assert (part.number, part.text, part.source) == (CUSTOMER, "I can be there at 7, Ann", OWN.value)
    assert await held.column("SELECT written_by FROM message WHERE kind = 'by_hand'") == ["Ann"]


async def test_a_text_comes_once_although_the_daemon_restarts(held: Night) -> None:
    await held.says(STAFF, "T {} on my way")
    held.loop = held.new_loop()
    await held.look()
    assert await held.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [1]


async def test_a_text_that_came_in_part_waits_for_the_rest(held: Night) -> None:
    one, two = Concatenation(9, 2, 1), Concatenation(9, 2, 2)
    await held.inbox.received(text(f"T {await held.digits(STAFF)} I will be ", STAFF.value, part=one))
    held.clock.advance(minutes=5)
    await held.inbox.show_incomplete(held.clock())
    await held.look()
    assert await held.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [0]
    await held.inbox.received(text("there at 7", STAFF.value, part=two))
    await held.look()
    assert await held.column("SELECT text FROM message WHERE kind = 'by_hand'") == ["I will be there at 7"]


async def test_with_two_rows_the_digits_say_to_whom(held: Night) -> None:
    await held.writes("no heat, urgent", OTHER)
    await held.takes(STAFF, 2)
    assert await answer(held, STAFF, "T on my way") == WHICH_ONE
    await held.says(STAFF, "T {} on my way")
    assert await held.column("SELECT number FROM message WHERE kind = 'by_hand'") == [CUSTOMER.value]


async def test_who_opted_out_cannot_be_texted_by_staff_either(held: Night) -> None:
    await held.writes("STOP")
    assert await answer(held, STAFF, "T {} on my way") == "#1 cannot be texted. Please call."


async def test_who_comes_second_is_told_who_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.takes(STAFF)
    assert await answer(night, BOB, "{}") == "Ann claimed #1."
    assert (await night.row()).owner == "Ann"


async def test_whoever_has_a_row_hears_that_somebody_else_took_care_of_it(held: Night) -> None:
    await held.staff(OLGA, "LIST")
    row = await held.row()
    await held.callbacks.finish(Seen.of(row, "Bob", held.clock()), Outcome.REACHED)
    await held.look()
    assert ("Ann", "Bob took care of #1: (202) 555-0123") in await held.told()


async def test_one_row_after_the_other_by_its_digits(night: Night) -> None:
    await night.writes(LEAK)
    await night.writes("no heat, urgent", OTHER)
    said = await answer(night, STAFF, "{}", 2)
    assert said.startswith("You claimed #2: (202) 555-7788")
    assert said.endswith(" 1 more waits: LIST.")
    assert (await answer(night, STAFF, "{}", 1)).startswith("You claimed #1: ")


async def test_digits_name_a_row_as_long_as_it_is_open(held: Night) -> None:
    await held.says(STAFF, "{} 2")
    assert await answer(held, STAFF, "{}") == "#1 is done already, by Ann."


async def test_list_names_what_waits_and_what_is_ones_own_with_their_digits(held: Night) -> None:
    await held.writes("burning smell from the panel", OTHER)
    said = await answer(held, OLGA, "list")
    assert said == f"1 waits: DANGER #2 {await held.digits(OLGA, 2)} (202) 555-7788."
    said = await answer(held, STAFF, "list")
    mine, other = await held.digits(STAFF), await held.digits(STAFF, 2)
    assert said == f"1 waits: DANGER #2 {other} (202) 555-7788. Claimed by you: #1 {mine}."
    assert (await answer(held, OLGA, "{}", 2)).startswith("You claimed #2: ")


async def test_list_is_answered_a_few_times_an_hour(night: Night) -> None:
    assert [await answer(night, STAFF, "LIST") for _ in range(7)] == [NOTHING] * 6 + [""]
    night.clock.advance(hours=1, seconds=1)
    assert await answer(night, STAFF, "LIST") == NOTHING


# --- whoever pretends to be staff


async def test_a_row_number_or_a_bare_1_does_nothing_and_is_answered_by_how(night: Night) -> None:
    await night.writes(LEAK)
    for words in ("1", "1 1", "2", "3 1", "T1 cancelled, do not come"):
        await night.staff(STAFF, words)
    assert {words for _, words in (await night.told())[1:]} == {WHICH_ONE}
    assert len(await night.told()) == 4  # the alert, and how three times an hour
    row = await night.row()
    assert (row.state, row.owner) == (CallbackState.OPEN, None)
    assert await night.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [0]


async def test_digits_are_good_only_for_whom_they_were_told(night: Night) -> None:
    await night.writes(LEAK)
    digits = await night.digits(STAFF)
    assert await answer(night, BOB, digits) == WRONG_DIGITS.format(digits=digits)
    assert (await night.row()).owner is None


async def test_digits_stay_the_same_for_who_was_told_before_and_differ_between_rows(night: Night) -> None:
    for n in range(30):
        await night.writes("no heat, urgent", E164(f"+1202555{7000 + n}"))
    await night.staff(STAFF, "LIST")
    before = await night.column("SELECT digits FROM staff_code WHERE person = 'Ann' ORDER BY callback_id")
    assert len(set(before)) == len(before) >= 8
    await night.staff(STAFF, "LIST")
    assert await night.column("SELECT digits FROM staff_code WHERE person = 'Ann' ORDER BY callback_id") == before


async def wrong_ones(night: Night, many: int) -> None:
    right = await night.digits(STAFF)
    guesses = (f"{n:04}" for n in range(10_000) if f"{n:04}" != right)
    for _, guess in zip(range(many), guesses, strict=False):
        await night.staff(STAFF, f"{guess} 2")


async def test_guesses_by_the_hundred_change_nothing_and_the_next_person_is_told(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await wrong_ones(night, runs(200))
    row = await night.row()
    assert (row.state, row.owner) == (CallbackState.OPEN, None)
    await night.passes(seconds=1)
    told = await night.told()
    assert [who for who, words in told if words.startswith("URGENT #1")] == ["Ann", "Bob"]
    to_ann = [words for who, words in told if who == "Ann"]
    assert sum("digits" in words for words in to_ann) <= 5
    assert await night.column("SELECT count(*) FROM wrong_digits") == [21]


async def test_while_a_number_rests_its_texts_change_nothing_and_the_page_still_does(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await wrong_ones(night, 21)
    await night.takes(STAFF)
    assert (await night.row()).owner is None
    await night.callbacks.claim(Seen.of(await night.row(), "Ann", night.clock()))
    await night.look()
    assert await night.stage() is Stage.ACKNOWLEDGED
    night.clock.advance(hours=1, seconds=1)
    assert await answer(night, STAFF, "{} 2") == "#1 is done: reached."


async def test_while_a_number_rests_list_says_so_and_shows_no_digits(night: Night) -> None:
    await night.writes(LEAK)
    await wrong_ones(night, 21)
    digits, said = await night.digits(STAFF), await answer(night, STAFF, "LIST")
    assert "change nothing until" in said
    assert "#1" in said
    assert digits not in said


async def test_while_a_number_rests_new_danger_is_told_to_the_next_person_too(night: Night) -> None:
    await night.writes(LEAK)
    await wrong_ones(night, 21)
    before = len(await night.told())
    await night.writes(GAS, E164("+12025557001"))
    (first, to_first), (second, to_second) = (await night.told())[before:]
    assert (first, second) == ("Ann", "Bob")
    assert to_first.startswith("DANGER #2")
    assert "Reply" not in to_first
    assert to_first.endswith(": use the page, or call")
    assert to_second.startswith("DANGER #2")
    assert to_second.endswith("to claim it")


async def test_of_a_storm_a_resting_number_is_promised_no_answer_by_digits(night: Night) -> None:
    await wrong_ones(night, 21)
    for n in range(6):
        await night.writes(GAS, E164(f"+1202555{7000 + n}"))
    await night.passes(minutes=2)
    rolls = [words for who, words in await night.told() if who == "Ann" and "urgent rows wait" in words]
    assert rolls
    assert all("digits" not in words and words.endswith(": use the page, or call") for words in rolls)


async def test_who_is_alone_on_call_is_told_once_while_their_number_rests(night: Night) -> None:
    alone = Night(night.database, office=replace(AT_NIGHT, people=PEOPLE[:1], roster=Roster(owner="Ann")))
    await wrong_ones(alone, 21)
    await alone.writes(GAS, E164("+12025557001"))
    assert [words[:7] for _, words in await alone.told() if "DANGER" in words] == ["DANGER "]


async def test_twenty_wrong_ones_silence_nobody(night: Night) -> None:
    await night.writes(LEAK)
    await wrong_ones(night, 20)
    await night.takes(STAFF)
    assert (await night.row()).owner == "Ann"


async def test_wrong_digits_are_shown_on_every_page(night: Night) -> None:
    await night.writes(LEAK)
    await wrong_ones(night, 2)
    async with served(night) as client:
        assert (
            "Texts from Ann’s number named digits of no alert of theirs within the last hour (2)"
            in (await shown(client)).words
        )


@pytest.mark.parametrize("words", ["see https://evil.example/pay", "pay at evil.com now", "tel:+19005551234"])
async def test_no_command_sends_a_link(held: Night, words: str) -> None:
    assert await answer(held, STAFF, f"T {{}} {words}") == NO_LINKS
    assert await held.column("SELECT count(*) FROM message WHERE kind = 'by_hand'") == [0]


async def test_an_alert_from_before_there_were_digits_is_still_taken_by_1(night: Night) -> None:
    await night.writes(LEAK)
    async with night.database.transaction() as tx:
        await tx.all("UPDATE alert SET without_digits = 1")
    assert (await answer(night, STAFF, "1")).startswith("You claimed #1: ")


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
