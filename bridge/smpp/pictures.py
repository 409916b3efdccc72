"""A picture's notice as networks push it to phones: WAP push of an M-Notification.ind (OMA MMS Encapsulation, 6.2)."""

import re

from bridge.smpp import multipart
from bridge.smpp.codec import ShortMessage, Tag, tlv_int

WAP_PUSH = 2948
"""The application port on which phones expect it (WAP-259-WDP, appendix B)."""

CONTENT_TYPE = b"application/vnd.wap.mms-message"
SHORT_CONTENT_TYPE = 0xBE  # the same as one octet (WSP assigned number 0x3E, its high bit set)
CONTENT_TYPE_AT = 3  # behind transaction id, PDU type and length of the headers (WSP, 8.2.4.1)
LOOKED_AT = 64

_SENDER = re.compile(rb"(\+?[0-9]{7,15})/TYPE=PLMN")


def is_pushed(message: ShortMessage) -> bool:
    """Is it for the application that shows pictures, and not for people to read?"""
    if message.esm_class & multipart.UDH_INDICATOR and multipart.port(message.user_data) == WAP_PUSH:
        return True
    return tlv_int(message.tlvs, Tag.DESTINATION_PORT) == WAP_PUSH


def is_notice(pushed: bytes) -> bool:
    """Does it announce a picture? pushed: without the user data header. Other things are pushed too."""
    return pushed[CONTENT_TYPE_AT : CONTENT_TYPE_AT + 1] == bytes([SHORT_CONTENT_TYPE]) or (
        CONTENT_TYPE in pushed[:LOOKED_AT]
    )


def sender(pushed: bytes) -> str | None:
    """Whose picture it is, where the notice says so: the address it comes from may be the network's own."""
    found = _SENDER.search(pushed)
    return found[1].decode("ascii") if found else None
