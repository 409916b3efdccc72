"""Call, from a real browser: the daemon as its own process, a running Asterisk with our snippets, real phones."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bridge.domain.callbacks.queue import Attempt, Callback, CallbackState, Outcome, Urgency, Verb
from bridge.domain.calls.calls import Reason
from storage import callbacks, users
from storage.audit import Act
from storage.database import Database
from storage.users import UserRole
from tests.agi.phones import LINE_DID, NINA, misses, now, shown_name
from tests.agi.process import daemon
from tests.lab import sip
from tests.lab.office import Office
from tests.lab.phone import Call, Phone, refuses
from tests.web.chromium import windows_in
from tests.web.test_sign_in import HASH, PASSWORD

ANN = """
[[person]]
name = "Ann"
extension = "101"
"""
SUMMARY = "URGENT leak"
PRIVATE = re.compile("urgent|leak|birchwood|nina|callback|textback", re.IGNORECASE)
BEARERS = ("from", "p-asserted-identity", "p-preferred-identity", "remote-party-id", "contact")
HEARD_WITHIN = 15_000  # ms
PBX_UP = 'textback_link_up{kind="pbx",name="pbx"} 1.0'

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.timeout(120)]


@dataclass
class Desk:
    """Ann before her page, with a phone beside it; Bob has none."""

    office: Office
    database: Database
    browser: Browser
    address: str

    @asynccontextmanager
    async def sits(self, name: str = "Ann", **context: object) -> AsyncIterator[Page]:
        window = await self.browser.new_context(viewport={"width": 1280, "height": 800}, **context)  # type: ignore[arg-type]
        page = await window.new_page()
        page.set_default_timeout(HEARD_WITHIN)
        await page.goto(self.address)
        await page.get_by_label("Name", exact=True).fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(card(page)).to_be_visible(timeout=HEARD_WITHIN)
        yield page
        await window.close()

    async def row(self) -> Callback:
        async with self.database.read() as db:
            return await callbacks.get(db, 1)

    async def attempts(self) -> list[tuple[Attempt, Reason | None, str]]:
        async with self.database.read() as db:
            return [(one.result, one.why, one.who) for one in await callbacks.attempts(db, 1)]

    @property
    def phone(self) -> Phone:
        return self.office.phones["101"]

    async def rings(self) -> Call:
        return await ringing(self.phone)

    async def customer_rings(self) -> Call:
        return await ringing(self.office.trunk)


async def ringing(phone: Phone) -> Call:
    """The next call that comes in there, whatever becomes of it."""
    async with asyncio.timeout(20):
        return await phone.incoming.get()


def card(page: Page) -> Locator:
    return page.get_by_role("article")


async def says(page: Page, words: str) -> None:
    await expect(card(page)).to_contain_text(words, timeout=HEARD_WITHIN)


async def asks_nina_to_wait(database: Database) -> None:
    """Nina Vos has a leak, and Ann and Bob may use the page."""
    await misses(database, NINA)
    async with database.transaction() as tx:
        for name in ("Ann", "Bob"):
            await users.insert(tx, name, UserRole.STAFF, HASH, "root", now())
        row = await callbacks.get(tx, 1)
        urgent = replace(
            row, urgency=Urgency.URGENT, flagged_at=now(), issue="leak", address="418 Birchwood", name="Nina Vos"
        )
        await callbacks.save(tx, urgent, Act("textback", Verb.REPLY, now()))


@pytest_asyncio.fixture
async def desk(
    office: Office, tmp_path: Path, unused_tcp_port_factory: Callable[[], int], chromium: Browser
) -> AsyncIterator[Desk]:
    started = daemon(office, tmp_path, unused_tcp_port_factory, before=asks_nina_to_wait, settings=ANN)
    async with started as running, windows_in(chromium) as browser:
        await running.shows("/metrics", PBX_UP)
        async with await Database.open(tmp_path / "textback.db") as database:
            yield Desk(office, database, browser, running.page)


def spoken_of(invite: sip.SipMessage) -> str:
    return "\n".join([invite.start, *(f"{name}: {value}" for name, value in invite.headers), invite.body])


async def test_my_phone_rings_then_the_customers_who_sees_the_line_and_nothing_of_what_we_know(desk: Desk) -> None:
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        mine = await desk.rings()
        assert shown_name(mine).startswith(SUMMARY)
        await says(page, "Ann's phone rings")
        assert desk.office.trunk.incoming.empty(), "the customer must not be called before Ann has picked up"

        mine.answer()
        customer = await desk.customer_rings()
        assert customer.invite is not None
        assert customer.number == NINA.value
        shown = [(name, value) for name in BEARERS for value in customer.invite.all(name)]
        assert {sip.user_of(sip.uri_of(value)) for name, value in shown if name != "contact"} == {LINE_DID}
        assert shown_name(customer) == ""
        assert not PRIVATE.search(spoken_of(customer.invite))
        await says(page, "Ann is calling")

        customer.answer()
        await says(page, "On the phone with Ann")
        customer.hang_up()
        await says(page, "What came of it?")
        await says(page, "You called")
        assert (await desk.row()).state is CallbackState.CLAIMED, "voicemail answers too: a call closes nothing"
        assert await desk.attempts() == [(Attempt.CALLED, None, "Ann")]

        await card(page).locator(".came").get_by_role("button", name="Reached").click()
        await expect(card(page)).to_have_count(0)
        assert (await desk.row()).outcome is Outcome.REACHED


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_double_click_is_one_call(desk: Desk, scripts: bool) -> None:
    async with desk.sits(java_script_enabled=scripts) as page:
        await card(page).get_by_role("button", name="Call", exact=True).dblclick()
        mine = await desk.rings()
        if scripts:
            await says(page, "Ann's phone rings")
            await expect(page.get_by_role("alert").filter(has_text="faster")).to_have_count(0)
        mine.refuse(486, "Busy Here")
        await desk.office.idle()
        assert desk.phone.incoming.empty()
        assert desk.office.trunk.incoming.empty()


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [(486, "Busy Here", "The desk phone was busy"), (603, "Decline", "The desk phone was busy or refused the call")],
)
async def test_a_phone_of_mine_that_is_busy_or_declines_calls_nobody_and_says_so(
    desk: Desk, status: int, reason: str, words: str
) -> None:
    desk.office.behave(p101=refuses(status, reason))
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        await says(page, words)
        await nobody_was_called(desk)


async def test_a_phone_of_mine_that_nobody_picks_up_calls_nobody_and_says_so(desk: Desk) -> None:
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        mine = await desk.rings()
        async with asyncio.timeout(60):
            await mine.ended.wait()
        await says(page, "The desk phone was not picked up, so nobody was called")
        await nobody_was_called(desk)


async def test_a_phone_of_mine_that_is_not_registered_calls_nobody_and_can_be_tried_again(desk: Desk) -> None:
    await desk.phone.unregister()
    async with desk.sits() as page:
        call = card(page).get_by_role("button", name="Call", exact=True)
        await call.click()
        await says(page, "The desk phone is not connected, so nobody was called")
        await nobody_was_called(desk)
        await desk.phone.register()
        await call.click()
        mine = await desk.rings()
        await says(page, "Ann's phone rings")
        await expect(card(page)).not_to_contain_text("is not connected")
        mine.hang_up()


async def nobody_was_called(desk: Desk) -> None:
    assert desk.office.trunk.incoming.empty()
    assert await desk.attempts() == []
    row = await desk.row()
    assert (row.state, row.owner) == (CallbackState.CLAIMED, "Ann")


async def test_a_customer_who_is_busy_is_an_attempt_that_says_so(desk: Desk) -> None:
    desk.office.trunk.manners = refuses(486, "Busy Here")
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        (await desk.rings()).answer()
        await says(page, ": busy. What came of it?")
        assert await desk.attempts() == [(Attempt.RANG_OUT, Reason.BUSY, "Ann")]


async def test_a_customer_who_does_not_answer_is_an_attempt_that_snoozes_when_it_is_said(desk: Desk) -> None:
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        mine = await desk.rings()
        mine.answer()
        customer = await desk.customer_rings()
        await customer.ringing.wait()
        await says(page, "Ann is calling")
        mine.hang_up()
        await says(page, ": rang out. What came of it?")
        assert await desk.attempts() == [(Attempt.RANG_OUT, Reason.NO_ANSWER, "Ann")]
        await card(page).locator(".came").get_by_role("button", name="No answer", exact=True).click()
        await expect(card(page)).to_have_count(0)
        assert (await desk.row()).state is CallbackState.WAITING


async def test_a_number_that_the_provider_refuses_did_not_get_through(desk: Desk) -> None:
    desk.office.trunk.manners = refuses(404, "Not Found")
    async with desk.sits() as page:
        await card(page).get_by_role("button", name="Call", exact=True).click()
        (await desk.rings()).answer()
        await says(page, ": did not get through. What came of it?")
        assert await desk.attempts() == [(Attempt.RANG_OUT, Reason.UNREACHABLE, "Ann")]


async def test_a_call_for_which_there_is_no_way_out_says_so_once_the_phone_is_picked_up(desk: Desk) -> None:
    pjsip = desk.office.asterisk.home / "etc" / "pjsip.conf"
    before = pjsip.read_text()
    pjsip.write_text(re.sub(r"(\[trunk\]\ntype=aor\n)contact=.*", r"\1", before))
    try:
        await desk.office.cli("module reload res_pjsip.so")
        async with desk.sits() as page:
            await card(page).get_by_role("button", name="Call", exact=True).click()
            (await desk.rings()).answer()
            await says(page, "The PBX could not dial out, so nobody was called")
            await nobody_was_called(desk)
    finally:
        pjsip.write_text(before)
        await desk.office.cli("module reload res_pjsip.so")


async def test_who_has_no_desk_phone_gets_a_number_that_any_telephone_can_dial(desk: Desk) -> None:
    async with desk.sits("Bob") as page:
        link = card(page).get_by_role("link", name="Call", exact=True)
        await expect(link).to_have_attribute("href", f"tel:{NINA.value}")
        assert desk.phone.incoming.empty()
