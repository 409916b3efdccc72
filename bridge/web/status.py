"""For machines: is it alive, is it ready, and figures."""

from dataclasses import asdict

from aiohttp import web

from bridge.ops.metrics import MetricsSnapshot, exposition
from bridge.reports import figures
from bridge.web.page_context import PageContext
from bridge.web.security import Guard
from storage import callbacks, settings, text_outcomes
from storage.errors import StorageError

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class Status:
    def __init__(self, site: PageContext, guard: Guard) -> None:
        self._site = site
        self._guard = guard

    async def healthz(self, _request: web.Request) -> web.Response:
        """200 as long as the process answers; what it says is for `textback status`."""
        return web.json_response({**self._site.health().as_json(), "refused": self._guard.advice})

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 while calls are seen, texts go out and both are recorded; else 503."""
        health = self._site.health()
        return web.json_response({"ready": health.ready}, status=200 if health.ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        """For Prometheus; also while the database cannot be read: that is when somebody must be told."""
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
