"""On which address the page listens, and whether what it says can be read on the way."""

import ssl

import structlog

from bridge.web.settings import WebSettings, is_loopback
from storage import users
from storage.database import Database

THIS_MACHINE = "127.0.0.1"

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


def tls(settings: WebSettings) -> ssl.SSLContext | None:
    """None for plain http. OSError (also ssl.SSLError) where certificate and key cannot be used."""
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key)
    return context
