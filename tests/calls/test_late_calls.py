"""Calls that ended while nobody listened are found again in the PBX's own records."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bridge.calls.late_calls import COME_WITHIN, Backfill
from bridge.domain.callbacks.queue import CallbackState
from bridge.domain.calls.calls import CallKey, EndedCall, Verdict
from bridge.ports import RecordsCoverage
from storage import callbacks, calls
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, answered_call, missed_call, text

MINUTE = timedelta(minutes=1)


@dataclass
class Records:
    coverage = RecordsCoverage()
    written: list[EndedCall] = field(default_factory=list)
    broken: bool = False

    async def read(self, since: datetime, now: datetime) -> list[EndedCall]:
        if self.broken:
            raise PermissionError(13, "Permission denied", "Master.csv")
        told = [call for call in self.written if call.ended_at and call.ended_at >= since]
        return sorted(told, key=lambda call: call.ended_at or now)


@dataclass
class Office:
    """A desk whose line to the PBX was cut for ten minutes, until now."""

    desk: Desk
    records: Records = field(default_factory=Records)
    link: datetime | None = None

    def __post_init__(self) -> None:
        self.backfill = Backfill(
            self.desk.database,
            "office",
            self.records,
            lambda: self.link,
            self.desk.missed_calls.ended,
            clock=self.desk.clock,
        )

    async def connects(self) -> None:
        self.link = self.desk.clock()
        await self.backfill.run_due()

    async def calls(self) -> list[calls.CallRow]:
        async with self.desk.database.read() as db:
            return list(reversed(await calls.page(db)))


def ago(minutes: float) -> datetime:
    return MONDAY_NOON - minutes * MINUTE


@pytest.fixture
async def office(desk: Desk) -> Office:
    await desk.call(answered_call(OTHER, ago(30)))
    return Office(desk)


async def test_a_call_in_the_gap_has_its_row_and_its_text_and_is_marked_late(office: Office) -> None:
    office.records.written = [missed_call(at=ago(5))]
    await office.connects()
    await office.backfill.run_due()
    [_, found] = await office.calls()
    assert (found.filing.late, found.filing.verdict, found.filing.text_why) == (True, Verdict.MISSED, "send")
    assert (await office.desk.row()).missed == 1


async def test_one_that_is_too_old_by_now_has_its_row_and_no_text(office: Office) -> None:
    office.records.written = [missed_call(at=ago(16))]
    await office.connects()
    [_, found] = await office.calls()
    assert found.filing.text_why == "too_old"
    assert (await office.desk.row()).missed == 1


async def test_what_was_heard_live_is_not_taken_again_though_records_know_its_start_only_to_the_second(
    office: Office,
) -> None:
    heard = missed_call(at=ago(5))
    began = ago(5) - timedelta(seconds=25)
    await office.desk.call(replace(heard, key=replace(heard.key, started_at=began + timedelta(microseconds=530_000))))
    office.records.written = [heard]
    await office.connects()
    assert len(await office.calls()) == 2
    assert (await office.desk.row()).missed == 1


async def test_a_call_that_ended_unseen_is_resolved_with_what_was_heard_of_it(office: Office) -> None:
    heard = missed_call(at=ago(5), verdict=Verdict.UNKNOWN)
    await office.desk.call(heard)
    office.records.written = [
        replace(missed_call(at=ago(4)), key=heard.key, did="101", caller=missed_call(OTHER).caller)
    ]
    await office.connects()
    [_, found] = await office.calls()
    assert (found.filing.verdict, found.filing.number, found.call.did) == (Verdict.MISSED, CUSTOMER, heard.did)


async def test_a_call_that_was_taken_elsewhere_is_no_unheard_one_and_records_make_it_no_missed_one(
    office: Office,
) -> None:
    elsewhere = replace(missed_call(at=ago(5), verdict=Verdict.UNKNOWN), reason=None, elsewhere=True)
    await office.desk.call(elsewhere)
    office.records.written = [replace(missed_call(at=ago(5)), key=elsewhere.key)]
    await office.connects()
    [_, found] = await office.calls()
    assert (found.filing.verdict, found.filing.text_why) == (Verdict.UNKNOWN, "elsewhere")
    assert await office.desk.column("SELECT count(*) FROM message") == [0]


async def test_one_of_which_the_pbx_wrote_nothing_stays_listed_as_unknown(office: Office) -> None:
    await office.desk.call(missed_call(at=ago(5), verdict=Verdict.UNKNOWN))
    await office.connects()
    [_, found] = await office.calls()
    assert (found.filing.verdict, found.filing.text_why) == (Verdict.UNKNOWN, "unknown")


async def test_what_ends_once_we_listen_again_is_left_to_the_events(office: Office) -> None:
    await office.connects()
    office.desk.clock.advance(minutes=1)
    office.records.written = [missed_call(at=office.desk.clock() - MINUTE / 2)]
    await office.backfill.run_due()
    assert len(await office.calls()) == 1


async def test_records_that_come_minutes_later_are_still_taken(office: Office) -> None:
    await office.connects()
    await office.desk.call(answered_call(OTHER, MONDAY_NOON + 4 * MINUTE))
    office.desk.clock.advance(minutes=1)
    office.records.written = [missed_call(at=ago(2))]
    await office.backfill.run_due()
    assert (await office.desk.row()).missed == 1


async def test_a_call_cut_off_that_went_on_is_resolved_however_long_it_lasted(office: Office) -> None:
    await office.connects()
    ends_at = MONDAY_NOON + 3 * COME_WITHIN
    office.desk.clock.now = ends_at
    cut = missed_call(at=ends_at, verdict=Verdict.UNKNOWN)
    await office.desk.call(cut)
    office.records.written = [replace(answered_call(at=ends_at), key=cut.key)]
    await office.backfill.run_due()
    assert (await office.calls())[-1].filing.verdict is Verdict.ANSWERED


async def test_calls_from_before_this_office_first_listened_are_none_of_ours(office: Office) -> None:
    office.records.written = [missed_call(at=ago(40))]
    await office.connects()
    assert len(await office.calls()) == 1


async def test_a_new_install_takes_nothing_from_the_past(desk: Desk) -> None:
    office = Office(desk, Records([missed_call(at=ago(5))]))
    await office.connects()
    assert await office.calls() == []


async def test_who_got_through_within_the_gap_needs_no_call_any_more(office: Office) -> None:
    office.records.written = [missed_call(at=ago(8)), answered_call(at=ago(6))]
    await office.connects()
    row = await office.desk.row()
    assert (row.state, row.reached_by, row.missed) == (CallbackState.CLOSED, "Ann", 1)
    [_, missed, _] = await office.calls()
    assert missed.filing.late


async def test_who_got_through_before_the_missed_call_was_found_needs_none_either(office: Office) -> None:
    await office.connects()
    await office.desk.call(answered_call(at=MONDAY_NOON))
    office.records.written = [missed_call(at=ago(5))]
    await office.backfill.run_due()
    row = await office.desk.row()
    assert (row.state, row.reached_at, row.reached_by) == (CallbackState.CLOSED, MONDAY_NOON, "Ann")


@pytest.mark.parametrize("sign", ["call", "text"])
async def test_a_talk_found_late_closes_nothing_that_came_after_it(office: Office, sign: str) -> None:
    office.desk.clock.now = ago(10)
    await office.desk.call(missed_call(at=ago(10)))
    if sign == "call":
        await office.desk.call(missed_call(at=ago(3)))
    else:
        office.desk.clock.now = ago(3)
        await office.desk.inbox.received(text("it leaks again"))
    office.records.written = [answered_call(at=ago(5))]
    office.desk.clock.now = MONDAY_NOON
    await office.connects()
    assert (await office.desk.row()).state is CallbackState.OPEN


async def test_records_that_cannot_be_read_are_told_once_and_tried_again(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.records.broken = True
    office.records.written = [missed_call(at=ago(5))]
    await office.connects()
    await office.backfill.run_due()
    assert capsys.readouterr().out.count("backfill.unreadable") == 1
    office.records.broken = False
    await office.backfill.run_due()
    assert (await office.desk.row()).missed == 1


async def test_the_same_records_again_and_again_change_nothing(office: Office) -> None:
    office.records.written = [missed_call(at=ago(5)), answered_call(OTHER, ago(4))]
    await office.connects()
    before = await office.desk.row()
    for _ in range(3):
        await office.backfill.run_due()
    await office.connects()
    assert await office.desk.row() == before
    assert len(await office.calls()) == 3


async def test_the_key_of_a_call_of_another_pbx_is_another_call(office: Office) -> None:
    other = missed_call(OTHER, ago(5))
    heard = replace(other, key=CallKey("warehouse", other.key.uniqueid, other.key.started_at))
    await office.desk.call(heard)
    office.records.written = [replace(missed_call(at=ago(5)), key=other.key)]
    await office.connects()
    async with office.desk.database.read() as db:
        assert (await callbacks.unfinished(db, "main", CUSTOMER)) is not None


async def test_one_that_we_cannot_digest_keeps_none_of_the_others_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = office.desk.missed_calls.ended
    bad, good = missed_call(at=ago(6)), missed_call(OTHER, ago(5))

    async def stumbles(call: EndedCall, now: datetime, *, late: bool) -> None:
        if call.key == bad.key:
            raise ZeroDivisionError
        await store(call, now, late=late)

    monkeypatch.setattr(office.backfill, "_ended", stumbles)
    office.records.written = [bad, good]
    await office.connects()
    await office.backfill.run_due()
    assert (await office.desk.row(OTHER)).missed == 1
