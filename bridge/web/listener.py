"""On which address the page listens, and whether what it says can be read on the way."""

import structlog
from aiohttp import web

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
    return web.AppRunner(app, access_log=None, shutdown_timeout=close_within, keepalive_timeout=idle)
