"""What a proxy in front says of who asks, and how (reverse proxy, X-Forwarded-For, RFC 7239, path prefix).

Anybody can write these headers, so only those count that `[web] trusted_proxies` names. Of several values the last one
counts that such a proxy wrote itself; the rest may be the visitor's invention.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDictProxy

from bridge.ops.seldom_log import SeldomLog
from bridge.ops.sockets import ConnectionLimit
from bridge.web.settings import WebSettings

FOR, PROTO, HOST, PREFIXED, STANDARD = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix"),
    "Forwarded",
)
SCHEMES = ("http", "https")
COME_BACK_IN = 20  # seconds

ROOT = web.RequestKey("root", str)
"""Where a proxy shows the page: "" for at the top of its name, else a path such as `/calls`."""

PEER = web.RequestKey("peer", str)
"""The address at the other end of the connection itself."""

WRITES_IT_ITSELF = (
    "each must write X-Forwarded-For itself (nginx: proxy_set_header X-Forwarded-For $remote_addr;), "
    "for what it only passes on is the visitor's own word"
)

IsProxy = Callable[[str], bool]

_OF_PROXIES = re.compile(r"(x-forwarded|forwarded$|via$|x-real-ip$|(.+-)?client-ip$|.+-connecting-ip$)", re.IGNORECASE)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """remote: the visitor's address, as far back as proxies are trusted. scheme, host: None where none was said."""

    remote: str
    scheme: str | None = None
    host: str | None = None
    root: str = ""


def read(
    headers: CIMultiDictProxy[str],
    standard: Sequence[Mapping[str, str]],
    peer: str,
    is_proxy: IsProxy,
) -> Forwarded:
    """peer: a proxy that is trusted. standard: what `Forwarded` says, heard where no other header is."""
    old = any(name in headers for name in (FOR, PROTO, HOST))
    visitors = _listed(headers, FOR) if old else [one.get("for", "") for one in standard]
    scheme = _last(headers, PROTO) if old else _last_of(standard, "proto")
    host = _last(headers, HOST) if old else _last_of(standard, "host")
    root = _last(headers, PREFIXED).rstrip("/")
    return Forwarded(
        _visitor(visitors, peer, is_proxy),
        scheme if scheme in SCHEMES else None,
        host or None,
        root if _PREFIX.fullmatch(root) and "/." not in root else "",
    )


def is_said(request: web.BaseRequest) -> bool:
    """Has some proxy said something, trusted or not?"""
    return any(_OF_PROXIES.match(name) for name in request.headers)


def hostname(host: str) -> str | None:
    """Without the port; None for what is no Host header (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).casefold() if found else None


def address_reached(request: web.BaseRequest) -> str:
    """Which of this machine's addresses the connection came to; "" where nobody knows."""
    own = request.transport.get_extra_info("sockname") if request.transport else None
    return str(own[0]) if own else ""


def behind_proxies(settings: WebSettings, limit: ConnectionLimit | None = None) -> Middleware:
    """Sees the visitor behind a trusted proxy as if there were none, and bounds how much one of them asks at once."""
    limit, turned_away = limit or ConnectionLimit.of_process(), SeldomLog("page.crowded")

    @web.middleware
    async def seen(request: web.Request, handler: Handler) -> web.StreamResponse:
        peer = request.remote or ""
        request[ROOT], request[PEER] = "", peer
        if not settings.is_proxy(peer):
            return await handler(request)
        told = read(request.headers, request.forwarded, peer, settings.is_proxy)
        visited = request.clone(
            remote=told.remote, scheme=told.scheme or request.scheme, host=told.host or request.host
        )
        visited[ROOT] = told.root
        if not limit.let_in(told.remote, shared=settings.is_proxy(told.remote)):
            turned_away(remote=told.remote, **limit.inside(told.remote))
            return web.Response(status=503, headers={"Retry-After": str(COME_BACK_IN)})
        try:
            response = await handler(visited)
        except web.HTTPException as error:
            _lead_under(told.root, error)
            raise
        finally:
            limit.let_go(told.remote)
        _lead_under(told.root, response)
        return response

    return seen


def _lead_under(root: str, response: web.StreamResponse) -> None:
    """Redirects are written without the path that only the proxy knows."""
    if root and (location := response.headers.get("Location", "")).startswith("/"):
        response.headers["Location"] = root + location


def _visitor(told: Sequence[str], peer: str, is_proxy: IsProxy) -> str:
    """From the nearest on, the first that is no proxy of ours; what is no address is nobody's word."""
    seen = peer
    for node in reversed(told):
        address = _address(node)
        if not address:
            break
        seen = address
        if not is_proxy(address):
            break
    return seen


def _address(node: str) -> str:
    """`192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711` without the port; "" for `unknown` and the like."""
    bare = node.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""


def _listed(headers: CIMultiDictProxy[str], name: str) -> list[str]:
    return [one.strip() for one in ",".join(headers.getall(name, [])).split(",") if one.strip()]


def _last(headers: CIMultiDictProxy[str], name: str) -> str:
    return next(iter(reversed(_listed(headers, name))), "")


def _last_of(standard: Sequence[Mapping[str, str]], name: str) -> str:
    return next((one[name] for one in reversed(standard) if name in one), "")
