"""What the page says of people and of the day: who let a row go, who wrote meanwhile, by which phone, what was last."""

from datetime import timedelta

import pytest

from bridge.callbacks.actions import IDLE_CLAIM, Seen
from bridge.domain.callbacks.queue import Attempt, Outcome
from bridge.domain.calls.calls import Talk
from bridge.domain.phone import E164
from bridge.ops.health import Health
from bridge.web.phones import Phones
from storage import settings
from storage.database import Database
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, answered_call, missed_call, text
from tests.web.served import Client, Faults, served
from tests.web.test_page import act
from tests.web.test_page import shown as shown_page


async def words(client: Client, path: str = "/") -> str:
    """As a reader has them: on one line, with single spaces and none before a comma."""
    said = " ".join((await shown_page(client, path)).words.split())
    return said.replace(" ,", ",").replace(" :", ":").replace(" .", ".")


async def test_a_claim_left_alone_is_released_and_the_row_says_whose_it_was(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))
    await desk.callbacks.release_idle(desk.clock() + IDLE_CLAIM + timedelta(seconds=1))
    async with served(desk) as client:
        assert "Released, since nothing was done for too long: Ann" in await words(client)
        assert "Released: Ann" in await words(client, "/callbacks/1")
        await act(client, await desk.row(), "claim")
        assert "Released, since" not in await words(client)


@pytest.mark.parametrize(("minutes", "said"), [(1, True), (-1, False)])
async def test_a_text_that_comes_during_a_talk_says_so_on_its_row(desk: Desk, minutes: int, said: bool) -> None:
    await desk.call(missed_call())
    began = desk.clock.advance(minutes=5)
    desk.clock.advance(minutes=minutes)
    await desk.inbox.received(text("the gate code is 1234"))
    desk.clock.now = began + timedelta(minutes=2)
    phones = Phones(talks=lambda: {CUSTOMER: Talk("102", met=True, since=began)})
    async with served(desk, phones=phones) as client:
        page = await words(client)
    assert "On the phone with Bob" in page
    assert ("Texted while you talk" in page) is said


async def test_an_outcome_and_an_attempt_can_be_from_somebodys_cell(desk: Desk) -> None:
    await desk.call(missed_call())
    async with served(desk) as client:
        await act(client, await desk.row(), "attempt", result=Attempt.NO_ANSWER, cell="1")
        assert "Tried: no answer, by cell phone" in await words(client, "/callbacks/1")
        await act(client, await desk.row(), "finish", outcome=Outcome.REACHED, cell="1")
        assert "Done: Reached, by cell phone" in await words(client, "/callbacks/1")
        await act(client, await desk.row(), "undo")
        assert (await desk.row()).outcome is None


async def test_all_caught_up_tells_of_the_last_missed_call_and_when_it_was_answered(desk: Desk) -> None:
    await desk.call(missed_call(OTHER, MONDAY_NOON - timedelta(minutes=30)))
    await desk.call(answered_call(OTHER, MONDAY_NOON - timedelta(minutes=20)))
    async with served(desk) as client:
        page = await words(client)
    assert "All caught up. Last missed call 11:30 AM, answered at 11:40 AM." in page


async def test_all_caught_up_by_a_persons_word_tells_when(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock.advance(minutes=3)), Outcome.LOST)
    async with served(desk) as client:
        assert "Last missed call 12:00 PM, done 12:03 PM." in await words(client)


def ticked(html: str) -> list[bool]:
    return ["ticked" in row for row in html.partition('class="checklist"')[2].split("<li ")[1:]]


async def test_the_first_runs_checklist_ticks_itself(database: Database) -> None:
    desk = Desk(database)
    faults = Faults(desk)
    up, faults.health = faults.health, Health()
    async with served(desk, faults) as client:
        assert ticked((await shown_page(client)).html) == [False] * 5
        faults.health = up
        assert ticked((await shown_page(client)).html) == [True, False, True, False, False]
        async with database.transaction() as tx:
            await settings.turn(tx, settings.TESTED, True, "Ann", desk.clock())
        await desk.call(answered_call())
        assert ticked((await shown_page(client)).html) == [True, True, True, True, False]
        await desk.call(missed_call())
        await desk.call(answered_call(at=desk.clock.advance(minutes=1)))
        assert "All caught up." in await words(client)


async def test_the_morning_list_on_paper_has_everybody_and_a_box_to_tick(desk: Desk) -> None:
    for n in range(60):
        await desk.call(missed_call(E164(f"+1212555{n:04}"), desk.clock.advance(seconds=7)))
    await desk.inbox.received(text("no heat, 5 Elm St"))
    async with served(desk) as client:
        page = await shown_page(client, "/print")
    assert page.words.count("☐") == 61
    assert page.words.index("no heat") < page.words.index("(212) 555-0000")
    assert 'action="/callbacks' not in page.html
