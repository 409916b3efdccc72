"""Voicemail on a row: where it is, how long the caller was there as far as that is known, and Listen."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

from bridge.ports import Originated
from bridge.web.phones import Phones
from tests.callbacks.test_voicemail import left_on, with_voicemail
from tests.desk import CUSTOMER, OTHER, Desk, missed_call
from tests.pbx.test_voicemail_spool import leave, wav
from tests.web.chromium import windows_in
from tests.web.served import Client, served
from tests.web.test_browser import Visit
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


# --- played in the browser --------------------------------------------------------------------------------------------


@pytest.fixture
async def player(desk: Desk, tmp_path: Path) -> AsyncIterator[Client]:
    await desk.call(with_voicemail("101@default"))
    async with served(desk, phones=Phones(spools={"office": tmp_path})) as made:
        yield made


async def leave_it(desk: Desk, spool: Path, sounds: dict[str, bytes] | None = None) -> Path:
    call = (await left_on(desk)).call
    assert call.key.started_at is not None
    return leave(spool, channel=call.channel, at=call.key.started_at, sounds=sounds)


async def test_it_is_played_whole_or_in_parts(player: Client, desk: Desk, tmp_path: Path) -> None:
    await leave_it(desk, tmp_path)
    assert 'href="/callbacks/1#voicemail"' in (await shown(player)).html
    assert 'src="/callbacks/1/voicemail/1"' in (await shown(player, "/callbacks/1")).html
    parts = {
        "": (200, wav()),
        "bytes=4-7": (206, wav()[4:8]),
        "bytes=-10": (206, wav()[-10:]),
        "bytes=9999-": (416, b""),
    }
    for asked, (status, octets) in parts.items():
        headers = {"Range": asked} if asked else {}
        async with player.get("/callbacks/1/voicemail/1", headers=headers) as answer:
            assert (answer.status, await answer.read()) == (status, octets)
            assert answer.headers["Cache-Control"] == "no-store"
            assert "media-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.browser
async def test_a_browser_plays_it(player: Client, desk: Desk, tmp_path: Path, chromium: Browser) -> None:
    await leave_it(desk, tmp_path, {"wav": wav(length=8000)})
    async with (
        windows_in(chromium) as browser,
        Visit(desk, browser, str(player.make_url("/"))).page("callbacks/1") as page,
    ):
        heard = (
            "audio => new Promise((heard, failed) => { audio.onended = heard; audio.onerror = failed; audio.play(); })"
        )
        await page.locator("#voicemail").evaluate(heard)


@pytest.mark.parametrize(
    ("sounds", "words"),
    [({"gsm": b"\xd2" * 66}, "A browser cannot play the way this message is kept"), ({"wav": b"no"}, "holds no sound")],
)
async def test_what_cannot_be_played_is_said_and_listen_stays(
    player: Client, desk: Desk, tmp_path: Path, sounds: dict[str, bytes], words: str
) -> None:
    await leave_it(desk, tmp_path, sounds)
    assert words in (await shown(player, "/callbacks/1")).words
    async with player.get("/callbacks/1/voicemail/1") as answer:
        assert answer.status == 404
        assert words in Page(await answer.text()).words


async def test_a_message_that_is_gone_or_of_another_row_is_said(player: Client, desk: Desk) -> None:
    assert "The message is not there any more" in (await shown(player, "/callbacks/1")).words
    await desk.call(missed_call(OTHER))
    for path in ("/callbacks/1/voicemail/1", "/callbacks/1/voicemail/2", "/callbacks/2/voicemail/1"):
        async with player.get(path) as answer:
            assert answer.status == 404
