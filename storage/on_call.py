"""Dated changes of who is on call, on disk."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bridge.domain.office.roster import Override
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import record
from storage.values import moment


async def insert(tx: Writer, override: Override, now: datetime) -> Override:
    """Its id is given here; `override.by` is who is named in the audit."""
    duty_id = await tx.insert(
        """
        INSERT INTO duty (person, change, branch, starts_at, ends_at, by, version)
        VALUES (:person, :change, :branch, :starts_at, :ends_at, :by, 1)
        """,
        person=override.person,
        change=override.change,
        branch=override.branch,
        starts_at=override.start,
        ends_at=override.end,
        by=override.by,
    )
    detail = {"person": override.person, "change": override.change}
    await add(tx, Act(override.by, "entered", now, detail), Subject.DUTY, duty_id)
    return replace(override, id=duty_id)


async def take_back(tx: Writer, duty_id: int, who: str, now: datetime) -> Override | None:
    """None if there is no such change, or it was taken back before."""
    row = await tx.one(
        """
        UPDATE duty SET taken_back_at = :now, version = version + 1
        WHERE id = :id AND taken_back_at IS NULL
        RETURNING *
        """,
        id=duty_id,
        now=now,
    )
    if row is None:
        return None
    await add(tx, Act(who, "taken_back", now, {"person": row["person"]}), Subject.DUTY, duty_id, row["version"])
    return _override(row)


async def ahead(db: Reader, now: datetime) -> Sequence[Override]:
    """What holds now or will, in the order in which it was entered."""
    rows = await db.all("SELECT * FROM duty WHERE taken_back_at IS NULL AND ends_at > :now ORDER BY id", now=now)
    return [_override(row) for row in rows]


def _override(row: sqlite3.Row) -> Override:
    return record(Override, row, start=moment(row["starts_at"]), end=moment(row["ends_at"]))
