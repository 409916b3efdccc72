"""Dated changes of who is on call and of the opening hours, on disk: two tables of one shape."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from bridge.domain.office.hours import HoursChange
from bridge.domain.office.roster import Override
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import columns, record
from storage.values import moment

C = TypeVar("C", Override, HoursChange)


@dataclass(frozen=True, slots=True)
class DatedChanges(Generic[C]):
    """One kind of dated change.

    own: the columns that this kind has beside the span, the branch and who entered it. entered, taken_back: those of
    them that the audit keeps.
    """

    kind: type[C]
    table: str
    subject: Subject
    own: tuple[str, ...]
    entered: tuple[str, ...]
    taken_back: tuple[str, ...]

    async def insert(self, tx: Writer, change: C, now: datetime) -> C:
        """Its id is given here; `change.by` is who is named in the audit."""
        own = "".join(f"{name}, " for name in self.own)
        values = "".join(f":{name}, " for name in self.own)
        change_id = await tx.insert(
            f"""
            INSERT INTO {self.table} ({own}branch, starts_at, ends_at, by, version)
            VALUES ({values}:branch, :start, :end, :by, 1)
            """,  # noqa: S608  names of our own
            **columns(change),
        )
        detail = {name: getattr(change, name) for name in self.entered}
        await add(tx, Act(change.by, "entered", now, detail), self.subject, change_id)
        return replace(change, id=change_id)

    async def take_back(self, tx: Writer, change_id: int, who: str, now: datetime) -> C | None:
        """None if there is no such change, or it was taken back before."""
        row = await tx.one(
            f"""
            UPDATE {self.table} SET taken_back_at = :now, version = version + 1
            WHERE id = :id AND taken_back_at IS NULL
            RETURNING *
            """,  # noqa: S608
            id=change_id,
            now=now,
        )
        if row is None:
            return None
        detail = {name: row[name] for name in self.taken_back}
        await add(tx, Act(who, "taken_back", now, detail), self.subject, change_id, row["version"])
        return self._change(row)

    async def since(self, db: Reader, moment: datetime) -> Sequence[C]:
        """What has held since that moment, holds now or will, in the order in which it was entered."""
        rows = await db.all(
            f"SELECT * FROM {self.table} WHERE taken_back_at IS NULL AND ends_at > :moment ORDER BY id",  # noqa: S608
            moment=moment,
        )
        return [self._change(row) for row in rows]

    def _change(self, row: sqlite3.Row) -> C:
        return record(self.kind, row, start=moment(row["starts_at"]), end=moment(row["ends_at"]))


ON_CALL = DatedChanges(Override, "duty", Subject.DUTY, ("person", "change"), ("person", "change"), ("person",))
HOURS = DatedChanges(HoursChange, "hours_change", Subject.HOURS, ("door", "line"), ("door",), ("door",))
