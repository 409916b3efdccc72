from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import Encoding
from bridge.smpp.codec import Address, Tag
from bridge.smpp.outgoing import compose, source_address, validity_period
from bridge.smpp.settings import Concat, Numbering
from tests.smpp.support import SETTINGS, a_part, with_settings

PART = a_part(text="two", reference=0x1FF, sequence=2, total=3)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("+12025550100", Address("12025550100", 1, 1)),
        ("72975", Address("72975", 0, 1)),
        ("Roof & Co", Address("Roof & Co", 5, 0)),
    ],
)
def test_each_kind_of_sender_has_its_ton_and_npi(source: str, address: Address) -> None:
    assert source_address(source, SETTINGS) == address


def test_ton_npi_and_the_plus_are_settings() -> None:
    settings = with_settings(international=Numbering(0, 8, plus=True))
    assert source_address("+12025550100", settings) == Address("+12025550100", 0, 8)


@pytest.mark.parametrize("source", ["Roofing & Co", "", "+" + "1" * 21, "Dach€", "Roof\0"])
def test_a_sender_that_cannot_be_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"sender|address"):
        compose(a_part(source=source), SETTINGS)


@pytest.mark.parametrize(
    ("concat", "header", "esm_class", "tags"),
    [
        (Concat.UDH8, "050003ff0302", 0x40, set()),
        (Concat.UDH16, "06080401ff0302", 0x40, set()),
        (Concat.SAR, "", 0, {Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM}),
    ],
)
def test_a_part_says_which_part_it_is(concat: Concat, header: str, esm_class: int, tags: set[Tag]) -> None:
    message = compose(PART, with_settings(concat=concat))
    assert message.short_message == bytes.fromhex(header) + b"two"
    assert (message.esm_class, set(message.tlvs)) == (esm_class, tags)


def test_a_single_part_says_nothing_of_parts() -> None:
    message = compose(a_part(text="one", reference=7), SETTINGS)
    assert (message.short_message, message.esm_class, message.tlvs) == (b"one", 0, {})


def test_a_payload_carries_the_whole_text() -> None:
    message = compose(a_part(text="x" * 400), with_settings(concat=Concat.PAYLOAD))
    assert (message.short_message, message.tlvs) == (b"", {Tag.MESSAGE_PAYLOAD: b"x" * 400})


@pytest.mark.parametrize("changes", [{"reference": None}, {"sequence": 0}, {"sequence": 4}, {"total": 256}])
def test_a_part_that_cannot_be_told_from_others_is_refused(changes: dict[str, int | None]) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        compose(replace(PART, **changes), SETTINGS)  # type: ignore[arg-type]


def test_a_text_too_long_for_one_part_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="255 octets"):
        compose(a_part(text="x" * 255), SETTINGS)


def test_a_character_outside_the_alphabet_is_refused_and_not_replaced() -> None:
    with pytest.raises(ValueError, match="not in the GSM"):
        compose(a_part(text="we’re"), SETTINGS)


def test_ucs2() -> None:
    message = compose(a_part(text="😀", encoding=Encoding.UCS2), SETTINGS)
    assert (message.data_coding, message.short_message) == (8, bytes.fromhex("d83dde00"))


@pytest.mark.parametrize(
    ("valid_for", "written"),
    [
        (timedelta(minutes=15), "000000001500000R"),
        (timedelta(hours=25, seconds=1), "000001010001000R"),
        (timedelta(seconds=1), "000000000100000R"),
        (timedelta(days=400), "000030000000000R"),
    ],
)
def test_validity_is_relative_time(valid_for: timedelta, written: str) -> None:
    assert validity_period(valid_for) == written


def test_validity_falls_back_to_the_setting() -> None:
    settings = with_settings(validity=timedelta(hours=1))
    assert compose(a_part(), settings).validity_period == "000000010000000R"
    assert compose(a_part(valid_for=timedelta(minutes=2)), settings).validity_period == "000000000200000R"
    assert compose(a_part(), SETTINGS).validity_period == ""


def test_receipts_are_asked_for_unless_the_gateway_charges_for_them() -> None:
    assert compose(a_part(), SETTINGS).registered_delivery == 1
    assert compose(a_part(), with_settings(registered_delivery=0)).registered_delivery == 0


def test_the_longest_number_is_no_trouble() -> None:
    assert compose(a_part(destination=E164("+" + "9" * 15)), SETTINGS).destination.value == "9" * 15
