"""Nothing moves, vanishes or doubles under somebody's hands, whatever else happens at the office meanwhile."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from playwright.async_api import Browser, Page, Route, expect

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.phone import E164
from storage import audit, callbacks
from storage.users import UserRole
from tests.depth import is_deep
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, outbound_call, text
from tests.web.chromium import windows_in
from tests.web.served import served
from tests.web.test_browser import Visit, live
from tests.web.test_sign_in import PASSWORD, add_user

pytestmark = pytest.mark.browser

ROUNDS = 67 if is_deep() else 1
"""Of three presses of each verb."""

QUIET = "page.sent.size === 0 && page.timer === 0 && page.changed.size === 0"
"""Everything that was pressed is answered, and everything that was told is shown."""

WHOLE = """() => {
    const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
    return {
        headers: document.querySelectorAll("header").length,
        mains: document.querySelectorAll("main").length,
        doubled: ids.filter((id, n) => ids.indexOf(id) !== n),
        listeners: Math.max(...[...document.forms].map(form => form._htmx?.triggerSpecs.length ?? 0)),
    };
}"""

COUNT_CHIMES = "() => { page.chimes = 0; chime = () => { page.chimes += 1; }; }"

MARK = """id => {
    page.marked = { row: document.getElementById(id) };
    page.marked.top = page.marked.row.getBoundingClientRect().top;
}"""

MARKED = """id => {
    const row = document.getElementById(id);
    return {
        same: row === page.marked.row,
        moved: row.getBoundingClientRect().top - page.marked.top,
        pointed: row.matches(":hover"),
        focus: document.activeElement.textContent,
        open: row.querySelector(".menu").open,
        ticked: row.querySelector("[name=cell]").checked,
    };
}"""

TWICE = """([press, ids]) => new Promise(done => {
    const look = () => {
        const buttons = ids.map(id => document.querySelector(press.replaceAll("ID", id)));
        if (buttons.includes(null)) return setTimeout(look, 10);
        buttons.forEach(button => { button.click(); button.click(); });
        done();
    };
    look();
})"""


@pytest.fixture
async def visit(desk: Desk, chromium: Browser) -> AsyncIterator[Visit]:
    async with served(desk) as client, windows_in(chromium) as browser:
        yield Visit(desk, browser, str(client.make_url("/")))


async def sign_in(page: Page) -> None:
    await page.get_by_label("Name", exact=True).fill("Ann")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def until(page: Page, holds: str) -> None:
    await page.evaluate(
        f"() => new Promise(done => {{ const look = () => {holds} ? done() : setTimeout(look, 10); look(); }})"
    )


async def press(page: Page, button: str, *ids: int) -> None:
    """Twice each, as soon as they are all there."""
    await page.evaluate(TWICE, [button, [str(row_id) for row_id in ids]])


async def called(desk: Desk, rows: int) -> list[int]:
    """So many customers were missed; the ids of their rows."""
    for n in range(rows):
        await desk.call(missed_call(E164(f"+1212555{n:04}"), desk.clock.advance(seconds=1)))
    async with desk.database.read() as db:
        return [row.id for row in await callbacks.to_call(db, limit=rows)]


async def noted(desk: Desk, row_id: int, words: str = "changed by Bob") -> None:
    async with desk.database.read() as db:
        row = await callbacks.get(db, row_id)
    await desk.callbacks.note(Seen.of(row, "Bob", desk.clock()), words)


async def finished(desk: Desk, row_id: int) -> None:
    async with desk.database.read() as db:
        row = await callbacks.get(db, row_id)
    await desk.callbacks.finish(Seen.of(row, "Bob", desk.clock()), Outcome.LOST)


async def done(desk: Desk, who: str = "Front desk") -> Counter[str]:
    """How often somebody did each verb."""
    async with desk.database.read() as db:
        entries = await audit.after(db, 0, 100_000)
    return Counter(entry.what for entry in entries if entry.who == who and entry.subject is audit.Subject.CALLBACK)


AT_ONCE = {
    "callback.claim": "#claim-ID",
    "callback.rank": "#urgent-ID",
    "callback.acknowledge": "#acknowledge-ID",
    "callback.release": "#release-ID",
}
TAKEN_BACK = {
    "callback.attempt": "#left_message-ID",
    "callback.snooze": "#row-ID [name=until][value=tomorrow]",
    "callback.finish": "#booked-ID",
}
UNDO = '.toast:not([hidden])[data-sent="/callbacks/ID/{}"] [data-key="z"]'
LOWER = "#routine-ID"


async def test_quick_presses_while_five_changes_a_second_arrive_count_once_and_double_nothing(visit: Visit) -> None:
    """Each button twice in a row, on several rows in one go; what is pressed on a row counts although others change."""
    desk = visit.desk
    *mine, other = await called(desk, 4)
    async with visit.page() as page, changing(desk, other):
        await live(page)
        for _ in range(ROUNDS):
            for button in (*AT_ONCE.values(), LOWER):
                await press(page, button, *mine)
            for row_id in mine:
                for verb, button in TAKEN_BACK.items():
                    await press(page, button, row_id)
                    await press(page, UNDO.format(verb.removeprefix("callback.")), row_id)
        await until(page, QUIET)
        assert await page.evaluate(WHOLE) == {"headers": 1, "mains": 1, "doubled": [], "listeners": 1}
    presses = ROUNDS * len(mine)
    twice = {"callback.rank": 2 * presses, "callback.undo": len(TAKEN_BACK) * presses}
    assert await done(desk) == dict.fromkeys(AT_ONCE | TAKEN_BACK, presses) | twice


@asynccontextmanager
async def changing(desk: Desk, row_id: int) -> AsyncIterator[None]:
    """Somebody else changes that row five times a second."""

    async def change() -> None:
        for n in count():
            await noted(desk, row_id, f"change {n}")
            await asyncio.sleep(1 / 5)

    task = asyncio.create_task(change())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_hundred_changes_move_nothing_under_the_pointer_and_the_focus(visit: Visit) -> None:
    """Rows change where they stand; new ones wait, told by a number, and an urgent one chimes all the same."""
    desk = visit.desk
    ids = await called(desk, 5)
    held, others = ids[2], ids[:2] + ids[3:]
    async with visit.page(viewport={"width": 1280, "height": 460}) as page:
        await live(page)
        await page.evaluate(COUNT_CHIMES)
        row = page.locator(f"#row-{held}")
        await row.hover()
        await row.get_by_text("Done", exact=True).click()
        await row.get_by_label("from my cell").check()
        await row.get_by_role("button", name="Booked").focus()
        await page.evaluate(MARK, f"row-{held}")
        for n in range(96):
            await noted(desk, [held, *others][n % 5], f"change {n}")
        await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
        await desk.call(missed_call(CUSTOMER, desk.clock.advance(minutes=1)))
        await desk.inbox.received(text("burning smell at the panel, 5 Elm St"))
        await finished(desk, others[0])
        await noted(desk, held, "the last change")
        await expect(row.get_by_text("the last change")).to_be_visible()
        await expect(page.get_by_role("button", name="2 new, 1 urgent, 1 gone")).to_be_visible()
        assert await page.evaluate(MARKED, f"row-{held}") == {
            "same": True,
            "moved": 0,
            "pointed": True,
            "focus": "Booked",
            "open": True,
            "ticked": True,
        }
        await expect(page).to_have_title("(6) Callbacks · Acme Plumbing")
        await expect(page.locator("#icon")).to_have_attribute("href", re.compile("icon-urgent.svg"))
        assert await page.evaluate("page.chimes") == 1
        await expect(page.locator(".row")).to_have_count(5)
        await page.keyboard.press(".")
        await expect(page.locator(".row")).to_have_count(6)
        await expect(page.locator(".row").first.locator(".flag")).to_have_text("▲ Urgent")
        await expect(row.get_by_role("button", name="Booked")).to_be_focused()
        await page.mouse.move(0, 0)
        await page.keyboard.press("Escape")
        await page.evaluate("document.activeElement.blur()")
        await desk.call(missed_call(E164("+12125559999"), desk.clock.advance(minutes=1)))
        await expect(page.locator(".row")).to_have_count(7)  # no hands, no waiting


async def test_a_change_restyles_its_row_and_not_the_page(visit: Visit) -> None:
    """`:has(...)` with anything but a class behind it would: a browser then looks at every element again."""
    rows = await called(visit.desk, 12)
    async with visit.page() as page:
        await live(page)
        elements = await page.locator("main *").count()
        await visit.browser.start_tracing(page=page, categories=["devtools.timeline"])
        await noted(visit.desk, rows[5])
        await expect(page.get_by_text("changed by Bob")).to_be_visible()
        await until(page, QUIET)
        events = json.loads(await visit.browser.stop_tracing())["traceEvents"]
    styled = [
        event["args"]["elementCount"] for event in events if event["name"] == "UpdateLayoutTree" and "dur" in event
    ]
    assert 0 < max(styled) < elements / 8


async def test_an_urgent_row_chimes_on_every_page_whatever_has_the_focus(visit: Visit) -> None:
    desk = visit.desk
    await called(desk, 2)
    async with visit.page() as queue, visit.page("callbacks/1") as conversation, visit.page("figures") as figures:
        pages = {"queue": queue, "conversation": conversation, "figures": figures}
        for page in pages.values():
            await live(page)
            await page.evaluate(COUNT_CHIMES)
        await queue.keyboard.press("j")
        await conversation.get_by_label("New note").fill("half a wo")
        await desk.inbox.received(text("burning smell at the panel", "+12125550001"))
        for page in pages.values():
            await until(page, "page.chimes === 1")
            await expect(page).to_have_title(re.compile(r"^\(2\) "))
            await expect(page.locator("#icon")).to_have_attribute("href", re.compile("icon-urgent.svg"))
        await expect(conversation.get_by_label("New note")).to_have_value("half a wo")
        await expect(conversation.get_by_label("New note")).to_be_focused()


async def test_of_two_browsers_that_press_the_same_verb_one_wins_and_the_other_reads_who_in_the_row(
    visit: Visit,
) -> None:
    desk = visit.desk
    ids = await called(desk, 24)  # more than a screen: the answer must be where the eye is
    races = dict(
        zip(
            ids[14:],
            (
                *("#claim-ID", "#left_message-ID", "#no_answer-ID", *TAKEN_BACK.values(), "#urgent-ID"),
                *("#no_answer_and_text-ID", "#row-ID [name=to]"),
            ),
            strict=False,
        )
    )
    async with visit.page() as ann, visit.page() as bob:
        for page, name in ((ann, "Ann"), (bob, "Bob")):
            await page.get_by_label("I am").select_option(name)
            await page.wait_for_selector(f"body[data-who={name}][data-heard]")
            await page.evaluate("page.stream.close()")  # neither sees the other coming
        for row_id, button in races.items():
            for page in (ann, bob):
                await page.locator(f"#row-{row_id}").focus()
            before = await done(desk, "Ann") + await done(desk, "Bob")
            pressed = button.replace("ID", str(row_id))
            await asyncio.gather(
                *(page.evaluate("press => document.querySelector(press).click()", pressed) for page in (ann, bob))
            )
            for page in (ann, bob):
                await until(page, QUIET)
            assert (await done(desk, "Ann") + await done(desk, "Bob") - before).total() == 1, button
            answers = [page.get_by_role("alert").filter(has_text="was faster") for page in (ann, bob)]
            assert sum([await one.count() for one in answers]) == 1, button
            loser, winner = (ann, "Bob") if await answers[0].count() else (bob, "Ann")
            await expect(loser.get_by_role("alert")).to_contain_text(f"{winner} was faster")
            await expect(loser.get_by_role("alert")).to_be_in_viewport()
            await loser.keyboard.press("Escape")
            await expect(loser.get_by_role("alert")).to_have_count(0)


async def test_a_refusal_is_in_view_also_without_scripts(visit: Visit) -> None:
    desk = visit.desk
    ids = await called(desk, 30)
    async with visit.page(java_script_enabled=False) as page:
        row = page.locator(f"#row-{ids[25]}")
        await noted(desk, ids[25])
        await row.get_by_text("More", exact=True).click()
        await row.get_by_role("button", name="Claim").click()
        await expect(row.get_by_role("alert")).to_contain_text("Bob was faster (note")
        await expect(row.get_by_role("alert")).to_be_in_viewport()


async def test_half_typed_words_outlive_other_forms_a_conflict_a_reload_and_the_session(
    desk: Desk, chromium: Browser
) -> None:
    await desk.call(missed_call())
    await add_user(desk, "Ann", UserRole.STAFF)
    async with served(desk) as client, windows_in(chromium) as browser:
        visit = Visit(desk, browser, str(client.make_url("/")))
        async with visit.page("callbacks/1") as page:
            await sign_in(page)
            note, words, address = (
                page.get_by_label("New note"),
                page.get_by_label("Text, in your own"),
                page.locator("#address"),
            )
            await note.fill("gate code 12")
            await words.fill("On our w")
            await address.fill("5 Elm")

            async def kept(*, address_too: bool = True) -> None:
                await expect(note).to_have_value("gate code 12")
                await expect(words).to_have_value("On our w")
                await expect(address).to_have_value("5 Elm" if address_too else "")

            await page.evaluate("document.querySelector('#claim-1').click()")
            await expect(page.get_by_text("Claimed by you")).to_be_visible()
            await kept()
            await page.evaluate("page.stream.close()")
            await until(page, QUIET)
            await noted(desk, 1)
            await page.get_by_role("button", name="Save note").click()
            await expect(page.get_by_role("alert")).to_contain_text("Bob was faster")
            await kept()
            await page.reload()
            await kept(address_too=False)
            desk.clock.advance(hours=13)
            await page.get_by_role("button", name="Save note").click()
            await expect(page.get_by_text("Your session has ended")).to_be_visible()
            await sign_in(page)
            await page.get_by_role("button", name="Send it now").click()
            await expect(page.locator("blockquote.note").last).to_contain_text("gate code 12")
            await expect(note).to_have_value("")
            await expect(words).to_have_value("On our w")
            await page.get_by_role("button", name="Send").click()
            await expect(page.locator(".thread .ours").last).to_contain_text("On our w")
            await expect(words).to_have_value("")
            await page.reload()
            await expect(words).to_have_value("")


async def test_a_note_and_a_text_are_written_in_the_row_while_the_list_goes_on(visit: Visit) -> None:
    desk = visit.desk
    first, _ = await called(desk, 2)
    async with visit.page() as page:
        await live(page)
        row, note, words = (
            page.locator(f"#row-{first}"),
            page.get_by_label("New note"),
            page.get_by_label("Text, in your"),
        )
        await page.keyboard.press("j")
        await page.keyboard.press("n")
        await expect(note).to_be_focused()
        await page.keyboard.type("gate code 1")
        await noted(desk, first, "they have a dog")  # the very row, and one more
        await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
        await expect(row.get_by_text("they have a dog")).to_be_visible()
        await expect(page.get_by_role("button", name="1 new")).to_be_visible()
        await page.keyboard.type("234")
        await expect(note).to_have_value("gate code 1234")
        await page.keyboard.press("Escape")
        await expect(row).to_be_focused()
        await expect(note).to_have_count(0)
        await page.reload()
        await row.get_by_role("link", name="Draft").click()
        await expect(note).to_have_value("gate code 1234")
        await expect(row.get_by_role("link", name="Draft")).to_have_count(0)
        await page.keyboard.press("Control+Enter")
        await expect(row.get_by_text("gate code 1234")).to_be_visible()
        await expect(note).to_have_count(0)
        await expect(row).to_be_focused()
        await page.keyboard.press("t")
        await page.keyboard.type("We call at 5")
        await expect(row.locator(".cost")).to_have_text("12 characters · Goes out as 1 text")
        await page.evaluate("page.stream.close()")
        await until(page, QUIET)
        await noted(desk, first, "seen by nobody yet")
        await page.keyboard.press("Control+Enter")
        await expect(row.get_by_role("alert")).to_contain_text("Bob was faster (note")
        await expect(words).to_have_value("We call at 5")
        await expect(words).to_be_focused()
        await page.keyboard.press("Control+Enter")  # what Bob did stands in the row now
        await expect(page.locator(".toast")).to_contain_text("text by hand")
        await expect(words).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(page.locator(".thread .ours").last).to_contain_text("We call at 5")
        await page.keyboard.press("b")
        await expect(row).to_be_focused()
        await live(page)
        await page.evaluate("page.stream.close()")
        await until(page, QUIET)
        await page.keyboard.press("n")
        await page.keyboard.type("side door")
        await finished(desk, first)
        await page.keyboard.press("Control+Enter")
        await expect(row).to_have_count(0)
        told, kept = page.locator("#answers").get_by_role("alert"), page.get_by_label("What you wrote is kept")
        await expect(told).to_contain_text(": Bob was faster (done")
        await expect(told.get_by_role("link")).to_have_attribute("href", f"/callbacks/{first}")
        await expect(kept).to_have_value("side door")
        await expect(kept).to_be_focused()
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".toast")).to_contain_text("note")
        await expect(told).to_have_count(0)
    assert await done(desk) == {"callback.note": 2, "callback.text": 1}
    assert (await desk.column("SELECT text FROM message WHERE kind = 'by_hand'")) == ["We call at 5"]


async def test_whoever_called_is_asked_for_the_name_beside_what_came_of_it(visit: Visit) -> None:
    desk = visit.desk
    first, second = await called(desk, 2)
    for n in range(2):
        await desk.call(outbound_call(E164(f"+1212555{n:04}"), desk.clock.advance(minutes=2)))
    async with visit.page() as page:
        await live(page)
        for row_id, name in ((first, "Nora Quist"), (second, "Ed Moss")):
            row = page.locator(f"#row-{row_id}")
            await row.get_by_label("Their name").fill(name)
            if row_id == first:  # by itself, or with the outcome
                await row.get_by_label("Their name").press("Enter")
                await expect(row.locator(".name")).to_have_text("Nora Quist")
                await expect(row.get_by_label("Their name")).to_have_count(0)
            await row.locator(".came").get_by_role("button", name="Left message").click()
            await expect(row).to_have_count(0)
        await page.keyboard.press("z")  # what it takes back is the outcome, not the name
        await expect(page.locator(f"#row-{second} .name")).to_have_text("Ed Moss")
    assert await desk.column("SELECT name FROM contact ORDER BY name") == ["Ed Moss", "Nora Quist"]


async def test_after_done_the_focus_is_on_the_next_row_and_after_undo_on_the_row_that_is_back(visit: Visit) -> None:
    ids = await called(visit.desk, 3)
    first, second, third = (visit_row for visit_row in ids)
    async with visit.page() as page:
        row = {row_id: page.locator(f"#row-{row_id}") for row_id in ids}
        await live(page)
        await row[third].focus()
        for key in "mumu":  # faster than the answers: each waits for the one before
            await page.keyboard.press(key)
        await until(page, f"{QUIET} && page.keys.length === 0")
        assert await done(visit.desk) == {"callback.claim": 2, "callback.release": 2}
        for row_id, then in ((second, third), (third, first)):
            await row[row_id].get_by_text("Done", exact=True).click()
            await row[row_id].get_by_role("button", name="Reached").click()
            await expect(row[row_id]).to_have_count(0)
            await expect(row[then]).to_be_focused()
        await page.keyboard.press("z")
        await expect(row[third]).to_be_focused()


async def bad_gateway(route: Route) -> None:
    await route.fulfill(status=502, content_type="text/html", body="<html><body><h1>Bad Gateway</h1></body></html>")


async def no_answer(route: Route) -> None:
    await route.abort()


async def test_what_is_no_page_of_ours_is_never_shown_in_ours(visit: Visit) -> None:
    """A proxy's own error, or nothing at all: the press is said to be lost, and the page stays as it is."""
    await visit.desk.call(missed_call())
    async with visit.page() as page:
        await live(page)
        for answer, then in ((bad_gateway, "#claim-1"), (no_answer, "#urgent-1")):
            await page.route("**/callbacks/1/*", answer)
            await press(page, then, 1)
            await expect(page.get_by_role("alert")).to_contain_text("Not sent")
            await expect(page.locator("#row-1")).to_be_visible()
            await page.unroute("**/callbacks/1/*")
            await press(page, then, 1)
            await expect(page.get_by_role("alert")).to_be_hidden()
    assert await done(visit.desk) == {"callback.claim": 1, "callback.rank": 1}
