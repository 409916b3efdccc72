"""For machines: is it alive, is it ready, and figures."""

import hmac
from dataclasses import asdict

import structlog
from aiohttp import web

from bridge.ops.metrics import MetricsSnapshot, exposition
from bridge.reports import figures
from bridge.web.forwarded import address_reached, is_said
from bridge.web.page_context import PageContext
from bridge.web.security import Guard
from bridge.web.settings import WebSettings, is_loopback, is_within
from storage import callbacks, settings, text_outcomes
from storage.errors import StorageError

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


log = structlog.get_logger()


class Status:
    def __init__(self, site: PageContext, guard: Guard, settings: WebSettings) -> None:
        self._site = site
        self._guard = guard
        self._settings = settings

    def _check_may_know(self, request: web.Request) -> None:
        """As long as nothing says who may, everybody does: so it was before there was anything to say."""
        settings, remote = self._settings, request.remote or ""
        asked_for = settings.metrics_from or settings.metrics_token
        if asked_for and not (
            _is_from_here(request) or is_within(remote, settings.metrics_from) or _has(request, settings.metrics_token)
        ):
            log.warning("page.refused", what="metrics", remote=remote, path=request.path)
            raise web.HTTPForbidden

    async def healthz(self, request: web.Request) -> web.Response:
        """200 as long as the process answers; what it says is for `textback status`."""
        self._check_may_know(request)
        return web.json_response({**self._site.health().as_json(), "refused": self._guard.advice})

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 while calls are seen, texts go out and both are recorded; else 503."""
        health = self._site.health()
        return web.json_response({"ready": health.ready}, status=200 if health.ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """For Prometheus; also while the database cannot be read: that is when somebody must be told."""
        self._check_may_know(request)
        try:
            told = await self._snapshot()
        except StorageError:
            told = MetricsSnapshot(self._site.health(), {}, {}, None)
        return web.Response(body=exposition(told), headers={"Content-Type": EXPOSITION})

    async def _snapshot(self) -> MetricsSnapshot:
        now = self._site.clock()
        day = now.astimezone(self._site.office.zone).date()
        async with self._site.database.read() as db:
            today = await figures.of_period(db, self._site.office, day, day, now)
            waiting = await callbacks.count_waiting(db)
            burst = await text_outcomes.burst(db, now)
            switches = {key: await settings.is_on(db, key) for key in (settings.PAUSED, settings.BREAKER)}
        return MetricsSnapshot(self._site.health(), asdict(waiting), switches, today, burst.numbers if burst else 0)


def _is_from_here(request: web.Request) -> bool:
    """Of this machine, and not of somebody for whom a proxy on it asks."""
    remote = request.remote or ""
    return (is_loopback(remote) or (bool(remote) and remote == address_reached(request))) and not is_said(request)


def _has(request: web.Request, token: str) -> bool:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(sent.encode(), token.encode())
