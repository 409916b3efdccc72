"""Saved replies: written by a lead, picked by whoever writes a text, refused where they promise."""

from collections.abc import AsyncIterator
from itertools import product

import pytest

from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.saved_replies import BLANKS, SHIPPED, Purpose, filled, strange_blanks
from bridge.domain.office.templates import Language
from bridge.domain.texts import gsm
from bridge.domain.words import honesty
from bridge.domain.words.lexicon import default_lexicon
from bridge.web.settings import WebSettings
from tests.desk import Desk, missed_call
from tests.web.served import Client, served
from tests.web.test_page import Page, act, post, shown

PHOTO = "{me} at {business} here. Which model is it, please?"


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with served(desk, settings=WebSettings(visitor="Ann")) as client:
        yield client


@pytest.fixture
async def row(desk: Desk) -> Callback:
    await desk.call(missed_call())
    return await desk.row()


async def save(client: Client, words: str, at: int = 0, version: int = 0, **other: str) -> tuple[int, Page]:
    fields = {"language": "en", "purpose": "pick"} | other
    answer = await post(client, "/saved-replies", words=words, at=at, version=version, **fields)
    return answer.status, Page(await answer.text())


def test_the_shipped_ones_promise_nothing_and_go_out_as_one_text() -> None:
    assert set(SHIPPED) == set(product((Purpose.NO_ANSWER, Purpose.HEADS_UP), Language))
    for words in SHIPPED.values():
        text = filled(words, "Maximiliana", "Riverside Plumbing & Heating")
        assert honesty.check(text, default_lexicon()) == []
        assert len(gsm.split(text).parts) == 1


@pytest.mark.parametrize(
    ("words", "strange"), [("{me} of {business}", []), ("{name}", ["name"]), ("{", ["{"]), ("{} a}", ["{"]), ("", [])]
)
def test_a_blank_that_is_none_of_ours_is_named(words: str, strange: list[str]) -> None:
    assert strange_blanks(words) == strange
    assert {"me", "business"} == BLANKS


async def test_a_saved_reply_is_picked_filled_and_sent_as_the_words_of_whoever_sends_it(
    client: Client, desk: Desk, row: Callback
) -> None:
    status, page = await save(client, PHOTO)
    assert status == 200
    assert "Goes out as 1 text" in page.words
    words = "Ann at Acme Plumbing here. Which model is it, please?"
    for path in ("/", "/callbacks/1"):
        assert f'<option value="{words}">' in (await shown(client, path)).html
    status, _ = await act(client, row, "text", text="", saved=words)
    assert status == 200
    assert await desk.column("SELECT text FROM message WHERE kind = 'by_hand'") == [words]


async def test_what_was_written_goes_before_what_was_picked(client: Client, desk: Desk, row: Callback) -> None:
    await act(client, row, "text", text="My own words", saved="saved ones")
    assert await desk.column("SELECT text FROM message WHERE kind = 'by_hand'") == ["My own words"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("We will be there at 3", "We will be there"),
        ("Llegamos en 20 minutos", "20 minutos"),
        ("Relax, {me} will be there at 3", "{me} will"),
        ("Hello {name}", "{name} is no blank"),
        ("   ", "There was nothing in it"),
        ("x" * 701, "It is too long"),
    ],
)
async def test_what_promises_or_makes_no_sense_is_refused_with_its_words_and_still_stands_there(
    client: Client, desk: Desk, words: str, why: str
) -> None:
    status, page = await save(client, words)
    assert status == 400
    assert "Not saved:" in page.words
    assert why in page.words
    assert words in page.html
    assert await desk.column("SELECT count(*) FROM setting WHERE key = 'saved_replies'") == [0]


async def test_the_offices_own_words_go_before_the_shipped_ones(client: Client, desk: Desk, row: Callback) -> None:
    await save(client, "{business}: we could not reach you. When may we try again?", purpose="no_answer")
    await act(client, row, "no-answer-and-text")
    assert await desk.column("SELECT text FROM message WHERE kind = 'by_hand'") == [
        "Acme Plumbing: we could not reach you. When may we try again?"
    ]


async def test_one_is_changed_and_removed_and_of_two_who_do_the_slower_is_told(client: Client, desk: Desk) -> None:
    await save(client, PHOTO)
    status, page = await save(client, "What is the address, please?", version=1)
    assert status == 200
    assert "What is the address" in page.html
    status, page = await save(client, "Thank you, we have it.", version=1)
    assert status == 400
    assert "Somebody has changed the saved replies since" in page.words
    status, page = await save(client, "What is the address, please?", at=1, version=2)
    assert "These words are saved already" in page.words
    status, page = await save(client, "", version=2, remove="1")
    assert status == 200
    assert "What is the address" not in page.html
    assert "Saved reply removed" in page.words
    assert (
        await desk.column("SELECT what FROM audit WHERE subject = 'setting' AND what LIKE '%saved%'")
        == ["setting.saved_replies"] * 3
    )


async def test_undo_brings_a_removed_one_back_once_and_for_ten_seconds(client: Client, desk: Desk) -> None:
    await save(client, PHOTO)
    await save(client, "", version=1, remove="1")
    answer = await post(client, "/saved-replies/undo", version="2")
    assert PHOTO in Page(await answer.text()).html
    answer = await post(client, "/saved-replies/undo", version="2")
    assert answer.status == 409
    assert "Somebody has changed the saved replies since" in await answer.text()
    await save(client, "", version=3, remove="1")
    desk.clock.advance(seconds=11)
    answer = await post(client, "/saved-replies/undo", version="4")
    assert answer.status == 409
    assert "too late to undo" in await answer.text()
