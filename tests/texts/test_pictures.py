"""A picture does not come over SMPP: how a gateway tells of one, and what the customer and the office then see."""

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome, Urgency
from bridge.domain.office.templates import Language, Template, Texts
from bridge.domain.texts.messages import Concatenation, InboundText, Poison
from bridge.domain.texts.policy import TextRules
from bridge.domain.words import pictures
from bridge.domain.words.pictures import NOTICES
from bridge.smpp.codec import Address, ShortMessage, Tag
from bridge.smpp.incoming import read
from bridge.texts.inbox import Inbox
from tests.desk import Desk, missed_call, text
from tests.oncall.night import Night, night
from tests.smpp.support import SETTINGS, with_settings
from tests.texts.test_auto_reply import ADDRESS, DANGER, THANKS, receipts, silence
from tests.web.served import served
from tests.web.test_page import shown

__all__ = ["night"]

NOTICE = "You have received a picture message. View it at https://mms.example.net/8f3a"
NO_PICTURES = "We cannot see pictures here. Please describe it in words."
NETWORK, OFFICE = Address("13035550000", 1, 1), Address("12025550100", 1, 1)

PORTS = bytes.fromhex("0605040b8423f0")
PARTS_AND_PORTS = bytes.fromhex("0b0003070201") + bytes.fromhex("05040b8423f0")
REST = bytes.fromhex("0b0003070202") + bytes.fromhex("05040b8423f0")
PUSHED = (
    bytes.fromhex("010603beaf84") + bytes.fromhex("8c8298") + b"1a2b\x00\x8d\x90\x89\x19\x80+12025550123/TYPE=PLMN\x00"
)
PUSHED_LONG = b"\x01\x06\x22application/vnd.wap.mms-message\0\xaf\x84\x8c\x82\x981a2b\0"


# --- how gateways tell ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        NOTICE,
        "YOU HAVE RECEIVED A MULTIMEDIA MESSAGE: http://viewmymessage.com/1",
        "Multimedia message: https://m.example.net/x",
        "MMS: https://cdn.example.net/3.jpg leak in the kitchen",
        "Ha recibido un mensaje  multimedia. Véalo en https://mms.example.net/2",
    ],
)
def test_the_usual_notices_are_known(words: str) -> None:
    assert pictures.is_notice(words, NOTICES)


@pytest.mark.parametrize(
    "words",
    ["I sent you a picture", "can I send pictures?", "see the picture", "mms is off, call me", "le mando una foto", ""],
)
def test_a_customer_who_speaks_of_a_picture_is_no_notice(words: str) -> None:
    assert not pictures.is_notice(words, NOTICES)


def test_a_site_says_how_its_own_gateway_words_it() -> None:
    assert with_settings(picture_notices=("[MMS]",)).picture_notices == ("[MMS]",)
    with pytest.raises(ValueError, match="too short to tell a notice by"):
        with_settings(picture_notices=("x",))


@pytest.mark.parametrize(
    "message",
    [
        ShortMessage(NETWORK, OFFICE, PORTS + PUSHED, esm_class=0x40, data_coding=4),
        ShortMessage(NETWORK, OFFICE, PARTS_AND_PORTS + PUSHED, esm_class=0x40, data_coding=0xF5),
        ShortMessage(NETWORK, OFFICE, PUSHED, data_coding=4, tlvs={Tag.DESTINATION_PORT: b"\x0b\x84"}),
    ],
    ids=["header", "first of two", "TLV"],
)
def test_a_pushed_notice_is_a_text_without_words_from_whoever_sent_the_picture(message: ShortMessage) -> None:
    assert read(message, b"raw", SETTINGS) == InboundText(
        "sms", "+12025550123", "+12025550100", text=None, raw=b"raw", picture=True
    )


def test_a_pushed_notice_without_a_sender_is_from_where_it_came() -> None:
    inbound = read(ShortMessage(NETWORK, OFFICE, PORTS + PUSHED_LONG, esm_class=0x40, data_coding=4), b"raw", SETTINGS)
    assert isinstance(inbound, InboundText)
    assert (inbound.source, inbound.picture) == ("+13035550000", True)


@pytest.mark.parametrize("rest", [b"", b"\x01", b"\x01\x06\x03\xae\x02", bytes(40)])
def test_the_rest_of_one_and_other_things_pushed_are_kept_raw(rest: bytes) -> None:
    for header in (PORTS, REST):
        message = ShortMessage(NETWORK, OFFICE, header + rest, esm_class=0x40, data_coding=4)
        assert isinstance(read(message, b"raw", SETTINGS), Poison)


def test_words_for_another_application_are_still_read() -> None:
    message = ShortMessage(NETWORK, OFFICE, PORTS + b"my sink leaks", esm_class=0x40)
    inbound = read(message, b"raw", SETTINGS)
    assert isinstance(inbound, InboundText)
    assert (inbound.text, inbound.picture) == ("my sink leaks", False)


# --- what follows --------------------------------------------------------------------------------------------------


def pushed() -> InboundText:
    inbound = read(ShortMessage(NETWORK, OFFICE, PORTS + PUSHED, esm_class=0x40, data_coding=4), bytes(99), SETTINGS)
    assert isinstance(inbound, InboundText)
    return inbound


async def test_whoever_sends_only_a_picture_is_told_that_it_cannot_be_seen(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text(NOTICE))
    assert await silence(desk) == [f"{NO_PICTURES} {ADDRESS}"]


async def test_a_pushed_notice_does_the_same(desk: Desk) -> None:
    await desk.inbox.received(pushed())
    assert (await desk.row()).unread
    assert await silence(desk) == [f"{NO_PICTURES} {ADDRESS}"]


async def test_with_words_beside_it_one_answer_says_both(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    await desk.inbox.received(text(NOTICE))
    assert await silence(desk) == [f"{THANKS} {NO_PICTURES}"]


async def test_a_picture_of_danger_still_says_what_to_do(desk: Desk) -> None:
    await desk.inbox.received(text("burning smell from the panel, 4 Oak Ave"))
    await desk.inbox.received(text(NOTICE))
    assert await silence(desk) == [f"{THANKS} {NO_PICTURES} {DANGER}"]


async def test_the_answer_is_in_the_language_of_the_customer_not_of_the_gateway(desk: Desk) -> None:
    await desk.inbox.received(text("hay una fuga en la cocina"))
    await desk.inbox.received(text(NOTICE))
    own = Texts(Language.ES)
    assert await silence(desk) == [f"{own.words(Template.RECEIPT)} {own.words(Template.NO_PICTURES)}"]


async def test_after_the_receipt_a_picture_gets_no_second_automatic_text(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    assert len(await silence(desk)) == 1
    await desk.inbox.received(text(NOTICE))
    assert len(await silence(desk)) == 1


async def test_three_pictures_in_a_row_are_answered_once(desk: Desk) -> None:
    for n in range(3):
        await desk.inbox.received(text(NOTICE, raw=bytes(16) + bytes([n])))
    assert len(await silence(desk)) == 1


async def test_who_opted_out_is_not_told_either(desk: Desk) -> None:
    await desk.inbox.received(text("STOP"))
    await desk.inbox.received(text(NOTICE))
    assert await silence(desk) == []


async def test_an_office_without_receipts_sends_none_for_pictures(desk: Desk) -> None:
    await desk.inbox.received(text(NOTICE))
    desk.clock.advance(seconds=61)
    await receipts(desk, TextRules(receipt=False)).run_due(desk.clock())
    assert await desk.column("SELECT text FROM message") == []


async def test_the_words_of_the_gateway_are_no_issue_but_a_caption_may_be_urgent(desk: Desk) -> None:
    await desk.inbox.received(text("MMS: https://cdn.example.net/3.jpg water pouring through the ceiling"))
    row = await desk.row()
    assert (row.issue, row.urgency) == (None, Urgency.URGENT)
    await desk.inbox.received(text("toilet is clogged"))
    assert (await desk.row()).issue == "toilet is clogged"


async def test_an_urgent_caption_is_told_with_its_reason(night: Night) -> None:
    await night.writes("MMS: https://cdn.example.net/3.jpg burning smell from the panel")
    [(who, alert)] = await night.told()
    assert who == "Ann"
    assert alert.startswith("DANGER #1: ")
    assert "electrical burning smell" in alert


async def test_a_picture_for_a_closed_row_reopens_it(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    await desk.inbox.received(pushed())
    row = await desk.row()
    assert (row.state, row.owner) == (CallbackState.CLAIMED, "Ann")


async def test_a_notice_in_two_parts_is_told_when_both_are_there(desk: Desk) -> None:
    for sequence, words in enumerate((NOTICE[:20], NOTICE[20:]), 1):
        await desk.inbox.received(text(words, part=Concatenation(9, 2, sequence)))
    assert await desk.column("SELECT picture FROM reply") == [1]


async def test_the_notices_of_the_configuration_count_instead_of_the_shipped_ones(desk: Desk) -> None:
    desk.inbox = Inbox(desk.database, desk.office, clock=desk.clock, picture_notices=("[foto]",))
    await desk.inbox.received(text("[Foto] 1"))
    await desk.inbox.received(text(NOTICE))
    assert await desk.column("SELECT picture FROM reply ORDER BY id") == [1, 0]


async def test_row_and_conversation_show_that_a_picture_was_sent(desk: Desk) -> None:
    await desk.inbox.received(text("my sink is clogged"))
    await desk.inbox.received(pushed())
    async with served(desk) as client:
        page = await shown(client)
        assert "Sent a picture, which cannot be shown here" in page.words
        assert "my sink is clogged" in page.words
        assert "Picture, cannot be shown here" in (await shown(client, f"/callbacks/{(await desk.row()).id}")).words
