"""The queue as customers, and the digest that goes out once when the office opens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Person
from bridge.domain.phone import E164
from bridge.domain.reports.figures import Count, added
from bridge.domain.texts.messages import MessageKind
from bridge.office.composer import Composer
from bridge.oncall.staff_messages import StaffMessages
from bridge.reports import figures
from bridge.reports.digest import Digest
from bridge.reports.settings import DigestSettings
from tests.desk import (
    CUSTOMER,
    EAST,
    MAIN,
    MONDAY_NIGHT,
    MONDAY_NOON,
    NEW_YORK,
    OFFICE,
    OTHER,
    STAFF,
    Desk,
    answered_call,
    missed_call,
    text,
)

WITH_MAIL = replace(OFFICE, people=(Person("Ann", STAFF, "101"), Person("Eve", email="eve@acme.example")))
TUESDAY_NINE = MONDAY_NOON + timedelta(hours=21)
THIRD = E164("+13125550147")


def digest(desk: Desk, *people: str) -> Digest:
    staff_messages = StaffMessages(WITH_MAIL, Composer(), by_email=True)
    return Digest(desk.database, WITH_MAIL, DigestSettings(people), staff_messages)


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
    await desk.callbacks.snooze(Seen.of(row, "Ann", MONDAY_NOON), MONDAY_NOON + timedelta(hours=2))
    row = await desk.row(OTHER)
    await desk.callbacks.finish(Seen.of(row, "Ann", MONDAY_NOON), Outcome.NO_NEED)
    assert await waiting(desk) == []


async def test_long_queues_are_whole(desk: Desk) -> None:
    for n in range(250):
        await desk.call(missed_call(E164(f"+12025{n:06}"), MONDAY_NOON + timedelta(seconds=n)))
    assert len(set(await waiting(desk))) == 250


async def test_at_opening_everybody_named_gets_it_once(desk: Desk) -> None:
    await desk.call(missed_call(at=MONDAY_NIGHT))
    for seconds in (-1, 0, 15, 3600):
        desk.clock.now = TUESDAY_NINE + timedelta(seconds=seconds)
        await digest(desk, "Ann", "Eve").run_due(desk.clock())
    [part] = [part for part in await desk.parts() if part.kind is MessageKind.STAFF]
    assert part.number == STAFF
    assert part.text == (
        "1 to call. #1 (202) 555-0123, since Mon 10 PM. Since Mon: 1 missed, 0 reached, 0 without a next step."
    )
    assert await desk.column("SELECT address FROM email") == ["eve@acme.example"]
    assert await desk.column("SELECT body FROM email") == [
        "1 to call.\nSince Mon: 1 missed, 0 reached, 0 without a next step.\n\n#1 (202) 555-0123, since Mon 10 PM"
    ]


async def test_the_next_morning_has_its_own(desk: Desk) -> None:
    for days in (0, 1):
        await digest(desk, "Ann").run_due(TUESDAY_NINE + timedelta(days=days))
    assert len(await desk.parts()) == 2


async def test_nobody_named_nothing_sent(desk: Desk) -> None:
    await digest(desk).run_due(TUESDAY_NINE)
    assert await desk.parts() == []


async def test_a_morning_that_has_gone_by_is_not_told_of_at_noon(desk: Desk) -> None:
    await digest(desk, "Ann").run_due(TUESDAY_NINE + timedelta(hours=3))
    assert await desk.parts() == []


# --- one for each branch -------------------------------------------------------------------------------------------

EAST_OPENS_AT_TEN = replace(
    EAST, sms_number="+12025550200", calendar=Calendar(NEW_YORK, ((OpeningSpan(time(10), time(17)),),) * 7)
)
TWO_BRANCHES = replace(WITH_MAIL, lines=(MAIN, EAST_OPENS_AT_TEN), people=(*OFFICE.people, Person("Olga", THIRD)))


def of_branches(desk: Desk, *people: str, **branches: tuple[str, ...]) -> Digest:
    staff_messages = StaffMessages(TWO_BRANCHES, Composer(), by_email=False)
    return Digest(desk.database, TWO_BRANCHES, DigestSettings(people, branches=branches), staff_messages)


async def test_a_branch_has_its_own_digest_at_its_own_opening_from_its_own_number(desk: Desk) -> None:
    await desk.call(missed_call(at=MONDAY_NIGHT))
    await desk.call(missed_call(OTHER, at=MONDAY_NIGHT, did=EAST.dids[0]))
    for minutes in (0, 59, 60, 61):
        await of_branches(desk, "Ann", east=("Olga",)).run_due(TUESDAY_NINE + timedelta(minutes=minutes))
    everything, east = [part for part in await desk.parts() if part.kind is MessageKind.STAFF]
    assert (everything.number, everything.text.partition(".")[0]) == (STAFF, "2 to call")
    assert (east.number, east.source) == (THIRD, "+12025550200")
    assert east.text == (
        "east: 1 to call. #2 (202) 555-7788, since Mon 10 PM. Since Mon: 1 missed, 0 reached, 0 without a next step."
    )


async def test_a_customer_of_two_branches_stands_in_the_digest_of_each(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(did=EAST.dids[0]))
    digest = of_branches(desk)
    async with desk.database.read() as db:
        assert [one.row.id for one in await digest.waiting(db, "main")] == [1]
        assert [one.row.id for one in await digest.waiting(db, "east")] == [2]


async def test_the_figures_of_the_branches_add_up_to_those_of_the_office(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, did=EAST.dids[0]))
    await desk.call(missed_call(THIRD, did=EAST.dids[0]))
    await desk.call(answered_call(THIRD, MONDAY_NOON + timedelta(minutes=5), did=EAST.dids[0]))
    today = MONDAY_NOON.date()
    async with desk.database.read() as db:
        whole, main, east = [
            await figures.of_period(db, OFFICE, today, today, TUESDAY_NINE, branch=branch)
            for branch in (None, "main", "east")
        ]
    assert whole.counts == added(main.counts, east.counts)
    assert (main.counts[Count.CALLS_RECOVERED], east.counts[Count.CALLS_RECOVERED]) == (0, 1)
    assert whole.no_next_step == main.no_next_step + east.no_next_step == 2
