"""The few words in front of a customer's name, and the numbers they stand at."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ami.display import LABEL, MAX_LABELS, OVERHEAD, SPELLING, _lines
from bridge.domain.callbacks import desk_label as display
from bridge.domain.callbacks.desk_label import Lamp
from bridge.domain.callbacks.queue import Callback, CallbackState, Urgency
from bridge.domain.phone import E164
from tests.desk import CUSTOMER, MONDAY_NOON

ROW = Callback(1, "main", CUSTOMER, "main", MONDAY_NOON, 1, missed=3)
URGENT = replace(ROW, urgency=Urgency.URGENT, issue="leak", address="418 Birchwood Ave")


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        ([], ""),
        ([replace(ROW, state=CallbackState.CLOSED)], ""),
        ([ROW], "Callback x3"),
        ([ROW, replace(ROW, branch="east", missed=1)], "Callback x4"),
        ([ROW, URGENT], "URGENT leak 418 Birchwood Ave"),
        ([replace(URGENT, issue=None)], "URGENT 418 Birchwood Ave"),
        ([replace(URGENT, issue=None, address=None)], "URGENT"),
        (
            [replace(URGENT, issue="the ceiling in the hall is leaking badly")],
            "URGENT the ceiling in 418 Birchwood Ave",
        ),
        (
            [replace(URGENT, issue="fuite d'eau", address="12 allée des Érables")],
            "URGENT fuite d eau 12 allee des Erables",
        ),
        ([replace(ROW, urgency=Urgency.CHECK)], "Callback x3"),
    ],
)
def test_a_label_says_what_the_office_has_to_do_about_this_customer(rows: list[Callback], label: str) -> None:
    assert display.label(rows) == label


@given(issue=st.text(max_size=80), address=st.text(max_size=80), name=st.text(max_size=80))
def test_whatever_a_customer_writes_the_words_are_short_and_plain(issue: str, address: str, name: str) -> None:
    row = replace(URGENT, issue=issue, address=address, name=name)
    assert LABEL.fullmatch(display.words([row]))
    assert len(display.label([row])) <= display.MAX_LABEL


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW, "Callback x3"),
        (replace(ROW, name="José Peña: plumber"), "Callback x3:Jose Pena plumber"),
        (replace(ROW, name="José", state=CallbackState.CLOSED), ""),
    ],
)
def test_a_name_that_the_office_knows_follows_the_label(row: Callback, words: str) -> None:
    assert display.words([row]) == words


@pytest.mark.parametrize(
    ("waiting", "unseen", "lamp"),
    [(False, False, Lamp.EMPTY), (True, False, Lamp.WAITING), (True, True, Lamp.URGENT), (False, True, Lamp.URGENT)],
)
def test_the_lamp_is_dark_on_or_blinking(waiting: bool, unseen: bool, lamp: Lamp) -> None:
    assert display.lamp(waiting=waiting, urgent_unseen=unseen) is lamp


@pytest.mark.parametrize(
    ("number", "country", "spellings"),
    [
        ("+12025550123", "US", {"12025550123", "2025550123", "0012025550123"}),
        ("+31612345678", "NL", {"31612345678", "0612345678", "612345678", "0031612345678"}),
        ("+31612345678", "US", {"31612345678", "01131612345678", "0031612345678"}),
        ("+390612345678", "IT", {"390612345678", "0612345678", "00390612345678"}),
    ],
)
def test_a_number_is_found_however_the_trunk_writes_it(number: str, country: str, spellings: set[str]) -> None:
    assert set(display.spellings(E164(number), country)) == spellings


def test_labels_are_set_in_lines_that_asterisk_reads() -> None:
    spellings = display.spellings(E164("+31612345678"), "NL")
    lines = _lines([(spellings, "URGENT leak 418 Birchwood")] * 25)
    assert sum(map(len, lines)) == 25
    assert all(sum(len(value) + OVERHEAD for value in line) <= MAX_LABELS for line in lines)
    assert all(map(SPELLING.fullmatch, spellings))


@pytest.mark.parametrize("label", ["a,b", "a:b:c", 'a"b', "a\nb", "${SHELL(id)}", "x" * 61])
def test_what_is_no_label_is_never_sent(label: str) -> None:
    with pytest.raises(ValueError, match="not a label"):
        _lines([(("12025550123",), label)])
