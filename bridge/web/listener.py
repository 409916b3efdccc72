"""On which address the page listens, whom it lets in, and whether what it says can be read on the way.

Whoever keeps connections open without asking anything (slowloris) has ten seconds for a request's head.
"""

import asyncio
from typing import cast

import structlog
from aiohttp import web

from bridge.ops.sockets import BoundedListener, ConnectionLimit
from bridge.web.security import SERVER
from bridge.web.settings import THIS_MACHINE, WebSettings, is_loopback, tls
from storage import users
from storage.database import Database

HEAD_WITHIN = 10.0  # seconds for the head of a request, and for TLS
IDLE = 75.0  # seconds that a connection may stay between two requests: longer than proxies keep theirs

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


def runner(
    app: web.Application, *, close_within: float = 60.0, idle: float = IDLE, head_within: float = HEAD_WITHIN
) -> web.AppRunner:
    """Serves the page. Connections that never end their question are closed: each holds a file that others need.

    close_within: seconds that open pages get when it stops. idle: and those between two questions.
    """
    made = _Runner(app, access_log=None, shutdown_timeout=close_within, keepalive_timeout=idle)
    made.head_within = head_within
    return made


async def listen(
    made: web.AppRunner,
    host: str,
    port: int,
    settings: WebSettings | None = None,
    limit: ConnectionLimit | None = None,
) -> None:
    """Let everybody in there for whom there is room. Raises OSError where the port is taken.

    limit: else what this process may have open.
    """
    settings, limit = settings or WebSettings(), limit or ConnectionLimit.of_process()
    for listening in BoundedListener.at(host, port, limit, settings.is_proxy):
        await _Site(made, listening, ssl_context=tls(settings)).start()


class _Site(web.SockSite):
    """As aiohttp's own, but that shaking hands (TLS) has its time too."""

    async def start(self) -> None:
        await web.BaseSite.start(self)
        self._server = await asyncio.get_running_loop().create_server(
            cast("web.Server", self._runner.server),
            sock=self._sock,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=HEAD_WITHIN if self._ssl_context else None,
        )


class _Handler(web.RequestHandler):
    """One connection. A request's head has its time from the first byte, the first one's from the connection."""

    head_within = HEAD_WITHIN
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._late = self._loop.call_later(self.head_within, self.force_close)

    def data_received(self, data: bytes) -> None:
        asked = self._request_count
        super().data_received(data)
        if self._request_count > asked:
            self._in_time()
        elif self._late is None and self._waiter is not None:
            self._late = self._loop.call_later(self.head_within, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What aiohttp answers by itself, to what is no HTTP, names neither it nor its version."""
        response = super().handle_error(request, status, exc, message)
        response.headers["Server"] = SERVER
        return response


class _Server(web.Server):
    head_within = HEAD_WITHIN

    def __call__(self) -> web.RequestHandler:
        made = _Handler(self, loop=self._loop, **self._kwargs)
        made.head_within = self.head_within
        return made


class _Runner(web.AppRunner):
    head_within = HEAD_WITHIN

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        ours = _Server(made.request_handler, request_factory=made.request_factory, loop=made._loop, **made._kwargs)
        ours.head_within = self.head_within
        return ours
