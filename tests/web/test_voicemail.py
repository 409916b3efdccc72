"""Voicemail on a row: where it is, how long the caller was there as far as that is known, and Listen."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.ports import Originated
from tests.callbacks.test_voicemail import left_on, with_voicemail
from tests.desk import CUSTOMER, OTHER, Desk, missed_call
from tests.web.served import Client, served
from tests.web.test_call import Switchboard
from tests.web.test_page import Page, act, post, shown


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
async def client(desk: Desk, board: Switchboard) -> AsyncIterator[Client]:
    """Ann, at extension 101, sits at this browser."""
    async with served(desk, phones=board.phones()) as made:
        await post(made, "/me", me="Ann")
        yield made


async def listens(client: Client, desk: Desk, **fields: str | int) -> tuple[int, Page]:
    """The form of the row, as the page shows it."""
    left = await left_on(desk)
    return await act(client, await desk.row(), "listen", **({"call": left.id, "seen": left.version} | fields))


async def test_a_row_says_in_which_mailbox_and_that_the_greeting_is_counted(client: Client, desk: Desk) -> None:
    await desk.call(with_voicemail())
    words = (await shown(client)).words
    assert "Voicemail left" in words
    assert "in mailbox 199" in words
    assert "about 0:24 at the voicemail, greeting included" in words


async def test_what_is_not_known_is_not_said(client: Client, desk: Desk) -> None:
    await desk.call(replace(with_voicemail(None), at_voicemail=None))
    page = await shown(client)
    assert "Voicemail left" in page.words
    assert "mailbox" not in page.words
    assert "about" not in page.words
    assert "/listen" not in page.html


async def test_one_click_rings_my_phone_and_the_row_says_who_asked(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    await desk.call(with_voicemail())
    before = await desk.row()
    status, page = await listens(client, desk)
    assert status == 200
    assert "Ann asked to hear it" in page.words
    assert await desk.row() == before
    assert [(asked["extension"], asked["mailbox"]) for asked in board.pbx.asked] == [("101", "199@default")]
    told = (await shown(client, f"/callbacks/{before.id}")).words
    assert "Asked to hear the voicemail" in told
    assert "called" not in told.replace("Called number", "")


async def test_the_same_click_twice_rings_once(client: Client, desk: Desk, board: Switchboard) -> None:
    await desk.call(with_voicemail())
    left = await left_on(desk)
    await listens(client, desk)
    status, page = await listens(client, desk, seen=left.version)
    assert status == 409
    assert "Not played: a phone was rung with it meanwhile." in page.words
    assert len(board.pbx.asked) == 1


async def test_without_a_desk_phone_or_a_pbx_there_is_no_button_and_a_click_says_why(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    await desk.call(with_voicemail())
    assert "/listen" in (await shown(client)).html
    board.connected = False
    assert "/listen" not in (await shown(client)).html
    status, page = await listens(client, desk)
    assert status == 409
    assert "Not played: the PBX is not connected." in page.words
    board.connected = True
    await post(client, "/me", me="Front desk")
    assert "/listen" not in (await shown(client)).html
    status, page = await listens(client, desk)
    assert status == 409
    assert "has no extension in the configuration" in page.words
    assert not board.pbx.asked


async def test_what_the_pbx_refuses_is_said_as_it_said_it(client: Client, desk: Desk, board: Switchboard) -> None:
    await desk.call(with_voicemail())
    board.pbx.answer = Originated(False, "Permission denied")
    status, page = await listens(client, desk)
    assert status == 502
    assert "Not played: the PBX refused it: Permission denied." in page.words


@pytest.mark.parametrize("fields", [{"call": "x"}, {"seen": ""}], ids=["no number", "nothing"])
async def test_a_form_that_makes_no_sense_rings_nobody(
    client: Client, desk: Desk, board: Switchboard, fields: dict[str, str]
) -> None:
    await desk.call(with_voicemail())
    status, page = await listens(client, desk, **fields)
    assert status == 400
    assert "This page is too old" in page.words
    assert not board.pbx.asked


async def test_the_voicemail_of_another_row_is_not_played_from_this_one(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    await desk.call(with_voicemail())
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    left = await left_on(desk)
    other = await desk.row(OTHER)
    status, page = await act(client, other, "listen", call=left.id, seen=left.version)
    assert status == 409
    assert "there is no such voicemail on this row" in page.words
    assert not board.pbx.asked


async def test_the_last_message_is_the_one_that_is_played(client: Client, desk: Desk, board: Switchboard) -> None:
    await desk.call(with_voicemail())
    later = desk.clock.advance(minutes=5)
    await desk.call(
        replace(
            missed_call(CUSTOMER, later), voicemail_left=True, mailbox="101@sales", at_voicemail=timedelta(minutes=61)
        )
    )
    words = (await shown(client)).words
    assert "in mailbox 101" in words
    assert "about 61:00 at the voicemail" in words
    assert "in mailbox 199" not in words
