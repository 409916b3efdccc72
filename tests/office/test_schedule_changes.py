"""Closed tomorrow, open late today: what people say of the hours holds wherever hours are looked at."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt
from bridge.domain.office.hours import HoursChange, OpenOrClosed
from bridge.domain.texts.messages import MessageKind
from bridge.office.composer import Composer
from bridge.office.schedule_changes import ScheduleChangeError, ScheduleChanges
from bridge.oncall.staff_messages import StaffMessages
from bridge.reports import figures
from bridge.reports.digest import Digest
from bridge.reports.settings import DigestSettings
from storage.database import Database
from storage.schedule import HOURS
from tests.desk import EAST, MONDAY_NIGHT, MONDAY_NOON, STAFF, Desk, missed_call
from tests.oncall.night import LEAK, Night, day, night

__all__ = ["day", "night"]

TUESDAY = datetime(2026, 11, 24, 5, tzinfo=UTC)
"""Midnight in New York."""


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.resume()
    return made


def closed(start: datetime, end: datetime, *, branch: str | None = None, line: str | None = None) -> HoursChange:
    return HoursChange(OpenOrClosed.CLOSED, start, end, branch, line, by="Ann")


def opened(start: datetime, end: datetime) -> HoursChange:
    return HoursChange(OpenOrClosed.OPEN, start, end, by="Ann")


async def enter(desk: Desk, change: HoursChange) -> int:
    return (await ScheduleChanges(desk.database, desk.office).enter(HOURS, change, desk.clock())).id


async def test_a_call_of_a_day_that_was_closed_is_after_hours_and_its_text_says_so(desk: Desk) -> None:
    await enter(desk, closed(MONDAY_NOON - timedelta(hours=1), TUESDAY))
    await desk.call(missed_call())
    assert await desk.column("SELECT closed FROM call") == [1]
    assert "our office is closed until 9 AM tomorrow" in (await desk.parts())[0].text


async def test_a_call_while_open_late_is_answered_as_one_in_office_hours(desk: Desk) -> None:
    await enter(desk, opened(MONDAY_NOON, MONDAY_NIGHT + timedelta(hours=1)))
    await desk.call(missed_call(at=MONDAY_NIGHT))
    assert await desk.column("SELECT closed FROM call") == [0]
    assert "closed" not in (await desk.parts())[0].text


async def test_closed_until_names_the_next_opening_that_is_left(desk: Desk) -> None:
    await enter(desk, closed(TUESDAY, TUESDAY + timedelta(days=1)))
    await desk.call(missed_call(at=MONDAY_NIGHT))
    assert "closed until 9 AM Wed" in (await desk.parts())[0].text


async def test_a_change_for_one_line_leaves_the_others_as_they_are(desk: Desk) -> None:
    await enter(desk, closed(MONDAY_NOON - timedelta(hours=1), TUESDAY, line="east"))
    await desk.call(missed_call())
    await desk.call(missed_call(did=EAST.dids[0]))
    assert await desk.column("SELECT closed FROM call ORDER BY id") == [0, 1]


async def test_taken_back_the_file_holds_again_and_both_stand_in_the_audit(desk: Desk) -> None:
    change = await enter(desk, closed(MONDAY_NOON - timedelta(hours=1), TUESDAY))
    await ScheduleChanges(desk.database, desk.office).take_back(HOURS, change, "Bob", desk.clock())
    await desk.call(missed_call())
    assert await desk.column("SELECT closed FROM call") == [0]
    said = "SELECT who || ' ' || what FROM audit WHERE subject = 'hours' ORDER BY id"
    assert await desk.column(said) == ["Ann hours.entered", "Bob hours.taken_back"]
    with pytest.raises(ScheduleChangeError, match="taken back before"):
        await ScheduleChanges(desk.database, desk.office).take_back(HOURS, change, "Bob", desk.clock())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (closed(TUESDAY, TUESDAY + timedelta(days=1), line="north"), "there is no line or branch north"),
        (closed(TUESDAY, TUESDAY + timedelta(days=1), branch="north"), "there is no line or branch north"),
        (closed(MONDAY_NOON - timedelta(days=2), MONDAY_NOON - timedelta(days=1)), "gone by"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(desk: Desk, wrong: HoursChange, said: str) -> None:
    with pytest.raises(ScheduleChangeError, match=said):
        await enter(desk, wrong)


async def test_not_reached_the_row_comes_back_after_two_hours_of_the_office_as_it_is_open(desk: Desk) -> None:
    await enter(desk, closed(MONDAY_NOON + timedelta(hours=1), TUESDAY + timedelta(days=1)))
    await desk.call(missed_call())
    row = await desk.row()
    tried = await desk.callbacks.attempt(Seen.of(row, "Ann", desk.clock()), Attempt.NO_ANSWER)
    assert tried.until == datetime(2026, 11, 25, 15, tzinfo=UTC)  # an hour of today's, and one from nine on Wednesday


async def test_the_digest_waits_for_the_opening_that_people_said(desk: Desk) -> None:
    await enter(desk, closed(TUESDAY, TUESDAY + timedelta(hours=12)))
    digest = Digest(
        desk.database, desk.office, DigestSettings(("Ann",)), StaffMessages(desk.office, Composer(), by_email=False)
    )
    sent = []
    for hour in (9, 12):
        await digest.run_due(TUESDAY + timedelta(hours=hour))
        sent.append([part.number for part in await desk.parts() if part.kind is MessageKind.STAFF])
    assert sent == [[], [STAFF]]


async def test_no_office_hour_has_passed_for_a_lead_while_the_office_was_closed(desk: Desk) -> None:
    await enter(desk, closed(MONDAY_NOON - timedelta(hours=1), TUESDAY))
    await desk.call(missed_call())
    async with desk.database.read() as db:
        day = date(2026, 11, 23)
        counted = await figures.of_period(db, desk.office, day, day, MONDAY_NOON + timedelta(hours=3))
    assert counted.no_next_step == 0


async def test_urgent_words_are_told_at_once_on_a_day_that_was_closed(day: Night) -> None:
    await enter(day, closed(MONDAY_NOON - timedelta(hours=1), TUESDAY))
    await day.is_missed()
    await day.writes(LEAK)
    assert await day.who_was_told() == ["Ann"]


async def test_urgent_words_show_on_the_page_first_in_an_evening_that_was_opened(night: Night) -> None:
    await enter(night, opened(MONDAY_NIGHT - timedelta(hours=5), MONDAY_NIGHT + timedelta(hours=1)))
    await night.is_missed()
    await night.writes(LEAK)
    assert await night.who_was_told() == []
    await night.passes(minutes=3)
    assert await night.who_was_told() == ["Ann"]
