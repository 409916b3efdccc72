"""Call from a row: one click is at most one call, and the row is whose phone rang."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bridge.callbacks.actions import ConflictError, Seen
from bridge.callbacks.click_to_call import CannotCallError, ClickToCall, nobody_dialled
from bridge.domain.callbacks.queue import CallbackState, Outcome
from bridge.domain.calls.calls import Reason
from bridge.domain.calls.events import NobodyDialled
from bridge.domain.office.office import Office, Person
from bridge.ports import Originated
from tests.desk import CUSTOMER, OFFICE, Desk, missed_call, outbound_call, text

UNPLACED: Office = replace(OFFICE, people=(*OFFICE.people, Person("Cem")))


@dataclass
class NotingPbx:
    answer: Originated = field(default_factory=lambda: Originated(True))
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def originate(self, **asked: Any) -> Originated:
        self.asked.append(asked)
        return self.answer

    async def listen(self, **asked: Any) -> Originated:
        self.asked.append(asked)
        return self.answer


async def test_the_persons_phone_is_rung_and_the_row_is_theirs(desk: Desk) -> None:
    pbx = NotingPbx()
    await desk.call(missed_call())
    await ClickToCall(OFFICE, desk.callbacks, lambda: {"office": pbx}).call(await desk.row(), "Ann", desk.clock())
    row = await desk.row()
    assert (row.state, row.owner) == (CallbackState.CLAIMED, "Ann")
    assert pbx.asked == [
        {
            "attempt_id": f"textback-{row.id}-1",
            "extension": "101",
            "number": CUSTOMER,
            "did": "+12025550100",
            "display": "Callback x1",
        }
    ]


async def test_two_clicks_on_the_same_row_are_one_call(desk: Desk) -> None:
    pbx = NotingPbx()
    calling = ClickToCall(OFFICE, desk.callbacks, lambda: {"office": pbx})
    await desk.call(missed_call())
    row = await desk.row()
    clicks = [calling.call(row, who, desk.clock()) for who in ("Ann", "Ann", "Bob")]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    assert [isinstance(result, ConflictError) for result in results].count(True) == 2
    assert len(pbx.asked) == 1


@pytest.mark.parametrize(
    ("who", "number", "connected"),
    [("Ann", None, True), ("Cem", CUSTOMER, True), ("Nobody", CUSTOMER, True), ("Ann", CUSTOMER, False)],
    ids=["no number", "no extension", "no such person", "no PBX"],
)
async def test_what_cannot_be_called_changes_nothing(desk: Desk, who: str, number: Any, connected: bool) -> None:
    pbx = NotingPbx()
    await desk.call(missed_call(number))
    before = await desk.row(number)
    with pytest.raises(CannotCallError):
        await ClickToCall(UNPLACED, desk.callbacks, lambda: {"office": pbx} if connected else {}).call(
            before, who, desk.clock()
        )
    assert await desk.row(number) == before
    assert not pbx.asked


async def test_a_closed_row_is_not_called(desk: Desk) -> None:
    pbx = NotingPbx()
    await desk.call(missed_call())
    row = await desk.row()
    closed = await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.REACHED)
    with pytest.raises(CannotCallError):
        await ClickToCall(OFFICE, desk.callbacks, lambda: {"office": pbx}).call(closed, "Ann", desk.clock())
    assert not pbx.asked


async def test_a_refusal_of_the_pbx_comes_back_as_it_said_it(desk: Desk) -> None:
    pbx = NotingPbx(Originated(False, "Permission denied"))
    await desk.call(missed_call())
    done = await ClickToCall(OFFICE, desk.callbacks, lambda: {"office": pbx}).call(
        await desk.row(), "Ann", desk.clock()
    )
    assert done == Originated(False, "Permission denied")


NOT_TAKEN = NobodyDialled(None, "textback-1-1", Reason.NO_ANSWER)


async def clicked(desk: Desk) -> None:
    """Ann pressed Call on the row as it opened."""
    await desk.call(missed_call())
    await ClickToCall(OFFICE, desk.callbacks, lambda: {"office": NotingPbx()}).call(
        await desk.row(), "Ann", desk.clock()
    )


async def told(desk: Desk) -> list[object]:
    return await desk.column("SELECT detail FROM audit WHERE what = 'callback.not_called'")


async def test_a_desk_phone_that_is_not_picked_up_is_told_once_in_the_name_of_whose_it_is(desk: Desk) -> None:
    await clicked(desk)
    for _ in range(3):
        await nobody_dialled(desk.database, NOT_TAKEN, desk.clock())
    assert await told(desk) == ['{"why": "no_answer"}']
    assert await desk.column("SELECT who FROM audit WHERE what = 'callback.not_called'") == ["Ann"]
    assert (await desk.row()).state is CallbackState.CLAIMED
    assert await desk.column("SELECT count(*) FROM attempt") == [0]


async def test_a_reply_that_came_while_the_phone_rang_hides_nothing_of_it(desk: Desk) -> None:
    await clicked(desk)
    await desk.inbox.received(text("are you there?"))
    await nobody_dialled(desk.database, NOT_TAKEN, desk.clock())
    assert len(await told(desk)) == 1


@pytest.mark.parametrize(
    "attempt_id", ["textback-1-2", "textback-2-1", "textback-1-1-1", "textback-", "", "x-1-1", f"textback-1-{'9' * 30}"]
)
async def test_an_attempt_that_nobody_made_changes_nothing(desk: Desk, attempt_id: str) -> None:
    await clicked(desk)
    before = await desk.row()
    await nobody_dialled(desk.database, replace(NOT_TAKEN, attempt_id=attempt_id), desk.clock())
    assert await desk.row() == before


async def test_a_row_that_is_closed_or_whose_customer_was_called_meanwhile_is_left_alone(desk: Desk) -> None:
    await clicked(desk)
    await desk.call(outbound_call(at=desk.clock.advance(minutes=1)))
    await nobody_dialled(desk.database, NOT_TAKEN, desk.clock())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.REACHED)
    await nobody_dialled(desk.database, NOT_TAKEN, desk.clock())
    assert await told(desk) == []
