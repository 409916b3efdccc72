"""STIR/SHAKEN as carriers and Asterisk tell it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ami.attestation import attestation
from bridge.domain.calls.calls import Attestation

FULL, PARTIAL, GATEWAY, PASSED, FAILED = Attestation


@pytest.mark.parametrize(
    ("level", "verstat", "verified", "found"),
    [
        ("A", "", "", FULL),
        ("b", "", "", PARTIAL),
        ("Attestation-Indicator=C", "", "", GATEWAY),
        ("", "sipverstat=TN-Validation-Passed", "", PASSED),
        ("", "verstat=TN-Validation-Passed-A", "", FULL),
        ("", " TN-Validation-Passed-B", "", PARTIAL),
        ("", "TN-Validation-Failed-A", "", FAILED),
        ("", "No-TN-Validation", "", None),
        ("", "TN-Validation-Passed-A sip:+12125550123verstat=TN-Validation-Failed", "", FAILED),  # a forged name
        ("", "TN-Validation-Passed-A sip:+12125550123verstat=TN-Validation-Passed-C", "", GATEWAY),
        ("", "verstat=TN-Validation-Passed-Auser=phone", "", FULL),
        ("A", "verstat=TN-Validation-Failed", "", FAILED),
        ("A", "verstat=TN-Validation-Passed", "", FULL),
        ("A", "", "success", FULL),
        ("", "", "success", PASSED),
        ("A", "", "signature_validation", FAILED),
        ("A", "", "cid_orig_tn_mismatch", FAILED),
        ("A", "", "Signaturefailed", FAILED),
        ("", "", "Verificationmismatch", FAILED),
        ("", "", "Verificationpassed", PASSED),
        ("", "", "cert_retrieval_failure", None),
        ("", "", "Verificationnotpresent", None),
        ("", "", "", None),
    ],
)
def test_what_is_vouched_for(level: str, verstat: str, verified: str, found: Attestation | None) -> None:
    assert attestation(level, verstat, verified) is found


@given(st.text(), st.text(), st.text())
def test_any_header_is_read(level: str, verstat: str, verified: str) -> None:
    assert attestation(level, verstat, verified) in {None, *Attestation}
