"""Which browser is the duty desk: the one that chimes first. It has a cookie of its own, which opens nothing."""

import re
import secrets
from hashlib import sha256

from aiohttp import web

from bridge.web.security import set_cookie

COOKIE = "desk"
FOR = 365 * 86400  # seconds
_MARK = re.compile(r"[A-Za-z0-9_-]{43}")


def claim(request: web.Request, response: web.StreamResponse, who: str) -> str:
    """Mark this browser; what is stored of it: a digest of the mark, and the name of whoever sits there."""
    mark = secrets.token_urlsafe(32)
    set_cookie(request, response, COOKIE, mark, max_age=FOR)
    return f"{_digest(mark)} {who}"


def duty(stored: str | None, request: web.Request) -> str:
    """`here`, `elsewhere`, or "" where no browser is."""
    known, mark = (stored or "").partition(" ")[0], request.cookies.get(COOKIE, "")
    if not known:
        return ""
    return "here" if _MARK.fullmatch(mark) and _digest(mark) == known else "elsewhere"


def whose(stored: str | None) -> str:
    return (stored or "").partition(" ")[2]


def _digest(mark: str) -> str:
    return sha256(f"desk {mark}".encode()).hexdigest()
