"""The queue as customers, and the digest that goes out once when the office opens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bridge.digest import Digest, DigestSettings
from bridge.domain import gsm
from bridge.domain.messages import Kind
from bridge.domain.office import Person
from bridge.domain.phone import E164
from bridge.domain.queue import Outcome
from bridge.telling import Telling
from tests.desk import CUSTOMER, EAST, MONDAY_NIGHT, MONDAY_NOON, OFFICE, OTHER, STAFF, Desk, missed_call, text

WITH_MAIL = replace(OFFICE, people=(Person("Ann", STAFF, "101"), Person("Eve", email="eve@acme.example")))
TUESDAY_NINE = MONDAY_NOON + timedelta(hours=21)
THIRD = E164("+13125550147")


def digest(desk: Desk, *people: str) -> Digest:
    telling = Telling(WITH_MAIL, gsm.split, by_email=True)
    return Digest(desk.database, WITH_MAIL, DigestSettings(people), telling)


async def waiting(desk: Desk) -> Sequence[E164 | None]:
    async with desk.database.read() as db:
        return [one.row.number for one in await digest(desk).waiting(db)]


async def test_urgent_customers_come_first_and_then_who_waits_longest(desk: Desk) -> None:
    for minute, caller in enumerate((CUSTOMER, OTHER, THIRD, None)):
        await desk.call(missed_call(caller, MONDAY_NOON + timedelta(minutes=minute)))
    await desk.inbox.received(text("the basement is flooding", THIRD.value))
    assert await waiting(desk) == [THIRD, CUSTOMER, OTHER, None]


async def test_a_customer_of_two_branches_is_listed_once(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(did=EAST.dids[0]))
    assert await waiting(desk) == [CUSTOMER]


async def test_what_needs_no_call_now_is_left_out(desk: Desk) -> None:
    for caller in (CUSTOMER, OTHER):
        await desk.call(missed_call(caller))
    row = await desk.row()
    await desk.callbacks.snooze(row.id, row.version, "Ann", MONDAY_NOON, MONDAY_NOON + timedelta(hours=2))
    row = await desk.row(OTHER)
    await desk.callbacks.finish(row.id, row.version, "Ann", MONDAY_NOON, Outcome.NO_NEED)
    assert await waiting(desk) == []


async def test_long_queues_are_whole(desk: Desk) -> None:
    for n in range(250):
        await desk.call(missed_call(E164(f"+12025{n:06}"), MONDAY_NOON + timedelta(seconds=n)))
    assert len(set(await waiting(desk))) == 250


async def test_at_opening_everybody_named_gets_it_once(desk: Desk) -> None:
    await desk.call(missed_call(at=MONDAY_NIGHT))
    for seconds in (-1, 0, 15, 3600):
        desk.clock.now = TUESDAY_NINE + timedelta(seconds=seconds)
        await digest(desk, "Ann", "Eve").look(desk.clock())
    [part] = [part for part in await desk.parts() if part.kind is Kind.STAFF]
    assert part.number == STAFF
    assert part.text == (
        "1 to call. #1 (202) 555-0123, since Mon 10 PM. Since Mon: 1 missed, 0 reached, 0 without a next step."
    )
    assert await desk.column("SELECT address FROM email") == ["eve@acme.example"]


async def test_the_next_morning_has_its_own(desk: Desk) -> None:
    for days in (0, 1):
        await digest(desk, "Ann").look(TUESDAY_NINE + timedelta(days=days))
    assert len(await desk.parts()) == 2


async def test_nobody_named_nothing_sent(desk: Desk) -> None:
    await digest(desk).look(TUESDAY_NINE)
    assert await desk.parts() == []


async def test_a_morning_that_has_gone_by_is_not_told_of_at_noon(desk: Desk) -> None:
    await digest(desk, "Ann").look(TUESDAY_NINE + timedelta(hours=3))
    assert await desk.parts() == []
