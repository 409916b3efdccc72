"""Texts by which a gateway tells that a picture was sent, which does not come over SMPP itself."""

from collections.abc import Iterable

from bridge.domain.words.tokens import folded

NOTICES = (
    "you have received a picture message",
    "you have received a multimedia message",
    "you received a picture message",
    "you received a multimedia message",
    "you have a new picture message",
    "you have a new multimedia message",
    "new picture message from",
    "new multimedia message from",
    "this message contains media",
    "multimedia message: http",
    "picture message: http",
    "mms: http",
    "mms attachment:",
    "viewmymessage.com",
    "has recibido un mensaje multimedia",
    "ha recibido un mensaje multimedia",
    "tiene un nuevo mensaje multimedia",
)
"""As gateways word it, not as customers do. A site says in `picture_notices` how its own gateway does."""

SHORTEST = 4
LOOKED_AT = 400
"""Characters: a notice says what it is at its beginning."""


def is_notice(text: str, notices: Iterable[str]) -> bool:
    """Does it hold one of these, whatever the case and the accents?"""
    shown = " ".join(folded(text[:LOOKED_AT]).split())
    return any(" ".join(folded(notice).split()) in shown for notice in notices)
