"""What an SMSC's command_status means for a part and for the bind (SMPP 3.4, 5.1.3)."""

from collections.abc import Mapping

from bridge.domain.texts.messages import Refused
from bridge.smpp.dialects import USUAL, Dialect, command_status, dialects
from bridge.smpp.settings import Disposition

OK = 0x00
INVALID_LENGTH = 0x01
INVALID_COMMAND = 0x03
NOT_BOUND = 0x04
ALREADY_BOUND = 0x05
SYSTEM_ERROR = 0x08
BIND_FAILED = 0x0D
INVALID_PASSWORD = 0x0E
INVALID_SYSTEM_ID = 0x0F
QUEUE_FULL = 0x14
THROTTLED = 0x58
TRY_AGAIN = 0x64  # ESME_RX_T_APPN: the one status with which a receiver asks to be served again

DISPOSITIONS: Mapping[int, Disposition] = {
    NOT_BOUND: Disposition.GATEWAY_FAULT,
    ALREADY_BOUND: Disposition.GATEWAY_FAULT,
    SYSTEM_ERROR: Disposition.GATEWAY_FAULT,
    BIND_FAILED: Disposition.GATEWAY_FAULT,
    INVALID_PASSWORD: Disposition.GATEWAY_FAULT,
    INVALID_SYSTEM_ID: Disposition.GATEWAY_FAULT,
    QUEUE_FULL: Disposition.THROTTLED,
    THROTTLED: Disposition.THROTTLED,
    TRY_AGAIN: Disposition.TEMPORARY,
}

BIND_LATER = frozenset({ALREADY_BOUND, BIND_FAILED, INVALID_PASSWORD, INVALID_SYSTEM_ID})
"""Refused binds that trying at once makes worse: an old session must die first, or a person must correct something."""


def refusal(status: int, dispositions: Mapping[int, Disposition], dialect: Dialect | None = None) -> Refused:
    """What is known of no status is permanent: sending it again would most likely end the same way."""
    meaning = dispositions.get(status) or DISPOSITIONS.get(status, Disposition.PERMANENT)
    known = dialect or dialects()[USUAL]
    return Refused(
        status,
        permanent=meaning is Disposition.PERMANENT,
        throttled=meaning is Disposition.THROTTLED,
        gateway_fault=meaning is Disposition.GATEWAY_FAULT,
        landline=meaning is Disposition.PERMANENT and known.says_landline([command_status(status)]),
    )
