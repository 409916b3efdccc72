"""What the page says of texts from nobody, of called numbers on no line, and of callers whose number is none."""

from dataclasses import replace

from bridge.domain.calls.calls import Caller
from tests.desk import CUSTOMER, MONDAY_NOON, Desk, missed_call, text
from tests.web.served import served
from tests.web.test_page import shown


async def page(desk: Desk) -> str:
    async with served(desk) as client:
        return (await shown(client)).words


async def test_a_stop_from_nobody_stands_on_the_page_for_a_week(desk: Desk) -> None:
    await desk.inbox.received(text("STOP", "99999990123"))

    assert "99999990123 texted STOP" in await page(desk)
    desk.clock.advance(days=8)
    assert "texted STOP" not in await page(desk)


async def test_other_words_from_nobody_are_shown_where_they_can_be_read(desk: Desk) -> None:
    await desk.inbox.received(text("my basement floods", "99999990123"))

    assert "99999990123 texted on" in await page(desk)


async def test_the_stop_of_a_customer_is_no_such_thing(desk: Desk) -> None:
    await desk.inbox.received(text("STOP", CUSTOMER.value))

    assert "nobody knows whose number" not in await page(desk)


async def test_a_called_number_on_no_line_is_said_until_a_line_names_it(desk: Desk) -> None:
    await desk.call(missed_call(did="2025550999"))

    assert "Calls to 2025550999 match no line of the configuration" in await page(desk)
    [main, east] = desk.office.lines
    desk.office = replace(desk.office, lines=(main, replace(east, dids=("+12025550999",))))
    assert "match no line" not in await page(desk)


async def test_a_row_of_digits_shows_them(desk: Desk) -> None:
    await desk.call(replace(missed_call(at=MONDAY_NOON), caller=Caller(None, "0000000000")))

    words = await page(desk)
    assert "Caller ID 0000000000" in words
    assert "Number withheld" not in words
