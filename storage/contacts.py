"""Who is who: the office's contacts, and the numbers that turned out to take no texts (landlines).

Both are deleted when a number is forgotten; the audit keeps their ids, which therefore are never given again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import record


@dataclass(frozen=True, slots=True)
class Contact:
    """id, version: as stored; 0 for one that is not, or not yet."""

    number: E164
    name: str
    kind: ContactKind
    id: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False)


async def get(db: Reader, number: E164) -> Contact | None:
    row = await db.one("SELECT * FROM contact WHERE number = :number", number=number)
    return record(Contact, row) if row else None


async def with_id(db: Reader, contact_id: int) -> Contact | None:
    row = await db.one("SELECT * FROM contact WHERE id = :id", id=contact_id)
    return record(Contact, row) if row else None


async def page(db: Reader, *, after: str = "", limit: int = 100) -> Sequence[Contact]:
    """By number; `after` the last number of the page before."""
    rows = await db.all(
        "SELECT * FROM contact WHERE number > :after ORDER BY number LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [record(Contact, row) for row in rows]


async def put(tx: Writer, contact: Contact, who: str, now: datetime) -> bool:
    """Add or change a contact; False if it was so already. The audit keeps what it was before."""
    before = await get(tx, contact.number)
    row = await tx.one(
        """
        INSERT INTO contact (id, number, name, kind, version)
        VALUES ((SELECT ifnull(max(subject_id), 0) + 1 FROM audit WHERE subject = 'contact'), :number, :name, :kind, 1)
        ON CONFLICT (number) DO UPDATE SET name = :name, kind = :kind, version = version + 1
        WHERE name <> :name OR kind <> :kind
        RETURNING id, version
        """,
        number=contact.number,
        name=contact.name,
        kind=contact.kind,
    )
    if row is None:
        return False
    detail = {"kind": contact.kind, "before": {"name": before.name, "kind": before.kind} if before else None}
    await add(tx, Act(who, "put", now, detail), Subject.CONTACT, row["id"], row["version"])
    return True


async def is_landline(db: Reader, number: E164) -> bool:
    row = await db.one("SELECT 1 FROM landline WHERE number = :number AND ended_at IS NULL", number=number)
    return row is not None


async def learn_landline(tx: Writer, number: E164, why: str, now: datetime, until: datetime) -> None:
    """This number takes no texts: until then it is called, not texted."""
    row = await tx.only(
        """
        INSERT INTO landline (id, number, since, why, expires_at, version)
        VALUES ((SELECT ifnull(max(subject_id), 0) + 1 FROM audit WHERE subject = 'landline'), :number, :now, :why,
                :until, 1)
        ON CONFLICT (number) WHERE ended_at IS NULL
        DO UPDATE SET why = :why, expires_at = :until, version = version + 1,
                      since = CASE WHEN expires_at > :now THEN since ELSE :now END
        RETURNING id, version
        """,
        number=number,
        now=now,
        why=why,
        until=until,
    )
    await add(tx, Act("textback", "learned", now, {"why": why}), Subject.LANDLINE, row["id"], row["version"])


async def forget_landline(tx: Writer, number: E164, now: datetime) -> None:
    """It texted us, or took a text, so it can text."""
    await _end_landlines(tx, Act("textback", "unlearned", now), number=number)


async def take_landlines_back(tx: Writer, since: datetime, now: datetime) -> None:
    """What was learned since then came from a gateway that fails."""
    await _end_landlines(tx, Act("textback", "unlearned", now, {"why": "gateway"}), since=since)


async def expire_landlines(tx: Writer, now: datetime) -> None:
    """Learned so long ago that they may be texted again."""
    await _end_landlines(tx, Act("textback", "expired", now), over_by=now)


async def landlines_expire(db: Reader, now: datetime) -> bool:
    row = await db.one("SELECT 1 FROM landline WHERE ended_at IS NULL AND expires_at <= :now LIMIT 1", now=now)
    return row is not None


async def _end_landlines(
    tx: Writer, act: Act, *, number: E164 | None = None, since: datetime | None = None, over_by: datetime | None = None
) -> None:
    """Of that number, or learned since then, or over by then."""
    rows = await tx.all(
        """
        UPDATE landline SET ended_at = :now, version = version + 1
        WHERE ended_at IS NULL AND (number = :number OR since >= :since OR expires_at <= :over_by)
        RETURNING id, version
        """,
        now=act.at,
        number=number,
        since=since,
        over_by=over_by,
    )
    for row in rows:
        await add(tx, act, Subject.LANDLINE, row["id"], row["version"])
