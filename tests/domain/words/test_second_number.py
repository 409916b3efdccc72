"""Which number in a customer's text is one to call them at, and which is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.phone import E164
from bridge.domain.words import second_number
from bridge.domain.words.second_number import Expected

MINE, OURS, WIFE = E164("+12025550123"), E164("+12025550100"), E164("+12025550188")
HERE = Expected("US", frozenset({"US", "CA"}), {MINE, OURS})


def found(text: str) -> E164 | None:
    return second_number.find(text, HERE)


@pytest.mark.parametrize(
    "text",
    [
        "Call my wife at 202 555 0188",
        "call my wife at (202)555-0188.",
        "leak under the sink, 418 Birchwood Ln. my husbands cell: +1 202.555.0188 thx",
        "2025550188 is my daughters phone",
        "ask for Bill 202-555-0188 ext 4",
        "reach me at 202-555-0188 after 5, not at 202-555-0123",
        "not home, please call 202-555-0188",
        "call me now\n202 555 0188",
        "202-555-0188",
        "llame a mi esposa al 202 555 0188",
        "no hay agua, llame a mi hijo al 202-555-0188",
        "Mi numero de celular es 202 555 0188, gracias",
        "El 2025550188 es el de mi esposa",
        "marque al ２０２ ５５５ ０１８８",
        "call my wife at 202\u200b555\u202e0188\0",
        "<a href='tel:2025550188'>call</a>",
        "call us at 202-555-0123 or 202-555-0188",
        "not 202 555 0199, call 202 555 0188",
        "you can call me, cell#2025550188, or write to bob2025550199@mail.example",
        "my # at the shop is 202-555-0188, I am there until it is dark",
        "202-555-0188 - Jim",
        "thanks, Jim 202-555-0188",
        "Si no contesto, llamen al 202-555-0188",
        "this phone is dying, please use 202-555-0188 instead",
        "no heat, elderly mother, her landline 202 555 0188",
    ],
)
def test_a_number_to_call_is_found_however_it_is_written(text: str) -> None:
    assert found(text) == WIFE


def test_a_number_whose_area_code_is_newer_than_our_tables_is_taken_too() -> None:
    assert found("call my wife at 555 012 3456") == E164("+15550123456")


@pytest.mark.parametrize(
    "text",
    [
        "call me at 202 555 0123",
        "you called me from 202-555-0100, call back",
        "I got a call from 202 555 0188",
        "don't call 202 555 0188",
        "please do not ever call my wife at 202-555-0188",
        "no le llame al 202 555 0188",
        "my old number was 202 555 0188",
        "my account number is 2025550188",
        "order 2025550188 never came, call me",
        "call me about invoice 2025550188",
        "2025550188 is the serial number, call me",
        "numero de cuenta 2025550188",
        "the other guy wants $2025550188, call me",
        "2025550188 gallons of water, send somebody",
        "call me 11/23/2026 10:30",
        "call me, 12850 Hwy 90 W, Houston 77049-1234",
        "call 911",
        "call 555-0188",
        "call me at 900 555 0123",
        "call me at +44 20 7946 0958",
        "call my wife at +1 876 555 0188",
        "please call, see https://ads.example/2025550188 for pictures",
        "call 2025550188@mail.example",
        "not 202 555 0188",
        "ya no uso el 202 555 0188",
        "meter reads 2025550188",
        "check #2025550188 was mailed",
        "got your number 202 555 0188 from Yelp",
        "no llamen al 202 555 0188 por favor",
        "call",
        "",
    ],
)
def test_digits_that_are_no_number_to_call_are_left_alone(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize("text", ["1 " * 900, "(1" * 900, "call 202 555 018 " * 150, "no call " * 900, "\u202e2" * 900])
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    found(text)  # words and tables are read once
    began = time.process_time()
    found(text)
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("call (202) 555-0188 or 202-555-0123", "call ••• or 202-555-0123"),
        ("+1 202 555 0188", "•••"),
        ("2025550188 and 202.555.0188", "••• and •••"),
        ("4 Oak Ave", "4 Oak Ave"),
    ],
)
def test_a_number_is_taken_out_of_a_text_however_it_is_written(text: str, blank: str) -> None:
    assert second_number.blanked(text, WIFE) == blank


@given(st.text(alphabet=st.sampled_from("0123456789 +-().$#\n\0\u202ecal me at wife"), max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    number = found(text)
    assert number is None or number not in HERE.known
