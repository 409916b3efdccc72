"""`bridge/deploy/HTTP.md`, out of the page's own router: what can be asked for, by whom, and what comes of it."""

import asyncio
import inspect
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.domain.office.office import Office
from bridge.ops.health import Health
from bridge.web.app import create_app
from bridge.web.auth import OPEN_TO_ALL, needs
from bridge.web.forms import VERBS
from bridge.web.settings import WebSettings
from storage.database import Database
from storage.users import UserRole
from tests.desk import MONDAY_NOON, OFFICE

HEAD = """\
# What is served over HTTP

Made from the page's own router by `make docs`; a test holds it current. `[web]` in `CONFIGURATION.md` says where it
listens.

- `staff`, `lead` and `admin` are roles of `textback users`; each may what the one before may. Until there is a user,
  nobody signs in: only this machine is served, and only a browser that opened a link of `textback page-link`.
- A form (POST) carries `token` (CSRF) as a page of ours gave it, and comes with our own `Origin` and the page's cookie;
  the `Host` has to be one of `[web] hosts`. A form about a row carries its `version`: 409 where somebody was quicker.
- What is done is answered by 303 to a page; what is refused by a page that says why: 400 not understood, 401 sign in,
  403 not allowed, 404 no such thing, 409 too late, 413 too large, 429 too many tries, 503 the disk.
- For machines: `/healthz`, `/readyz`, `/metrics`, `/figures.csv`. Their keys and names stay; new ones may come. `[web]
  metrics_from` and `metrics_token` say who gets the first and the third; `textback report` prints the figures as well.

| | path | for | |
|---|---|---|---|
"""
VERBS_OF_ROWS = """
`{{verb}}` is one of {verbs}.
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    path: str
    role: str
    meaning: str


def document() -> str:
    rows = (f"| {one.method} | `{one.path}` | {one.role} | {one.meaning} |\n" for one in endpoints())
    return HEAD + "".join(rows) + VERBS_OF_ROWS.format(verbs=", ".join(f"`{verb}`" for verb in VERBS))


def endpoints() -> list[Endpoint]:
    return [
        Endpoint(route.method, route.resource.canonical, *_told(route.handler, route.resource.canonical))
        for route in asyncio.run(_routes())
        if route.method != "HEAD" and route.resource is not None
    ]


def _told(handler: Handler, path: str) -> tuple[str, str]:
    """For whom, and the first line of what is said where it is answered."""
    bound = inspect.getclosurevars(handler).nonlocals if handler.__qualname__.startswith(needs.__name__) else {}
    role = "all" if OPEN_TO_ALL.fullmatch(path) else str(bound.get("role", UserRole.STAFF))
    said = inspect.getdoc(bound.get("handler", handler)) or ""
    return role, said.partition("\n")[0]


async def _routes() -> list[web.AbstractRoute]:
    with TemporaryDirectory() as place:
        async with await Database.open(Path(place) / "textback.db") as database:
            return list(_app(database, OFFICE).router.routes())


def _app(database: Database, office: Office) -> web.Application:
    def health() -> Health:
        raise NotImplementedError("nobody asks for it")

    return create_app(database, office, WebSettings(), health=health, clock=lambda: MONDAY_NOON)
