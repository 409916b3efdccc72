"""What somebody's own words will cost is shown before they are sent, and they are sent as they were written."""

import pytest
from playwright.async_api import expect

from tests.desk import Desk, missed_call
from tests.web.served import served
from tests.web.test_browser import Visit, visit
from tests.web.test_page import post

__all__ = ["visit"]

CURLY = "We’ll call – tomorrow"


@pytest.mark.browser
async def test_the_page_says_how_many_texts_it_will_be_and_what_makes_them_more(visit: Visit) -> None:
    await visit.desk.call(missed_call())
    async with visit.page("callbacks/1") as page:
        await page.fill("#words", "We will call tomorrow")
        await expect(page.locator("#cost")).to_have_text("21 characters · Goes out as 1 text")
        await page.fill("#words", CURLY * 5)
        await expect(page.locator("#cost")).to_have_text(
            "105 characters · Goes out as 2 texts, since ’ – needs more room than plain letters"
        )
        assert await page.locator("#words").input_value() == CURLY * 5
        await page.click("form#text button.primary")
        await expect(page.locator(".toast")).to_be_visible()
    assert await visit.desk.column("SELECT text FROM message WHERE kind = 'by_hand'") == [CURLY * 5]


@pytest.mark.parametrize(
    ("words", "says"),
    [("", ""), ("ok", "Goes out as 1 text"), ("x" * 161, "Goes out as 2 texts"), ("<b>😀", "1 text, since 😀 needs")],
)
async def test_any_words_have_their_cost_told(desk: Desk, words: str, says: str) -> None:
    async with served(desk) as client:
        told = await (await post(client, "/texts/cost", text=words)).text()
        assert says in told
        assert "<b>" not in told
