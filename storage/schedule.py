"""Dated changes of who is on call, of the weekly pattern, the opening hours and the automatic texts: tables of one
shape."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Generic, TypeVar

from bridge.domain.office.hours import HoursChange, OpeningSpan
from bridge.domain.office.roster import Override, PatternChange, WeekShift
from bridge.domain.office.templates import WordsChange
from storage.audit import Act, Subject, add
from storage.database import Reader, Writer
from storage.records import columns, record
from storage.values import moment

C = TypeVar("C", Override, HoursChange, PatternChange, WordsChange)


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
            **self._columns(change),
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

    async def put_back(self, tx: Writer, change_id: int, version: int, who: str, now: datetime) -> C | None:
        """It holds again; None unless it was taken back, which made that version."""
        row = await tx.one(
            f"""
            UPDATE {self.table} SET taken_back_at = NULL, version = version + 1
            WHERE id = :id AND version = :version AND taken_back_at IS NOT NULL
            RETURNING *
            """,  # noqa: S608
            id=change_id,
            version=version,
        )
        if row is None:
            return None
        await add(tx, Act(who, "put_back", now), self.subject, change_id, row["version"])
        return self._change(row)

    async def since(self, db: Reader, moment: datetime) -> Sequence[C]:
        """What has held since that moment, holds now or will, in the order in which it was entered."""
        rows = await db.all(
            f"SELECT * FROM {self.table} WHERE taken_back_at IS NULL AND ends_at > :moment ORDER BY id",  # noqa: S608
            moment=moment,
        )
        return [self._change(row) for row in rows]

    def _columns(self, change: C) -> Mapping[str, Any]:
        return columns(change)

    def _change(self, row: sqlite3.Row, **read: object) -> C:
        return record(self.kind, row, start=moment(row["starts_at"]), end=moment(row["ends_at"]), **read)


class _Patterns(DatedChanges[PatternChange]):
    """A pattern's shifts stand in one column, each as [days, opens, closes, people]."""

    def _columns(self, change: PatternChange) -> Mapping[str, Any]:
        shifts = [
            [one.days, f"{one.hours.opens:%H:%M}", f"{one.hours.closes:%H:%M}", one.people] for one in change.shifts
        ]
        return {**columns(change), "shifts": json.dumps(shifts)}

    def _change(self, row: sqlite3.Row, **_: object) -> PatternChange:
        shifts = tuple(
            WeekShift(tuple(days), OpeningSpan(time.fromisoformat(opens), time.fromisoformat(closes)), tuple(people))
            for days, opens, closes, people in json.loads(row["shifts"])
        )
        return super()._change(row, shifts=shifts)


ON_CALL = DatedChanges(Override, "duty", Subject.DUTY, ("person", "change"), ("person", "change"), ("person",))
HOURS = DatedChanges(HoursChange, "hours_change", Subject.HOURS, ("door", "line"), ("door",), ("door",))
PATTERNS = _Patterns(PatternChange, "pattern_change", Subject.PATTERN, ("shifts",), (), ())
WORDS = DatedChanges(
    WordsChange,
    "words_change",
    Subject.WORDS,
    ("template", "language", "words", "line"),
    ("template", "language"),
    ("template", "language"),
)
