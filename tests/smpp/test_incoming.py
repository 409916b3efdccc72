import pytest
from hypothesis import given

from bridge.domain.texts.messages import Concatenation, InboundText, Poison, Receipt, ReceiptState
from bridge.smpp.codec import Address, ShortMessage, Tag
from bridge.smpp.incoming import read
from tests.smpp.support import SETTINGS, with_settings
from tests.smpp.test_codec import MESSAGES

CUSTOMER = Address("12025550123", 1, 1)
OFFICE = Address("12025550100", 1, 1)
RECEIPT_TEXT = b"id:42 stat:DELIVRD err:000"


def text(message: ShortMessage) -> InboundText:
    inbound = read(message, b"raw", SETTINGS)
    assert isinstance(inbound, InboundText)
    return inbound


def test_a_reply() -> None:
    assert text(ShortMessage(CUSTOMER, OFFICE, b"the roof leaks")) == InboundText(
        gateway="sms", source="+12025550123", destination="+12025550100", text="the roof leaks", raw=b"raw"
    )


@pytest.mark.parametrize(
    ("source", "written", "name"),
    [
        (Address("12025550123", 1, 1), "+12025550123", False),
        (Address("+12025550123", 1, 1), "+12025550123", False),
        (Address("2025550123", 2, 1), "2025550123", False),
        (Address("12025550123", 0, 1), "12025550123", False),
        (Address("72975", 1, 1), "72975", False),
        (Address("72975", 3, 0), "72975", False),
        (Address("ACME Bank", 5, 0), "ACME Bank", True),
        (Address("12345", 5, 0), "12345", True),
        (Address("12025550123", 5, 0), "12025550123", False),
        (Address("+12025550123", 5, 0), "+12025550123", False),
        (Address("tel:+12025550123", 5, 0), "tel:+12025550123", False),
        (Address("1 202 555 0123", 1, 1), "1 202 555 0123", False),
        (Address("ACME", 1, 1), "ACME", True),
        (Address("", 0, 0), "", True),
        (Address("١٢٣٤٥٦٧", 1, 1), "١٢٣٤٥٦٧", True),
    ],
)
def test_senders(source: Address, written: str, name: bool) -> None:
    inbound = text(ShortMessage(source, OFFICE, b"hi"))
    assert (inbound.source, inbound.alphanumeric) == (written, name)


def test_a_gateway_that_marks_every_number_international_can_be_told_so() -> None:
    inbound = read(ShortMessage(Address("2025550123", 1, 1), OFFICE, b"hi"), b"raw", with_settings(by_ton=False))
    assert isinstance(inbound, InboundText)
    assert inbound.source == "2025550123"


@pytest.mark.parametrize(
    "message",
    [
        ShortMessage(CUSTOMER, OFFICE, bytes.fromhex("0500030703026869"), esm_class=0x40),
        ShortMessage(CUSTOMER, OFFICE, bytes.fromhex("060804000703026869"), esm_class=0x40),
        ShortMessage(CUSTOMER, OFFICE, tlvs={Tag.MESSAGE_PAYLOAD: bytes.fromhex("0500030703026869")}, esm_class=0x40),
        ShortMessage(
            CUSTOMER,
            OFFICE,
            b"hi",
            tlvs={Tag.SAR_MSG_REF_NUM: b"\0\7", Tag.SAR_TOTAL_SEGMENTS: b"\3", Tag.SAR_SEGMENT_SEQNUM: b"\2"},
        ),
    ],
    ids=["udh8", "udh16", "payload with a header", "sar"],
)
def test_a_part_says_which_part_it_is(message: ShortMessage) -> None:
    inbound = text(message)
    assert (inbound.part, inbound.text) == (Concatenation(7, 3, 2), "hi")


def test_a_payload_is_read_where_the_short_message_is_empty() -> None:
    assert text(ShortMessage(CUSTOMER, OFFICE, tlvs={Tag.MESSAGE_PAYLOAD: b"x" * 500})).text == "x" * 500


def test_binary_has_no_text_and_keeps_its_octets() -> None:
    inbound = text(ShortMessage(CUSTOMER, OFFICE, b"\1\2", data_coding=4))
    assert (inbound.text, inbound.raw) == (None, b"raw")


@pytest.mark.parametrize(("esm_class", "final"), [(0x04, True), (0x44 & 0x3F, True), (0x20, False), (0x05, True)])
def test_esm_class_says_that_it_is_a_receipt(esm_class: int, final: bool) -> None:
    inbound = read(ShortMessage(CUSTOMER, OFFICE, RECEIPT_TEXT, esm_class=esm_class), b"raw", SETTINGS)
    assert inbound == Receipt("sms", ("42",), ReceiptState.DELIVERED, "000", final, b"raw")


@pytest.mark.parametrize("esm_class", [0x00, 0x03, 0x08, 0x10, 0x80])
def test_a_customer_who_writes_like_a_receipt_is_still_a_customer(esm_class: int) -> None:
    assert text(ShortMessage(CUSTOMER, OFFICE, RECEIPT_TEXT, esm_class=esm_class)).text == RECEIPT_TEXT.decode()


def test_a_receipt_by_its_tlvs_alone() -> None:
    tlvs: dict[int, bytes] = {Tag.RECEIPTED_MESSAGE_ID: b"42\0", Tag.MESSAGE_STATE: b"\5"}
    inbound = read(ShortMessage(CUSTOMER, OFFICE, tlvs=tlvs), b"raw", SETTINGS)
    assert inbound == Receipt("sms", ("42",), ReceiptState.UNDELIVERABLE, "", final=True, raw=b"raw")


def test_a_receipt_in_ucs2() -> None:
    octets = RECEIPT_TEXT.decode().encode("utf-16-be")
    inbound = read(ShortMessage(CUSTOMER, OFFICE, octets, esm_class=4, data_coding=8), b"raw", SETTINGS)
    assert isinstance(inbound, Receipt)


def test_a_receipt_that_names_no_message_is_shelved() -> None:
    inbound = read(ShortMessage(CUSTOMER, OFFICE, b"hello?", esm_class=4), b"raw", SETTINGS)
    assert inbound == Poison("sms", b"raw", "a receipt that names no message")


@given(MESSAGES)
def test_any_delivery_is_a_text_a_receipt_or_poison(message: ShortMessage) -> None:
    assert isinstance(read(message, b"raw", SETTINGS), InboundText | Receipt | Poison)
