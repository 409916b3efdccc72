"""Who wrote: the sender of a text is found in whatever way a gateway writes numbers."""

import pytest

from bridge.domain.phone import E164
from storage import opt_outs, replies
from tests.desk import CUSTOMER, Desk, missed_call, text

NEW = E164("+14365550123")
WRITINGS = [
    *("+12025550123", "12025550123", "2025550123", "0012025550123", "tel:+1-202-555-0123", "1 202 555 0123"),
    *("sip:+12025550123@gw;user=phone", "+2025550123", "02025550123", "+12025550123;npdi;rn=+12025551000"),
]


async def is_opted_out(desk: Desk, number: E164) -> bool:
    async with desk.database.read() as db:
        return await opt_outs.in_force(db, number) is not None


@pytest.mark.parametrize("sender", WRITINGS)
async def test_stop_counts_for_whom_we_texted_in_every_writing(desk: Desk, sender: str) -> None:
    await desk.call(missed_call(CUSTOMER))

    await desk.inbox.received(text("STOP", sender))

    assert await is_opted_out(desk, CUSTOMER)


@pytest.mark.parametrize("sender", ["4365550123", "+4365550123", "0014365550123", "14365550123", "+14365550123"])
async def test_a_reply_from_a_new_area_code_joins_the_row_of_its_call(desk: Desk, sender: str) -> None:
    await desk.call(missed_call(NEW))

    await desk.inbox.received(text("the sink drips", sender))

    row = await desk.row(NEW)
    assert (row.missed, row.unread) == (1, True)
    assert await desk.column("SELECT count(*) FROM callback") == [1]


async def test_whoever_only_ends_alike_is_not_opted_out_for_another(desk: Desk) -> None:
    await desk.call(missed_call(E164("+12088361000")))

    await desk.inbox.received(text("STOP", "+442088361000"))  # of London, and valid

    assert not await is_opted_out(desk, E164("+12088361000"))
    assert await is_opted_out(desk, E164("+442088361000"))


async def test_what_was_written_to_in_another_way_is_our_line_all_the_same(desk: Desk) -> None:
    await desk.inbox.received(text("hello", to="0012025550100"))
    await desk.inbox.received(text("hello again", to="tel:+12025550100"))

    assert await desk.column("SELECT DISTINCT branch FROM callback") == ["main"]


@pytest.mark.parametrize(
    ("sender", "words", "loud"),
    [
        ("99999990123", "STOP", True),
        ("99999990123", "my basement floods", True),
        ("ACME", "STOP", True),
        ("72975", "Your code is 123456", False),
        ("ACME", "Your parcel is on its way", False),
        ("+12025550123", "STOP", False),
    ],
)
async def test_a_text_from_nobody_whom_we_can_place_is_loud(
    desk: Desk, sender: str, words: str, loud: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.inbox.received(text(words, sender, alphanumeric=sender == "ACME"))

    assert ("reply.unplaced" in capsys.readouterr().out) is loud
    assert desk.inbox.unplaced == loud
    async with desk.database.read() as db:
        assert [one.text for one in await replies.from_nobody(db, desk.clock())] == [words] * loud
