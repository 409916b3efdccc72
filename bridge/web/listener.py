"""On which address the page listens, whom it lets in, and whether what it says can be read on the way.

Whoever keeps connections open without asking anything (slowloris) has ten seconds for a request's head, and who takes
nothing of an answer (slow read) a minute.
"""

import asyncio
import ssl
from typing import Any, cast

import structlog
from aiohttp import web

from bridge.ops.sockets import BoundedListener, ConnectionLimit
from bridge.web.refusals import REFUSALS, Refusals
from bridge.web.security import HEADERS, NO_BODY
from bridge.web.settings import THIS_MACHINE, WebSettings, is_loopback, tls
from storage import users
from storage.database import Database

HEAD_WITHIN = 10.0  # seconds for the head of a request, and for TLS
MALFORMED = "malformed"
NO_HTTP, WENT_WRONG = "That was not understood.\n", "Something went wrong here.\n"
READ_WITHIN = 60.0  # seconds in which some of an answer must be taken
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


def runner(app: web.Application, *, close_within: float = 60.0, idle: float = IDLE) -> web.AppRunner:
    """Serves the page. close_within: seconds that open pages get when it stops. idle: those between two questions."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=close_within, keepalive_timeout=idle)


async def listen(
    made: web.AppRunner,
    host: str,
    port: int,
    settings: WebSettings | None = None,
    limit: ConnectionLimit | None = None,
    *,
    head_within: float = HEAD_WITHIN,
    read_within: float = READ_WITHIN,
) -> None:
    """Let everybody in there for whom there is room. Raises OSError where the port is taken.

    limit: else what this process may have open. head_within: seconds for the head of a request, and for TLS; who never
    ends it is closed, for each connection holds a file that others need. read_within: and who reads no answer.
    """
    settings, limit = settings or WebSettings(), limit or ConnectionLimit.of_process()
    for listening in BoundedListener.at(host, port, limit, settings.is_proxy):
        await _Site(made, listening, (head_within, read_within), tls(settings)).start()


class _Site(web.SockSite):
    """As aiohttp's own, but that connections are ours, and that shaking hands (TLS) has its time too."""

    def __init__(
        self,
        made: web.AppRunner,
        listening: BoundedListener,
        within: tuple[float, float],
        context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(made, listening, ssl_context=context)
        self._refusals = made.app[REFUSALS]
        self._limit = listening.limit
        self._within = within

    async def start(self) -> None:
        await web.BaseSite.start(self)
        self._server = await asyncio.get_running_loop().create_server(
            self._connection,
            sock=self._sock,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=self._within[0] if self._ssl_context else None,
        )

    def _connection(self) -> web.RequestHandler:
        server = cast("web.Server", self._runner.server)
        return _Connection(server, self._refusals, self._limit, *self._within)


class _Connection(web.RequestHandler):
    """A request's head has its time from the first byte, the first one's from the connection; an answer has its own."""

    def __init__(
        self, server: web.Server, refusals: Refusals, limit: ConnectionLimit, head_within: float, read_within: float
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **server._kwargs)
        self._refusals = refusals
        self._limit = limit
        self._from = ""
        self._head_within = head_within
        self._read_within = read_within
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._late = self._loop.call_later(self._head_within, self.force_close)
        self._from = (transport.get_extra_info("peername") or ("",))[0]
        self._limit.connected(self._from, self)

    @property
    def is_idle(self) -> bool:
        return self._current_request is None

    def make_room(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        asked = self._request_count
        super().data_received(data)
        if self._request_count > asked:
            self._in_time()
        elif self._late is None and self._waiter is not None:
            self._late = self._loop.call_later(self._head_within, self.force_close)

    def pause_writing(self) -> None:
        """Nobody reads what we say (slow read): to close it would wait for that."""
        super().pause_writing()
        if self.transport is not None:
            self._unread = self._loop.call_later(self._read_within, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_read()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: BaseException | None) -> None:
        self._limit.disconnected(self._from, self)
        self._in_time()
        self._is_read()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, _words: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP (malformed, smuggled, too long) is counted; the answer has few words and names no version.

        So are characters that are none (UnicodeError), in a header that only aiohttp reads: ours do not get this far.
        """
        malformed = isinstance(exc, (*NO_BODY, UnicodeError))
        if malformed:
            self._refusals.note(request, MALFORMED, why=type(exc).__name__)
        else:
            log.error("page.failed", exc_info=exc)
        if request.writer.output_size:
            raise ConnectionError("an answer is under way already")
        return _in_a_word(400 if malformed else status)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """What aiohttp refuses by itself (Expect) never became a page of ours."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            self._refusals.note(request, MALFORMED, why=resp.reason)
            resp = _in_a_word(resp.status)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, exc_info: Any = None) -> None:
        """A body that ends in what is none, after its answer, is nobody's fault here."""
        if not isinstance(exc_info, NO_BODY):
            super().log_exception(*args, exc_info=exc_info)


def _in_a_word(status: int) -> web.Response:
    response = web.Response(status=status, text=NO_HTTP if status < 500 else WENT_WRONG, headers=HEADERS)
    response.force_close()
    return response
