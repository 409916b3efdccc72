"""The receptionist's hour in a real browser, from signing in to signing out; and the same page in Spanish."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.web.phones import Phones
from storage import conversations
from storage.users import UserRole
from tests.callbacks.test_click_to_call import NotingPbx
from tests.depth import a_share
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, outbound_call, text
from tests.web import morning
from tests.web.chromium import windows_in
from tests.web.served import served
from tests.web.test_browser import WIDTHS, Visit, is_no_wider, is_sound, let_in_here, live
from tests.web.test_sign_in import PASSWORD, add_user

pytestmark = pytest.mark.browser


@pytest.fixture
def pbx() -> NotingPbx:
    return NotingPbx()


@pytest.fixture
async def visit(desk: Desk, pbx: NotingPbx, chromium: Browser) -> AsyncIterator[Visit]:
    """An office where Ann, at extension 101, has to sign in."""
    await add_user(desk, "Ann", UserRole.ADMIN)
    phones = Phones(lambda: {"office": pbx})
    async with served(desk, phones=phones) as client, windows_in(chromium) as browser:
        yield Visit(desk, browser, str(client.make_url("/")))


async def test_the_receptionists_hour(visit: Visit, pbx: NotingPbx) -> None:
    desk = visit.desk
    await desk.call(missed_call(OTHER))
    async with visit.page() as page:
        # She signs in.
        await page.get_by_label("Name", exact=True).fill("Ann")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await live(page)
        await expect(page).to_have_title(re.compile(r"^\(1\) Callbacks"))

        # An urgent row arrives while she looks, on top.
        await desk.call(missed_call(CUSTOMER, desk.clock.advance(minutes=1)))
        await desk.inbox.received(text("burning smell at the panel, 5 Elm St"))
        urgent = page.get_by_role("article", name="(202) 555-0123")
        await expect(urgent.locator(".flag")).to_have_text("▲ Urgent")
        await expect(page.locator(".row").first).to_have_attribute("aria-label", "(202) 555-0123")

        # She claims it, calls with one click, and says what came of it.
        await urgent.get_by_text("More", exact=True).click()
        await urgent.get_by_role("button", name="Claim").click()
        await expect(urgent.get_by_text("Yours")).to_be_visible()
        await urgent.get_by_role("button", name="Call", exact=True).click()
        await expect(urgent.get_by_text("Ann's phone rings")).to_be_visible()
        assert [asked["extension"] for asked in pbx.asked] == ["101"]
        await desk.call(outbound_call(CUSTOMER, desk.clock.advance(minutes=2)))
        await expect(urgent.get_by_text("What came of it?")).to_be_visible()
        await urgent.locator(".came").get_by_role("button", name="Reached").click()
        await expect(urgent).to_have_count(0)
        assert (await desk.row()).outcome is Outcome.REACHED

        # It was a slip: she takes it back, and snoozes it.
        await page.get_by_role("button", name="Undo").click()
        await expect(urgent).to_be_visible()
        await urgent.get_by_text("Snooze", exact=True).click()
        await urgent.get_by_role("button", name="One hour").click()
        await expect(urgent).to_have_count(0)
        assert (await desk.row()).state is CallbackState.WAITING

        # The other one gets a note and a text in her own words.
        await page.get_by_role("link", name="(202) 555-7788").click()
        await page.get_by_label("New note").fill("gate code 1234")
        await page.get_by_role("button", name="Save note").click()
        await expect(page.locator("blockquote.note")).to_contain_text("gate code 1234")
        await page.get_by_label("Text, in your own words").fill("We can come at 3")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator(".thread .ours").last).to_contain_text("We can come at 3")

        # She finds the first one again, prints the list, and goes.
        await page.get_by_role("searchbox").fill("0123")
        await page.keyboard.press("Enter")
        await expect(page.locator(".row")).to_have_count(1)
        await page.emulate_media(media="print")
        await expect(page.locator(".acts").first).to_be_hidden()
        await expect(page.locator(".number").first).to_be_visible()
        await page.emulate_media(media="screen")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    async with desk.database.read() as db:
        said = await conversations.thread(db, OTHER)
    assert [one.by for one in said if one.text == "We can come at 3"] == ["Ann"]


async def test_a_note_typed_when_the_session_has_ended_is_kept_by_the_one_page_that_asks_to_sign_in(
    visit: Visit,
) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    window = await visit.browser.new_context()
    await let_in_here(window, visit.address)
    page = await window.new_page()
    for signs_in in range(2):
        if not signs_in:
            await page.goto(visit.address + "callbacks/1")
        await page.get_by_label("Name", exact=True).fill("Ann")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        if not signs_in:
            await page.get_by_label("New note").fill("call after 5")
            desk.clock.advance(hours=13)
            await page.get_by_role("button", name="Save note").click()
            await expect(page.get_by_text("Your session has ended")).to_be_visible()
    await expect(page.get_by_label("What you wrote")).to_have_value("call after 5")
    await page.get_by_role("button", name="Do it now").click()
    await expect(page.locator("blockquote.note")).to_contain_text("call after 5")
    await window.close()


@pytest.mark.parametrize("width", a_share(WIDTHS[:1], WIDTHS))
async def test_in_spanish_nothing_is_wider_than_the_screen_and_nothing_inaccessible(visit: Visit, width: int) -> None:
    """Nothing inaccessible at one width here, at all of them in `make deep`."""
    await morning.play(visit.desk)
    window = await visit.browser.new_context(viewport={"width": width, "height": 800}, locale="es-MX", bypass_csp=True)
    await let_in_here(window, visit.address)
    page = await window.new_page()
    await page.goto(visit.address)
    for path in ("sign-in", "", "on-call", "figures", "contacts", "settings", "users"):
        if path == "":
            await page.get_by_label("Nombre").fill("Ann")
            await page.get_by_label("Contraseña").fill(PASSWORD)
            await page.get_by_role("button", name="Entrar").click()
            await page.wait_for_selector(".rows")
        await page.goto(visit.address + path)
        await is_sound(page, path)
        for other in WIDTHS:
            await page.set_viewport_size({"width": other, "height": 800})
            await is_no_wider(page, path)
        await page.set_viewport_size({"width": width, "height": 800})
    await window.close()
