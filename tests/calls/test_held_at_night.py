"""`[rules] hold_at_night`: what is not urgent to anybody waits, and is decided again in the morning."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.calls.calls import EndedCall, Verdict
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Office
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.phone import E164
from bridge.domain.texts.policy import TextRules
from storage import opt_outs
from storage.database import Database
from storage.opt_outs import OptOutCause
from tests.desk import CUSTOMER, NEW_YORK, OFFICE, OTHER, Desk, answered_call, missed_call, outbound_call, text

TEN_PM = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EIGHT_AM = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
FROM_SEVEN = Calendar(NEW_YORK, ((OpeningSpan(time(7), time(17)),),) * 7)
HELD = TextRules(hold_at_night=OpeningSpan(time(21), time(8)))
OPEN_AT_EIGHT = replace(OFFICE, lines=tuple(replace(line, calendar=FROM_SEVEN) for line in OFFICE.lines))
SOMEBODY = replace(OPEN_AT_EIGHT, roster=Roster((Shift(Calendar(NEW_YORK), ("Ann",)),)))


async def a_desk(database: Database, office: Office = OPEN_AT_EIGHT) -> Desk:
    made = Desk(database, office=office, rules=HELD)
    await made.resume()
    made.clock.now = TEN_PM
    return made


@pytest.fixture
async def night_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await Database.open(tmp_path / "night.db") as opened:
        yield await a_desk(opened)


def at_night(minutes: int = 0) -> EndedCall:
    return missed_call(at=TEN_PM + timedelta(minutes=minutes))


async def morning(desk: Desk, after: timedelta = timedelta(0)) -> None:
    desk.clock.now = EIGHT_AM + after
    await desk.missed_calls.release_held(desk.clock())


async def said(desk: Desk) -> list[object]:
    return await desk.column("SELECT text FROM message ORDER BY id")


async def why(desk: Desk) -> list[object]:
    return await desk.column("SELECT text_why FROM call ORDER BY id")


async def test_a_call_at_night_has_its_row_at_once_and_its_text_in_the_morning(night_desk: Desk) -> None:
    await night_desk.call(at_night())
    await night_desk.missed_calls.release_held(night_desk.clock.advance(hours=3))
    assert (await why(night_desk), await said(night_desk)) == (["held"], [])
    assert (await night_desk.row()).missed == 1

    await morning(night_desk)

    assert await why(night_desk) == ["send"]
    [words] = await said(night_desk)
    assert str(words).startswith("Acme Plumbing: Sorry we missed your call earlier. What can we help with?")
    assert await night_desk.column("SELECT template LIKE 'held.en.%' FROM message") == [1]


async def test_it_goes_out_only_once_however_often_they_called(night_desk: Desk) -> None:
    for minutes in (0, 20, 40):
        await night_desk.call(at_night(minutes))

    await morning(night_desk)

    assert len(await said(night_desk)) == 1
    assert sorted(map(str, await why(night_desk))) == ["cool_down", "cool_down", "send"]


async def test_with_somebody_on_call_a_caller_of_this_minute_is_texted_at_once(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "on_call.db") as database:
        desk = await a_desk(database, SOMEBODY)
        await desk.call(at_night())
        await desk.missed_calls.ended(missed_call(OTHER, TEN_PM), TEN_PM + timedelta(minutes=6))

        assert await why(desk) == ["send", "held"]
        [words] = await said(desk)
        assert "our office is closed" in str(words)


async def test_whoever_asked_for_a_text_gets_it(night_desk: Desk) -> None:
    await night_desk.call(replace(at_night(), asked_for_text=True))

    assert await why(night_desk) == ["send"]


@pytest.mark.parametrize("call", [answered_call, outbound_call])
async def test_who_was_talked_with_meanwhile_is_not_texted(
    night_desk: Desk, call: Callable[[E164, datetime], EndedCall]
) -> None:
    await night_desk.call(at_night())
    await night_desk.call(call(CUSTOMER, TEN_PM + timedelta(hours=1)))

    await morning(night_desk)

    assert (await why(night_desk))[0] == "talked_since"
    assert await said(night_desk) == []


async def test_whose_row_somebody_closed_is_not_texted(night_desk: Desk) -> None:
    await night_desk.call(at_night())
    row = await night_desk.row()
    await night_desk.callbacks.finish(Seen.of(row, "Ann", night_desk.clock()), Outcome.NO_NEED)

    await morning(night_desk)

    assert (await why(night_desk), await said(night_desk)) == (["dealt_with"], [])


async def test_who_wrote_meanwhile_is_not_texted(night_desk: Desk) -> None:
    await night_desk.call(at_night())
    await night_desk.inbox.received(text("the roof leaks", CUSTOMER.value))

    await morning(night_desk)

    assert await why(night_desk) == ["replied"]


async def test_who_opted_out_meanwhile_is_not_texted(night_desk: Desk) -> None:
    await night_desk.call(at_night())
    async with night_desk.database.transaction() as tx:
        await opt_outs.start(tx, CUSTOMER, OptOutCause.BY_HAND, None, "Ann", night_desk.clock())

    await morning(night_desk)

    assert await why(night_desk) == ["opted_out"]


async def test_who_is_on_the_line_in_the_morning_is_decided_about_when_that_call_ends(night_desk: Desk) -> None:
    await night_desk.call(at_night())
    night_desk.live.numbers.add(CUSTOMER)
    await morning(night_desk)
    assert await why(night_desk) == ["in_call"]

    night_desk.live.numbers.clear()
    await night_desk.call(missed_call(CUSTOMER, EIGHT_AM + timedelta(minutes=2), verdict=Verdict.SHORT))

    assert await why(night_desk) == ["send", "short"]
    assert "earlier" in str((await said(night_desk))[0])


@pytest.mark.parametrize(("late", "decided"), [(14, "send"), (16, "too_old")])
async def test_the_age_of_a_text_counts_from_the_end_of_the_hold(night_desk: Desk, late: int, decided: str) -> None:
    await night_desk.call(at_night())

    await morning(night_desk, timedelta(minutes=late))

    assert await why(night_desk) == [decided]


async def test_where_the_office_is_still_closed_then_the_text_says_until_when(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "closed.db") as database:
        desk = await a_desk(database, OFFICE)
        await desk.call(at_night())

        await morning(desk)

        [words] = await said(desk)
        assert "our office is closed until 9 AM today" in str(words)
        assert "urgent" not in str(words)


async def test_without_the_setting_nothing_waits(desk: Desk) -> None:
    await desk.call(missed_call(at=TEN_PM))

    assert await why(desk) == ["send"]
