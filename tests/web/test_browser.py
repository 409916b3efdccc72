"""The page in a real browser: live, by keys, without scripts, at every width, and accessible."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.phone import E164
from tests.depth import a_share
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, text
from tests.web import morning
from tests.web.chromium import windows_in
from tests.web.served import COOKIES, served

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
VIOLATIONS = """
axe.run({resultTypes: ["violations"], selectors: false})  // what passes is not described
  .then(found => found.violations.map(rule => [rule.id, rule.nodes.map(node => node.html)]))
"""
REFUSED = re.compile(r"status of (4(01|04|09)|502)|net::ERR_FAILED|htmx:error")
"""What a browser says of pages that answer so on purpose."""

WIDTHS = (1280, 820, 390)


async def let_in_here(window: BrowserContext, address: str) -> None:
    """This browser is the one that `served` lets in."""
    await window.add_cookies([{"name": name, "value": value, "url": address} for name, value in COOKIES.items()])


@dataclass(frozen=True)
class Visit:
    """A browser before a served office."""

    desk: Desk
    browser: Browser
    address: str

    @asynccontextmanager
    async def page(self, path: str = "", **context: Any) -> AsyncIterator[Page]:
        """A page whose scripts complain about nothing, and that asks for nothing from anywhere else."""
        window = await self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | context)
        await let_in_here(window, self.address)
        page = await window.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(self.address) else complaints.append(asked.url))
        await page.goto(self.address + path)
        yield page
        await window.close()
        assert [said for said in complaints if not REFUSED.search(said)] == []


@pytest.fixture
async def visit(desk: Desk, chromium: Browser) -> AsyncIterator[Visit]:
    async with served(desk) as client, windows_in(chromium) as browser:
        yield Visit(desk, browser, str(client.make_url("/")))


async def is_sound(page: Page, where: str) -> None:
    """Axe finds no violation, and nothing is wider than the screen."""
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    assert await page.evaluate(VIOLATIONS) == [], where
    await is_no_wider(page, where)


async def is_no_wider(page: Page, where: str) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


async def live(page: Page) -> None:
    """Wait until the page listens: only then does it hear of changes."""
    await expect(page.locator("body[data-heard]")).to_be_attached()


async def test_an_urgent_row_arrives_live_is_claimed_finished_and_undone(visit: Visit) -> None:
    desk = visit.desk
    async with visit.page() as page:
        await live(page)
        await expect(page.get_by_text("Waiting for the first call")).to_be_visible()
        await desk.call(missed_call())
        row = page.get_by_role("article", name="(202) 555-0123")
        await expect(row).to_be_visible()
        await expect(page).to_have_title("(1) Callbacks · Acme Plumbing")
        await desk.inbox.received(text("burning smell at the panel, 5 Elm St"))
        await expect(row.locator(".flag")).to_have_text("▲ Urgent")
        await row.get_by_text("More", exact=True).click()
        await row.get_by_role("button", name="Claim").click()
        await expect(row.get_by_text("Claimed by you")).to_be_visible()
        await row.get_by_text("Done", exact=True).click()
        await row.get_by_role("button", name="Booked").click()
        await expect(row).to_have_count(0)
        assert (await desk.row()).outcome is Outcome.BOOKED
        await page.get_by_role("button", name="Undo").click()
        await expect(row.get_by_text("Claimed by you")).to_be_visible()
        assert (await desk.row()).state is CallbackState.CLAIMED


async def test_two_who_want_the_same_row_the_slower_is_told_who_has_it(visit: Visit) -> None:
    await visit.desk.call(missed_call())
    async with visit.page() as ann, visit.page() as bob:
        await bob.evaluate("page.stream.close()")  # so that Bob's page does not see it coming
        await ann.get_by_label("I am").select_option("Ann")
        await expect(ann.get_by_label("I am")).to_have_value("Ann")
        for page, action in ((ann, "Claim"), (bob, "Claim")):
            await page.get_by_text("More", exact=True).click()
            await page.get_by_role("button", name=action).click()
        await expect(bob.get_by_role("alert")).to_contain_text("Ann was faster (claimed")
        await expect(bob.get_by_text("Claimed by Ann")).to_be_visible()


async def test_the_whole_hour_by_keys(visit: Visit) -> None:
    await visit.desk.call(missed_call())
    await visit.desk.call(missed_call(OTHER, visit.desk.clock.advance(minutes=1)))
    async with visit.page() as page:
        first, second = page.locator("#row-1"), page.locator("#row-2")
        await page.keyboard.press("j")
        await expect(first).to_be_focused()
        await page.keyboard.press("m")
        await expect(first.get_by_text("Claimed by you")).to_be_visible()
        await expect(first).to_be_focused()
        await page.keyboard.press("j")
        await expect(second).to_be_focused()
        await page.keyboard.press("d")
        await expect(second.get_by_role("button", name="Reached")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(second).to_have_count(0)
        await page.keyboard.press("z")
        await expect(second).to_be_visible()
        await page.keyboard.press("/")
        await page.keyboard.type("dnm?")  # letters, not keys, while typing
        await expect(page.get_by_role("searchbox")).to_have_value("dnm?")


async def test_a_row_in_which_somebody_works_does_not_move(visit: Visit) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    async with visit.page() as page:
        await live(page)
        await page.keyboard.press("j")
        await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
        await expect(page.get_by_role("button", name="1 new")).to_be_visible()
        await expect(page.locator(".row")).to_have_count(1)
        await page.get_by_role("button", name="1 new").click()
        await expect(page.locator(".row")).to_have_count(2)


async def test_an_urgent_row_sounds_until_somebody_moves_and_shows_on_the_tab(visit: Visit) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    async with visit.page() as page:
        icon = page.locator("#icon")
        await expect(icon).to_have_attribute("href", re.compile("icon-waiting.svg"))
        await page.evaluate("() => { page.chimes = 0; chime = () => { page.chimes += 1; }; }")
        await live(page)
        await desk.inbox.received(text("burning smell at the panel, 5 Elm St"))
        await expect(icon).to_have_attribute("href", re.compile("icon-urgent.svg"))
        assert await page.evaluate("[page.chimes, page.unseen]") == [1, True]
        await page.keyboard.press("j")
        assert await page.evaluate("[page.chimes, page.unseen]") == [1, False]


async def test_what_somebody_begins_to_write_while_the_page_is_fetched_again_stays(visit: Visit) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    asked, typed = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await typed.wait()
        await route.continue_()

    async with visit.page("callbacks/1") as page:
        await live(page)
        await page.evaluate(
            "document.addEventListener('htmx:after:swap', () => { document.body.dataset.answered = ''; })"
        )
        await page.route("**/callbacks/1*", hold)
        row = await desk.row()
        await desk.callbacks.note(Seen.of(row, "Bob", desk.clock()), "gate code 1234")
        await asked.wait()
        await page.get_by_label("New note").fill("call after fi")
        typed.set()
        await expect(page.locator("body[data-answered]")).to_be_attached()
        await expect(page.get_by_label("New note")).to_have_value("call after fi")


async def test_a_menu_opened_while_news_are_fetched_stays_open(visit: Visit) -> None:
    desk, fetched, opened = visit.desk, asyncio.Event(), asyncio.Event()
    await desk.call(missed_call())
    async with visit.page() as page:
        await live(page)

        async def slow(route: Route) -> None:
            fetched.set()
            await opened.wait()
            await route.continue_()

        await page.route(f"{visit.address}?only=1", slow)
        row = await desk.row()
        await desk.callbacks.note(Seen.of(row, "Bob", desk.clock()), "they have a dog")
        await fetched.wait()
        await page.locator("#row-1").get_by_text("Done", exact=True).click()
        opened.set()
        await expect(page.get_by_text("they have a dog")).to_be_visible()
        await expect(page.get_by_role("button", name="Booked")).to_be_visible()


async def test_a_page_that_hears_nothing_says_so(visit: Visit) -> None:
    async with visit.page() as page:
        await live(page)
        await page.clock.install()
        await page.evaluate("page.stream.close(); page.heard = Date.now() - 60000")
        await page.evaluate("document.getElementById('stale').hidden = false")
        await expect(page.get_by_text("Not live. Last update")).to_be_visible()
        await page.evaluate("listen()")
        await expect(page.get_by_text("Not live. Last update")).to_be_hidden()


async def test_everything_works_without_scripts(visit: Visit) -> None:
    desk = visit.desk
    await desk.call(missed_call())
    async with visit.page(java_script_enabled=False) as page:
        row = page.locator("#row-1")
        await row.get_by_text("More", exact=True).click()
        await row.get_by_role("button", name="Claim").click()
        await expect(row.get_by_text("Claimed by you")).to_be_visible()
        await row.get_by_text("Snooze", exact=True).click()
        await row.get_by_role("button", name="One hour").click()
        await expect(page.get_by_text("All caught up")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(row).to_be_visible()
        await row.get_by_role("link", name="(202) 555-0123").click()
        await page.get_by_label("New note").fill("old boiler <b>")
        await page.get_by_role("button", name="Save note").click()
        await expect(page.locator("blockquote.note")).to_contain_text("old boiler <b>")
        await page.get_by_label("Text, in your own words").fill("On our way to look")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator(".thread .ours").last).to_contain_text("On our way to look")
        await page.get_by_role("link", name="To the list").last.click()
        await row.get_by_text("More", exact=True).click()
        await row.get_by_text("Give to …").click()
        await row.get_by_role("button", name="Bob").click()
        await expect(row.locator(".owner")).to_have_text("Claimed by Bob")
        await row.get_by_text("More", exact=True).click()
        await row.get_by_role("button", name="No answer, and text them").click()
        await page.get_by_role("button", name="Undo").click()
        await row.get_by_text("More", exact=True).click()
        await row.get_by_text("Pick several").click()
        await page.locator("#several").get_by_role("button", name="Spam").click()
        await expect(page.get_by_text("All caught up")).to_be_visible()
    assert (await desk.row()).outcome is Outcome.SPAM


PAGES = (
    *("", "snoozed", "done", "callbacks/{leak}", "?q=zzz", "?q=water"),
    *("saved-replies", "on-call", "texts", "figures", "contacts", "filtered", "notices", "settings", "users", "print"),
    "nonsense",
)
SCREENS = [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]

UNSEEN_FOCUS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter(one => one.checkVisibility() && !one.disabled && one.type !== "hidden")
    .filter(one => {
        one.focus({ focusVisible: true });
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        const { left, right, width } = one.getBoundingClientRect();
        const shown = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
        return document.activeElement === one && !(shown && width && left >= 0 && right <= innerWidth + 1);
    })
    .map(one => one.outerHTML.slice(0, 120))"""
"""What a key can reach without showing it: no outline, or out of the window."""


async def leaking(visit: Visit) -> list[str]:
    """A morning is played; every page of it, the queue first."""
    await morning.play(visit.desk)
    leak = await visit.desk.row(morning.LEAK)
    return [visit.address + path.format(leak=leak.id) for path in PAGES]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
async def test_the_queue_has_no_accessibility_violation_on_any_screen(visit: Visit, width: int, scheme: str) -> None:
    queue, *_ = await leaking(visit)
    async with visit.page(color_scheme=scheme, bypass_csp=True) as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(queue)
        await is_sound(page, queue)


@pytest.mark.parametrize(("width", "scheme"), a_share([(390, "dark")], SCREENS))
async def test_no_page_has_an_accessibility_violation(visit: Visit, width: int, scheme: str) -> None:
    """On one screen here, on all of them in `make deep`."""
    addresses = await leaking(visit)
    async with visit.page(color_scheme=scheme, bypass_csp=True) as page:
        await page.set_viewport_size({"width": width, "height": 800})
        for address in addresses:
            await page.goto(address)
            await is_sound(page, address)


async def test_no_page_has_a_sideways_scroll_at_any_width(visit: Visit) -> None:
    addresses = await leaking(visit)
    async with visit.page() as page:
        for address in addresses:
            await page.goto(address)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 800})
                await is_no_wider(page, address)


async def test_at_twice_the_size_nothing_is_wider_and_whatever_a_key_reaches_shows_that_it_is_reached(
    visit: Visit,
) -> None:
    addresses = await leaking(visit)
    async with visit.page() as page:
        await page.set_viewport_size({"width": WIDTHS[0] // 2, "height": 400})  # what 200 % leaves of a screen
        for address in addresses:
            await page.goto(address)
            await is_no_wider(page, address)
            assert (address, await page.evaluate(UNSEEN_FOCUS)) == (address, [])


async def test_on_a_telephone_everything_to_press_is_large_enough(visit: Visit) -> None:
    await morning.play(visit.desk)
    async with visit.page(has_touch=True, is_mobile=True) as page:
        await page.set_viewport_size({"width": 390, "height": 800})
        small = await page.evaluate(
            """[...document.querySelectorAll("button, .button, select, input:not([type=hidden]), .tabs a")]
               .filter(e => e.checkVisibility() && !e.matches("label.button *"))
               .map(e => [e.textContent, e.getBoundingClientRect()])
               .filter(([, box]) => box.height < 44 && box.height > 1).map(([words]) => words.trim())"""
        )
        assert small == []


async def test_three_hundred_rows_are_paged_and_none_is_lost(visit: Visit) -> None:
    for n in range(300):
        await visit.desk.call(missed_call(E164(f"+1212555{n:04}"), visit.desk.clock.advance(seconds=7)))
    async with visit.page() as page:
        await expect(page.locator(".row")).to_have_count(50)
        await expect(page.get_by_role("link", name="To call 300")).to_be_visible()
        await page.get_by_role("link", name="Further rows").click()
        await expect(page.locator(".row").first).to_have_id("row-51")


async def test_a_name_that_is_html_is_a_name(visit: Visit) -> None:
    await visit.desk.call(missed_call())
    await visit.desk.inbox.received(text(morning.HOSTILE, CUSTOMER.value))
    async with visit.page() as page:
        await expect(page.locator("q")).to_contain_text("<script>alert(1)</script>")
