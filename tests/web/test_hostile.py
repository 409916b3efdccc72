"""Whatever anybody wrote anywhere is words on every page, in a real browser."""

from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt
from bridge.domain.calls.calls import Caller
from bridge.domain.office.office import Person
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from storage import contacts
from storage.contacts import Contact
from storage.database import Database
from tests.desk import CUSTOMER, MAIN, OFFICE, OTHER, OWN, Desk, missed_call, text
from tests.web.test_browser import Visit, live, visit

__all__ = ["visit"]

pytestmark = pytest.mark.browser

PLANTED = (
    "\"'><img src=http://evil.example/ onerror=window.ran=1><script>window.ran=1</script>"
    "<a hx-get=/users hx-trigger=load>{{7*7}}</a>"
)
SHORT = "<b onmouseover=window.ran=1>x</b>"
STRANGER = E164("+13475550163")


@pytest.fixture
async def desk(database: Database) -> Desk:
    """An office in which every name is hostile, and so is everything that customers and colleagues wrote."""
    line = replace(MAIN, name=SHORT, branch=SHORT)
    people = (Person(SHORT, None, "101"), *OFFICE.people)
    made = Desk(database, office=replace(OFFICE, business=PLANTED, lines=(line,), people=people))
    await made.resume()
    async with database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, PLANTED, ContactKind.CUSTOMER), SHORT, made.clock())
        await contacts.put(tx, Contact(STRANGER, PLANTED, ContactKind.BLOCKED), SHORT, made.clock())
    for number in (CUSTOMER, OTHER, STRANGER):
        call = missed_call(number, made.clock.advance(minutes=1))
        await made.call(replace(call, caller=Caller(number, PLANTED, PLANTED)))
    await made.inbox.received(text(f"burning smell {PLANTED}", CUSTOMER.value))
    await made.inbox.received(text(PLANTED, PLANTED[:20], to=OWN.value, alphanumeric=True))
    row = await made.row(branch=SHORT)
    row = await made.callbacks.correct(Seen.of(row, SHORT, made.clock()), address=PLANTED, issue=PLANTED, second=OTHER)
    row = await made.callbacks.note(Seen.of(row, SHORT, made.clock()), PLANTED)
    row = await made.callbacks.text(Seen.of(row, SHORT, made.clock()), PLANTED)
    await made.callbacks.claim(Seen.of(row, SHORT, made.clock()))
    other = await made.row(OTHER, branch=SHORT)
    await made.callbacks.attempt(Seen.of(other, SHORT, made.clock()), Attempt.LEFT_MESSAGE)
    return made


async def nothing_ran(page: Page) -> None:
    assert await page.evaluate("window.ran") is None
    assert await page.locator("img, b[onmouseover], a[hx-get]").count() == 0


async def test_what_is_written_anywhere_runs_nowhere_and_fetches_nothing(visit: Visit) -> None:
    async with visit.page() as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog said {dialog.message}"))
        for path in ("", "snoozed", "done", "callbacks/1", "callbacks/2", "on-call", "contacts", "filtered"):
            await page.goto(visit.address + path)
            await nothing_ran(page)
        for path in (
            "print",
            "figures",
            "settings",
            "users",
            "sign-in",
            f"?q={PLANTED}",
            f"contacts?name={PLANTED}",
            "<b>",
        ):
            await page.goto(visit.address + path)
            await nothing_ran(page)
        await page.goto(visit.address)
        await expect(page.locator("q").first).to_contain_text("<script>window.ran=1</script>")
        assert "49" not in await page.locator("q").first.inner_text()


async def test_what_arrives_live_is_words_too_and_so_is_what_is_shown_again_to_be_sent_again(visit: Visit) -> None:
    desk = visit.desk
    async with visit.page() as page:
        await live(page)
        await desk.inbox.received(text(f"no heat {PLANTED}", CUSTOMER.value))
        await expect(page.locator("q").first).to_contain_text("no heat")
        await nothing_ran(page)
        await page.goto(visit.address + "callbacks/1")
        await page.evaluate("page.stream.close()")
        row = await desk.row(branch=SHORT)
        await desk.callbacks.release(Seen.of(row, SHORT, desk.clock()))
        await page.get_by_label("New note").fill(PLANTED)
        await page.get_by_role("button", name="Save note").click()
        await expect(page.get_by_label("New note")).to_have_value(PLANTED)
        await nothing_ran(page)
