"""What a PBX is told to show: all of it after a connection, then what changes, and nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.callbacks.actions import Seen
from bridge.callbacks.desk_phones import ALL_AGAIN, REFRESH, DeskPhoneSync
from bridge.domain.callbacks.desk_label import Lamp
from bridge.domain.callbacks.queue import Outcome, Urgency
from bridge.ports import Originated
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, missed_call


@dataclass
class NotingDisplay:
    """Shows what it is told, and remembers each staff_messages."""

    connected_since: datetime | None = MONDAY_NOON
    takes: bool = True
    tellings: list[tuple[Lamp, bool]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    async def show(
        self, lamp: Lamp, labels: Sequence[tuple[Sequence[str], str]], *, forget: bool = False
    ) -> Originated:
        if not self.takes:
            return Originated(False, "Permission denied")
        self.tellings.append((lamp, forget))
        if forget:
            self.labels.clear()
        for spellings, words in labels:
            self.labels.update(dict.fromkeys(spellings, words))
        return Originated(True)

    def words(self, number: str) -> str:
        return self.labels.get(number, "")


def shown(desk: Desk, display: NotingDisplay) -> DeskPhoneSync:
    return DeskPhoneSync(desk.database, display, "US", clock=desk.clock)


async def test_a_new_connection_is_told_everything_and_then_only_changes(desk: Desk) -> None:
    display = NotingDisplay(labels={"1999": "long gone"})
    keeper = shown(desk, display)
    await desk.call(missed_call(CUSTOMER))
    await keeper.run_due()
    await keeper.run_due()
    assert display.tellings == [(Lamp.WAITING, True)]
    assert (display.words("2025550123"), display.words("1999")) == ("Callback x1", "")
    await desk.call(missed_call(OTHER))
    await keeper.run_due()
    assert display.tellings[1:] == [(Lamp.WAITING, False)]
    assert display.words("12025557788") == "Callback x1"


async def test_urgent_blinks_until_seen_and_a_closed_row_goes_dark(desk: Desk) -> None:
    display = NotingDisplay()
    keeper = shown(desk, display)
    await desk.call(missed_call())
    row = await desk.row()
    row = await desk.callbacks.rank(Seen.of(row, "Ann", desk.clock()), Urgency.URGENT)
    await keeper.run_due()
    row = await desk.callbacks.acknowledge(Seen.of(row, "Ann", desk.clock()))
    await keeper.run_due()
    assert display.words("2025550123") == "URGENT"
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    await keeper.run_due()
    assert [lamp for lamp, _ in display.tellings] == [Lamp.URGENT, Lamp.WAITING, Lamp.EMPTY]
    assert display.words("2025550123") == ""


async def test_what_a_lost_or_refusing_pbx_missed_it_is_told_later(desk: Desk) -> None:
    display = NotingDisplay()
    keeper = shown(desk, display)
    await keeper.run_due()
    display.takes = False
    await desk.call(missed_call())
    await keeper.run_due()
    assert display.words("2025550123") == ""
    display.takes = True
    await keeper.run_due()
    assert display.words("2025550123") == "Callback x1"
    display.connected_since = None
    await keeper.run_due()
    display.connected_since = MONDAY_NOON + timedelta(minutes=5)
    await keeper.run_due()
    assert display.tellings[-1] == (Lamp.WAITING, True)


async def test_the_lamp_is_told_again_now_and_then(desk: Desk) -> None:
    display = NotingDisplay()
    keeper = shown(desk, display)
    await keeper.run_due()
    desk.clock.now += REFRESH
    await keeper.run_due()
    assert display.tellings == [(Lamp.EMPTY, True), (Lamp.EMPTY, False)]


async def test_twice_a_day_the_pbx_forgets_and_is_told_everything(desk: Desk) -> None:
    display = NotingDisplay()
    keeper = shown(desk, display)
    await desk.call(missed_call())
    await keeper.run_due()
    display.labels["12025550111"] = "of somebody who was forgotten here"
    desk.clock.now += ALL_AGAIN
    await keeper.run_due()
    assert display.words("12025550111") == ""
    assert display.words("2025550123") == "Callback x1"


async def test_a_commit_is_shown_without_being_asked_for(desk: Desk) -> None:
    display = NotingDisplay()
    async with running(shown(desk, display)):
        await desk.call(missed_call())
        async with asyncio.timeout(10):
            while not display.words("2025550123"):  # noqa: ASYNC110  # a phone has no event either
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(keeper: DeskPhoneSync) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
