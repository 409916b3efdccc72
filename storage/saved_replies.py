"""The office's saved replies on disk: one setting, whose version says whether somebody else changed them meanwhile."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.domain.office.saved_replies import Purpose, SavedReply
from bridge.domain.office.templates import Language
from storage import settings
from storage.audit import Act, Entry, Subject, of_version
from storage.database import Reader, Writer

KEY = "saved_replies"


async def read(db: Reader) -> Sequence[SavedReply]:
    return of(json.loads(await settings.value(db, KEY) or "[]"))


def of(written: Iterable[Mapping[str, str]]) -> Sequence[SavedReply]:
    return [SavedReply(Language(one["language"]), Purpose(one["purpose"]), one["words"]) for one in written]


async def last_change(db: Reader) -> Entry | None:
    """Its detail has all replies as they were `before`, as `of` reads them."""
    row = await db.one("SELECT id, version FROM setting WHERE key = :key", key=KEY)
    return await of_version(db, Subject.SETTING, row["id"], row["version"]) if row else None


async def version(db: Reader) -> int:
    """0 before the first one."""
    row = await db.one("SELECT version FROM setting WHERE key = :key", key=KEY)
    return int(row["version"]) if row else 0


async def write(tx: Writer, replies: Sequence[SavedReply], who: str, now: datetime) -> None:
    before = await settings.value(tx, KEY)
    kept = [{"language": one.language, "purpose": one.purpose, "words": one.words} for one in replies]
    act = Act(who, KEY, now, {"before": json.loads(before or "[]")})
    await settings.put(tx, KEY, json.dumps(kept, ensure_ascii=False), act)
