"""Whose fault a failed text is: landlines are learned by a code or by repetition, never from a gateway that fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.phone import E164
from bridge.domain.texts.failures import MANY, REMEMBERED
from bridge.domain.texts.messages import Receipt, ReceiptState, Refused
from bridge.domain.texts.policy import NoTextReason
from bridge.texts.failures import FailureWatch
from storage import settings, text_outcomes
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, Desk, missed_call, receipt, text

DEAD = ReceiptState.UNDELIVERABLE


def callers(count: int, first: int = 2000) -> list[E164]:
    return [E164(f"+1202{555 + n // 10:03}{first + n * 37:04}") for n in range(count)]


def told(part_id: int, state: ReceiptState, code: str, *, landline: bool = False) -> Receipt:
    """The receipt of a part as the desk's gateway numbers them."""
    made = receipt(state, f"id-{part_id}")
    return replace(made, error=code, landline=landline, raw=made.raw + code.encode())


async def text_ends(
    desk: Desk, number: E164, state: ReceiptState = DEAD, code: str = "045", *, landline: bool = False
) -> str:
    """The number calls, is texted if it may be, and the text ends so. Why there was a text, or none."""
    await desk.call(missed_call(number, desk.clock()))
    *_, why = await desk.column("SELECT text_why FROM call ORDER BY id")
    if why == "send":
        parts = await desk.parts()
        async with desk.sending():
            await desk.gateway.submitted(len(desk.gateway.submissions) + 1)
            await desk.until_parts_are(*[part.state for part in parts[:-1]], "submitted")
        await desk.inbox.received(told(parts[-1].id, state, code, landline=landline))
    desk.clock.advance(minutes=10)
    return str(why)


async def landlines(desk: Desk) -> list[object]:
    return await desk.column("SELECT number FROM landline WHERE ended_at IS NULL ORDER BY id")


async def is_failing(desk: Desk) -> bool:
    async with desk.database.read() as db:
        return await settings.is_on(db, settings.FAILING)


async def the_next_day(desk: Desk, days: int = 1) -> None:
    desk.clock.advance(hours=25 * days)
    await FailureWatch(desk.database).run_due(desk.clock())


async def test_a_code_that_means_it_teaches_a_landline_at_once(desk: Desk) -> None:
    await text_ends(desk, CUSTOMER, code="30006", landline=True)
    await the_next_day(desk)
    assert await text_ends(desk, CUSTOMER) == NoTextReason.LANDLINE


@pytest.mark.parametrize("state", [DEAD, ReceiptState.REJECTED, ReceiptState.EXPIRED, ReceiptState.DELETED])
async def test_one_failure_of_any_other_code_teaches_nothing(desk: Desk, state: ReceiptState) -> None:
    await text_ends(desk, CUSTOMER, state)
    await the_next_day(desk)
    assert await text_ends(desk, CUSTOMER) == "send"


async def test_a_failure_that_repeats_on_another_day_teaches_a_landline(desk: Desk) -> None:
    await text_ends(desk, CUSTOMER)
    await the_next_day(desk, 3)
    await text_ends(desk, CUSTOMER, code="001")
    assert await landlines(desk) == [CUSTOMER.value]


async def test_a_phone_that_was_off_twice_is_no_landline(desk: Desk) -> None:
    for _ in range(3):
        await text_ends(desk, CUSTOMER, ReceiptState.EXPIRED)
        await the_next_day(desk)
    assert await landlines(desk) == []


async def test_a_text_that_arrives_between_two_failures_proves_a_mobile(desk: Desk) -> None:
    for state in (DEAD, ReceiptState.DELIVERED, DEAD):
        await text_ends(desk, CUSTOMER, state)
        await the_next_day(desk)
    assert await landlines(desk) == []


async def test_a_reply_between_two_failures_proves_a_mobile(desk: Desk) -> None:
    await text_ends(desk, CUSTOMER)
    await desk.inbox.received(text("who is this"))
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.NO_NEED)
    await the_next_day(desk, 2)
    await text_ends(desk, CUSTOMER)
    assert await landlines(desk) == []


async def test_a_landline_is_forgotten_after_half_a_year(desk: Desk) -> None:
    await text_ends(desk, CUSTOMER, landline=True)
    desk.clock.now = MONDAY_NOON + REMEMBERED - timedelta(hours=1)
    assert await text_ends(desk, CUSTOMER) == NoTextReason.LANDLINE
    desk.clock.advance(hours=25)
    await FailureWatch(desk.database).run_due(desk.clock())
    assert await landlines(desk) == []
    assert await text_ends(desk, CUSTOMER, ReceiptState.DELIVERED) == "send"
    assert await desk.column("SELECT what FROM audit WHERE subject = 'landline'") == [
        "landline.learned",
        "landline.expired",
    ]


async def test_a_lapsed_campaign_teaches_no_landline_and_is_told(desk: Desk) -> None:
    """Every text of the day is rejected; the next day they are all texted again."""
    day = callers(12)
    for number in day:
        assert await text_ends(desk, number, ReceiptState.REJECTED) == "send"
    assert await landlines(desk) == []
    assert await desk.column("SELECT what FROM audit WHERE subject = 'setting' AND what LIKE '%failing%'") == [
        "setting.failing_on"
    ]
    async with desk.database.read() as db:
        burst = await text_outcomes.burst(db, desk.clock())
    assert burst
    assert (burst.numbers, burst.code) == (12, "045")
    await the_next_day(desk)
    for number in day:
        assert await text_ends(desk, number, ReceiptState.DELIVERED) == "send"
    assert not await is_failing(desk)


async def test_a_campaign_that_lapses_for_two_days_teaches_no_landline_either(desk: Desk) -> None:
    day = callers(8)
    for _ in range(2):
        for number in day:
            assert await text_ends(desk, number) == "send"
        desk.clock.advance(hours=23)
    assert await landlines(desk) == []


@pytest.mark.parametrize("count", [2, 3])
async def test_a_quiet_day_on_which_every_text_fails_teaches_no_landline(desk: Desk, count: int) -> None:
    for _ in range(2):
        for number in callers(count):
            await text_ends(desk, number, ReceiptState.REJECTED)
        await the_next_day(desk)
    assert await landlines(desk) == []


async def test_landlines_learned_as_a_gateway_begins_to_fail_are_taken_back(desk: Desk) -> None:
    """It calls everybody a landline, by the very code that means it."""
    for number in callers(MANY):
        await text_ends(desk, number, code="30006", landline=True)
    assert await landlines(desk) == []
    assert await is_failing(desk)


async def test_a_gateway_that_refuses_every_submit_teaches_no_landline(desk: Desk) -> None:
    async def refuses(_: object) -> Refused:
        return Refused(0x0B, permanent=True)

    desk.gateway.answer = refuses
    for at, number in enumerate(callers(MANY), start=1):
        await desk.call(missed_call(number, desk.clock()))
        async with desk.sending():
            await desk.until_parts_are(*["failed"] * at)
        desk.clock.advance(minutes=10)
    assert await landlines(desk) == []
    assert await is_failing(desk)


async def test_landlines_among_texts_that_arrive_are_no_alarm(desk: Desk) -> None:
    for at, number in enumerate(callers(21)):
        landline = at % 3 == 0
        await text_ends(desk, number, DEAD if landline else ReceiptState.DELIVERED, landline=landline)
    assert not await is_failing(desk)
    assert len(await landlines(desk)) == 7


async def test_texts_that_get_through_end_the_alarm(desk: Desk) -> None:
    for number in callers(6):
        await text_ends(desk, number)
    assert await is_failing(desk)
    for number in callers(3, first=5000):
        await text_ends(desk, number, ReceiptState.DELIVERED)
    assert not await is_failing(desk)


async def test_the_alarm_ends_a_day_after_the_last_failure(desk: Desk) -> None:
    for number in callers(6):
        await text_ends(desk, number)
    await the_next_day(desk)
    assert not await is_failing(desk)


async def test_an_alarm_pauses_nothing(desk: Desk) -> None:
    for number in callers(6):
        await text_ends(desk, number)
    assert await text_ends(desk, OTHER) == "send"
