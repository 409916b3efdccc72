"""What a gateway means by its codes: which say of a number that it takes no texts, and which word is the last one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.messages import ReceiptState
from bridge.smpp import status
from bridge.smpp.codec import Tag
from bridge.smpp.dialects import USUAL, code, dialects
from bridge.smpp.receipts import Told, parse
from bridge.smpp.settings import IdBase, SmppSettings
from tests.smpp.support import with_settings


def told(fields: str, settings: SmppSettings, tlvs: dict[int, bytes] | None = None) -> Told:
    receipt = parse(f"id:42 {fields}", tlvs or {}, IdBase.AS_IS, dialect=settings.spoken)
    assert receipt
    return receipt


@pytest.mark.parametrize("fields", ["stat:UNDELIV err:30006", "stat:REJECTD err:40001", "stat:FAILED err:030006"])
def test_a_code_that_only_one_gateway_uses_means_the_same_everywhere(fields: str) -> None:
    assert told(fields, with_settings()).landline


@pytest.mark.parametrize("err", ["000", "001", "004", "027", "045", "30003", "30007", "30034", "40002", "SPAM", ""])
def test_a_code_that_says_something_else_says_nothing_of_the_number(err: str) -> None:
    assert not told(f"stat:UNDELIV err:{err}", with_settings()).landline


def test_a_code_has_its_meaning_in_one_dialect_only() -> None:
    assert told("stat:UNDELIV err:007", with_settings(dialect="twilio")).landline
    assert not told("stat:UNDELIV err:007", with_settings(dialect="sinch")).landline


@pytest.mark.parametrize("fields", ["stat:DELIVRD err:30006", "stat:ENROUTE err:30006", "stat:ACCEPTD err:30006"])
def test_what_has_not_failed_for_good_says_nothing_of_the_number(fields: str) -> None:
    assert not told(fields, with_settings()).landline


def test_the_networks_own_error_counts_beside_what_the_text_says() -> None:
    tlvs = {int(Tag.NETWORK_ERROR_CODE): b"\3\0\x0b"}
    receipt = told("stat:UNDELIV err:000", with_settings(), tlvs)
    assert (receipt.error, receipt.landline) == ("000", True)


@pytest.mark.parametrize("codes", [("771",), {"771": "not a mobile"}, {"0771": "not a mobile"}])
def test_a_site_says_which_codes_mean_landline_at_its_gateway(codes: object) -> None:
    assert told("stat:UNDELIV err:0771", with_settings(landline_codes=codes)).landline


def test_a_site_takes_a_code_out_that_means_something_else_at_its_gateway() -> None:
    assert not told("stat:UNDELIV err:30006", with_settings(landline_codes={"30006": ""})).landline


def test_a_refused_submit_has_its_code_in_the_same_table() -> None:
    usual, own = with_settings().spoken, with_settings(landline_codes=("0x4A1",)).spoken
    assert status.refusal(0x0B, {}, usual).landline
    assert not status.refusal(0x45, {}, usual).landline
    assert not status.refusal(0x4A1, {}, usual).landline
    assert status.refusal(0x4A1, {}, own).landline


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NACK", ReceiptState.REJECTED),
        ("NACK/0x0000000b/Invalid", ReceiptState.REJECTED),
        ("DELIVERY-FAILED", ReceiptState.UNDELIVERABLE),
        ("gw_timeout", ReceiptState.EXPIRED),
        ("ABORTED", ReceiptState.REJECTED),
    ],
)
def test_a_word_that_the_table_knows_is_final(word: str, state: ReceiptState) -> None:
    receipt = told(f"stat:{word} err:000", with_settings())
    assert (receipt.state, receipt.final) == (state, True)


def test_a_word_that_no_table_knows_is_not_final_until_the_site_says_so() -> None:
    unknown, known = with_settings(), with_settings(receipt_states={"NOPE": ReceiptState.REJECTED})
    assert not told("stat:NOPE", unknown).final
    assert told("stat:NOPE", known).final


def test_every_dialect_knows_what_is_usual() -> None:
    usual = dialects()[USUAL]
    for name, dialect in dialects().items():
        assert usual.landline.items() <= dialect.landline.items(), name
        assert usual.states.items() <= dialect.states.items(), name


def test_a_dialect_that_does_not_exist_is_a_mistake_that_names_those_that_do() -> None:
    with pytest.raises(ValueError, match="usual, twilio"):
        with_settings(dialect="klingon")


@given(st.integers(0, 0xFFFFFFFF), st.integers(1, 12))
def test_leading_zeros_and_case_do_not_matter(number: int, width: int) -> None:
    assert code(f"{number:0{width}d}") == code(str(number))
    assert code(f"0x{number:0{width}X}") == code(f"0x{number:x}")
