"""Call from the page: my desk phone, then the customer; once for a click; and what came of it is asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt, CallbackState, Outcome
from bridge.domain.calls.calls import Talk
from bridge.domain.phone import E164
from bridge.ports import Originated
from bridge.web.actions import SEVERAL
from bridge.web.phones import Phones
from storage import callbacks
from tests.callbacks.test_click_to_call import NotingPbx
from tests.desk import CUSTOMER, Desk, missed_call, outbound_call
from tests.web.served import Client, served
from tests.web.test_event_stream import told, told_of
from tests.web.test_page import act, post, shown


@dataclass
class Switchboard:
    pbx: NotingPbx = field(default_factory=NotingPbx)
    connected: bool = True
    talks: dict[E164, Talk] = field(default_factory=dict)

    def phones(self) -> Phones:
        return Phones(lambda: {"office": self.pbx} if self.connected else {}, lambda: self.talks)


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
async def client(desk: Desk, board: Switchboard) -> AsyncIterator[Client]:
    """Ann, at extension 101, sits at this browser; one customer waits."""
    await desk.call(missed_call())
    async with served(desk, phones=board.phones()) as made:
        await post(made, "/me", me="Ann")
        yield made


async def test_one_click_rings_my_phone_takes_the_row_and_says_so(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    status, page = await act(client, await desk.row(), "call")
    row = await desk.row()
    assert (status, row.state, row.owner) == (200, CallbackState.CLAIMED, "Ann")
    assert [(asked["extension"], asked["number"]) for asked in board.pbx.asked] == [("101", CUSTOMER)]
    assert "Ann's phone rings" in page.words
    assert "Undo" not in page.words  # a call cannot be undone


async def test_the_same_click_twice_is_one_call(client: Client, desk: Desk, board: Switchboard) -> None:
    row = await desk.row()
    await act(client, row, "call")
    status, page = await act(client, row, "call")
    assert status == 409
    assert "You changed this row yourself" in page.words
    assert len(board.pbx.asked) == 1


async def test_a_row_that_a_colleague_is_on_is_called_only_on_purpose(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    row = await desk.row()
    row = await desk.callbacks.claim(Seen.of(row, "Bob", desk.clock()))
    assert "Call all the same" in (await shown(client)).words
    status, page = await act(client, row, "call")
    assert status == 409
    assert "Not called: Claimed by Bob." in page.words
    assert not board.pbx.asked
    status, _ = await act(client, row, "call", anyway="1")
    assert status == 200
    assert (await desk.row()).owner == "Ann"


async def test_without_a_desk_phone_of_mine_or_a_pbx_the_number_is_a_link(
    client: Client, desk: Desk, board: Switchboard
) -> None:
    assert "tel:" not in (await shown(client)).html
    board.connected = False
    page = await shown(client)
    assert f'href="tel:{CUSTOMER}"' in page.html
    assert "You have no desk phone that can ring" in page.words
    status, page = await act(client, await desk.row(), "call")
    assert status == 409
    assert "Not called: the PBX is not connected." in page.words
    board.connected = True
    await post(client, "/me", me="Front desk")
    assert f'href="tel:{CUSTOMER}"' in (await shown(client)).html


async def test_what_the_pbx_refuses_is_said_as_it_said_it(client: Client, desk: Desk, board: Switchboard) -> None:
    board.pbx.answer = Originated(False, "Permission denied")
    status, page = await act(client, await desk.row(), "call")
    assert status == 502
    assert "the PBX refused it: Permission denied." in page.words
    assert "phone rings" not in page.words


@pytest.mark.parametrize("talked", [42, 0])
async def test_after_the_call_the_row_asks_what_came_of_it(client: Client, desk: Desk, talked: int) -> None:
    await act(client, await desk.row(), "call")
    await desk.call(outbound_call(at=desk.clock.advance(minutes=1), talked=talked))
    page = await shown(client)
    assert "You called" in page.words
    assert "What came of it?" in page.words
    assert "phone rings" not in page.words
    for outcome in Outcome:  # beside the question, and under Done
        assert page.html.count(f'name="outcome" value="{outcome}"') == 2 + (outcome in SEVERAL)
    await act(client, await desk.row(), "attempt", result="left_message")
    row = await desk.row()
    assert row.state is CallbackState.WAITING
    assert "What came of it" not in (await shown(client, "/snoozed")).words
    async with desk.database.read() as db:
        made = [attempt.result for attempt in await callbacks.attempts(db, row.id)]
    assert made == [Attempt.CALLED if talked else Attempt.RANG_OUT, Attempt.LEFT_MESSAGE]


async def test_reached_is_one_click_away_after_the_call(client: Client, desk: Desk) -> None:
    await act(client, await desk.row(), "call")
    await desk.call(outbound_call(at=desk.clock.advance(minutes=1)))
    await act(client, await desk.row(), "finish", outcome="reached")
    assert (await desk.row()).outcome is Outcome.REACHED


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (Talk("102", met=True), "On the phone with Bob"),
        (Talk("102", met=False), "Bob is calling"),
        (Talk("0655", met=True), "On the phone with 0655"),
        (Talk("", met=False), "Is calling us now"),
    ],
)
async def test_whoever_is_on_the_phone_with_a_customer_shows_on_the_row(
    client: Client, board: Switchboard, talk: Talk, words: str
) -> None:
    board.talks = {CUSTOMER: talk}
    assert words in (await shown(client)).words


async def test_pages_are_told_when_a_call_begins_and_ends(
    client: Client, desk: Desk, board: Switchboard, monkeypatch: Any
) -> None:
    async with client.get("/events") as stream:
        await told(stream)
        row = await desk.row()
        for talks in ({CUSTOMER: Talk("102", met=True)}, {}):
            board.talks = talks
            await told_of(stream, row.id)
