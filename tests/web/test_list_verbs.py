"""The list's further verbs: no answer and a text, a heads-up before the call, giving a row away, several at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from aiohttp import ClientResponse

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Callback, CallbackState, Outcome
from bridge.domain.phone import E164
from bridge.web.phones import Phones
from bridge.web.settings import WebSettings
from tests.callbacks.test_click_to_call import NotingPbx
from tests.desk import CUSTOMER, OTHER, STAFF, Desk, missed_call, text
from tests.web.served import Client, served
from tests.web.test_page import Page, act, post, shown

PICKED = "/callbacks/several"


@pytest.fixture
def pbx() -> NotingPbx:
    return NotingPbx()


@pytest.fixture
async def client(desk: Desk, pbx: NotingPbx) -> AsyncIterator[Client]:
    """Ann sits there; her phone is 101."""
    settings = WebSettings(visitor="Ann", text_assigned=True, map_link="https://maps.example/?q={address}")
    async with served(desk, settings=settings, phones=Phones(lambda: {"office": pbx})) as client:
        yield client


@pytest.fixture
async def row(desk: Desk) -> Callback:
    await desk.call(missed_call())
    return await desk.row()


async def texts(desk: Desk, kind: str = "by_hand") -> list[object]:
    """Those that are not taken back."""
    return await desk.column(
        "SELECT text FROM message m WHERE EXISTS (SELECT 1 FROM message_part p WHERE p.message_id = m.id"
        f" AND p.state <> 'cancelled') AND kind = '{kind}' ORDER BY id"
    )


async def test_no_answer_is_said_and_the_customer_asked_by_text_in_one_press_and_undone_in_one(
    client: Client, desk: Desk, row: Callback
) -> None:
    status, page = await act(client, row, "no-answer-and-text")
    asked = "This is Ann at Acme Plumbing. We just tried to call you. When is a good time to reach you?"
    assert status == 200
    assert "back 2:00 PM, text by hand" in page.words
    assert (await desk.row()).state is CallbackState.WAITING
    assert await texts(desk) == [asked]
    await act(client, await desk.row(), "undo")
    assert (await desk.row()).state is CallbackState.OPEN
    assert await texts(desk) == []
    assert await desk.column("SELECT count(*) FROM attempt") == [0]


async def test_the_customer_is_asked_in_the_language_in_which_they_write(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.inbox.received(text("Hola, tengo una fuga de agua en la cocina"))
    await act(client, await desk.row(), "no-answer-and-text")
    assert [str(words)[:18] for words in await texts(desk)] == ["Le escribe Ann de "]


@pytest.mark.parametrize("verb", ["no-answer-and-text", "text"])
async def test_who_opted_out_is_not_texted_and_nothing_else_is_done(
    client: Client, desk: Desk, row: Callback, verb: str
) -> None:
    await desk.inbox.received(text("STOP"))
    status, _ = await act(client, await desk.row(), verb, text="hello")
    assert status == 409
    assert (await desk.row()).state is CallbackState.OPEN
    assert await texts(desk) == []


async def test_a_heads_up_is_texted_at_once_and_then_the_phone_rings(
    client: Client, desk: Desk, row: Callback, pbx: NotingPbx
) -> None:
    status, page = await act(client, row, "call", heads_up=1)
    assert status == 200
    assert "Ann's phone rings" in page.words
    assert [call["extension"] for call in pbx.asked] == ["101"]
    assert await texts(desk) == ["This is Ann at Acme Plumbing: the call that comes now is from us."]
    now = round(desk.clock().timestamp() * 1000)
    assert await desk.column("SELECT due_at FROM message_part ORDER BY id DESC LIMIT 1") == [now]
    assert await desk.column("SELECT expires_at FROM message ORDER BY id DESC LIMIT 1") == [now + 60_000]
    status, _ = await act(client, row, "call", heads_up=1)
    assert status == 409
    assert len(pbx.asked) == len(await texts(desk)) == 1


async def test_no_heads_up_leaves_where_nobody_can_be_called(desk: Desk, row: Callback) -> None:
    async with served(desk, settings=WebSettings(visitor="Ann")) as without_pbx:
        status, page = await act(without_pbx, row, "call", heads_up=1)
    assert status == 409
    assert "the PBX is not connected" in page.words
    assert await texts(desk) == []


async def test_a_row_is_given_to_a_colleague_who_hears_of_it_on_the_page(
    client: Client, desk: Desk, row: Callback
) -> None:
    status, page = await act(client, row, "assign", to="Bob")
    assert status == 200
    assert "given to Bob" in page.words
    assert "Claimed by Bob" in page.words
    assert (await desk.row()).owner == "Bob"
    await post(client, "/me", me="Bob")
    page = await shown(client)
    assert "Given by: Ann" in page.words
    assert 'data-given="1"' in page.html
    async with client.get("/count") as answer:
        assert (await answer.json())["given_ids"] == [1]
    given = await desk.row()
    await act(client, given, "note", note="on my way to the phone")
    assert 'data-given=""' in (await shown(client)).html


async def test_whoever_has_a_mobile_is_texted_once_undo_is_over(client: Client, desk: Desk, row: Callback) -> None:
    await post(client, "/me", me="Bob")
    await act(client, row, "assign", to="Ann")
    await act(client, await desk.row(), "undo")
    assert (await desk.row()).owner is None
    assert await texts(desk, "staff") == []
    await act(client, await desk.row(), "assign", to="Ann")
    assert await texts(desk, "staff") == ["Bob gave you #1: (202) 555-0123, since 12 PM"]
    assert await desk.column(f"SELECT count(*) FROM part WHERE number = '{STAFF.value}'") == [2]
    assert await desk.column("SELECT max(due_at) - max(created_at) FROM message") == [10_000]


async def test_a_snoozed_row_stays_snoozed_for_whoever_gets_it_and_nobody_unknown_gets_one(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.callbacks.snooze(Seen.of(row, "Ann", desk.clock()), desk.clock() + timedelta(hours=1))
    await act(client, await desk.row(), "assign", to="Bob")
    given = await desk.row()
    assert (given.state, given.owner) == (CallbackState.WAITING, "Bob")
    status, page = await act(client, given, "assign", to="Nobody at all")
    assert status == 400
    assert "Nobody here is called" in page.words


async def pick(client: Client, *rows: Callback, **fields: str) -> ClientResponse:
    """All of them in one form."""
    picked = [f"{one.id}.{one.version}" for one in rows]
    token = (await shown(client)).hidden["token"]
    origin = {"Origin": str(client.make_url("")).rstrip("/")}
    data = [("token", token), *(("rows", one) for one in picked), *fields.items()]
    return await client.post(PICKED, data=data, headers=origin)


async def test_several_rows_are_spam_in_one_press_and_back_in_one(client: Client, desk: Desk, row: Callback) -> None:
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    other = await desk.row(OTHER)
    page = Page(await (await pick(client, row, other, outcome="spam")).text())
    assert "2 rows: Spam" in page.words
    assert [(await desk.row(number)).outcome for number in (CUSTOMER, OTHER)] == [Outcome.SPAM] * 2
    await pick(client, await desk.row(), await desk.row(OTHER), undo="1")
    assert [(await desk.row(number)).state for number in (CUSTOMER, OTHER)] == [CallbackState.OPEN] * 2


async def test_of_several_what_changed_meanwhile_is_left_and_said(client: Client, desk: Desk, row: Callback) -> None:
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    await desk.callbacks.claim(Seen.of(row, "Bob", desk.clock()))
    answer = await pick(client, row, await desk.row(OTHER), outcome="wrong_number")
    assert answer.status == 409
    assert "1 changed, but 1 had changed meanwhile" in Page(await answer.text()).words
    assert (await desk.row()).state is CallbackState.CLAIMED


async def test_what_is_no_pick_is_refused(client: Client, desk: Desk, row: Callback) -> None:
    for fields in ({}, {"rows": "x.1"}, {"rows": "1"}, {"rows": "1.-1"}):
        assert (await post(client, PICKED, outcome="spam", **fields)).status == 400
    assert (await post(client, PICKED, undo="1", outcome="nonsense", rows="99.1")).status == 409
    assert (await desk.row()).state is CallbackState.OPEN


@pytest.mark.parametrize("outcome", ["booked", "", "nonsense"])
async def test_only_what_is_nobodys_customer_is_closed_by_the_dozen(
    client: Client, desk: Desk, row: Callback, outcome: str
) -> None:
    assert (await pick(client, row, outcome=outcome)).status == 400
    assert (await desk.row()).state is CallbackState.OPEN


async def test_of_two_who_call_with_a_heads_up_at_once_one_texts_and_one_phone_rings(
    client: Client, desk: Desk, row: Callback, pbx: NotingPbx
) -> None:
    statuses = await asyncio.gather(*(act(client, row, "call", heads_up=1) for _ in range(2)))
    assert sorted(status for status, _ in statuses) == [200, 409]
    assert len(pbx.asked) == len(await texts(desk)) == 1


async def test_of_two_who_close_the_same_several_rows_each_row_is_closed_once_and_the_slower_is_told(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    rows = row, await desk.row(OTHER)
    answers = await asyncio.gather(pick(client, *rows, outcome="spam"), pick(client, *rows, outcome="wrong_number"))
    assert 409 in [answer.status for answer in answers]
    assert await desk.column("SELECT count(*) FROM audit WHERE what = 'callback.finish'") == [2]


async def test_booked_may_say_for_which_day_and_reopening_forgets_it(client: Client, desk: Desk, row: Callback) -> None:
    status, page = await act(client, row, "finish", outcome="booked", booked_for="2026-11-25")
    assert status == 200
    assert "Booked, Wed, Nov 25" in page.words
    assert (await desk.row()).booked_for == date(2026, 11, 25)
    await act(client, await desk.row(), "reopen")
    assert (await desk.row()).booked_for is None


@pytest.mark.parametrize("day", ["2026-11-22", "2028-01-01", "soon"])
async def test_nothing_is_booked_for_a_day_that_is_none_ahead(
    client: Client, desk: Desk, row: Callback, day: str
) -> None:
    status, _ = await act(client, row, "finish", outcome="booked", booked_for=day)
    assert status == 400
    assert (await desk.row()).state is CallbackState.OPEN


async def test_an_address_leads_to_a_map_only_where_the_office_says_which(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.callbacks.correct(
        Seen.of(row, "Ann", desk.clock()), address="5 Elm St & <b>", issue=None, second=E164("+12025550188")
    )
    assert (
        'href="https://maps.example/?q=5%20Elm%20St%20%26%20%3Cb%3E" target="_blank" rel="noreferrer"'
        in (await shown(client)).html
    )
    async with served(desk) as plain:
        assert "maps.example" not in (await shown(plain)).html
