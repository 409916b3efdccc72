"""What `textback doctor` says of who gets to see the page: whom it refused, and whether anybody can sign in."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.config import Config
from bridge.doctor.local import Finding, not_looked, ok, warning
from storage import users
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import is_current

NOBODY_YET = "nobody can sign in yet; until somebody can, a link opens the page in one browser"


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
