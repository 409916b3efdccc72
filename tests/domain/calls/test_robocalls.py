"""Callers whom networks warn of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.calls.calls import Attestation
from bridge.domain.calls.events import AttestationTold, CallerChanged
from bridge.domain.calls.robocalls import WARNINGS, warns
from tests.domain.calls.pbx import CALLER, TRUNK, Story


@pytest.mark.parametrize(
    "name",
    [
        *("SPAM LIKELY", "Scam Likely", "[SPAM] JOHN DOE", "SPAM?", "Telemarketer", "Potential Fraud", "scam-likely"),
        *("S\u200bPAM LIKELY", "\uff33\uff30\uff21\uff2d", "Sales:SPAM RISK", "SPAMLIKELY", "<b>Spam</b>"),
    ],
)
def test_a_name_that_warns_of_the_caller(name: str) -> None:
    assert warns(["Ace Roofing", name], WARNINGS)


@pytest.mark.parametrize(
    "name", ["", "Scamardo Roofing", "SPAMER JOHN", "Fraud Squad Movers", "Antispam Inc", "x" * 10_000 + " spam"]
)
def test_a_name_that_is_a_customers(name: str) -> None:
    assert not warns([name], WARNINGS)


@given(st.lists(st.text()), st.lists(st.text()))
def test_any_name_and_any_setting_is_read(names: list[str], warnings: list[str]) -> None:
    warns(names, warnings)
    assert not warns(names, [])
    assert not warns(names, ["", " - "])


def test_a_name_that_the_dialplan_looked_up_later_counts_too() -> None:
    story = Story()
    story.calls_in()
    for name in ("", "SPAM LIKELY", *map(str, range(100))):
        story.happens(CallerChanged, TRUNK, caller_number=CALLER, caller_name=name, restricted=None)
    story.hangs_up()
    assert story.call.names[0] == "SPAM LIKELY"
    assert len(story.call.names) == 8


@pytest.mark.parametrize("order", [1, -1])
def test_an_attestation_that_failed_once_has_failed(order: int) -> None:
    story = Story()
    story.calls_in()
    for attestation in (Attestation.FULL, Attestation.FAILED)[::order]:
        story.happens(AttestationTold, TRUNK, attestation=attestation)
    story.hangs_up()
    assert story.call.attestation is Attestation.FAILED
