"""The page of the automatic texts: what they say, what an admin may make of them, and that what is sent follows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bridge.domain.office.templates import Template
from bridge.domain.texts.policy import TextRules
from bridge.domain.words.lexicon import default_lexicon
from bridge.office.schedule_changes import office_with_changes
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.reader import TextReader
from storage.database import Database
from storage.users import UserRole
from tests.desk import CUSTOMER, OFFICE, OTHER, OWN, Desk, missed_call, text
from tests.web.served import Client, served
from tests.web.test_office import flat, send
from tests.web.test_page import shown
from tests.web.test_sign_in import PASSWORD, add_user, sign_in

HONEST = "Sorry we missed your call. What is wrong, and where? Reply with the address and the problem."
MISSED = {"template": "missed", "language": "en", "words": HONEST}


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.resume()
    return made


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with served(desk) as made:
        yield made


async def test_every_text_stands_there_as_it_goes_out_with_its_parts(client: Client) -> None:
    page = flat(await shown(client, "/texts"))
    for words in (
        "Missed while open 1 text, 1",
        "Acme Plumbing: Sorry we missed you. What can we help with?",
        "closed until 9 AM tomorrow",
        "To HELP English",
        "To STOP Spanish",
        "No phone connected as while open",
    ):
        assert words in page


async def test_a_text_is_changed_with_a_name_sent_from_then_on_and_taken_back(client: Client, desk: Desk) -> None:
    status, page = await send(client, "/texts", **MISSED)
    assert status == 200
    assert "Changed by Front desk, 12:00 PM" in flat(page)
    await desk.call(missed_call())
    assert HONEST in (await desk.parts())[0].text
    status, page = await send(client, "/texts", **MISSED)
    assert status == 400
    assert "these are the words that go out already" in page.words
    await send(client, "/texts/1/undo")
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    assert "What can we help with?" in (await desk.parts())[1].text
    assert await desk.column("SELECT what FROM audit WHERE subject = 'words'") == ["words.entered", "words.taken_back"]


async def test_answers_go_out_in_the_changed_words_too(client: Client, desk: Desk) -> None:
    own = {
        "receipt": "Thanks, your text is here with us.",
        "help": "{business}: Texts from here follow a call to {phone}. Reply STOP to opt out.",
    }
    for template, words in own.items():
        status, _ = await send(client, "/texts", template=template, language="en", words=words)
        assert status == 200
    await desk.call(missed_call())
    await desk.inbox.received(text("no heat", CUSTOMER.value, to=OWN.value))
    await desk.inbox.received(text("HELP", OTHER.value, to=OWN.value))
    auto_replies = AutoReplies(desk.database, OFFICE, TextRules(), TextReader(default_lexicon()))
    await auto_replies.run_due(desk.clock.advance(minutes=2))
    sent = [part.text for part in await desk.parts()]
    assert any("Thanks, your text is here with us." in one for one in sent), sent
    assert any("follow a call to (202) 555-0100. Reply" in one for one in sent), sent


async def test_another_line_keeps_its_words(client: Client, desk: Desk) -> None:
    await send(client, "/texts?line=east", **MISSED, where="east")
    async with desk.database.read() as db:
        office = await office_with_changes(db, OFFICE, desk.clock())
    assert [line.texts.words(Template.MISSED) == HONEST for line in office.lines] == [False, True]
    assert HONEST not in (await shown(client, "/texts")).words
    assert HONEST in (await shown(client, "/texts", line="east")).words


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"words": "We will call you back in 10 minutes."}, "promises too much"),
        ({"words": "Sorry, {name}, we missed you."}, "{name} is unknown; what can be filled in here is"),
        ({"words": "See https://acme.example"}, "promises too much"),
        ({"words": "  "}, "there was nothing in it"),
        ({"words": "Sorry we missed you. " * 40}, "it is longer than 700 characters"),
        ({"template": "closed", "words": "We are closed until {opens}. Is it urgent?"}, "must not ask about urgency"),
        ({"template": "sonnet"}, "is none of what is offered"),
        ({"where": "north"}, "there is no line or branch north"),
    ],
)
async def test_words_that_may_not_go_out_are_told_while_typing_and_refused(
    client: Client, desk: Desk, wrong: dict[str, str], said: str
) -> None:
    _, told = await send(client, "/texts/check", **(MISSED | wrong))
    assert said in flat(told)
    status, page = await send(client, "/texts", **(MISSED | wrong))
    assert status == 400
    assert said in flat(page)
    assert await desk.column("SELECT id FROM words_change") == []


async def test_honest_words_are_shown_as_they_would_go_out_with_their_cost(client: Client) -> None:
    _, told = await send(client, "/texts/check", **MISSED)
    assert "It may go out. 1 text, 1" in flat(told)
    assert f"Acme Plumbing: {HONEST}" in told.words
    _, told = await send(client, "/texts/check", **MISSED | {"words": f"{HONEST} ☎"})
    assert "since ☎ needs more room than plain letters" in flat(told)


async def test_a_file_that_locks_the_texts_has_the_last_word(desk: Desk) -> None:
    async with served(desk) as client:
        await send(client, "/texts", **MISSED)
    desk.office = replace(desk.office, texts_locked=True)
    async with served(desk) as client:
        page = flat(await shown(client, "/texts"))
        assert "The configuration file locks the texts" in page
        assert HONEST not in page
        status, page_then = await send(client, "/texts", **MISSED | {"words": HONEST.replace("wrong", "broken")})
        assert status == 400
        assert "the configuration file locks the texts" in page_then.words


async def test_a_text_that_is_none_of_the_registered_samples_is_marked(desk: Desk) -> None:
    closed = "Acme Plumbing: Sorry we missed you, our office is closed until {time}."
    sample = f"{closed} Reply with the service address and issue so the office has it. [hint]"
    desk.office = replace(desk.office, samples=(sample,))
    async with served(desk) as client:
        page = flat(await shown(client, "/texts"))
        assert page.count("Not among the registered samples") == 20  # of 22; `closed` and `held_closed` say the same
        _, told = await send(client, "/texts/check", **MISSED)
        assert "none of the samples" in flat(told)


async def test_only_an_admin_is_offered_the_words(desk: Desk) -> None:
    await add_user(desk, "Ann", UserRole.LEAD)
    async with served(desk) as client:
        await sign_in(client, "Ann", PASSWORD)
        assert "/texts/check" not in (await shown(client, "/texts")).html
