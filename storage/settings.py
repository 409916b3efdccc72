"""What is switched while the daemon runs: pause, and the breaker. Everything else is the configuration file."""

from datetime import datetime

from storage.audit import Act, Subject, add
from storage.database import Reader, Writer

PAUSED = "paused"
BREAKER = "breaker"
_OFF = "0"


async def is_on(db: Reader, key: str) -> bool:
    row = await db.one("SELECT value FROM setting WHERE key = :key", key=key)
    return row is not None and row["value"] != _OFF


async def turn(tx: Writer, key: str, on: bool, who: str, now: datetime) -> bool:
    """False if it was so already: then nothing is written."""
    if await is_on(tx, key) is on:
        return False
    row = await tx.only(
        """
        INSERT INTO setting (key, value, version) VALUES (:key, :value, 1)
        ON CONFLICT (key) DO UPDATE SET value = :value, version = version + 1
        RETURNING id, version
        """,
        key=key,
        value="1" if on else _OFF,
    )
    act = Act(who, f"{key}_{'on' if on else 'off'}", now)
    await add(tx, act, Subject.SETTING, row["id"], row["version"])
    return True


async def resume(tx: Writer, who: str, now: datetime) -> bool:
    """Texts go out again, after a pause or a tripped breaker alike. False if they did already."""
    was_paused = await turn(tx, PAUSED, False, who, now)
    had_tripped = await turn(tx, BREAKER, False, who, now)
    return was_paused or had_tripped
