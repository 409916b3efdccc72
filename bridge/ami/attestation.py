"""What carriers and Asterisk say of a caller's number (STIR/SHAKEN), in whichever of their ways it was handed on.

Sources: ATIS-1000074 (the levels A, B and C), 3GPP TS 24.229, 7.2A.20 (`verstat`, which carriers put into
P-Asserted-Identity, some with the level behind it), and the words of Asterisk's `STIR_SHAKEN(n,verify_result)`. All of
it is hostile text: whoever may send us a call may write such a header.
"""

import re

from bridge.domain.calls.calls import Attestation

LEVELS = {"a": Attestation.FULL, "b": Attestation.PARTIAL, "c": Attestation.GATEWAY}
VERSTAT = re.compile(r"tn-validation-(passed|failed)(?:-(?:diverted-)?([abc])(?:\b|user=))?")
PASSED = re.compile(r"(?:verification *)?(?:success|passed)")
FORGED = re.compile(
    r"signature|mismatch|failed\b|cert_(?:not_trusted|date_|no_|contents_)|(?:date_hdr|iat)_range|missing_"
    r"|invalid_(?:header|grant)|invalid_or_no_(?:x5u|ppt|alg|typ|grants|attest)"
)
"""What the call itself is to blame for; that a certificate could not be fetched is not its fault."""


def attestation(level: str, verstat: str, verified: str) -> Attestation | None:
    """level: A, B or C. verstat: a header that may have one. verified: what Asterisk found. Each may be anything."""
    found = [LEVELS.get(level.casefold().rpartition("=")[2].strip()), _by_verstat(verstat.casefold())]
    found.append(_by_asterisk(verified.casefold()))
    if Attestation.FAILED in found:
        return Attestation.FAILED
    told = [one for one in found if one]
    return next((one for one in told if one is not Attestation.PASSED), Attestation.PASSED) if told else None


def _by_verstat(header: str) -> Attestation | None:
    """A name that a caller chose may stand before what the carrier says: one failure is enough, the last one counts."""
    told = list(VERSTAT.finditer(header))
    if any(verstat[1] == "failed" for verstat in told):
        return Attestation.FAILED
    return LEVELS.get(told[-1][2] or "", Attestation.PASSED) if told else None


def _by_asterisk(result: str) -> Attestation | None:
    if FORGED.search(result):
        return Attestation.FAILED
    return Attestation.PASSED if PASSED.match(result) else None
