"""A part of a list: whose rows, which branch, which day, where the outcome is missing; and what search finds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.calls.calls import Talk
from bridge.domain.office.hours import Calendar
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from bridge.office.contacts import Contacts
from bridge.web.phones import NO_ROW, Phones, follow
from bridge.web.settings import WebSettings
from bridge.web.views import part_of
from storage import search
from tests.desk import CUSTOMER, MONDAY_NOON, OFFICE, OTHER, Desk, answered_call, missed_call, text
from tests.web.served import Client, let_in, served
from tests.web.test_page import shown

THIRD = E164("+12025554411")


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    """Three rows: Ann has the first, the second is of the other branch, on the third stands a voicemail."""
    await desk.call(missed_call(CUSTOMER))
    await desk.callbacks.claim(Seen.of(await desk.row(), "Ann", desk.clock()))
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1), did="2025550200"))
    await desk.call(replace(missed_call(THIRD, desk.clock.advance(minutes=1)), voicemail_left=True))
    async with served(desk, settings=WebSettings(visitor="Ann")) as client:
        yield client


async def numbers(client: Client, path: str) -> list[str]:
    """The last digits of the numbers of the rows, in their order."""
    page = await shown(client, path)
    at = {page.html.find(f'aria-label="(202) 555-{digits}'): digits for digits in ("0123", "7788", "4411")}
    return [digits for place, digits in sorted(at.items()) if place >= 0]


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/", ["0123", "7788", "4411"]),
        ("/?show=mine", ["0123"]),
        ("/?show=nobodys", ["7788", "4411"]),
        ("/?show=voicemail", ["4411"]),
        ("/?branch=east", ["7788"]),
        ("/?branch=main&show=nobodys", ["4411"]),
        ("/?branch=nowhere&show=nonsense&day=never", ["0123", "7788", "4411"]),
    ],
)
async def test_a_list_is_narrowed_by_its_address(client: Client, path: str, rows: Sequence[str]) -> None:
    assert await numbers(client, path) == rows


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_on_which_there_was_no_call_is_left_out(day: str) -> None:
    """East of Greenwich the first of all days begins before there are any."""
    amsterdam = ZoneInfo("Europe/Amsterdam")
    part = part_of({"day": day}, replace(OFFICE, zone=amsterdam), "Ann", MONDAY_NOON)
    assert part.days(Calendar(amsterdam), MONDAY_NOON) == (Calendar(amsterdam).day_start(MONDAY_NOON), None)


async def test_done_tells_of_any_day_and_of_what_lacks_an_outcome(client: Client, desk: Desk) -> None:
    row = await desk.row(OTHER, "east")
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    await desk.call(answered_call(THIRD, desk.clock.advance(minutes=1)))
    assert await numbers(client, "/done") == ["4411", "7788"]
    assert await numbers(client, "/done?show=no_outcome") == ["4411"]
    desk.clock.advance(days=2)
    await let_in(desk.database, desk.clock())
    assert await numbers(client, "/done") == []
    assert await numbers(client, "/done?day=2026-11-23") == ["4411", "7788"]
    assert await numbers(client, "/done?day=2026-11-24") == []
    assert await numbers(client, "/done?show=no_outcome") == ["4411"]


async def found(desk: Desk, words: str) -> list[E164 | None]:
    async with desk.database.read() as db:
        return [row.number for row in (await search.find(db, words)).rows]


async def test_search_finds_what_was_said_noted_and_known_with_every_word_and_the_urgent_first(
    client: Client, desk: Desk
) -> None:
    await desk.inbox.received(text("a quote for a boiler, 5 Elm St", CUSTOMER.value))
    third = await desk.row(THIRD)
    await desk.callbacks.note(Seen.of(third, "Bob", desk.clock()), "Boiler from 1998, gate code 4471")
    await Contacts(desk.database).kind(THIRD, ContactKind.CUSTOMER, "Ann", desk.clock(), "Mary Poole")
    await desk.callbacks.text(Seen.of(await desk.row(OTHER, "east"), "Ann", desk.clock()), "Is it the boiler again?")
    assert await found(desk, "boiler") == [THIRD, OTHER, CUSTOMER]
    assert await found(desk, "BOILER elm") == [CUSTOMER]
    assert await found(desk, "mary gate") == [THIRD]
    assert await found(desk, "boiler unicorn") == []
    assert await found(desk, "100%") == await found(desk, "_oiler") == []
    assert await found(desk, "(202) 555-4411") == await found(desk, "4411") == [THIRD]
    await desk.inbox.received(text("now there is a burning smell, boiler room", CUSTOMER.value))
    assert await found(desk, "boiler") == [CUSTOMER, THIRD, OTHER]
    page = await shown(client, "/?q=boiler")
    assert "3 rows found for “boiler”" in page.words
    assert 'id="back"' in page.html


@pytest.mark.parametrize("written", ["José Muñoz", "Jose\u0301 MUN\u0303OZ", "jose munoz", "JOSÉ MUÑOZ"])
async def test_search_knows_no_accents_and_no_case_neither_in_what_is_typed_nor_in_what_stands_there(
    client: Client, desk: Desk, written: str
) -> None:
    await desk.inbox.received(text(f"this is {written}, by the river", CUSTOMER.value))
    await desk.callbacks.note(Seen.of(await desk.row(OTHER, "east"), "Bob", desk.clock()), f"sister of {written}")
    await Contacts(desk.database).kind(THIRD, ContactKind.CUSTOMER, "Ann", desk.clock(), written)
    for typed in ("muñoz", "Munoz", "josé", "JOSE\u0301 munoz"):
        assert await found(desk, typed) == [THIRD, OTHER, CUSTOMER]
        assert written in (await shown(client, f"/contacts?name={typed.split()[-1]}")).words


async def test_pages_are_told_of_a_call_also_where_the_other_party_has_no_row(desk: Desk) -> None:
    """So that the line above the list is true: `NO_ROW` asks for what stands around the rows."""
    talks: dict[E164, Talk] = {THIRD: Talk("101", met=True)}
    told: asyncio.Queue[int] = asyncio.Queue()
    following = asyncio.create_task(follow(desk.database, Phones(talks=lambda: talks), told.put_nowait))
    assert await told.get() == NO_ROW
    await desk.call(missed_call(THIRD))
    talks.clear()
    assert await told.get() == (await desk.row(THIRD)).id
    following.cancel()
    await asyncio.wait([following])
    async with served(desk) as client:
        assert (await shown(client, f"/?only={NO_ROW}")).html.count("data-same") == 1


async def test_who_is_on_the_phone_now_stands_above_the_list_also_with_somebody_who_has_no_row(desk: Desk) -> None:
    talks = {E164("+12125550199"): Talk("101", met=True), CUSTOMER: Talk("102", met=False)}
    async with served(desk, phones=Phones(talks=lambda: talks)) as client:
        words = (await shown(client)).words
    assert "On the phone now: Ann (212) 555-0199" in words
    assert "Bob (" not in words
