"""What is forgotten in time, and at somebody's wish; what stays all the same."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt, Outcome
from bridge.domain.calls.calls import Caller
from bridge.domain.phone import E164, national
from bridge.domain.reports.figures import Counts
from bridge.reports import figures
from bridge.reports.retention import Privacy, Retention
from bridge.reports.settings import RetentionSettings
from storage import opt_outs
from storage.database import Database
from tests.desk import CUSTOMER, MONDAY_NOON, OFFICE, OTHER, Desk, answered_call, missed_call, outbound_call, text
from tests.texts.test_auto_reply import silence

YEAR = timedelta(days=367)
WORDS = "My basement is flooding, 4 Oak Ave"


async def a_day(desk: Desk) -> None:
    """One customer of every kind: reached, opted out, still open, withheld."""
    async with desk.sending():
        await desk.call(missed_call())
        await desk.call(missed_call(OTHER))
        await desk.until_parts_are("submitted", "submitted")
        await desk.inbox.received(text(WORDS))
        await desk.inbox.received(text("STOP", OTHER.value))
        await desk.until_parts_are("submitted", "submitted", "submitted")
    row = await desk.row()
    row = await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))
    row = await desk.callbacks.note(Seen.of(row, "Ann", desk.clock()), "old Mary, mind the dog")
    await desk.callbacks.attempt(Seen.of(row, "Ann", desk.clock()), Attempt.NO_ANSWER)
    await desk.call(outbound_call())
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(minutes=9)))
    await desk.call(missed_call(None, MONDAY_NOON + timedelta(minutes=11)))


async def counts(desk: Desk) -> Counts:
    first = MONDAY_NOON.date()
    async with desk.database.read() as db:
        return (await figures.of_period(db, OFFICE, first, first, desk.clock())).counts


def retention(desk: Desk) -> Retention:
    return Retention(desk.database, OFFICE, RetentionSettings())


async def everything(desk: Desk) -> str:
    """All that is in the file, as one string."""
    tables = await desk.column("SELECT name FROM sqlite_master WHERE type = 'table'")
    async with desk.database.read() as db:
        rows = [tuple(row) for table in tables for row in await db.all(f"SELECT * FROM {table}")]
    return repr(rows)


async def test_after_ninety_days_the_words_are_gone_and_the_rows_are_there(desk: Desk) -> None:
    await a_day(desk)
    before = await counts(desk)
    row = await desk.row()
    await retention(desk).run_due(desk.clock.advance(days=89))
    assert WORDS in await everything(desk)
    await retention(desk).run_due(desk.clock.advance(days=2))
    kept = await everything(desk)
    assert WORDS not in kept
    assert "Sorry we missed you" not in kept
    assert (await desk.row()).closed_at == row.closed_at
    assert await counts(desk) == before


async def test_after_a_year_the_rows_are_gone_and_the_counts_are_there(desk: Desk) -> None:
    await a_day(desk)
    before = await counts(desk)
    await retention(desk).run_due(desk.clock.advance(days=YEAR.days))
    assert set(await desk.column("SELECT number FROM call")) == {OTHER.value, None}
    assert "mind the dog" not in await everything(desk)
    assert await counts(desk) == before


async def test_open_rows_and_opt_outs_stay_for_ever(desk: Desk) -> None:
    await a_day(desk)
    await retention(desk).run_due(desk.clock.advance(days=YEAR.days))
    await retention(desk).run_due(desk.clock.advance(days=YEAR.days))
    assert await desk.column("SELECT state FROM callback") == ["open", "open"]
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, OTHER)


async def test_the_proof_of_an_opt_out_stays_when_its_row_was_closed(desk: Desk) -> None:
    await a_day(desk)
    row = await desk.row(OTHER)
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.NO_NEED)
    await retention(desk).run_due(desk.clock.advance(days=YEAR.days))
    assert await desk.column("SELECT word FROM reply") == ["stop"]


async def test_it_works_once_a_night(desk: Desk) -> None:
    await a_day(desk)
    nightly = retention(desk)
    desk.clock.now = MONDAY_NOON + timedelta(days=100)
    await nightly.run_due(desk.clock())
    commits = desk.database.commits.count
    for hours in (1, 14):  # 13:00 and 02:00 there
        await nightly.run_due(desk.clock.now + timedelta(hours=hours))
    assert desk.database.commits.count == commits
    await nightly.run_due(desk.clock.now + timedelta(hours=15))
    assert desk.database.commits.count == commits + 1


async def test_after_it_the_file_is_sound_and_work_goes_on(desk: Desk) -> None:
    await a_day(desk)
    for days in (100, 300, 30):
        await retention(desk).run_due(desk.clock.advance(days=days))
    assert await desk.column("PRAGMA foreign_key_check") == []
    assert await desk.column("PRAGMA integrity_check") == ["ok"]
    await desk.call(missed_call(at=desk.clock()))
    await desk.inbox.received(text("again me"))
    assert (await desk.row()).unread


async def test_days_are_counted_once_however_long_nobody_looked(desk: Desk) -> None:
    await a_day(desk)
    before = await counts(desk)
    for _ in range(3):
        await retention(desk).run_due(desk.clock.advance(days=400))
    assert await counts(desk) == before
    assert await desk.column("SELECT count(*) = count(DISTINCT day || name) FROM frozen_figure") == [1]


# --- forget and export --------------------------------------------------------------------------------------------


async def forget(desk: Desk, number: E164 = CUSTOMER) -> int:
    return await Privacy(desk.database).forget(number, "Ann", desk.clock())


@pytest.mark.parametrize("number", [CUSTOMER, OTHER])
async def test_who_is_forgotten_stands_nowhere_any_more_and_counts_as_before(desk: Desk, number: E164) -> None:
    await a_day(desk)
    before = await counts(desk)
    assert await forget(desk, number) > 0
    kept = await everything(desk)
    for trace in (number.digits, number.digits[1:], national(number, "US")):
        assert trace not in kept
    if number is CUSTOMER:
        assert WORDS not in kept
        assert "Mary" not in kept
        assert "Oak Ave" not in kept
    after = await counts(desk)
    open_before = {count: n for count, n in before.items() if "callbacks_" not in count}
    assert {count: after[count] for count in open_before} == open_before
    assert await desk.column("PRAGMA foreign_key_check") == []


async def test_an_open_row_of_somebody_who_is_forgotten_closes_and_nothing_to_them_leaves(desk: Desk) -> None:
    desk.gateway.set_ready(False)
    await desk.call(missed_call())
    await forget(desk)
    assert await desk.column("SELECT state FROM callback") == ["closed"]
    assert await desk.column("SELECT state || why FROM message_part") == ["cancelledforgotten"]


async def test_an_opt_out_outlives_being_forgotten(desk: Desk) -> None:
    await a_day(desk)
    await forget(desk, OTHER)
    desk.clock.advance(days=30)
    await desk.call(missed_call(OTHER, desk.clock()))
    assert (await desk.column("SELECT text_why FROM call ORDER BY id DESC"))[0] == "opted_out"
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, OTHER)


async def test_start_ends_an_opt_out_that_outlived_it(desk: Desk) -> None:
    await a_day(desk)
    await forget(desk, OTHER)
    for words in ("START", "hello"):
        await desk.inbox.received(text(words, OTHER.value))
    async with desk.database.read() as db:
        assert await opt_outs.in_force(db, OTHER) is None


async def test_two_offices_make_different_pseudonyms_and_one_makes_the_same(desk: Desk) -> None:
    seen = []
    for _ in range(2):
        await desk.call(missed_call(at=desk.clock.advance(days=2)))
        await forget(desk)
        seen.append(await desk.column("SELECT DISTINCT number FROM call"))
    assert seen[0] == seen[1]
    assert str(seen[0][0]).startswith("+888")


async def test_the_pages_can_show_a_pseudonym(desk: Desk) -> None:
    await desk.call(missed_call())
    await forget(desk)
    [number] = await desk.column("SELECT number FROM call")
    assert national(E164(str(number)), "US").startswith("+888")
    assert E164(str(number)).region not in OFFICE.regions


async def test_an_export_holds_everything_of_that_number_and_nothing_of_others(desk: Desk) -> None:
    await a_day(desk)
    await silence(desk)
    found = await Privacy(desk.database).export(CUSTOMER)
    written = json.dumps(found)
    for part in (WORDS, "mind the dog", "no_answer", "Sorry we missed you", "4 Oak Ave", "2026-11-23T17:00:00+00:00"):
        assert part in written
    assert OTHER.value not in written
    assert {table: len(rows) for table, rows in found.items() if not rows} == {
        "contact": 0, "landline": 0, "opt_out": 0, "second_number": 0, "escalation": 0,
    }  # fmt: skip


async def test_nobody_known_exports_and_forgets_as_nothing(database: Database) -> None:
    desk = Desk(database)
    assert not any((await Privacy(database).export(CUSTOMER)).values())
    assert await forget(desk) == 0


async def unreadable(desk: Desk, digits: str) -> None:
    await desk.call(replace(missed_call(), caller=Caller(None, digits, "Door at the gate")))


async def test_digits_nobody_can_read_are_exported_and_forgotten_like_a_number(desk: Desk) -> None:
    await unreadable(desk, "0000000000")
    await unreadable(desk, "447700900123")
    await desk.inbox.received(text("who is this?", "447700900123"))
    privacy = Privacy(desk.database)

    exported = json.dumps(await privacy.export("447700900123"))
    assert ("Door at the gate" in exported, "0000000000" in exported) == (True, False)
    assert await privacy.forget("447700900123", "Ann", desk.clock()) > 0

    kept = await everything(desk)
    assert ("447700900123" in kept, "0000000000" in kept) == (False, True)
    assert await desk.column("SELECT state FROM callback ORDER BY id") == ["open", "closed"]
    assert await desk.column("SELECT count(DISTINCT coalesce(number, digits)) FROM call") == [2]


async def test_a_closed_row_of_digits_goes_after_a_year(desk: Desk) -> None:
    await unreadable(desk, "0000000000")
    row = await desk.row(None)
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.NO_NEED)

    await retention(desk).run_due(desk.clock.advance(days=YEAR.days))

    assert await desk.column("SELECT count(*) FROM call") == [0]
    assert await desk.column("SELECT count(*) FROM callback") == [0]
