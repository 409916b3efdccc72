"""On which address the page listens, and whether what it says can be read on the way."""

import structlog
from aiohttp import web

from bridge.web.security import SERVER
from bridge.web.settings import THIS_MACHINE, WebSettings, is_loopback
from storage import users
from storage.database import Database

IDLE = 75.0  # seconds in which a connection must have asked for something, the first time and again

log = structlog.get_logger()


async def where(database: Database, settings: WebSettings) -> str:
    """The address of the settings; only this machine until there is somebody who can sign in."""
    if is_loopback(settings.host):
        return settings.host
    async with database.read() as db:
        if not await users.exist(db):
            log.warning(
                "page.this_machine_only",
                why="there are no users yet",
                do="textback users add NAME --role admin, then restart textback",
            )
            return THIS_MACHINE
    if not settings.certificate:
        log.warning("page.no_tls", why="passwords cross the network readable", do="set certificate and key in [web]")
    return settings.host


def runner(app: web.Application, *, close_within: float = 60.0, idle: float = IDLE) -> web.AppRunner:
    """Serves the page. Connections that never end their question are closed: each holds a file that others need.

    close_within: seconds that open pages get when it stops.
    """
    return _Runner(app, access_log=None, shutdown_timeout=close_within, keepalive_timeout=idle)


# --- what aiohttp answers by itself, to what is no HTTP, names neither it nor its version ---------------------------


class _Handler(web.RequestHandler):
    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        response = super().handle_error(request, status, exc, message)
        response.headers["Server"] = SERVER
        return response


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, loop=made._loop, **made._kwargs)
