"""The receptionist's hour in a real browser, from signing in to signing out; and the same page in Spanish."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.calls.calls import Talk
from bridge.domain.office.saved_replies import Purpose, SavedReply
from bridge.domain.office.templates import Language
from bridge.domain.phone import E164
from bridge.domain.words.lexicon import default_lexicon
from bridge.office.saved_replies import SavedReplies
from bridge.web.phones import Phones
from storage.database import Database
from storage.users import UserRole
from tests.callbacks.test_click_to_call import NotingPbx
from tests.depth import a_share
from tests.desk import CUSTOMER, MAIN, OTHER, Desk, answered_call, missed_call, outbound_call, text
from tests.web import morning
from tests.web.chromium import windows_in
from tests.web.served import served
from tests.web.test_browser import WIDTHS, Visit, is_no_wider, is_sound, let_in_here, live
from tests.web.test_office import STAFFED
from tests.web.test_sign_in import PASSWORD, add_user

pytestmark = pytest.mark.browser


QUOTE, SPAM, ROBOT, TALKED = (E164(f"+1212555{n:04}") for n in range(1, 5))
TALKS: dict[E164, Talk] = {}


@dataclass
class Hands:
    """Counts what she presses, without the words that she types."""

    page: Page
    keys: int = 0
    clicks: int = 0
    steps: list[str] = field(default_factory=list)

    async def key(self, *chords: str) -> None:
        for chord in chords:
            self.keys += chord.count("+") + 1
            await self.page.keyboard.press(chord)

    async def words(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def click(self, what: Locator) -> None:
        self.clicks += 1
        await what.click()

    async def to(self, row: Locator) -> None:
        """Down the list, a key for each row."""
        for _ in range(10):
            await self.key("j")
            if await row.evaluate("row => row === document.activeElement"):
                return
        raise AssertionError("J does not get there")

    @asynccontextmanager
    async def step(self, what: str, *, keys: int = 0, clicks: int = 0) -> AsyncIterator[None]:
        """One of the hour's steps, and what it may cost."""
        before = self.keys, self.clicks
        yield
        assert (self.keys - before[0], self.clicks - before[1]) == (keys, clicks), what
        self.steps.append(what)


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database, office=replace(STAFFED, lines=(MAIN,)))
    await made.resume()
    return made


@pytest.fixture
def pbx() -> NotingPbx:
    return NotingPbx()


@pytest.fixture
async def visit(desk: Desk, pbx: NotingPbx, chromium: Browser) -> AsyncIterator[Visit]:
    """An office where Ann, at extension 101, has to sign in."""
    await add_user(desk, "Ann", UserRole.ADMIN)
    TALKS.clear()
    phones = Phones(lambda: {"office": pbx}, lambda: TALKS)
    async with served(desk, phones=phones) as client, windows_in(chromium) as browser:
        yield Visit(desk, browser, str(client.make_url("/")))


async def before_nine(desk: Desk) -> None:
    """Five were missed, of whom one has got through since; there is one saved reply."""
    for number in (OTHER, QUOTE, SPAM, ROBOT, TALKED):
        await desk.call(missed_call(number, desk.clock.advance(minutes=1)))
    await desk.inbox.received(text("a quote for a boiler, please", QUOTE.value))
    await desk.call(answered_call(TALKED, desk.clock.advance(minutes=1)))
    model = SavedReply(Language.EN, Purpose.PICK, "{me} here. Which model is it, please?")
    await SavedReplies(desk.database, "Acme Plumbing", default_lexicon()).put(0, model, 0, "Ann", desk.clock())


async def test_the_receptionists_hour(visit: Visit, pbx: NotingPbx) -> None:
    """Forty steps. A note, a text: three keys beside the typing; a missing outcome: a click; tonight's watch: two."""
    await before_nine(visit.desk)
    async with visit.page() as page:
        hands = Hands(page)
        await she_calls(hands, visit.desk, pbx)
        await she_asks_what_came_of_it(hands, visit.desk)
        await she_writes(hands, visit.desk)
        await she_shares(hands, visit.desk)
        await she_looks_somebody_up(hands, visit.desk)
        await she_goes(hands)
        assert len(hands.steps) == 40
        assert (hands.keys, hands.clicks) == (52, 17)


async def she_calls(hands: Hands, desk: Desk, pbx: NotingPbx) -> None:
    page, urgent = hands.page, hands.page.get_by_role("article", name="(202) 555-0123")
    async with hands.step("she signs in", keys=2):
        await expect(page.get_by_label("Name", exact=True)).to_be_focused()
        await hands.words("Ann")
        await hands.key("Tab")
        await hands.words(PASSWORD)
        await hands.key("Enter")
        await live(page)
    async with hands.step("four wait"):
        await expect(page).to_have_title(re.compile(r"^\(4\) Callbacks"))
    async with hands.step("an urgent one comes, on top"):
        await desk.call(missed_call(CUSTOMER, desk.clock.advance(minutes=1)))
        await desk.inbox.received(text("burning smell at the panel, 5 Elm St"))
        await expect(page.locator(".row").first.locator(".flag")).to_have_text("▲ Urgent")
    async with hands.step("she goes there", keys=1):
        await hands.to(urgent)
    async with hands.step("they are told that she calls, and her phone rings", keys=1):
        await hands.key("h")
        await expect(urgent.get_by_text("Ann's phone rings")).to_be_visible()
        assert [asked["extension"] for asked in pbx.asked] == ["101"]
        told = await desk.column("SELECT text FROM message WHERE kind = 'by_hand'")
        assert told == ["This is Ann at Acme Plumbing: the call that comes now is from us."]
    async with hands.step("they talk"):
        TALKS[CUSTOMER] = Talk("101", met=True)
        await expect(page.get_by_text("On the phone now: Ann (202) 555-0123")).to_be_visible()
    async with hands.step("they hang up, and she is asked"):
        TALKS.clear()
        await desk.call(outbound_call(CUSTOMER, desk.clock.advance(minutes=2)))
        await expect(urgent.get_by_text("What came of it?")).to_be_visible()
        await expect(page.get_by_text("On the phone now")).to_have_count(0)
    async with hands.step("she keeps their name", keys=1, clicks=1):
        await hands.click(urgent.get_by_label("Their name"))
        await hands.words("Nora Quist")
        await hands.key("Enter")
        await expect(urgent.locator(".name")).to_have_text("Nora Quist")
    async with hands.step("reached", clicks=1):
        await hands.click(urgent.locator(".came").get_by_role("button", name="Reached"))
        await expect(urgent).to_have_count(0)
        assert (await desk.row()).outcome is Outcome.REACHED
    async with hands.step("it was a slip", keys=1):
        await hands.key("z")
        await expect(urgent).to_be_focused()
    async with hands.step("a visit was booked, for Wednesday", keys=1, clicks=2):
        await hands.key("d")
        await hands.click(urgent.get_by_label("Booked for"))
        await urgent.get_by_label("Booked for").fill("2026-11-25")
        await hands.click(urgent.locator(".panel").get_by_role("button", name="Booked"))
        await expect(urgent).to_have_count(0)


async def she_asks_what_came_of_it(hands: Hands, desk: Desk) -> None:
    page = hands.page
    async with hands.step("what is done says the day", clicks=1):
        await hands.click(page.get_by_role("link", name="Done"))
        await expect(page.get_by_text("Booked, Wed, Nov 25")).to_be_visible()
    async with hands.step("where is the outcome missing", keys=1, clicks=1):
        await hands.key("f")
        await hands.click(page.get_by_role("link", name="Outcome missing"))
        await expect(page.locator(".row")).to_have_count(1)
    async with hands.step("one click says it", clicks=1):
        await hands.click(page.locator(".came").get_by_role("button", name="No need"))
        await expect(page.locator(".came")).to_have_count(0)
        assert (await desk.row(TALKED)).outcome is Outcome.NO_NEED
    async with hands.step("back to those who wait", clicks=1):
        await hands.click(page.get_by_role("link", name="To call"))
        await live(page)


async def she_writes(hands: Hands, desk: Desk) -> None:
    page, other = hands.page, hands.page.get_by_role("article", name="(202) 555-7788")
    async with hands.step("the first of them", keys=1):
        await hands.to(other)
    async with hands.step("a note", keys=3):
        await hands.key("n")
        await hands.words("gate code 1234")
        await hands.key("Control+Enter")
        await expect(other.locator(".note")).to_contain_text("gate code 1234")
        await expect(other).to_be_focused()
    async with hands.step("a text", keys=3):
        await hands.key("t")
        await hands.words("Can we ring after 3?")
        await hands.key("Control+Enter")
        await expect(page.locator(".toast")).to_contain_text("text by hand")
    async with hands.step("a saved reply", keys=5):
        await hands.key("t", "Alt+1")
        await expect(other.get_by_label("Text, in your own words")).to_have_value(
            "Ann here. Which model is it, please?"
        )
        await expect(other.get_by_text("Goes out as 1 text")).to_be_visible()
        await hands.key("Control+Enter")
        await expect(other.locator(".box")).to_have_count(0)
    async with hands.step("not that one", keys=1):
        await hands.key("z")
        await expect(page.locator(".toast")).to_have_count(0)
    async with hands.step("a draft is kept", keys=4):
        await hands.key("n")
        await hands.words("rings twi")
        await hands.key("Escape", "n")
        await expect(other.get_by_label("New note")).to_have_value("rings twi")
        await hands.key("Escape")
    async with hands.step("no answer, and a text", keys=1):
        await hands.key("w")
        await expect(page.locator(".toast")).to_contain_text("back 2:0")
        await expect(other).to_have_count(0)
    sent = await desk.column(
        "SELECT m.text FROM part p JOIN message m ON m.id = p.message_id"
        " WHERE p.kind = 'by_hand' AND p.state = 'queued'"
    )
    assert [str(words)[:16] for words in sent][1:] == ["Can we ring afte", "This is Ann at A"]


async def she_shares(hands: Hands, desk: Desk) -> None:
    page = hands.page
    quote, spam, robot = (page.get_by_role("article", name=f"(212) 555-000{n}") for n in (1, 2, 3))
    async with hands.step("it is snoozed now", clicks=1):
        await hands.click(page.get_by_role("link", name="Snoozed"))
        await expect(page.locator(".row")).to_have_count(1)
    async with hands.step("and is raised", keys=2):
        await hands.key("j", "r")
        await expect(page.locator(".flag")).to_have_text("▲ Urgent")
    async with hands.step("back", clicks=1):
        await hands.click(page.get_by_role("link", name="To call"))
        await live(page)
    async with hands.step("the quote is for Bob", keys=3):
        await hands.to(quote)
        await hands.key("g", "Enter")
        await expect(quote.locator(".owner")).to_have_text("Claimed by Bob")
    async with hands.step("he gives it back, and she hears of it"):
        given = await desk.row(QUOTE)
        await desk.callbacks.assign(Seen.of(given, "Bob", desk.clock()), "Ann")
        await expect(quote.get_by_text("Given by: Bob")).to_be_visible()
        assert await page.evaluate("page.unseen")
    async with hands.step("two are spam", keys=4, clicks=1):
        for row in (spam, robot):
            await hands.to(row)
            await hands.key("i")
        await hands.click(page.get_by_role("button", name="Spam").and_(page.locator("#several button")))
        await expect(page.locator(".row")).to_have_count(1)
    async with hands.step("or not", keys=1):
        await hands.key("z")
        await expect(page.locator(".row")).to_have_count(3)
    async with hands.step("one of them is", keys=3):
        await hands.to(robot)
        await hands.key("d")
        await expect(robot.get_by_role("button", name="Reached")).to_be_focused()
        await robot.get_by_role("button", name="Spam").focus()
        await hands.key("Enter")
        await expect(robot).to_have_count(0)
        assert (await desk.row(ROBOT)).outcome is Outcome.SPAM
    async with hands.step("only hers", keys=1, clicks=1):
        await hands.key("f")
        await hands.click(page.get_by_role("link", name="Claimed by me"))
        await expect(page.locator(".row")).to_have_count(1)


async def she_looks_somebody_up(hands: Hands, desk: Desk) -> None:
    page = hands.page
    note, row = page.get_by_label("New note"), page.get_by_role("article")
    async with hands.step("she searches", keys=2):
        await hands.key("/")
        await hands.words("boiler")
        await hands.key("Enter")
        await expect(page.get_by_text("1 row found")).to_be_visible()
    async with hands.step("opens the conversation", keys=2):
        await hands.key("j", "Enter")
        await expect(page.locator(".thread .theirs")).to_have_count(1)
        await live(page)
    async with hands.step("writes half a note, while the customer writes", keys=1):
        await hands.key("n")
        await hands.words("wants it bef")
        await desk.inbox.received(text("and is tomorrow possible?", QUOTE.value))
        await expect(page.locator(".thread .theirs")).to_have_count(2)
        await expect(note).to_have_value("wants it bef")
        await expect(note).to_be_focused()
    async with hands.step("puts the address right meanwhile", keys=1, clicks=1):
        await hands.click(page.locator("#address"))
        await hands.words("12 Oak Ln")
        await hands.key("Enter")
        await expect(row.locator(".address")).to_have_text("12 Oak Ln")
        await expect(note).to_have_value("wants it bef")
    async with hands.step("ends the note", keys=2, clicks=1):
        await hands.click(note)
        await hands.key("Control+Enter")
        await expect(page.locator("blockquote.note")).to_contain_text("wants it bef")
    async with hands.step("and is back", keys=2):
        await hands.key("Escape", "b")
        await expect(page.locator(".tabs")).to_be_visible()
        await live(page)


async def she_goes(hands: Hands) -> None:
    page = hands.page
    async with hands.step("which key was it", keys=2):
        await hands.key("?")
        await expect(page.get_by_role("dialog").get_by_text("give to a colleague")).to_be_visible()
        await hands.key("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
    async with hands.step("Bob takes tonight", clicks=2):
        await hands.click(page.get_by_role("link", name="Tonight: Ann"))
        await hands.click(page.get_by_role("button", name="Bob takes tonight"))
        await expect(page.locator(".tonight .large")).to_have_text("Bob")
    async with hands.step("she signs out", clicks=1):
        await hands.click(page.get_by_role("button", name="Sign out"))
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


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
    await page.get_by_role("button", name="Send it now").click()
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
