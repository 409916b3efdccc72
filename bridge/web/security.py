"""What every request must pass and every answer carries.

The page lives in an office network where browsers visit hostile sites as well: names that rebind to this machine are
refused by the Host header (DNS rebinding), forms posted from elsewhere by Origin and token (CSRF), and whatever a
caller managed to write into a page could neither run nor load anything (XSS, CSP).
"""

import asyncio
import hmac
import json
import re
import secrets
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from bridge.web.forwarded import PEER, ROOT, address_reached, is_said
from bridge.web.language import N_
from bridge.web.page_link import PATH
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

LET_IT_SAY = "trusted_proxies are right: let the proxy send X-Forwarded-Host and X-Forwarded-Proto"

log = structlog.get_logger()

_NAME = re.compile(r"[a-z0-9._:-]{1,253}")
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

    advice: the setting that would have let the last one in, "" as long as nobody was refused who might be right.
    """

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._hosts = LOOPBACK_NAMES | {settings.host.casefold()} | {name.casefold() for name in settings.hosts}
        self.advice = ""

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_served(request):
            raise self._foreign(request, "host", request.host, N_("This address is not served here."))
        request[BROWSER] = _browser(request.cookies.get(COOKIE, ""))
        if request.method not in SAFE:
            if not _is_ours(request):
                asked = _origin(request).netloc
                raise self._foreign(request, "origin", asked, N_("This form was not sent from this page."))
            if not await _has_token(request):
                log.warning("page.refused", what="token", remote=request.remote, path=_told(request))
                raise RefusedError(N_("This page is too old: load it again, then repeat what you did."))
        response = await handler(request)
        if not response.prepared and request.cookies.get(COOKIE) != request[BROWSER]:
            set_cookie(request, response, COOKIE, request[BROWSER])
        return response

    def _is_served(self, request: web.Request) -> bool:
        """By a name that we know, or by the very address that was reached: no name can be made to mean that."""
        name = _hostname(request.host)
        return name in self._hosts or (bool(name) and name == address_reached(request))

    def _foreign(self, request: web.Request, what: str, asked: str, words: str) -> RefusedError:
        """Mostly somebody who means harm; but it may be a proxy, or a name, that we were not told of."""
        setting = self._missing(request, _hostname(asked) or "")
        told = {"do": f"if {asked} is right: [web] {setting}"} if setting else {}
        log.warning("page.refused", what=what, remote=request.remote, path=_told(request), **told)
        self.advice = setting or self.advice
        return RefusedError(words, setting)

    def _missing(self, request: web.Request, name: str) -> str:
        """Which settings would have let in who asked for that name."""
        if not _NAME.fullmatch(name):
            return ""
        ours, peer = self._settings, request[PEER]
        proxies = [str(network) for network in ours.trusted_proxies]
        missing = [f"hosts = {json.dumps([*ours.hosts, name])}"] * (name not in self._hosts)
        if ours.is_proxy(peer):
            missing += [LET_IT_SAY] * (name in self._hosts)
        elif is_said(request) or _hostname(request.host) in LOOPBACK_NAMES:
            missing.append(f"trusted_proxies = {json.dumps([*proxies, peer])}")
        return ", ".join(missing)


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


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_ours(request: web.Request) -> bool:
    origin = _origin(request)
    return origin.scheme in ("http", "https") and origin.netloc.casefold() == request.host.casefold()


def _origin(request: web.Request) -> SplitResult:
    """Empty where it is none."""
    try:
        return urlsplit(request.headers.get("Origin", ""))
    except ValueError:  # `http://[::`
        return urlsplit("")


def _told(request: web.Request) -> str:
    """What a log may say of an address: a link that was refused still opens the page to whoever reads it there."""
    return _LINK.sub(r"\1...", request.path)


async def _has_token(request: web.Request) -> bool:
    try:
        async with asyncio.timeout(FORM_WITHIN):
            sent = (await request.post()).get(TOKEN, "")
    except TimeoutError as error:
        log.warning("page.refused", what="slow", remote=request.remote, path=_told(request))
        raise web.HTTPRequestTimeout(text=N_("The form did not arrive in time.")) from error
    except (ValueError, LookupError, HttpProcessingError):  # a form that is none, or in no known character set
        return False
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(), token_for(request[BROWSER]).encode())
