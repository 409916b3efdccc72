"""Group commit: whole pieces of work on the database's own thread, those that wait in one transaction.

Storage is written as coroutines. Here they meet a connection that answers at once, so that each runs from its start to
its end in one trip to the thread, however many statements it has; it may wait for nothing but the database.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol, TypeVar

from storage.errors import StorageError

T = TypeVar("T")

PATIENCE = 0.05
"""Seconds that one transaction goes on taking in others: so long a page or a reply may have to wait for it."""

AT_LEAST = 2
"""Have their turn all the same, whatever they take: one of each lane."""


class Statements(Protocol):
    """What storage asks of a connection, one hop each (aiosqlite) or at once (AtOnce)."""

    async def execute_fetchall(self, sql: str, parameters: Any) -> Iterable[sqlite3.Row]: ...

    async def execute_insert(self, sql: str, parameters: Any) -> Sequence[Any] | None: ...

    async def at_once(self, work: "Work[T]") -> T: ...


class AtOnce:
    """The database from its own thread, where there is nothing to wait for."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def execute_fetchall(self, sql: str, parameters: Mapping[str, Any]) -> Iterable[sqlite3.Row]:
        return self._raw.execute(sql, parameters).fetchall()

    async def execute_insert(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        return (self._raw.execute(sql, parameters).lastrowid,)

    async def at_once(self, work: "Work[T]") -> T:
        return await work(self)


Work = Callable[[AtOnce], Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one piece of work: it is on disk, with what it returned, or nothing of it is, with the error."""

    value: Any = None
    error: Exception | None = None


def snapshot(raw: sqlite3.Connection, work: Work[T]) -> T:
    """Everything that `work` reads as it was at one moment."""
    raw.execute("BEGIN")
    try:
        return finished(raw, work)
    finally:
        raw.rollback()


def commit_together(raw: sqlite3.Connection, works: Sequence[Work[Any]]) -> tuple[Sequence[Done], bool]:
    """What came of as many of them as one transaction takes, in their order; and whether anything was changed.

    One that fails takes no other along: it has a savepoint of its own. Where the disk refuses one, each is tried again
    alone.
    """
    before = raw.total_changes
    done = [_alone(raw, works[0])] if len(works) == 1 else _in_one(raw, works)
    return done, raw.total_changes != before and any(one.error is None for one in done)


def _in_one(raw: sqlite3.Connection, works: Sequence[Work[Any]]) -> Sequence[Done]:
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return [Done(error=error)] * len(works)
    try:
        done = _each(raw, works)
        raw.commit()
    except StorageError as error:  # the database is gone: none of them is anywhere
        raw.rollback()
        return [Done(error=error)] * len(works)
    except sqlite3.Error:
        raw.rollback()
        return [_alone(raw, work) for work in works]
    return done


def _each(raw: sqlite3.Connection, works: Sequence[Work[Any]]) -> list[Done]:
    until, done = monotonic() + PATIENCE, list[Done]()
    for work in works:
        done.append(_in_savepoint(raw, work))
        if len(done) >= AT_LEAST and monotonic() > until:
            break
    return done


def _in_savepoint(raw: sqlite3.Connection, work: Work[Any]) -> Done:
    """sqlite3.Error where it is the disk's fault, or else one that the transaction did not survive."""
    raw.execute("SAVEPOINT one")
    try:
        done = Done(finished(raw, work))
    except sqlite3.DatabaseError as error:
        if not isinstance(error, sqlite3.IntegrityError):
            raise
        done = Done(error=error)
    except Exception as error:
        done = Done(error=error)
    if done.error:
        raw.execute("ROLLBACK TO one")
    raw.execute("RELEASE one")
    return done


def _alone(raw: sqlite3.Connection, work: Work[Any]) -> Done:
    try:
        raw.execute("BEGIN IMMEDIATE")
        value = finished(raw, work)
        raw.commit()
    except Exception as error:
        raw.rollback()
        return Done(error=error)
    return Done(value)


def finished(raw: sqlite3.Connection, work: Work[T]) -> T:
    """All of it, now. RuntimeError where it waits for anything: here nobody would ever wake it."""
    running = work(AtOnce(raw))
    try:
        running.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    running.close()
    raise RuntimeError("on the database's thread there is nothing to wait for but the database")
