"""The page on a real port over a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from bridge.ops.health import Health, LinkHealth, LinkKind
from bridge.web.app import create_app
from bridge.web.auth import digest_of_browser
from bridge.web.event_stream import HEARTBEAT
from bridge.web.page_link import digest_of
from bridge.web.phones import Phones
from bridge.web.security import COOKIE
from bridge.web.settings import WebSettings
from storage import page_links
from storage.database import Database
from tests.desk import Desk

Client = TestClient[Request, Application]
BROWSER = "b" * 43
COOKIES = {COOKIE: BROWSER}
"""Of the browser that `let_in` let in."""


async def let_in(database: Database, now: datetime) -> None:
    """As if that browser had opened the link which shows the page until there are users."""
    async with database.transaction() as tx:
        await tx.all("DELETE FROM page_link")
        await page_links.add(tx, digest_of(BROWSER), now)
        await page_links.open_in(tx, digest_of(BROWSER), digest_of_browser(BROWSER), now)


class Faults:
    """What the health strip is told; tests break it."""

    def __init__(self, desk: Desk) -> None:
        since = desk.clock() - timedelta(hours=4)
        self.health = Health(
            (LinkHealth(LinkKind.PBX, "office", since), LinkHealth(LinkKind.SMS, "smpp", since)),
            disk_free=41 * 2**30,
            disk_total=100 * 2**30,
        )

    def __call__(self) -> Health:
        return self.health


@asynccontextmanager
async def served(
    desk: Desk,
    faults: Faults | None = None,
    *,
    settings: WebSettings | None = None,
    phones: Phones | None = None,
    heartbeat: float = HEARTBEAT,
    own_token: str = "",
) -> AsyncIterator[Client]:
    app = create_app(
        desk.database,
        desk.office,
        settings or WebSettings(),
        health=faults or Faults(desk),
        clock=desk.clock,
        phones=phones,
        heartbeat=heartbeat,
        own_token=own_token,
    )
    await let_in(desk.database, desk.clock())
    async with TestClient(TestServer(app), cookies=COOKIES) as client:
        yield client
