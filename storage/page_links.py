"""Links that open the page before there are users, each once and for one browser (magic link)."""

from datetime import datetime, timedelta

from storage.database import Reader, Writer

OPENS_WITHIN = timedelta(minutes=30)
LASTS = timedelta(days=30)


async def add(tx: Writer, digest: bytes, now: datetime) -> None:
    """What ran out is swept away on the way."""
    await tx.all(
        "DELETE FROM page_link WHERE (browser IS NULL AND made_at < :unopened) OR opened_at < :old",
        unopened=now - OPENS_WITHIN,
        old=now - LASTS,
    )
    await tx.insert("INSERT INTO page_link (digest, made_at) VALUES (:digest, :now)", digest=digest, now=now)


async def open_in(tx: Writer, digest: bytes, browser: bytes, now: datetime) -> bool:
    """False where it was opened before, is too old, or is none."""
    opened = await tx.one(
        """
        UPDATE page_link SET browser = :browser, opened_at = :now
        WHERE digest = :digest AND browser IS NULL AND made_at >= :oldest
        RETURNING opened_at
        """,
        browser=browser,
        now=now,
        digest=digest,
        oldest=now - OPENS_WITHIN,
    )
    return opened is not None


async def was_opened_in(db: Reader, browser: bytes, now: datetime, digest: bytes | None = None) -> bool:
    """Any of them, or that one."""
    row = await db.one(
        """
        SELECT 1 FROM page_link
        WHERE browser = :browser AND opened_at >= :old AND digest = coalesce(:digest, digest)
        """,
        browser=browser,
        old=now - LASTS,
        digest=digest,
    )
    return row is not None
