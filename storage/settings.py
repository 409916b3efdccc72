"""What the daemon has to remember of itself: pause, the breaker, its daily work. All else is the configuration file."""

import json
from collections.abc import Collection
from datetime import datetime

from storage.audit import Act, Subject, add
from storage.database import Reader, Writer

PAUSED = "paused"
BREAKER = "breaker"
FAILING = "failing"
"""Texts to many numbers fail one after the other."""

DIGEST = "digest"
"""The day of the last digest."""

PRUNED = "pruned"
"""The day on which old rows were last deleted."""

DUTY_DESK = "duty_desk"
"""Which browser chimes first, and who said so."""

TESTED = "tested"
"""A test text went out."""

_OFF = "0"


async def is_on(db: Reader, key: str) -> bool:
    return await value(db, key) not in (None, _OFF)


async def those_on(db: Reader, keys: Collection[str]) -> Collection[str]:
    """Which of them are."""
    rows = await db.all(
        "SELECT key FROM setting WHERE value <> :off AND key IN (SELECT value FROM json_each(:keys))",
        off=_OFF,
        keys=json.dumps(list(keys)),
    )
    return [row["key"] for row in rows]


async def turn(tx: Writer, key: str, on: bool, who: str, now: datetime) -> bool:
    """False if it was so already: then nothing is written."""
    if await is_on(tx, key) is on:
        return False
    await put(tx, key, "1" if on else _OFF, Act(who, f"{key}_{'on' if on else 'off'}", now))
    return True


async def value(db: Reader, key: str) -> str | None:
    row = await db.one("SELECT value FROM setting WHERE key = :key", key=key)
    return row["value"] if row else None


async def put(tx: Writer, key: str, value: str, act: Act) -> None:
    row = await tx.only(
        """
        INSERT INTO setting (key, value, version) VALUES (:key, :value, 1)
        ON CONFLICT (key) DO UPDATE SET value = :value, version = version + 1
        RETURNING id, version
        """,
        key=key,
        value=value,
    )
    await add(tx, act, Subject.SETTING, row["id"], row["version"])


async def resume(tx: Writer, who: str, now: datetime) -> bool:
    """Texts go out again, after a pause or a tripped breaker alike. False if they did already."""
    was_paused = await turn(tx, PAUSED, False, who, now)
    had_tripped = await turn(tx, BREAKER, False, who, now)
    return was_paused or had_tripped
