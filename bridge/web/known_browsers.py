"""In which browsers somebody has signed in before (device cookie, as OWASP has it).

The cookie opens nothing. It only says whose tries at a password are counted apart from all others of that address. Each
mark in it is good for one user as long as the password stays, and nothing of it is stored.
"""

import hmac
import re
import secrets

from aiohttp import web

from bridge.web.security import set_cookie
from storage.users import User

COOKIE = "known"
KEPT = 6  # users who share a browser
FOR = 365 * 86400  # seconds

_MARK = re.compile(r"[A-Za-z0-9_-]{22}\.[0-9a-f]{64}")


def mark_of(request: web.Request, user: User) -> str:
    """The one that says that this user has signed in here; "" for none."""
    return next((mark for mark in _marks(request) if hmac.compare_digest(mark, _signed(mark[:22], user))), "")


def remember(request: web.Request, response: web.StreamResponse, user: User) -> None:
    own = mark_of(request, user) or _signed(secrets.token_urlsafe(16), user)
    others = [mark for mark in _marks(request) if mark != own]
    set_cookie(request, response, COOKIE, "~".join([own, *others][:KEPT]), max_age=FOR)


def _marks(request: web.Request) -> list[str]:
    return [mark for mark in request.cookies.get(COOKIE, "").split("~")[:KEPT] if _MARK.fullmatch(mark)]


def _signed(nonce: str, user: User) -> str:
    return f"{nonce}.{hmac.digest(user.password.encode(), f'{nonce} {user.id}'.encode(), 'sha256').hex()}"
