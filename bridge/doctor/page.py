"""What `textback doctor` says of who gets to see the page: whom it refused, and whether anybody can sign in."""

from collections.abc import Iterator

from bridge.config import Config
from bridge.doctor.local import Finding, not_looked, ok, warning
from storage import users
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import newest_version, version_of

NOBODY_YET = "nobody can sign in yet; until somebody can, a link opens the page in one browser"


def refused(setting: str) -> Iterator[Finding]:
    """setting: what would have let in whom the page refused last, "" for nobody."""
    if setting:
        yield warning("page", "it refused somebody who may have been right: a name or a proxy", f"[web] {setting}")


async def who_signs_in(config: Config) -> Finding:
    try:
        if not config.database.exists() or version_of(config.database) != newest_version():
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
