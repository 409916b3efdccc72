"""What every request must pass and every answer carries.

The page lives in an office network where browsers visit hostile sites as well: names that rebind to this machine are
refused by the Host header (DNS rebinding), forms posted from elsewhere by Origin and token (CSRF), and whatever a
caller managed to write into a page could neither run nor load anything (XSS, CSP).
"""

import asyncio
import hmac
import secrets
from hashlib import sha256
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from bridge.web.language import N_
from bridge.web.settings import WebSettings

FORM_WITHIN = 30.0  # seconds; a form that takes longer is somebody who holds on to the connection
COOKIE = "textback"
TOKEN = "token"  # noqa: S105 - the name of a form field
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

SERVER = "textback"
"""Whoever asks need not know which version of what answers."""

HEADERS = {
    "Server": SERVER,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make browsers send `Origin: null` with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

BROWSER = web.RequestKey("browser", str)
"""The cookie's value; also one that this request is only about to get."""

log = structlog.get_logger()


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: also errors and streams get them."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def guard(settings: WebSettings) -> Middleware:
    """Refuse foreign hosts, and unsafe requests that our own page did not make."""
    hosts = LOOPBACK_NAMES | {settings.host.casefold()} | {name.casefold() for name in settings.hosts}

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _hostname(request.headers.get("Host", "")) not in hosts:
            raise _refused(request, "host", N_("This address is not served here."))
        request[BROWSER] = _browser(request.cookies.get(COOKIE, ""))
        if request.method not in SAFE:
            if not _is_ours(request):
                raise _refused(request, "origin", N_("This form was not sent from this page."))
            if not await _has_token(request):
                raise _refused(request, "token", N_("This page is too old: load it again, then repeat what you did."))
        response = await handler(request)
        if not response.prepared and request.cookies.get(COOKIE) != request[BROWSER]:
            response.set_cookie(
                COOKIE, request[BROWSER], httponly=True, samesite="Strict", path="/", secure=request.secure
            )
        return response

    return checked


def token_for(browser: str) -> str:
    """What a form must send back: only a page of ours, which knows the cookie, can have made it."""
    return sha256(f"form {browser}".encode()).hexdigest()


def new_browser() -> str:
    """A cookie that nobody has seen yet."""
    return secrets.token_urlsafe(32)


def _browser(cookie: str) -> str:
    return cookie if len(cookie) == 43 and cookie.isascii() and cookie.isprintable() else new_browser()


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_ours(request: web.Request) -> bool:
    origin = urlsplit(request.headers.get("Origin", ""))
    return origin.scheme in ("http", "https") and origin.netloc.casefold() == request.headers["Host"].casefold()


async def _has_token(request: web.Request) -> bool:
    try:
        async with asyncio.timeout(FORM_WITHIN):
            sent = (await request.post()).get(TOKEN, "")
    except TimeoutError as error:
        log.warning("page.refused", what="slow", remote=request.remote, path=request.path)
        raise web.HTTPRequestTimeout(text=N_("The form did not arrive in time.")) from error
    except (ValueError, LookupError, HttpProcessingError):  # a form that is none, or in no known character set
        return False
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(), token_for(request[BROWSER]).encode())


def _refused(request: web.Request, what: str, words: str) -> web.HTTPForbidden:
    log.warning("page.refused", what=what, remote=request.remote, path=request.path)
    return web.HTTPForbidden(text=words)
