"""Every state of the page that is not simply a list: open menus, trouble, refusals, questions; and whole hours."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState
from bridge.domain.calls.calls import Talk
from bridge.domain.office.saved_replies import Purpose, SavedReply
from bridge.domain.office.templates import Language
from bridge.domain.phone import E164
from bridge.ops.health import HealthNote, LinkHealth, LinkKind
from bridge.web.phones import Phones
from storage import saved_replies, settings
from storage.users import UserRole
from tests.callbacks.test_click_to_call import NotingPbx
from tests.depth import a_share
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, outbound_call
from tests.web import morning
from tests.web.chromium import windows_in
from tests.web.served import Faults, served
from tests.web.test_browser import Visit, is_sound, live
from tests.web.test_sign_in import PASSWORD, add_user

pytestmark = pytest.mark.browser

LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}
"""Each test has one of them; in `make deep` each has both."""

TALKS: dict[E164, Talk] = {}
TAKEN = re.compile("(Ann|Bob) was faster|Claimed by (Ann|Bob)")


@pytest.fixture
def faults(desk: Desk) -> Faults:
    return Faults(desk)


@pytest.fixture
def pbx() -> NotingPbx:
    return NotingPbx()


@pytest.fixture
async def visit(desk: Desk, faults: Faults, pbx: NotingPbx, chromium: Browser) -> AsyncIterator[Visit]:
    """An office with a lead, Ann, who has a desk phone, and with Bob of the staff, who has one too."""
    await add_user(desk, "Ann", UserRole.ADMIN)
    await add_user(desk, "Bob", UserRole.STAFF)
    phones = Phones(lambda: {"office": pbx}, lambda: TALKS)
    async with served(desk, faults, phones=phones) as client, windows_in(chromium) as browser:
        yield Visit(desk, browser, str(client.make_url("/")))


async def sign_in(page: Page, name: str = "Ann", password: str = PASSWORD) -> None:
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


def card(page: Page, number: E164) -> Locator:
    return page.get_by_role("article").filter(has_text=f"555-{number.value[-4:]}")


@pytest.mark.parametrize("look", a_share(["desk"], [*LOOKS]))
async def test_the_way_in_and_what_goes_wrong_there_is_sound(visit: Visit, look: str) -> None:
    async with visit.page(bypass_csp=True, **LOOKS[look]) as page:
        await is_sound(page, "sign in")
        await sign_in(page, password="wrong")
        await expect(page.get_by_role("alert")).to_contain_text("not right")
        await is_sound(page, "wrong password")
        await sign_in(page)
        await expect(page.get_by_text("Waiting for the first call")).to_be_visible()
        await is_sound(page, "first run")
        await visit.desk.call(missed_call())
        await page.goto(visit.address + "callbacks/1")
        await page.get_by_label("New note").fill("call after 5")
        visit.desk.clock.advance(hours=13)
        await page.get_by_role("button", name="Save note").click()
        await expect(page.get_by_text("Your session has ended")).to_be_visible()
        await is_sound(page, "session ended")
        await sign_in(page)
        await expect(page.get_by_label("What you wrote")).to_have_value("call after 5")
        await is_sound(page, "unfinished")


@pytest.mark.parametrize("look", a_share(["phone"], [*LOOKS]))
async def test_every_menu_question_and_answer_of_a_row_is_sound(visit: Visit, look: str) -> None:
    desk = visit.desk
    await morning.play(desk)
    quiet = await desk.row(morning.QUIET)
    await desk.callbacks.claim(Seen.of(quiet, "Bob", desk.clock()))
    await desk.call(outbound_call(morning.LEAK, desk.clock.advance(minutes=1), talked=0))
    async with desk.database.transaction() as tx:
        model = SavedReply(Language.EN, Purpose.PICK, "Which model is it, please?")
        await saved_replies.write(tx, [model], "Ann", desk.clock())
    async with visit.page(bypass_csp=True, **LOOKS[look]) as page:
        await sign_in(page)
        leak = card(page, morning.LEAK)
        await expect(leak.get_by_text("What came of it?")).to_be_visible()
        for menu in ("Done", "Snooze", "More"):
            await leak.get_by_text(menu, exact=True).click()
            await is_sound(page, menu)
            await page.keyboard.press("Escape")
        await card(page, morning.QUIET).get_by_text("Call", exact=True).click()
        await expect(page.get_by_role("button", name="Call all the same")).to_be_visible()
        await is_sound(page, "somebody else has it")
        await page.keyboard.press("Escape")
        await page.get_by_text("Office", exact=True).click()
        await is_sound(page, "pages")
        await page.keyboard.press("Escape")
        await leak.focus()
        for key in "nt":
            await page.keyboard.press(key)
            await is_sound(page, "a box to write in")
            await page.keyboard.press("Escape")
        for key, state in (("f", "a part of the list"), ("i", "picked")):
            await leak.focus()
            await page.keyboard.press(key)
            await is_sound(page, state)
            await page.keyboard.press("Escape")
        await page.get_by_role("button", name="None of them").click()
        await leak.get_by_role("button", name="Left message").first.click()
        await expect(page.get_by_role("button", name="Undo")).to_be_visible()
        await is_sound(page, "undo")
        for path in ("snoozed", "done"):
            await page.goto(visit.address + path)
            for summary in await page.locator(".row summary.button").all():
                await summary.click()
                await is_sound(page, f"{path}: {await summary.inner_text()}")
                await page.keyboard.press("Escape")


@pytest.mark.parametrize("look", a_share(["desk"], [*LOOKS]))
async def test_trouble_is_told_and_sound(visit: Visit, faults: Faults, look: str) -> None:
    desk = visit.desk
    await morning.play(desk)
    async with visit.page(bypass_csp=True, **LOOKS[look]) as page:
        await sign_in(page)
        await page.goto(f"{visit.address}callbacks/{(await desk.row(morning.LEAK)).id}")
        await page.evaluate("page.stream.close()")
        row = await desk.row(morning.LEAK)
        await desk.callbacks.claim(Seen.of(row, "Bob", desk.clock()))
        await page.get_by_label("New note").fill("two leaks")
        await page.get_by_role("button", name="Save note").click()
        await expect(page.get_by_role("alert")).to_contain_text("Bob was faster")
        await is_sound(page, "conflict")
        down = LinkHealth(LinkKind.SMS, "smpp", None, "connection refused " * 8)
        faults.health = replace(
            faults.health, links=(down, down), database="the disk is full", disk_free=1, notes=(HealthNote.NO_SNIPPET,)
        )
        async with desk.database.transaction() as tx:
            await settings.turn(tx, settings.PAUSED, True, "Ann", desk.clock())
        for path in ("", "figures", "nonsense"):
            await page.goto(visit.address + path)
            await is_sound(page, f"faults: {path}")


@pytest.mark.parametrize("look", a_share(["phone"], [*LOOKS]))
async def test_staff_see_what_they_may_do_and_a_refusal_is_a_page(visit: Visit, look: str) -> None:
    async with visit.page(bypass_csp=True, **LOOKS[look]) as page:
        await sign_in(page, "Bob")
        for path, forms in (("on-call", 0), ("contacts", 1), ("settings", 0)):
            await page.goto(visit.address + path)
            await expect(page.locator("main form[method=post]")).to_have_count(forms)
            await is_sound(page, path)


async def test_the_help_is_a_dialog_that_the_keyboard_opens_and_leaves(visit: Visit) -> None:
    async with visit.page(bypass_csp=True) as page:
        await sign_in(page)
        await live(page)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await is_sound(page, "help")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_what_is_printed_is_the_list_with_boxes_to_tick_and_nothing_to_press(visit: Visit) -> None:
    await morning.play(visit.desk)
    async with visit.page() as page:
        await sign_in(page)
        await page.emulate_media(media="print")
        await expect(page.get_by_role("heading", name="To call")).to_be_visible()
        await expect(page.locator(".brand")).to_be_visible()
        assert await page.locator("button, summary, input, select, .button").filter(visible=True).count() == 0
        box = await page.locator(".row .when").first.evaluate("e => getComputedStyle(e, '::before').content")
        assert "☐" in box
        assert await page.locator(".row").filter(visible=True).count() == 6
        await page.emulate_media(media="screen")
        await page.get_by_role("link", name="Print").click()
        await page.evaluate("window.print = () => { document.title = 'printed'; }")
        await page.get_by_role("button", name="Print").click()
        await expect(page).to_have_title("printed")


# --- whole hours --------------------------------------------------------------------------------------------------


async def test_two_who_press_call_at_the_same_moment_make_one_call(visit: Visit, pbx: NotingPbx) -> None:
    await visit.desk.call(missed_call())
    async with visit.page() as ann, visit.page() as bob:
        await sign_in(ann)
        await sign_in(bob, "Bob")
        for page in (ann, bob):
            await live(page)
            await page.evaluate("page.stream.close()")  # neither sees the other coming
        await asyncio.gather(*(p.get_by_role("button", name="Call", exact=True).click() for p in (ann, bob)))
        rings = [page.get_by_text("phone rings") for page in (ann, bob)]
        told = [page.get_by_role("alert").filter(has_text=TAKEN) for page in (ann, bob)]
        await expect(rings[0].or_(told[0]).first).to_be_visible()
        await expect(rings[1].or_(told[1]).first).to_be_visible()
        assert await told[0].count() + await told[1].count() == 1
        owner = (await visit.desk.row()).owner
    assert len(pbx.asked) == 1
    assert pbx.asked[0]["extension"] == {"Ann": "101", "Bob": "102"}[owner or ""]


async def test_the_hour_without_any_script(visit: Visit, pbx: NotingPbx) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    async with visit.page(java_script_enabled=False) as page:
        await sign_in(page)
        first, second = card(page, CUSTOMER), card(page, OTHER)
        await first.get_by_role("button", name="Call", exact=True).click()
        await expect(first.get_by_text("Ann's phone rings")).to_be_visible()
        assert len(pbx.asked) == 1
        await desk.call(outbound_call(CUSTOMER, desk.clock.advance(minutes=2)))
        await page.reload()
        await first.locator(".came").get_by_role("button", name="Reached").click()
        await expect(first).to_have_count(0)
        await page.get_by_role("button", name="Undo").click()
        await first.get_by_text("Snooze", exact=True).click()
        await first.get_by_role("button", name="Tomorrow at opening").click()
        await second.get_by_text("More", exact=True).click()
        await second.get_by_role("button", name="Raise to urgent").click()
        await expect(second.locator(".flag")).to_have_text("▲ Urgent")
        await page.get_by_role("searchbox").fill("0123")
        await page.get_by_role("searchbox").press("Enter")
        await expect(first).to_be_visible()
        await page.get_by_text("Office", exact=True).click()
        await page.get_by_role("link", name="Contacts").click()
        await page.get_by_label("Number", exact=True).fill("(202) 555-7788")
        await page.get_by_label("Name", exact=True).fill("Nora Quist")
        await page.get_by_role("button", name="Save").click()
        await page.goto(visit.address)
        await expect(page.get_by_text("Nora Quist")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert (await desk.row()).state is CallbackState.WAITING


async def test_the_hour_by_keyboard_alone(visit: Visit, pbx: NotingPbx) -> None:
    """No mouse from signing in to signing out: letters where there are some, Tab and Enter for the rest."""
    desk = visit.desk
    await desk.call(missed_call())
    async with visit.page() as page:
        await expect(page.get_by_label("Name", exact=True)).to_be_focused()
        await page.keyboard.type("Ann")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        row = page.locator("#row-1")
        await live(page)
        await page.keyboard.press("j")
        await page.keyboard.press("c")
        await expect(row.get_by_text("Ann's phone rings")).to_be_visible()
        assert len(pbx.asked) == 1
        await expect(row).to_be_focused()
        await desk.call(outbound_call(CUSTOMER, desk.clock.advance(minutes=2)))
        await expect(row.get_by_text("What came of it?")).to_be_visible()
        await expect(row).to_be_focused()
        await page.keyboard.press("s")
        await page.keyboard.press("Enter")
        await expect(row).to_have_count(0)
        await page.keyboard.press("z")
        await expect(row).to_be_visible()
        await page.keyboard.press("j")
        await page.keyboard.press("n")
        await expect(page.get_by_label("New note")).to_be_focused()
        await page.keyboard.type("gate code 1234")
        await page.keyboard.press("Control+Enter")
        await expect(row.locator(".note")).to_contain_text("gate code 1234")
        await expect(row).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("blockquote.note")).to_contain_text("gate code 1234")
        await page.keyboard.press("b")
        await expect(row).to_be_focused()
        await page.keyboard.press("/")
        await page.keyboard.type("0123")
        await page.keyboard.press("Enter")
        await expect(row).to_be_visible()
        await until_focused(page, page.get_by_role("button", name="Sign out"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def until_focused(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(60):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"Tab never comes to {wanted}")
