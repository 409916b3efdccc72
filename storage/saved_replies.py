"""The office's saved replies on disk: one setting, whose version says whether somebody else changed them meanwhile."""

import json
from collections.abc import Sequence
from datetime import datetime

from bridge.domain.office.saved_replies import Purpose, SavedReply
from bridge.domain.office.templates import Language
from storage import settings
from storage.audit import Act
from storage.database import Reader, Writer

KEY = "saved_replies"


async def read(db: Reader) -> Sequence[SavedReply]:
    written = await settings.value(db, KEY)
    return [
        SavedReply(Language(one["language"]), Purpose(one["purpose"]), one["words"])
        for one in json.loads(written or "[]")
    ]


async def version(db: Reader) -> int:
    """0 before the first one."""
    row = await db.one("SELECT version FROM setting WHERE key = :key", key=KEY)
    return int(row["version"]) if row else 0


async def write(tx: Writer, replies: Sequence[SavedReply], who: str, now: datetime) -> None:
    before = await settings.value(tx, KEY)
    kept = [{"language": one.language, "purpose": one.purpose, "words": one.words} for one in replies]
    act = Act(who, KEY, now, {"before": json.loads(before or "[]")})
    await settings.put(tx, KEY, json.dumps(kept, ensure_ascii=False), act)
