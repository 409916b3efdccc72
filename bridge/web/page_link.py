"""The link that opens the page before there are users, once, for whoever reads it on this machine (magic link).

Being on this machine is no proof: a proxy in front is there too, and so is everybody whom it serves.
"""

import secrets
from datetime import datetime
from hashlib import sha256

from storage import page_links, users
from storage.database import Database

PATH = "/link/"
TOKEN_PATTERN = "[A-Za-z0-9_-]{43}"  # noqa: S105  how one is written
OPENS = f"it opens once, within {page_links.OPENS_WITHIN.seconds // 60} minutes"


async def new_link(database: Database, page: str, now: datetime) -> str:
    """page: its address, with a slash at its end. "" where there are users, who sign in."""
    token = secrets.token_urlsafe(32)
    async with database.transaction() as tx:
        if await users.exist(tx):
            return ""
        await page_links.add(tx, digest_of(token), now)
    return f"{page.rstrip('/')}{PATH}{token}"


def digest_of(token: str) -> bytes:
    return sha256(f"link {token}".encode()).digest()
