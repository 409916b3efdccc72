"""Callers whom networks warn of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.calls.calls import Attestation
from bridge.domain.calls.events import AttestationTold, CallerChanged
from bridge.domain.calls.robocalls import WARNINGS, warns, why_no_warning
from tests.domain.calls.pbx import CALLER, TRUNK, Story


@pytest.mark.parametrize(
    "name",
    [
        *("SPAM LIKELY", "Scam Likely", "[SPAM] JOHN DOE", "SPAM?", "Telemarketer", "Potential Fraud", "scam-likely"),
        *("S\u200bPAM LIKELY", "\uff33\uff30\uff21\uff2d", "Sales:SPAM RISK", "SPAMLIKELY", "<b>Spam</b>"),
        *("ROBO-CALL", "Robo Call", "robo_caller", "SpamRisk", "SPAMCALL", "Tele-Marketer", "Junk", "JUNK CALL"),
        *("SP\u0410M", "\u0405\u0421\u0410\u041c likely", "Sp\u00e1m", "SPAM\u00adLIKELY", "\ua731\u1d18\u1d00\u1d0d"),
        *(
            "SP4M",
            "5PAM",
            "$PAM",
            "R0B0CALL",
            "SCAM L1KELY",
            "sp@m",
            "S P A M",
            "S.P.A.M.",
            "\U0001d412\U0001d40f\U0001d400\U0001d40c",
        ),
    ],
)
def test_a_name_that_warns_of_the_caller(name: str) -> None:
    assert warns(["Ace Roofing", name], WARNINGS)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Scamardo Roofing", "SPAMER JOHN", "Fraud Squad Movers", "Antispam Inc", "x" * 10_000 + " spam"),
        *("Spamer Plumbing", "Junkin", "Scambia", "Roboto Ltd", "Junk King", "1-800-GOT-JUNK", "S CAM", "Cam, S."),
        *("Mark Etter", "Call Robo", "Spamalot Theater", "PAM S", "Scampi House", "Risk Mgmt", "AntiSpam Inc"),
    ],
)
def test_a_name_that_is_a_customers(name: str) -> None:
    assert not warns([name], WARNINGS)


@given(st.lists(st.text()), st.lists(st.text()))
def test_any_name_and_any_setting_is_read(names: list[str], warnings: list[str]) -> None:
    warns(names, warnings)
    assert not warns(names, [])
    assert not warns(names, ["", " - "])


@pytest.mark.parametrize("warning", WARNINGS)
def test_every_shipped_warning_is_one_that_can_be_meant(warning: str) -> None:
    assert why_no_warning(warning) == ""
    assert warns([warning.upper()], [warning])


@pytest.mark.parametrize(
    ("odd", "instead"),
    [
        ("", "spam likely"),
        (" ", "spam likely"),
        ("***", "spam likely"),
        ("a", "3 letters"),
        ("co", "3 letters"),
        (".*spam.*", "no pattern: spam"),
        ("*spam*", "no pattern: spam"),
        ("spam|scam", "spam, scam"),
        ("^spam$", "no pattern: spam"),
        ("[spam]", "no pattern: spam"),
    ],
)
def test_a_warning_that_cannot_be_meant_says_what_to_write(odd: str, instead: str) -> None:
    assert instead in why_no_warning(odd)


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
