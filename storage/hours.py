"""Dated changes of the opening hours, on disk."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bridge.domain.office.hours import HoursChange
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import record
from storage.values import moment


async def insert(tx: Writer, change: HoursChange, now: datetime) -> HoursChange:
    """Its id is given here; `change.by` is who is named in the audit."""
    change_id = await tx.insert(
        """
        INSERT INTO hours_change (door, branch, line, starts_at, ends_at, by, version)
        VALUES (:door, :branch, :line, :starts_at, :ends_at, :by, 1)
        """,
        door=change.door,
        branch=change.branch,
        line=change.line,
        starts_at=change.start,
        ends_at=change.end,
        by=change.by,
    )
    await add(tx, Act(change.by, "entered", now, {"door": change.door}), Subject.HOURS, change_id)
    return replace(change, id=change_id)


async def take_back(tx: Writer, change_id: int, who: str, now: datetime) -> HoursChange | None:
    """None if there is no such change, or it was taken back before."""
    row = await tx.one(
        """
        UPDATE hours_change SET taken_back_at = :now, version = version + 1
        WHERE id = :id AND taken_back_at IS NULL
        RETURNING *
        """,
        id=change_id,
        now=now,
    )
    if row is None:
        return None
    await add(tx, Act(who, "taken_back", now, {"door": row["door"]}), Subject.HOURS, change_id, row["version"])
    return _change(row)


async def since(db: Reader, moment: datetime) -> Sequence[HoursChange]:
    """What has held since that moment, holds now or will, in the order in which it was entered."""
    rows = await db.all(
        "SELECT * FROM hours_change WHERE taken_back_at IS NULL AND ends_at > :moment ORDER BY id", moment=moment
    )
    return [_change(row) for row in rows]


def _change(row: sqlite3.Row) -> HoursChange:
    return record(HoursChange, row, start=moment(row["starts_at"]), end=moment(row["ends_at"]))
