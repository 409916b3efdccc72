"""What `textback doctor` says of who gets to see the page: whom it refused, and whether anybody can sign in."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bridge.config import Config
from bridge.doctor.local import Finding, not_looked, ok, warning
from bridge.web.forwarded import FOR, WRITES_IT_ITSELF
from bridge.web.settings import WebSettings
from storage import users
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import is_current

NOBODY_YET = "nobody can sign in yet; until somebody can, a link opens the page in one browser"

NOBODYS = "192.0.2.1"  # RFC 5737
WITHIN = 3.0  # seconds


def refused(health: Mapping[str, Any]) -> Iterator[Finding]:
    """health: as the page told it; nothing of a page that does not answer."""
    if advice := health.get("refused"):
        yield warning("page", "it refused somebody who works here: a name or a proxy is missing", f"[web]\n{advice}")
    if strangers := sum(health.get("refusals", {}).get(what, 0) for what in ("host", "origin")):
        said = f"it refused {strangers} requests by other names: page.refused in the log says which"
        yield ok("page", f"{said}; one of yours would belong into hosts of [web]")


async def who_signs_in(config: Config) -> Finding:
    try:
        if not is_current(config.database):
            return not_looked("users", "there is no database yet")
        async with await Database.open(config.database) as database, database.read() as db:
            known = [user for user in await users.everybody(db) if not user.disabled]
            if not await users.exist(db):
                return ok("users", NOBODY_YET)
    except (StorageError, RejectedError) as error:
        return not_looked("users", f"the database cannot be read: {error}")
    if not known:
        return warning("users", "nobody can sign in: every user is disabled", "textback users passwd NAME")
    return ok("users", f"{len(known)} may sign in")


def proxies(web: WebSettings) -> Iterator[Finding]:
    """Through each name of the page, as a visitor who says that they are somebody else (IP spoofing)."""
    for host in web.hosts if web.trusted_proxies else ():
        seen = seen_as(NOBODYS, f"https://{host}") or seen_as(NOBODYS, f"http://{host}")
        if seen == NOBODYS:
            said = f"the proxy of {host} passes on whatever visitors say of their address, and it is believed"
            yield warning("proxy", said, WRITES_IT_ITSELF)
        elif seen:
            yield ok("proxy", f"that of {host} says itself who asks")
        else:
            yield not_looked("proxy", f"{host} does not answer from here; {WRITES_IT_ITSELF}")


def seen_as(claimed: str, page: str) -> str:
    """Whose request it is, by the page, if its sender claims that address; "" where none of ours answers."""
    asked = Request(f"{page}/readyz", headers={FOR: claimed})  # noqa: S310  http or https
    with suppress(OSError, ValueError):
        try:
            with urlopen(asked, timeout=WITHIN) as answer:  # noqa: S310  as above
                told = json.load(answer)
        except HTTPError as error:  # 503: not ready, and it says the same
            told = json.load(error)
        return str(told["you"]) if isinstance(told, dict) and "you" in told else ""
    return ""
