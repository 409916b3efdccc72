"""Whom the page refused, and what the administrator would write to let in those who may have been right.

Anybody can ask by any name, and behind a proxy from any address. So a name is advised only where somebody who works
here came by it, or where it can only mean this machine; what strangers ask for is counted, and in the log alone.
"""

import json
import socket
from collections import Counter
from collections.abc import Iterable, Iterator

from aiohttp import web

from bridge.ops.seldom_log import SeldomLog
from bridge.web.forwarded import PEER, hostname, is_said
from bridge.web.settings import WebSettings, is_loopback

KEPT = 4  # names, and proxies
OWN_SUFFIXES = frozenset({"", "local", "lan", "home", "home.arpa", "internal", "localdomain"})
"""Nobody on the internet can have a name that ends so (RFC 6762, RFC 8375, and by custom)."""

IF_RIGHT = "if that name is one of yours, add it to hosts in [web]"
LET_IT_SAY = "# trusted_proxies are right: let the proxy send X-Forwarded-Host and X-Forwarded-Proto"

KEEP_THE_PORT = "# the name is right: let the proxy send Host with its port, as it came ($http_host in nginx)"


class Refusals:
    """hosts: the names that are served already. counts: by what was wrong."""

    def __init__(self, settings: WebSettings, hosts: Iterable[str]) -> None:
        self._settings = settings
        self._hosts = frozenset(hosts)
        self._own: dict[str, None] = {}
        self._names: dict[str, None] = {}
        self._proxies: dict[str, None] = {}
        self._hints: dict[str, None] = {}
        self._logs: dict[tuple[str, bool], SeldomLog] = {}
        self.counts: Counter[str] = Counter()

    def note(self, request: web.BaseRequest, what: str, **more: str) -> None:
        """A line a minute for each kind, and one more for what something is to be done about."""
        self.counts[what] += 1
        tell = self._logs.setdefault((what, "do" in more), SeldomLog("page.refused"))
        tell(what=what, remote=request.remote, **more)

    @property
    def advice(self) -> str:
        """Lines for `[web]` that would let in who was refused; "" as long as nobody was who may have been right."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        ours = self._settings
        if names := {**self._names, **self._own}:
            yield f"hosts = {json.dumps([*ours.hosts, *names])}"
        if self._proxies:
            yield f"trusted_proxies = {json.dumps([*map(str, ours.trusted_proxies), *self._proxies])}"
        yield from self._hints

    def came_by(self, request: web.Request, name: str) -> None:
        """Somebody who works here was refused under that name."""
        known, peer, asked = name in self._hosts, request[PEER], hostname(request.host) or ""
        if not known:
            _keep(self._names, name)
        if known and asked == name:
            self._hints[KEEP_THE_PORT] = None
        elif self._settings.is_proxy(peer):
            self._hints |= {LET_IT_SAY: None} if known else {}
        elif is_said(request) or is_loopback(asked):
            _keep(self._proxies, peer)

    def asked_for(self, name: str) -> bool:
        """Somebody asked by that name. Can it only mean this machine?"""
        if ours := is_own_name(name):
            self._own.setdefault(name)
        return ours


def is_own_name(name: str) -> bool:
    """That of this machine, as only its own network can know it; of these there are few."""
    first, _, rest = name.partition(".")
    return first == socket.gethostname().partition(".")[0].casefold() and rest in OWN_SUFFIXES


def _keep(known: dict[str, None], one: str) -> None:
    """The first few: nobody who comes later takes their place."""
    if len(known) < KEPT:
        known.setdefault(one)


REFUSALS = web.AppKey("refusals", Refusals)
