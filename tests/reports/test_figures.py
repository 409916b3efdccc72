"""The figures of a day at the office, recounted from what is stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt, Outcome
from bridge.domain.calls.calls import FilterReason
from bridge.domain.phone import E164
from bridge.domain.reports.figures import ADDITIVE, FILTERED, Count, EventCount, Figures, Recovery, by_hour, by_line
from bridge.domain.texts.policy import ContactKind
from bridge.reports import figures
from storage import contacts
from storage import figures as stored
from storage.contacts import Contact
from tests.calls.test_filters import TOLD_BY_THE_CALL, every_kind
from tests.desk import CUSTOMER, EAST, MONDAY_NOON, OTHER, STAFF, Desk, answered_call, missed_call, outbound_call, text
from tests.web import morning

MONDAY = date(2026, 11, 23)
THIRD = E164("+13125550147")


async def monday(desk: Desk) -> Figures:
    async with desk.database.read() as db:
        return await figures.of_period(db, desk.office, MONDAY, MONDAY, desk.clock())


async def count(desk: Desk, *counts: Count) -> list[int]:
    found = (await monday(desk)).counts
    assert found[Count.CALLBACKS_OPENED] == found[Count.CALLBACKS_OPEN] + found[Count.CALLBACKS_CLOSED]
    return [found[one] for one in counts]


async def test_missed_calls_and_the_callers_among_them(desk: Desk) -> None:
    for minute, caller in enumerate((CUSTOMER, CUSTOMER, OTHER, None, None)):
        await desk.call(missed_call(caller, MONDAY_NOON + timedelta(minutes=minute)))
    await desk.call(answered_call(THIRD))
    await desk.call(outbound_call(CUSTOMER, talked=0))
    assert await count(desk, Count.MISSED_CALLS, Count.MISSED_CALLERS, Count.CALLBACKS_OPENED) == [5, 3, 3]


async def test_filtered_calls_are_no_missed_calls(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "", ContactKind.BLOCKED), "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    assert await count(desk, Count.MISSED_CALLS, Count.FILTERED_CALLS, Count.CALLBACKS_OPENED) == [0, 1, 0]


async def test_filtered_calls_are_counted_by_their_reason(desk: Desk) -> None:
    await every_kind(desk)

    assert await count(desk, Count.MISSED_CALLS, Count.FILTERED_CALLS) == [1, len(FilterReason)]
    assert await count(desk, *FILTERED.values()) == [1] * len(FilterReason)
    async with desk.database.read() as db:
        happened = await figures.happened(db, desk.office, MONDAY, MONDAY)
    assert {one.count for one in happened if one.count in FILTERED.values()} == set(FILTERED.values())


async def test_replies_are_conversations_and_their_share_is_of_texts_sent(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.call(missed_call(OTHER))
        await desk.until_parts_are("submitted", "submitted")
    for words in ("sink leaks", "12 Elm St"):
        await desk.inbox.received(text(words))
    await desk.inbox.received(text("we never called you", THIRD.value))
    assert await count(desk, Count.TEXTS_SENT, Count.TEXT_REPLIES) == [2, 1]
    assert (await monday(desk)).reply_share == 0.5


async def test_a_text_that_never_left_was_not_sent(desk: Desk) -> None:
    await desk.call(missed_call())
    assert await count(desk, Count.TEXTS_SENT) == [0]
    assert (await monday(desk)).reply_share is None


async def test_recovered_is_who_talked_with_a_person_by_themselves_or_by_a_persons_word(desk: Desk) -> None:
    for caller in (CUSTOMER, OTHER, THIRD):
        await desk.call(missed_call(caller))
    await desk.call(answered_call(CUSTOMER, MONDAY_NOON + timedelta(minutes=5)))
    row = await desk.row(OTHER)
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    await desk.call(outbound_call(THIRD, MONDAY_NOON + timedelta(minutes=6)))
    assert await count(desk, Count.CALLS_RECOVERED, Count.APPOINTMENTS_BOOKED, Count.CALLBACKS_OPEN) == [2, 1, 1]
    async with desk.database.read() as db:
        assert await figures.recovery(db, desk.office, MONDAY, MONDAY) == Recovery(1, 1, after_text=0)


async def test_a_first_text_that_went_out_before_they_were_reached_is_named_beside(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    await desk.call(answered_call(CUSTOMER, desk.clock.advance(minutes=5)))
    async with desk.database.read() as db:
        assert await figures.recovery(db, desk.office, MONDAY, MONDAY) == Recovery(1, 0, after_text=1)


async def test_lost_and_spam_are_closed_and_not_recovered(desk: Desk) -> None:
    for caller, outcome in ((CUSTOMER, Outcome.LOST), (OTHER, Outcome.SPAM)):
        await desk.call(missed_call(caller))
        row = await desk.row(caller)
        await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), outcome)
    assert await count(desk, Count.CALLS_RECOVERED, Count.CALLBACKS_CLOSED) == [0, 2]


async def test_urgent_leads_and_how_soon_they_were_acknowledged(desk: Desk) -> None:
    for caller, words in ((CUSTOMER, "the basement is flooding"), (OTHER, "no heat"), (THIRD, "a quote, please")):
        await desk.inbox.received(text(words, caller.value))
    row = await desk.row()
    await desk.callbacks.acknowledge(Seen.of(row, "Ann", desk.clock.advance(minutes=4)))
    assert await count(desk, Count.URGENT_FLAGGED, Count.URGENT_ACKNOWLEDGED) == [2, 1]
    assert (await monday(desk)).as_json()["median_minutes_to_acknowledgement"] == 4


async def test_time_to_contact_runs_from_the_end_of_the_first_missed_call(desk: Desk) -> None:
    for minute in (0, 5):
        await desk.call(missed_call(at=MONDAY_NOON + timedelta(minutes=minute)))
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(minutes=12)))
    found = (await monday(desk)).as_json()
    assert (found["median_minutes_to_first_contact"], found["p90_minutes_to_first_contact"]) == (12, 12)
    await desk.call(missed_call(OTHER, at=MONDAY_NOON))
    desk.clock.advance(minutes=40)
    found = (await monday(desk)).as_json()
    assert (found["p90_minutes_to_first_contact"], found["still_waiting_for_first_contact"]) == (52, 1)


async def test_a_lead_has_no_next_step_after_an_office_hour_without_owner_or_due_time(desk: Desk) -> None:
    for caller in (CUSTOMER, OTHER, THIRD):
        await desk.call(missed_call(caller))
    row = await desk.row(OTHER)
    await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))
    row = await desk.row(THIRD)
    await desk.callbacks.attempt(Seen.of(row, "Ann", desk.clock()), Attempt.NO_ANSWER)
    desk.clock.advance(minutes=59)
    assert (await monday(desk)).no_next_step == 0
    desk.clock.advance(minutes=1)
    assert (await monday(desk)).no_next_step == 1


async def test_a_call_of_the_evening_has_time_until_an_hour_after_opening(desk: Desk) -> None:
    await desk.call(missed_call(at=MONDAY_NOON + timedelta(hours=9)))
    desk.clock.advance(hours=11, minutes=59)  # Tuesday 09:00
    assert (await monday(desk)).no_next_step == 0
    desk.clock.advance(hours=1)
    assert (await monday(desk)).no_next_step == 0
    desk.clock.advance(minutes=1)
    assert (await monday(desk)).no_next_step == 1


@pytest.mark.parametrize(("hours", "there"), [(-13, False), (-12, True), (11, True), (12, False)])
async def test_days_are_days_of_the_office(desk: Desk, hours: int, there: bool) -> None:
    await desk.call(missed_call(at=MONDAY_NOON + timedelta(hours=hours)))
    assert await count(desk, Count.MISSED_CALLS) == [int(there)]


async def test_days_whose_rows_are_gone_keep_their_counts(desk: Desk) -> None:
    await desk.call(missed_call())
    kept = (await monday(desk)).counts
    async with desk.database.transaction() as tx:
        await stored.freeze(tx, MONDAY, kept)
    assert (await monday(desk)).counts == kept
    async with desk.database.transaction() as tx:
        await stored.freeze(tx, MONDAY, {**kept, Count.MISSED_CALLS: 7})
    assert (await monday(desk)).counts == kept


async def test_hours_and_lines_add_up_to_the_same_whole(desk: Desk) -> None:
    await desk.resume()
    await morning.play(desk)
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(THIRD, "", ContactKind.BLOCKED), "Ann", MONDAY_NOON)
    afternoon = MONDAY_NOON + timedelta(hours=2)
    for call in (missed_call(THIRD, afternoon), missed_call(STAFF, afternoon)):
        await desk.call(call)
    for why in TOLD_BY_THE_CALL:
        await desk.call(replace(missed_call(THIRD, afternoon), filtered=why))
    await desk.call(missed_call(OTHER, MONDAY_NOON + timedelta(hours=7), did=EAST.dids[0]))
    whole = (await monday(desk)).counts
    async with desk.database.read() as db:
        happened = await figures.happened(db, desk.office, MONDAY, MONDAY)
    hours = by_hour(happened, desk.office.zone)
    lines = by_line(happened, ["main", "east"])
    assert min(whole[count] for count in ADDITIVE) > 0
    for count in ADDITIVE:
        assert sum(hour[count] for hour in hours) == sum(line[count] for line in lines.values()) == whole[count]
    assert [hour for hour, counts in enumerate(hours) if counts[Count.MISSED_CALLS]] == [9, 10, 11, 19]
    assert lines["east"][Count.MISSED_CALLS] == 1


async def test_days_of_which_only_counts_are_kept_have_no_hours(desk: Desk) -> None:
    await desk.call(missed_call())
    async with desk.database.transaction() as tx:
        await stored.freeze(tx, MONDAY, (await monday(desk)).counts)
    async with desk.database.read() as db:
        assert await figures.happened(db, desk.office, MONDAY, MONDAY) == []


def test_the_hours_are_those_of_the_offices_clock_also_where_that_is_not_whole_hours_from_utc() -> None:
    at = datetime(2026, 11, 23, 3, 15, tzinfo=UTC)  # nine in Kathmandu
    hours = by_hour([EventCount(Count.MISSED_CALLS, at, "main", "", 2)], ZoneInfo("Asia/Kathmandu"))
    assert [counts[Count.MISSED_CALLS] for counts in hours] == [0] * 9 + [2] + [0] * 14
