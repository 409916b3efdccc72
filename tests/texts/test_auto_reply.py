"""The one automatic receipt: who gets it, when, in which words, and who never does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import ContactKind, TextRules
from bridge.domain.words.lexicon import default_lexicon
from bridge.office.composer import Composer
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.reader import TextReader
from storage import contacts, settings
from storage.contacts import Contact
from storage.errors import ForbiddenError
from storage.messages import NewMessage
from tests.desk import CUSTOMER, EAST, MAIN, OFFICE, OTHER, STAFF, Desk, answered_call, missed_call, outbound_call, text

THANKS = "Thanks, we have your text. Nothing is booked until a person answers you."
ADDRESS = "What is the service address?"
DANGER = "If anyone is in danger, leave and call 911."


def receipts(desk: Desk, rules: TextRules | None = None) -> AutoReplies:
    return AutoReplies(desk.database, desk.office, rules or TextRules(), TextReader(default_lexicon()))


async def silence(desk: Desk, seconds: float = 61) -> list[object]:
    """So long nobody writes; the receipts there are then."""
    desk.clock.advance(seconds=seconds)
    await receipts(desk).run_due(desk.clock())
    return await desk.column("SELECT text FROM message WHERE kind = 'receipt'")


async def test_after_a_minute_of_silence_the_customer_learns_that_we_have_the_text(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("12 Elm St, sink leaks, not urgent"))
    assert await silence(desk, 59) == []
    assert await silence(desk, 2) == [THANKS]


async def test_it_asks_for_the_address_where_that_is_missing(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    assert await silence(desk) == [f"{THANKS} {ADDRESS}"]


async def test_several_texts_get_one_receipt_a_minute_after_the_last(desk: Desk) -> None:
    for words in ("hi", "my sink is clogged", "12 Elm St"):
        assert await silence(desk, 40) == []
        await desk.inbox.received(text(words))
    assert await silence(desk) == [THANKS]


async def test_a_conversation_gets_one_however_long_it_goes_on(desk: Desk) -> None:
    for words in ("my sink is clogged", "12 Elm St", "are you there?"):
        await desk.inbox.received(text(words))
        assert len(await silence(desk)) == 1


async def test_a_hazard_adds_whom_to_call(desk: Desk) -> None:
    await desk.inbox.received(text("There is a burning smell from the panel at 12 Elm St"))
    assert await silence(desk) == [f"{THANKS} {DANGER}"]


async def test_it_speaks_the_customers_language(desk: Desk) -> None:
    await desk.inbox.received(text("Se esta saliendo el agua del baño"))
    [said] = await silence(desk)
    assert str(said).startswith("Gracias, tenemos su mensaje.")
    assert "¿En qué domicilio" in str(said)


async def test_it_goes_out_from_the_number_written_to(desk: Desk) -> None:
    east = replace(EAST, sms_number="+12025550200")
    desk = Desk(desk.database, office=replace(OFFICE, lines=(MAIN, east)))
    await desk.inbox.received(text("my sink is clogged", to="12025550200"))
    await silence(desk)
    assert await desk.column("SELECT source || branch FROM message") == ["+12025550200east"]


Deed = Callable[[Desk], Awaitable[object]]


async def claims(desk: Desk) -> None:
    row = await desk.row()
    await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))


async def closes(desk: Desk) -> None:
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.NO_NEED)


async def calls_the_customer(desk: Desk) -> None:
    await desk.call(outbound_call())


async def answers_the_customers_call(desk: Desk) -> None:
    await desk.call(answered_call())


@pytest.mark.parametrize("deed", [claims, closes, calls_the_customer, answers_the_customers_call])
async def test_once_a_person_acted_there_is_none(desk: Desk, deed: Deed) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    await deed(desk)
    assert await silence(desk) == []


@pytest.mark.parametrize("deed", [claims, closes, calls_the_customer, answers_the_customers_call])
async def test_one_that_has_not_left_is_cancelled_when_a_person_acts(desk: Desk, deed: Deed) -> None:
    desk.gateway.set_ready(False)
    await desk.inbox.received(text("my sink is clogged"))
    await silence(desk)
    await deed(desk)
    async with desk.sending():
        await desk.until_parts_are("cancelled")
    assert await desk.column("SELECT why FROM message_part") == ["person_acted"]


async def test_pause_holds_it_back(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", desk.clock())
    await desk.inbox.received(text("my sink is clogged"))
    await silence(desk)
    async with desk.sending():
        desk.clock.advance(minutes=16)
        await desk.until_parts_are("cancelled")
    assert desk.gateway.submissions == []


async def test_a_setting_turns_it_off(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    desk.clock.advance(seconds=61)
    await receipts(desk, TextRules(receipt=False)).run_due(desk.clock())
    assert await desk.column("SELECT count(*) FROM message") == [0]


async def test_what_was_written_long_before_we_looked_gets_none(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    assert await silence(desk, 16 * 60) == []


AUTOMATIC = (
    "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.",
    "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through.)",
    "AUTO-REPLY: we are closed for the holidays",
    "This is an automated message. Please do not reply.",
    "I am out of the office until Monday.",
    "Sorry, I can't talk right now.",
    "Thanks! We received your message and our team will be in touch.",
    "Joe's Pizza: reply STOP to unsubscribe. Msg & data rates may apply.",
    "Respuesta automática: estoy de vacaciones",
    "Estoy manejando, le llamo luego",
)


@pytest.mark.parametrize("words", [*AUTOMATIC, "ok thanks", "👍", "", "HELP"])
async def test_machines_and_mere_thanks_are_kept_and_not_answered(desk: Desk, words: str) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text(words))
    assert await silence(desk) == []
    assert (await desk.row()).unread


@pytest.mark.parametrize(
    "words",
    [
        "I was driving and hit a pipe, water everywhere",
        "the office at 12 Elm has no heat",
        "can you come right now?",
        "got your message, the address is 12 Elm St",
        "my automatic door does not close",
    ],
)
async def test_people_are_not_taken_for_machines(desk: Desk, words: str) -> None:
    await desk.inbox.received(text(words))
    assert len(await silence(desk)) == 1


async def test_three_identical_texts_in_an_hour_are_shown_and_not_answered(desk: Desk) -> None:
    for _ in range(3):
        await desk.inbox.received(text("Your code is ready"))
    assert await silence(desk) == []
    assert await desk.column("SELECT count(*) FROM reply") == [3]


async def test_identical_texts_that_the_gateway_may_have_repeated_count_as_well(desk: Desk) -> None:
    for _ in range(3):
        await desk.inbox.received(text("Your code is ready", raw=bytes(16) + b"same"))
    assert await silence(desk) == []


@pytest.mark.parametrize(
    ("sender", "alphanumeric"), [("FedEx", True), ("72975", False), ("+447400123456", False), ("+18005550123", False)]
)
async def test_names_short_codes_and_numbers_we_may_not_text_get_none(
    desk: Desk, sender: str, alphanumeric: bool
) -> None:
    await desk.inbox.received(text("my sink is clogged", sender, alphanumeric=alphanumeric))
    assert await silence(desk) == []


@pytest.mark.parametrize("kind", [ContactKind.SUPPLIER, ContactKind.OTHER, ContactKind.STAFF, ContactKind.BLOCKED])
async def test_who_gets_no_first_text_gets_no_receipt(desk: Desk, kind: ContactKind) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "Pipes Inc", kind), "Ann", desk.clock())
    await desk.inbox.received(text("your parts arrived"))
    await desk.inbox.received(text("Bob is late", STAFF.value))
    assert await silence(desk) == []


@pytest.mark.parametrize("words", ["STOP", "you have the wrong number, I never called"])
async def test_nobody_who_opted_out_gets_one(desk: Desk, words: str) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("who is this?"))
    await desk.inbox.received(text(words))
    assert await silence(desk) == []


async def test_the_database_takes_one_receipt_per_conversation(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    await silence(desk)
    row, now = await desk.row(), desk.clock()
    again = NewMessage(
        MessageKind.RECEIPT, CUSTOMER, "+12025550100", "main", "again", "receipt", now, now, now, callback_id=row.id
    )
    with pytest.raises(ForbiddenError):
        async with desk.database.transaction() as tx:
            await Composer().queue(tx, again)


async def test_every_customer_gets_their_own(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    await desk.inbox.received(text("no hay agua caliente", OTHER.value))
    assert len(await silence(desk)) == 2
    commits = desk.database.commits.count
    assert len(await silence(desk)) == 2
    assert desk.database.commits.count == commits
