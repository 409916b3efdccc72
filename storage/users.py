"""Who may use the page, in which role (RBAC), and the browsers in which they are signed in (sessions)."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.errors import ForbiddenError
from storage.records import record

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=10)


class UserRole(StrEnum):
    """What somebody may do: STAFF works the queue and says who callers are, LEAD also who is on call, ADMIN all."""

    STAFF = "staff"
    LEAD = "lead"
    ADMIN = "admin"

    def covers(self, other: "UserRole") -> bool:
        ladder = list(UserRole)
        return ladder.index(self) >= ladder.index(other)


@dataclass(frozen=True, slots=True)
class User:
    """name: as the history names them; a `[[person]]` of that name lends phone and mobile. password: its hash."""

    id: int
    name: str
    role: UserRole
    password: str
    disabled: bool


async def insert(tx: Writer, name: str, role: UserRole, password: str, who: str, now: datetime) -> None:
    """ForbiddenError if there is a user of that name, in whatever case."""
    try:
        user_id = await tx.insert(
            "INSERT INTO user (name, role, password, version) VALUES (:name, :role, :password, 1)",
            name=name,
            role=role,
            password=password,
        )
    except sqlite3.IntegrityError as error:
        raise ForbiddenError(str(error)) from error
    await add(tx, Act(who, "add", now, {"role": role}), Subject.USER, user_id)


async def set_password(tx: Writer, user: User, password: str, who: str, now: datetime) -> None:
    """Whoever is signed in with the old one is not any more; a disabled user may sign in again."""
    changed = await tx.only(
        "UPDATE user SET password = :password, disabled = 0, version = version + 1 WHERE id = :id RETURNING version",
        id=user.id,
        password=password,
    )
    await add(tx, Act(who, "password", now), Subject.USER, user.id, changed["version"])
    await end_sessions(tx, user)


async def disable(tx: Writer, user: User, who: str, now: datetime) -> bool:
    """At once, in every browser. False if it was so already."""
    row = await tx.one(
        "UPDATE user SET disabled = 1, version = version + 1 WHERE id = :id AND disabled = 0 RETURNING version",
        id=user.id,
    )
    if row is None:
        return False
    await add(tx, Act(who, "disable", now), Subject.USER, user.id, row["version"])
    await end_sessions(tx, user)
    return True


async def enable(tx: Writer, user: User, who: str, now: datetime) -> bool:
    """With the password of before. False if it was so already."""
    row = await tx.one(
        "UPDATE user SET disabled = 0, version = version + 1 WHERE id = :id AND disabled = 1 RETURNING version",
        id=user.id,
    )
    if row:
        await add(tx, Act(who, "enable", now), Subject.USER, user.id, row["version"])
    return row is not None


async def named(db: Reader, name: str) -> User | None:
    row = await db.one("SELECT * FROM user WHERE name = :name", name=name)
    return record(User, row) if row else None


async def everybody(db: Reader) -> Sequence[User]:
    return [record(User, row) for row in await db.all("SELECT * FROM user ORDER BY name")]


async def exist(db: Reader) -> bool:
    """Has anybody ever been made a user? Then nobody uses the page without signing in."""
    return await db.one("SELECT 1 FROM user LIMIT 1") is not None


# --- sessions


async def begin_session(tx: Writer, user: User, digest: bytes, now: datetime) -> None:
    """What ran out long ago is swept away on the way."""
    await tx.all("DELETE FROM session WHERE seen_at < :idle OR began_at < :old", idle=now - IDLE, old=now - LONGEST)
    await tx.insert(
        "INSERT INTO session (digest, user_id, began_at, seen_at) VALUES (:digest, :user_id, :now, :now)",
        digest=digest,
        user_id=user.id,
        now=now,
    )


async def of_session(db: Reader, digest: bytes, now: datetime) -> User | None:
    """Who is signed in in this browser; None for nobody, or nobody any more."""
    row = await db.one(
        """
        SELECT user.* FROM session JOIN user ON user.id = session.user_id
        WHERE digest = :digest AND NOT disabled AND seen_at >= :idle AND began_at >= :old
        """,
        digest=digest,
        idle=now - IDLE,
        old=now - LONGEST,
    )
    return record(User, row) if row else None


async def is_stale(db: Reader, digest: bytes, now: datetime) -> bool:
    """Is it time to write down that this browser was seen?"""
    row = await db.one(
        "SELECT 1 FROM session WHERE digest = :digest AND seen_at < :before", digest=digest, before=now - TOUCH_EVERY
    )
    return row is not None


async def touch(tx: Writer, digest: bytes, now: datetime) -> None:
    await tx.all("UPDATE session SET seen_at = :now WHERE digest = :digest", digest=digest, now=now)


async def end_session(tx: Writer, digest: bytes) -> None:
    await tx.all("DELETE FROM session WHERE digest = :digest", digest=digest)


async def end_sessions(tx: Writer, user: User) -> None:
    await tx.all("DELETE FROM session WHERE user_id = :id", id=user.id)
