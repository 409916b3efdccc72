"""A customer's words: on disk before they are acknowledged, on the right row, and heeded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Findings, Outcome, Urgency
from bridge.domain.texts.messages import Concatenation, MessageKind, Poison, Stored
from bridge.domain.texts.policy import ContactKind
from bridge.domain.words.lexicon import default_lexicon
from bridge.texts.inbox import Inbox
from bridge.texts.reader import TextReader
from storage import contacts, conversations, opt_outs
from storage.contacts import Contact
from storage.database import Database
from tests.desk import (
    CUSTOMER,
    EAST,
    MAIN,
    MONDAY_NOON,
    OFFICE,
    OTHER,
    OWN,
    STAFF,
    Desk,
    answered_call,
    missed_call,
    text,
)


async def test_a_reply_stands_on_the_customers_row(desk: Desk) -> None:
    await desk.call(missed_call())
    assert await desk.inbox.received(text("12 Elm St, sink leaks, urgent")) is Stored.OK
    row = await desk.row()
    assert (row.unread, row.last_reply_at, row.state) == (True, MONDAY_NOON, CallbackState.OPEN)
    assert await desk.column("SELECT text FROM reply") == ["12 Elm St, sink leaks, urgent"]


@pytest.mark.parametrize("spelled", ["+12025550123", "12025550123", "2025550123", "(202) 555-0123", "0012025550123"])
async def test_any_spelling_of_the_number_finds_the_row(desk: Desk, spelled: str) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("hello", spelled.removeprefix("00")))
    assert await desk.column("SELECT count(*) FROM callback") == [1]
    assert (await desk.row()).unread


async def test_a_text_brought_again_changes_nothing(desk: Desk) -> None:
    await desk.call(missed_call())
    first = text("sink leaks", raw=b"\0" * 15 + b"\x01body")
    again = text("sink leaks", raw=b"\0" * 15 + b"\x02body")
    for brought in (first, again, again):
        assert await desk.inbox.received(brought) is Stored.OK
    assert await desk.column("SELECT text FROM reply") == ["sink leaks"]
    assert await desk.column("SELECT times FROM inbound") == [3]
    assert (await desk.row()).version == 2


async def test_the_same_word_in_answer_to_a_persons_question_is_another_text(desk: Desk) -> None:
    yes = text("yes", raw=bytes(16) + b"yes")
    await desk.inbox.received(yes)
    desk.clock.advance(minutes=1)
    row = await desk.row()
    await desk.callbacks.text(Seen.of(row, "Ann", desk.clock()), "Are you at home?")
    desk.clock.advance(minutes=1)
    for _ in range(2):
        await desk.inbox.received(yes)
    assert await desk.column("SELECT text FROM reply") == ["yes", "yes"]


async def test_the_same_words_an_hour_later_are_another_text(desk: Desk) -> None:
    brought = text("any news?", raw=bytes(16) + b"body")
    await desk.inbox.received(brought)
    desk.clock.advance(hours=1)
    await desk.inbox.received(brought)
    assert await desk.column("SELECT count(*) FROM reply") == [2]


async def test_a_stranger_who_texts_gets_a_row(desk: Desk) -> None:
    await desk.inbox.received(text("Do you fix boilers?"))
    row = await desk.row()
    assert (row.state, row.missed, row.unread) == (CallbackState.OPEN, 0, True)


async def test_a_reply_wakes_a_snoozed_row_and_keeps_its_owner(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    row = await desk.callbacks.claim(Seen.of(row, "Ann", MONDAY_NOON))
    await desk.callbacks.snooze(Seen.of(row, "Ann", MONDAY_NOON), MONDAY_NOON + timedelta(hours=3))
    await desk.inbox.received(text("I am home now"))
    row = await desk.row()
    assert (row.state, row.owner, row.until) == (CallbackState.CLAIMED, "Ann", None)


async def closed(desk: Desk, outcome: Outcome = Outcome.NO_NEED) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", MONDAY_NOON), outcome)


async def test_a_reply_within_a_day_reopens_the_row_for_whoever_closed_it(desk: Desk) -> None:
    await closed(desk)
    desk.clock.advance(hours=23)
    await desk.inbox.received(text("it leaks again"))
    row = await desk.row()
    assert (row.state, row.owner, row.outcome) == (CallbackState.CLAIMED, "Ann", None)
    assert await desk.column("SELECT count(*) FROM callback") == [1]


@pytest.mark.parametrize("words", ["Thanks!", "ok", "Thank you so much", "👍", "gracias"])
async def test_thanks_leave_a_closed_row_closed_but_unread(desk: Desk, words: str) -> None:
    await closed(desk)
    await desk.inbox.received(text(words))
    row = await desk.row()
    assert (row.state, row.unread, row.outcome) == (CallbackState.CLOSED, True, Outcome.NO_NEED)


async def test_a_reply_days_after_closing_is_a_new_row(desk: Desk) -> None:
    await closed(desk)
    desk.clock.advance(hours=25)
    await desk.inbox.received(text("another leak"))
    assert await desk.column("SELECT state FROM callback") == ["closed", "open"]


async def test_a_row_that_closed_by_itself_reopens_for_nobody(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(minutes=1)))
    await desk.inbox.received(text("one more thing: the address is 4 Oak Ave"))
    row = await desk.row()
    assert (row.state, row.owner) == (CallbackState.OPEN, None)
    assert row.reached_at is not None


async def test_a_reply_to_a_shared_number_joins_the_branch_that_texted_last(desk: Desk) -> None:
    await desk.call(missed_call(did=EAST.dids[0]))
    await desk.call(missed_call(did=MAIN.dids[0], at=MONDAY_NOON + timedelta(minutes=1)))
    await desk.inbox.received(text("4 Oak Ave"))
    assert (await desk.row(branch="east")).unread
    assert not (await desk.row(branch="main")).unread


async def test_a_reply_to_a_shared_number_joins_the_open_row_where_nobody_texted(database: Database) -> None:
    desk = Desk(database)
    await desk.call(missed_call(did=EAST.dids[0]))
    await desk.inbox.received(text("4 Oak Ave"))
    assert (await desk.row(branch="east")).unread


async def test_a_reply_goes_to_the_branch_whose_number_was_written_to(database: Database) -> None:
    east = replace(EAST, sms_number="+12025550200")
    desk = Desk(database, office=replace(OFFICE, lines=(MAIN, east)))
    await desk.call(missed_call())
    await desk.inbox.received(text("hello", to="12025550200"))
    assert not (await desk.row()).unread
    assert (await desk.row(branch="east")).unread


async def test_a_first_text_that_waits_is_not_sent_to_somebody_who_writes_first(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("I just called you"))
    assert [(part.state, part.why) for part in await desk.parts()] == [("cancelled", "replied")]


# --- STOP, START, HELP --------------------------------------------------------------------------------------------


async def kinds(desk: Desk) -> list[MessageKind]:
    return [part.kind for part in await desk.parts()]


@pytest.mark.parametrize("word", ["STOP", "stop.", " Unsubscribe ", "Opt  Out", "ALTO"])
async def test_stop_opts_out_with_one_confirmation(desk: Desk, word: str) -> None:
    await desk.inbox.received(text(word))
    await desk.inbox.received(text(word))
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, CUSTOMER)
    assert await kinds(desk) == [MessageKind.OPT_OUT_CONFIRMATION]


async def test_stop_of_a_stranger_makes_no_row(desk: Desk) -> None:
    await desk.inbox.received(text("STOP"))
    assert await desk.column("SELECT count(*) FROM callback") == [0]
    assert await desk.column("SELECT text FROM reply") == ["STOP"]


async def test_an_urgent_stop_opts_out_and_still_reaches_a_person(desk: Desk) -> None:
    await desk.inbox.received(text("Stop texting me. The basement is flooding!"))
    assert (await desk.row()).urgency is Urgency.URGENT
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, CUSTOMER)


async def test_a_wrong_number_gets_no_text_again_and_no_confirmation(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    await desk.inbox.received(text("You have the wrong number, I never called you"))
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, CUSTOMER)
    assert await kinds(desk) == [MessageKind.FIRST]
    assert (await desk.row()).unread


@pytest.mark.parametrize(("words", "begins"), [("STOP", "You will get"), ("BASTA", "Ya no le"), ("ALTO", "Ya no le")])
async def test_an_opt_out_is_confirmed_in_the_language_it_was_said_in(desk: Desk, words: str, begins: str) -> None:
    await desk.inbox.received(text(words))
    [said] = await desk.column("SELECT text FROM message")
    assert str(said).partition(": ")[2].startswith(begins)


async def test_the_network_confirms_where_it_does_so_by_itself(desk: Desk) -> None:
    inbox = Inbox(desk.database, OFFICE, clock=desk.clock, carrier_replies=[OWN.value])
    await inbox.received(text("STOP"))
    await inbox.received(text("START"))
    assert await kinds(desk) == []


async def test_start_opts_in_again_and_says_so_once(desk: Desk) -> None:
    for word in ("STOP", "START", "START"):
        await desk.inbox.received(text(word))
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, CUSTOMER) is None
    assert await kinds(desk) == [MessageKind.OPT_OUT_CONFIRMATION, MessageKind.OPT_IN_CONFIRMATION]


async def test_help_is_answered_once_a_day_and_is_a_row_all_the_same(desk: Desk) -> None:
    await desk.inbox.received(text("HELP"))
    await desk.inbox.received(text("help"))
    desk.clock.advance(hours=25)
    await desk.inbox.received(text("Help"))
    assert await kinds(desk) == [MessageKind.HELP, MessageKind.HELP]
    assert (await desk.row()).unread


async def test_who_opted_out_can_still_write_to_us(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("STOP"))
    await desk.inbox.received(text("but do call me, it floods"))
    assert (await desk.row()).unread


async def test_staff_texts_are_no_customer_replies_and_their_stop_stops_nothing(desk: Desk) -> None:
    await desk.inbox.received(text("1", STAFF.value))
    await desk.inbox.received(text("STOP", STAFF.value))
    assert await desk.column("SELECT role FROM reply") == ["staff", "staff"]
    assert await desk.column("SELECT count(*) FROM opt_out") == [0]
    assert await desk.column("SELECT count(*) FROM callback") == [0]


async def test_a_blocked_number_is_kept_and_shown_nowhere(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "", ContactKind.BLOCKED), "Ann", MONDAY_NOON)
    for words in ("buy my SEO", "HELP", "STOP"):
        await desk.inbox.received(text(words))
    assert await desk.column("SELECT role FROM reply") == ["blocked"] * 3
    assert await kinds(desk) == []
    assert await desk.column("SELECT count(*) FROM callback") == [0]


@pytest.mark.parametrize(("sender", "alphanumeric"), [("FedEx", True), ("72975", False), ("2025550123", True)])
async def test_names_and_short_codes_are_kept_and_get_nothing(desk: Desk, sender: str, alphanumeric: bool) -> None:
    for words in ("Your parcel", "HELP", "STOP"):
        await desk.inbox.received(text(words, sender, alphanumeric=alphanumeric))
    assert await desk.column("SELECT role FROM reply") == ["nobody"] * 3
    assert await kinds(desk) == []


# --- parts --------------------------------------------------------------------------------------------------------


async def bring(desk: Desk, words: str, sequence: int, total: int = 3, reference: int = 7) -> None:
    await desk.inbox.received(text(words, part=Concatenation(reference, total, sequence)))


async def test_parts_are_joined_in_their_order_whatever_order_they_come_in(desk: Desk) -> None:
    await bring(desk, "the house ", 2)
    await bring(desk, "is flooded", 3)
    assert await desk.column("SELECT count(*) FROM reply") == [0]
    await bring(desk, "Help, ", 1)
    assert await desk.column("SELECT text FROM reply") == ["Help, the house is flooded"]
    assert await desk.column("SELECT reply_id FROM inbound") == [1, 1, 1]


async def test_the_same_reference_later_is_another_text(desk: Desk) -> None:
    for words in ("one ", "two "):
        await bring(desk, words, 1, total=2)
        await bring(desk, "end", 2, total=2)
        desk.clock.advance(hours=1)
    assert await desk.column("SELECT text FROM reply") == ["one end", "two end"]


async def test_a_text_whose_rest_never_comes_is_shown_as_far_as_it_came(desk: Desk) -> None:
    await bring(desk, "The basement ", 1)
    await desk.inbox.show_incomplete(desk.clock())
    assert await desk.column("SELECT count(*) FROM reply") == [0]
    await desk.inbox.show_incomplete(desk.clock.advance(minutes=3))
    assert await desk.column("SELECT text || partial FROM reply") == ["The basement […]1"]
    assert (await desk.row()).unread
    await bring(desk, "is under ", 2)
    await bring(desk, "water", 3)
    assert await desk.column("SELECT text || partial FROM reply") == ["The basement is under water0"]


async def test_stop_in_a_part_counts_at_once(desk: Desk) -> None:
    await bring(desk, "STOP", 2)
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, CUSTOMER)


async def test_a_character_cut_in_two_is_whole_again(desk: Desk) -> None:
    await bring(desk, "water \ud83d", 1, total=2)
    await bring(desk, "\udca7 everywhere", 2, total=2)
    assert await desk.column("SELECT text FROM reply") == ["water 💧 everywhere"]


# --- hostile ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "'; DROP TABLE reply; --",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "\u202eevil\u202c",
        "x" * 10_000,
        "",
    ],
)
async def test_hostile_words_are_kept_as_they_are(desk: Desk, words: str) -> None:
    assert await desk.inbox.received(text(words)) is Stored.OK
    assert await desk.column("SELECT text FROM reply") == [words]


@pytest.mark.parametrize(("words", "kept"), [("a\0b", "a\ufffdb"), ("\ud800", "\ufffd"), (None, "")])
async def test_what_no_text_can_hold_is_marked(desk: Desk, words: str | None, kept: str) -> None:
    assert await desk.inbox.received(text(words)) is Stored.OK
    assert await desk.column("SELECT text FROM reply") == [kept]


async def test_poison_is_kept_raw_and_once(desk: Desk) -> None:
    for sequence in (1, 2):
        poison = Poison("carrier", bytes([0] * 15 + [sequence]) + b"junk", "cut short")
        assert await desk.inbox.received(poison) is Stored.OK
    assert await desk.column("SELECT raw FROM inbound WHERE kind = 'poison'") == [bytes([0] * 15 + [1]) + b"junk"]
    assert await desk.column("SELECT times FROM inbound") == [2]


async def test_what_our_own_code_cannot_digest_is_kept_raw_and_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("storage.inbound.store_text", broken)
    assert await desk.inbox.received(text("hello")) is Stored.OK
    assert await desk.column("SELECT error FROM inbound WHERE kind = 'poison'") == ["RuntimeError: a bug"]


async def test_words_that_cannot_be_understood_still_reach_a_person(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    for reader in ("words.triage.assess", "words.opt_out.read", "words.address.find"):
        monkeypatch.setattr(f"bridge.domain.{reader}", broken)
    assert await desk.inbox.received(text("hello")) is Stored.OK
    assert (await desk.row()).unread


# --- what the words say -------------------------------------------------------------------------------------------


async def test_urgency_rises_with_the_words_and_never_falls(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("The basement is flooding. 4 Oak Ave"))
    row = await desk.row()
    assert (row.urgency, row.flagged_at, row.address) == (Urgency.URGENT, MONDAY_NOON, "4 Oak Ave")
    desk.clock.advance(hours=2)
    await desk.inbox.received(text("what time do you close?"))
    row = await desk.row()
    assert (row.urgency, row.flagged_at) == (Urgency.URGENT, MONDAY_NOON)


class Listening(TextReader):
    def __init__(self) -> None:
        super().__init__(default_lexicon())
        self.heard: list[list[str]] = []

    def extract(self, texts: Sequence[str]) -> Findings:
        self.heard.append(list(texts))
        return Findings()


async def test_texts_of_the_last_half_hour_are_read_together(desk: Desk) -> None:
    listening = Listening()
    inbox = Inbox(desk.database, OFFICE, clock=desk.clock, text_reader=listening)
    await inbox.received(text("no"))
    desk.clock.advance(minutes=1)
    await inbox.received(text("heat"))
    desk.clock.advance(hours=1)
    await inbox.received(text("hello?"))
    assert listening.heard == [["no"], ["no", "heat"], ["hello?"]]


async def test_the_whole_conversation_can_be_read_back(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    desk.clock.advance(minutes=1)
    await desk.inbox.received(text("sink leaks"))
    await desk.inbox.received(text("other customer", OTHER.value))
    async with desk.database.read() as db:
        said = await conversations.thread(db, CUSTOMER)
    assert [(one.by, one.state) for one in said] == [(None, None), ("textback", "submitted")]
    assert said[0].text == "sink leaks"
