"""What every request must pass and every answer carries.

The page lives in an office network where browsers visit hostile sites as well: names that rebind to this machine are
refused by the Host header (DNS rebinding), forms posted from elsewhere by Origin and token (CSRF), and whatever a
caller managed to write into a page could neither run nor load anything (XSS, CSP).
"""

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from bridge.web.forwarded import ROOT, address_reached, hostname
from bridge.web.language import N_
from bridge.web.page_link import PATH
from bridge.web.refusals import IF_RIGHT, Refusals
from bridge.web.settings import WebSettings

FORM_WITHIN = 30.0  # seconds; a form that takes longer is somebody who holds on to the connection
COOKIE = "textback"
TOKEN = "token"  # noqa: S105 - the name of a form field
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS = {
    "Server": "textback",  # whoever asks need not know which version of what answers
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make browsers send `Origin: null` with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

NO_BODY = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
"""Bad chunking, bad compression, or whoever sent it is gone: nobody's fault here."""

BROWSER = web.RequestKey("browser", str)
"""The cookie's value; also one that this request is only about to get."""

_LINK = re.compile(rf"({PATH}).+")


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: also errors and streams get them."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


class RefusedError(web.HTTPForbidden):
    """setting: what the administrator writes into `[web]` where the request was right after all; "" for nothing."""

    def __init__(self, words: str, setting: str = "") -> None:
        super().__init__(text=words)
        self.setting = setting


class Guard:
    """Refuses foreign hosts, and unsafe requests that our own page did not make.

    works_here: is the request by somebody who does, although its form came from where none should?
    keep: what answers a form of ours that is older than the browser's cookie: somebody signed out, or in again, in
    another window. None where there is nothing to keep.
    """

    def __init__(
        self,
        settings: WebSettings,
        works_here: Callable[[web.Request], Awaitable[bool]],
        keep: Callable[[web.Request], Awaitable[web.Response | None]],
    ) -> None:
        self._hosts = LOOPBACK_NAMES | {settings.host.casefold()} | {name.casefold() for name in settings.hosts}
        self._works_here = works_here
        self._keep = keep
        self.refusals = Refusals(settings, self._hosts)

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_served(request):
            raise self._foreign_name(request)
        request[BROWSER] = _browser(request.cookies.get(COOKIE, ""))
        kept = await self._refused(request)
        response = await handler(request) if kept is None else kept
        if not response.prepared and request.cookies.get(COOKIE) != request[BROWSER]:
            set_cookie(request, response, COOKIE, request[BROWSER])
        return response

    async def _refused(self, request: web.Request) -> web.Response | None:
        """None: a form that our own page sent, or no form. Raises RefusedError."""
        if request.method in SAFE:
            return None
        if not _is_ours(request):
            raise await self._foreign_form(request)
        if await self._has_token(request):
            return None
        self.refusals.note(request, "token", path=_told(request))
        if (kept := await self._keep(request)) is not None:
            return kept
        raise RefusedError(N_("This page is too old: load it again, then repeat what you did."))

    def _is_served(self, request: web.Request) -> bool:
        """By a name that we know, or by the very address that was reached: no name can be made to mean that."""
        name = hostname(request.host)
        return name in self._hosts or (bool(name) and name == address_reached(request))

    def _foreign_name(self, request: web.Request) -> RefusedError:
        """Mostly somebody who means harm; but it may be a name that we were not told of."""
        name = hostname(request.host)
        ours = name is not None and self.refusals.asked_for(name)
        advice = self.refusals.advice if ours else ""
        told = {"asked": name, "do": _in_a_line(advice) or IF_RIGHT} if name else {}
        self.refusals.note(request, "host", path=_told(request), **told)
        return RefusedError(N_("This address is not served here."), advice)

    async def _foreign_form(self, request: web.Request) -> RefusedError:
        """As above; but whoever works here, and has a form that we gave them, came by a proxy we were not told of."""
        name, advice = hostname(_origin(request).netloc), ""
        known = request.cookies.get(COOKIE) == request[BROWSER]
        if name and known and await self._has_token(request) and await self._works_here(request):
            self.refusals.came_by(request, name)
            advice = self.refusals.advice
        told = {"do": _in_a_line(advice)} if advice else {}
        self.refusals.note(request, "origin", path=_told(request), **told)
        return RefusedError(N_("This form was not sent from this page."), advice)

    async def _has_token(self, request: web.Request) -> bool:
        try:
            async with asyncio.timeout(FORM_WITHIN):
                sent = (await request.post()).get(TOKEN, "")
        except TimeoutError as error:
            self.refusals.note(request, "slow", path=_told(request))
            raise web.HTTPRequestTimeout(text=N_("The form did not arrive in time.")) from error
        except NO_BODY as error:
            raise web.HTTPBadRequest from error
        except (ValueError, LookupError):  # a form that is none, or in no known character set
            return False
        expected = token_for(request[BROWSER]).encode()
        return isinstance(sent, str) and hmac.compare_digest(sent.encode(errors="surrogatepass"), expected)


def _in_a_line(advice: str) -> str:
    return f"[web] {advice}".replace("\n", "; ") if advice else ""


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, **more: Any) -> None:
    """That no script reads, no other site sends, and no other page of this host; over https only, where we are."""
    path = f"{request[ROOT]}/"
    response.set_cookie(name, value, httponly=True, samesite="Strict", path=path, secure=request.secure, **more)


def token_for(browser: str) -> str:
    """What a form must send back: only a page of ours, which knows the cookie, can have made it."""
    return sha256(f"form {browser}".encode()).hexdigest()


def new_browser() -> str:
    """A cookie that nobody has seen yet."""
    return secrets.token_urlsafe(32)


def _browser(cookie: str) -> str:
    return cookie if len(cookie) == 43 and cookie.isascii() and cookie.isprintable() else new_browser()


def _is_ours(request: web.Request) -> bool:
    origin = _origin(request)
    return origin.scheme in ("http", "https") and origin.netloc.casefold() == request.host.casefold()


def _origin(request: web.Request) -> SplitResult:
    """Empty where it is none."""
    try:
        origin = urlsplit(request.headers.get("Origin", ""))
        return origin if origin.hostname else urlsplit("")
    except ValueError:  # `http://[::`
        return urlsplit("")


def _told(request: web.Request) -> str:
    """What a log may say of an address: a link that was refused still opens the page to whoever reads it there."""
    return _LINK.sub(r"\1...", request.path)
