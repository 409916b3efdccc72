"""A STOP from staff opts nobody out with us, but their network may hold our alerts back: the office must see that."""

from tests.desk import OTHER, STAFF, Desk, text
from tests.oncall.night import Night, day, night
from tests.web.served import served
from tests.web.test_page import shown

__all__ = ["day", "night"]

FAULT = "Ann texted STOP: urgent alerts may not arrive there."


async def page(desk: Desk) -> str:
    async with served(desk) as client:
        return (await shown(client)).words


async def test_every_page_says_so_until_they_text_start(night: Night) -> None:
    await night.staff(STAFF, "STOP")
    await night.writes("hello", OTHER)
    assert FAULT in await page(night)
    await night.staff(STAFF, "START")
    assert FAULT not in await page(night)


async def test_it_is_over_once_a_text_has_arrived_there(day: Night) -> None:
    await day.staff(STAFF, "STOP")
    day.clock.advance(minutes=1)
    await day.staff(STAFF, "LIST")
    assert FAULT in await page(day)
    await day.arrive()
    assert FAULT not in await page(day)


async def test_a_customer_who_says_stop_is_no_fault(desk: Desk) -> None:
    await desk.inbox.received(text("STOP"))
    assert "texted STOP" not in await page(desk)
