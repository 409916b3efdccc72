from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.messages import ReceiptState
from bridge.smpp.codec import Tag
from bridge.smpp.receipts import Told, names_a_message, parse, spellings
from bridge.smpp.settings import IdBase

STANDARD = "id:0123456789 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:Sorry"


def told(text: str, tlvs: Mapping[Tag, bytes] | None = None, id_base: IdBase = IdBase.AS_IS) -> Told:
    receipt = parse(text, {int(tag): value for tag, value in (tlvs or {}).items()}, id_base)
    assert receipt
    return receipt


def test_the_text_of_the_specification() -> None:
    assert told(STANDARD) == Told(("0123456789",), ReceiptState.DELIVERED, "000", final=True)


@pytest.mark.parametrize(
    ("text", "id_", "state", "error"),
    [
        ("ID:42 STAT:UNDELIV ERR:034", "42", ReceiptState.UNDELIVERABLE, "034"),
        ("id: 42 sub: 1 stat: EXPIRED err: 5", "42", ReceiptState.EXPIRED, "5"),
        ("id=42;stat=REJECTD;err=0x45", "42", ReceiptState.REJECTED, "0x45"),
        ("id:42,dlvrd:001,stat:DELETED", "42", ReceiptState.DELETED, ""),
        ("message_id:4a-2b status:delivered error:0", "4a-2b", ReceiptState.DELIVERED, "0"),
        ("id:'42' stat:'ACCEPTD'", "42", ReceiptState.ACCEPTED, ""),
        ("stat:DELIVRD id:42", "42", ReceiptState.DELIVERED, ""),
        ("id:42\r\nstat:ENROUTE\r\n", "42", ReceiptState.ENROUTE, ""),
        ("id:42 stat:2", "42", ReceiptState.DELIVERED, ""),
        ("id:42 stat:99", "42", ReceiptState.UNKNOWN, ""),
        ("id:42 stat:UNKNOWN", "42", ReceiptState.UNKNOWN, ""),
        ("id:42 stat:FAILED", "42", ReceiptState.UNDELIVERABLE, ""),
        ("id:42 stat:WHATEVER", "42", ReceiptState.UNKNOWN, ""),
        ("id:42", "42", ReceiptState.UNKNOWN, ""),
    ],
)
def test_dialects(text: str, id_: str, state: ReceiptState, error: str) -> None:
    receipt = told(text)
    assert (receipt.message_ids, receipt.state, receipt.error) == ((id_,), state, error)


def test_words_of_the_original_text_prove_nothing() -> None:
    receipt = told("id:42 stat:UNDELIV err:001 Text:id:99 stat:DELIVRD")
    assert (receipt.message_ids, receipt.state) == (("42",), ReceiptState.UNDELIVERABLE)


def test_a_submit_date_is_no_id() -> None:
    assert parse("sub:001 submit date:2611231200 stat:DELIVRD", {}, IdBase.AS_IS) is None


def test_the_tlvs_come_first_and_the_text_adds_what_they_leave_out() -> None:
    receipt = told("id:99 stat:ENROUTE err:034", {Tag.RECEIPTED_MESSAGE_ID: b"4A\0", Tag.MESSAGE_STATE: b"\2"})
    assert receipt == Told(("4A", "99"), ReceiptState.DELIVERED, "034", final=True)


def test_tlvs_alone_are_enough() -> None:
    tlvs = {Tag.RECEIPTED_MESSAGE_ID: b"4A", Tag.MESSAGE_STATE: b"\5", Tag.NETWORK_ERROR_CODE: b"\3\0\x22"}
    assert told("", tlvs) == Told(("4A",), ReceiptState.UNDELIVERABLE, "3:34", final=True)


@pytest.mark.parametrize(
    ("number", "state", "final"),
    [
        (0, ReceiptState.ENROUTE, False),
        (1, ReceiptState.ENROUTE, False),
        (2, ReceiptState.DELIVERED, True),
        (3, ReceiptState.EXPIRED, True),
        (4, ReceiptState.DELETED, True),
        (5, ReceiptState.UNDELIVERABLE, True),
        (6, ReceiptState.ACCEPTED, False),
        (7, ReceiptState.UNKNOWN, False),
        (8, ReceiptState.REJECTED, True),
        (200, ReceiptState.UNKNOWN, False),
    ],
)
def test_every_message_state(number: int, state: ReceiptState, final: bool) -> None:
    receipt = told("", {Tag.RECEIPTED_MESSAGE_ID: b"1", Tag.MESSAGE_STATE: bytes([number])})
    assert (receipt.state, receipt.final) == (state, final)


def test_an_intermediate_notification_is_never_final() -> None:
    receipt = parse(STANDARD, {}, IdBase.AS_IS, intermediate=True)
    assert receipt
    assert not receipt.final


@pytest.mark.parametrize(
    ("written", "base", "answered"),
    [
        ("2748", IdBase.HEX_DEC, "abc"),
        ("2748", IdBase.HEX_DEC, "ABC"),
        ("2748", IdBase.HEX_DEC, "00000ABC"),
        ("00002748", IdBase.HEX_DEC, "abc"),
        ("abc", IdBase.DEC_HEX, "2748"),
        ("00000ABC", IdBase.DEC_HEX, "2748"),
        ("ABC", IdBase.DEC_HEX, "0000002748"),
    ],
)
def test_an_id_in_another_base_is_spelled_as_the_answer_had_it(written: str, base: IdBase, answered: str) -> None:
    receipt = told(f"id:{written} stat:DELIVRD", id_base=base)
    assert receipt.message_ids[0] == written
    assert answered in receipt.message_ids


@pytest.mark.parametrize(
    ("written", "base"),
    [("2748", IdBase.AS_IS), ("xyz", IdBase.HEX_DEC), ("x-1", IdBase.DEC_HEX), ("٣", IdBase.HEX_DEC)],
)
def test_a_base_is_never_guessed(written: str, base: IdBase) -> None:
    assert spellings(written, base) == ()


def test_only_both_tlvs_make_a_receipt_without_esm_class() -> None:
    assert names_a_message({Tag.RECEIPTED_MESSAGE_ID: b"1", Tag.MESSAGE_STATE: b"\2"})
    assert not names_a_message({Tag.RECEIPTED_MESSAGE_ID: b"1"})


@given(
    st.text(max_size=300), st.dictionaries(st.sampled_from(list(Tag)), st.binary(max_size=80)), st.sampled_from(IdBase)
)
def test_any_text_and_tlvs_are_read_or_name_no_message(text: str, tlvs: dict[int, bytes], base: IdBase) -> None:
    receipt = parse(text, tlvs, base)
    assert receipt is None or all(receipt.message_ids)


@given(st.lists(st.sampled_from(["id:", "stat:", "err=", "text:", "DELIVRD", " ", "42", "\n", "'", ";"]), max_size=30))
def test_any_mixture_of_what_receipts_are_made_of_is_read(pieces: list[str]) -> None:
    parse("".join(pieces), {}, IdBase.HEX_DEC)
