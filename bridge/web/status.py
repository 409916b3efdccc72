"""For machines: is it alive, is it ready, and figures."""

import hmac
from collections.abc import Sequence
from dataclasses import asdict, replace

from aiohttp import web

from bridge.ops.health import Health
from bridge.ops.metrics import MetricsSnapshot, exposition
from bridge.reports import figures
from bridge.web.forwarded import PEER, is_said
from bridge.web.page_context import PageContext
from bridge.web.refusals import Refusals
from bridge.web.settings import WebSettings, is_within
from storage import callbacks, settings, text_outcomes
from storage.errors import StorageError

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class Status:
    """own_token: with which our own commands ask."""

    def __init__(self, site: PageContext, refusals: Refusals, settings: WebSettings, own_token: str = "") -> None:
        self._site = site
        self._refusals = refusals
        self._settings = settings
        self._tokens = [token for token in (settings.metrics_token, own_token) if token]
        self._is_said_who = bool(settings.metrics_from or settings.metrics_token)

    def _check_may_know(self, request: web.Request) -> None:
        """As long as nothing says who may, everybody does: so it was before there was anything to say.

        Then to come from this machine is no proof: a proxy in front does too, whoever it asks for.
        """
        remote = request.remote or ""
        by_hearsay = is_said(request) and not self._settings.is_proxy(request[PEER])
        named = is_within(remote, self._settings.metrics_from) and not by_hearsay
        if self._is_said_who and not (named or _has(request, self._tokens)):
            self._refusals.note(request, "metrics", path=request.path)
            raise web.HTTPForbidden

    async def healthz(self, request: web.Request) -> web.Response:
        """200 as long as the process answers; what it says is for `textback status`."""
        self._check_may_know(request)
        refused = {"refused": self._refusals.advice, "refusals": dict(self._refusals.counts)}
        return web.json_response({**self._site.health().as_json(), **refused})

    async def readyz(self, request: web.Request) -> web.Response:
        """200 while calls are seen, texts go out and both are recorded; else 503. you: who asks, as seen here."""
        health = self._site.health()
        return web.json_response({"ready": health.ready, "you": request.remote}, status=200 if health.ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """For Prometheus; also while the database cannot be read: that is when somebody must be told."""
        self._check_may_know(request)
        try:
            told = await self._snapshot()
        except StorageError:
            told = MetricsSnapshot(self._health(), {}, {}, None)
        return web.Response(body=exposition(told), headers={"Content-Type": EXPOSITION})

    def _health(self) -> Health:
        health = self._site.health()
        refused = {f"page_refused_{what}": count for what, count in self._refusals.counts.items()}
        return replace(health, counts={**health.counts, **refused})

    async def _snapshot(self) -> MetricsSnapshot:
        now = self._site.clock()
        day = now.astimezone(self._site.office.zone).date()
        async with self._site.database.read() as db:
            today = await figures.of_period(db, self._site.office, day, day, now)
            waiting = await callbacks.count_waiting(db)
            burst = await text_outcomes.burst(db, now)
            switches = {key: await settings.is_on(db, key) for key in (settings.PAUSED, settings.BREAKER)}
        return MetricsSnapshot(self._health(), asdict(waiting), switches, today, burst.numbers if burst else 0)


def _has(request: web.Request, tokens: Sequence[str]) -> bool:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode(errors="surrogateescape")
    return any(hmac.compare_digest(sent, token.encode()) for token in tokens)
