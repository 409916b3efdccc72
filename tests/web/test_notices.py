"""What tells people who do not look: the duty desk, desktop notices, the page as an app."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

import pytest
from playwright.async_api import Browser, Page, expect

from bridge.domain.calls.calls import Talk
from bridge.domain.phone import E164
from bridge.web.app import HERE
from bridge.web.phones import Phones
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, text
from tests.web.chromium import windows_in
from tests.web.served import Client, served
from tests.web.test_browser import Visit, is_sound, live, visit
from tests.web.test_office import flat, send
from tests.web.test_page import shown

__all__ = ["visit"]

TOLD = """
    window.told = [];
    Object.defineProperty(Notification, "permission", { get: () => "granted" });  // which a headless browser never says
    ServiceWorkerRegistration.prototype.showNotification = (...words) => told.push(words);
"""

COUNT_PLAYED = "() => { window.played = 0; play = () => { played += 1; }; }"


async def until(page: Page, truth: str) -> None:
    """As `wait_for_function`, which the page's policy and a stopped clock forbid."""
    while not await page.evaluate(truth):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


@pytest.fixture
def talks() -> dict[E164, Talk]:
    return {}


@pytest.fixture
async def client(desk: Desk, talks: Mapping[E164, Talk]) -> AsyncIterator[Client]:
    async with served(desk, phones=Phones(talks=lambda: talks)) as made:
        yield made


async def urgent(desk: Desk, number: E164 = CUSTOMER) -> None:
    await desk.call(missed_call(number, desk.clock()))
    await desk.inbox.received(text("no heat and a baby here", number.value))


async def test_one_browser_is_the_duty_desk_until_another_is(client: Client, desk: Desk) -> None:
    assert "No browser is the duty desk." in (await shown(client, "/notices")).words
    _, page = await send(client, "/notices", duty="here")
    assert "This browser is the duty desk." in page.words
    assert 'data-duty="here"' in (await shown(client)).html
    client.session.cookie_jar.clear(lambda cookie: cookie.key == "desk")
    assert "Front desk’s browser is the duty desk." in (await shown(client, "/notices")).words
    assert 'data-duty="elsewhere"' in (await shown(client)).html
    _, page = await send(client, "/notices", duty="")
    assert "No browser is the duty desk." in page.words
    assert await desk.column("SELECT what FROM audit WHERE who = 'Front desk'") == [
        "setting.duty_desk",
        "setting.no_duty_desk",
    ]


async def test_the_desk_hears_what_nobody_took_and_whether_its_own_extension_talks(
    client: Client, desk: Desk, talks: dict[E164, Talk]
) -> None:
    await send(client, "/me", me="Ann")
    await urgent(desk)
    async with client.get("/count") as answer:
        told = await answer.json()
    assert (told["unclaimed_ids"], told["talking"]) == ([1], False)
    talks[OTHER] = Talk("101", met=True)
    row = await desk.row()
    await send(client, "/callbacks/1/claim", version=str(row.version), back="to_call")
    async with client.get("/count") as answer:
        told = await answer.json()
    assert (told["urgent_ids"], told["unclaimed_ids"], told["talking"]) == ([1], [], True)


async def test_the_app_is_named_after_the_office_and_its_worker_can_keep_nothing(client: Client) -> None:
    async with client.get("/manifest.webmanifest", headers={"Cookie": ""}) as answer:
        assert (await answer.json())["name"] == "Acme Plumbing"
    async with client.get("/notices-worker.js") as answer:
        worker = await answer.text()
        assert answer.content_type == "text/javascript"
        assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    assert set(re.findall(r'addEventListener\("(\w+)"', worker)) == {"notificationclick"}
    assert not re.search(r"caches|indexedDB|onfetch|importScripts", worker)
    assert "localStorage[" not in (HERE / "static" / "notices.js").read_text()


@pytest.mark.browser
async def test_a_browser_that_forbids_notices_is_told_so_once(visit: Visit) -> None:
    async with visit.page("notices", bypass_csp=True) as page:
        await page.evaluate("Notification.requestPermission = async () => 'denied'")
        await page.check("#notices-on")
        await expect(page.locator("#denied")).to_be_visible()
        await is_sound(page, "denied")


@pytest.mark.browser
async def test_the_duty_desk_is_told_and_chimes_again_after_a_minute_in_which_nobody_took_it(visit: Visit) -> None:
    """The notice names nobody, and nothing is kept of it."""
    async with visit.page("notices", permissions=["notifications"]) as page:
        await page.check("#notices-on")
        await page.evaluate("navigator.serviceWorker.ready")
        await page.click("button[name=duty]")
        await page.add_init_script(TOLD)
        await page.clock.install()
        await page.goto(visit.address)
        await live(page)
        await page.evaluate(COUNT_PLAYED)
        await urgent(visit.desk)
        await until(page, "played >= 1 && told.length >= 1")
        assert "555" not in str(await page.evaluate("told"))
        assert "baby" not in str(await page.evaluate("told"))
        await page.mouse.move(5, 5)  # somebody is there: it no longer sounds every ten seconds
        await page.clock.run_for(16_000)
        await until(page, "unclaimed.size === 1")
        await page.evaluate("window.played = 0")
        await page.clock.run_for(61_000)
        await until(page, "played >= 1")
        await page.goto(f"{visit.address}callbacks/1")
        assert await page.evaluate("caches.keys()") == []
        assert await page.evaluate("indexedDB.databases()") == []


@pytest.mark.browser
async def test_the_duty_desk_is_silent_while_its_own_extension_talks(
    client: Client, desk: Desk, chromium: Browser, talks: dict[E164, Talk]
) -> None:
    async with windows_in(chromium) as browser, Visit(desk, browser, str(client.make_url("/"))).page() as page:
        async with page.expect_navigation():
            await page.select_option("#me", "Ann")
        await page.goto(str(client.make_url("/notices")))
        await page.click("button[name=duty]")
        await expect(page.get_by_text("This browser is the duty desk.")).to_be_visible()
        await page.click(".brand")
        await live(page)
        await page.evaluate(COUNT_PLAYED)
        talks[OTHER] = Talk("101", met=True)
        await urgent(desk)
        await until(page, "page.unseen")
        await page.evaluate("chimeUnlessTalking()")
        assert await page.evaluate("played") == 0
        talks.clear()
        await page.evaluate("chimeUnlessTalking()")
        assert await page.evaluate("played") >= 1


@pytest.mark.browser
async def test_whoever_switches_the_sound_on_hears_the_chime(visit: Visit) -> None:
    async with visit.page() as page:
        await page.check("[data-kept=sound]")
        await until(page, "byId('chime').currentTime > 0")


async def test_a_page_without_https_says_what_it_needs_in_words(client: Client) -> None:
    page = flat(await shown(client, "/notices"))
    assert "Desktop notices and the app need https." in page
    assert 'certificate = "/etc/textback/page.pem"' in page
