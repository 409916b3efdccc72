"""Who is no customer has no row and no text, and is listed with the reason: promise 1."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.calls.calls import FilterReason, Verdict
from bridge.domain.texts.policy import ContactKind
from storage import calls, contacts
from storage.contacts import Contact
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, STAFF, Desk, missed_call

TOLD_BY_THE_CALL = [why for why in FilterReason if why not in (FilterReason.STAFF, FilterReason.BLOCKED)]


@pytest.mark.parametrize("why", TOLD_BY_THE_CALL)
async def test_what_the_call_tells_is_stored_as_its_reason(desk: Desk, why: FilterReason) -> None:
    await desk.call(replace(missed_call(), filtered=why))

    assert await desk.column("SELECT filtered || ' ' || text_why FROM call") == [f"{why} {why}"]
    assert await desk.column("SELECT count(*) FROM callback") == [0]
    assert await desk.column("SELECT count(*) FROM message") == [0]


async def test_an_answered_call_of_whom_the_call_tells_something_is_just_answered(desk: Desk) -> None:
    await desk.call(replace(missed_call(verdict=Verdict.ANSWERED), filtered=FilterReason.SERVICE, answered_by="101"))

    assert await desk.column("SELECT coalesce(filtered, '') || text_why FROM call") == ["answered"]


async def every_kind(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(OTHER, "", ContactKind.BLOCKED), "Ann", MONDAY_NOON)
    told = [replace(missed_call(), filtered=why) for why in TOLD_BY_THE_CALL]
    for minute, call in enumerate((*told, missed_call(STAFF), missed_call(OTHER), missed_call(CUSTOMER))):
        ended_at = MONDAY_NOON + timedelta(minutes=minute)
        await desk.call(replace(call, key=replace(call.key, started_at=ended_at), ended_at=ended_at))


async def test_every_missed_call_has_its_row_or_its_reason(desk: Desk) -> None:
    await every_kind(desk)

    async with desk.database.read() as db:
        listed = {row.filing.filtered for row in await calls.filtered(db)}
    assert listed == set(FilterReason)
    assert await desk.column("SELECT count(*) FROM call WHERE (callback_id IS NULL) = (filtered IS NULL)") == [0]
