"""Texts that fail one after the other are said on every page, and nothing is paused by it."""

from bridge.domain.texts.messages import ReceiptState
from tests.desk import OTHER, Desk
from tests.texts.test_failures import callers, text_ends
from tests.web.served import Faults, served


async def test_the_page_says_that_texts_fail_until_they_get_through_again(desk: Desk) -> None:
    async with served(desk, Faults(desk)) as client:
        await text_ends(desk, OTHER, ReceiptState.DELIVERED)
        assert "Texts fail" not in await (await client.get("/")).text()
        for number in callers(6):
            await text_ends(desk, number, code="030")
        page = await (await client.get("/")).text()
        assert "Texts to 6 customers failed, since" in page
        assert "(030)" in page
        assert "Texts fail" in page.partition('<footer class="strip"')[2]
        assert "textback_texts_failing 6.0" in await (await client.get("/metrics")).text()
        for number in callers(3, first=5000):
            await text_ends(desk, number, ReceiptState.DELIVERED)
        assert "Texts fail" not in await (await client.get("/")).text()
