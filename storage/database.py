"""The one SQLite file (WAL): opened, migrated, read and written. The only module that knows pragmas.

All writing goes through one connection behind one lock, in whole transactions that a cancelled task can neither leave
open nor tear. Reads see one snapshot, on a connection of their own. What is done often is handed over as one function
(`write`, `query`): it costs one trip to the database's thread, and what waits shares a commit.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence, Set
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from bridge.domain.plain import folded
from storage.commits import Commits
from storage.errors import StorageError, storage_error, storage_errors
from storage.file_identity import Connection, FileIdentity, PresentConnection, mark
from storage.group_commit import AtOnce, Done, Statements, commit_together, snapshot
from storage.migrate import migrate
from storage.values import Value, all_stored

BUSY_TIMEOUT = 5000  # milliseconds; another process holds the file only for one short transaction
READERS = 3
CHUNK = 64  # rows that aiosqlite fetches at a time
TOGETHER = 256  # pieces of work that may share a commit
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {BUSY_TIMEOUT}")

T = TypeVar("T")


class Reader:
    """One snapshot of the database."""

    def __init__(self, connection: Statements) -> None:
        self._connection = connection

    async def all(self, sql: str, **parameters: Value) -> Sequence[sqlite3.Row]:
        rows = await self._connection.execute_fetchall(sql, all_stored(parameters))
        return list(rows)

    async def one(self, sql: str, **parameters: Value) -> sqlite3.Row | None:
        """The first row, if there is one."""
        rows = await self.all(sql, **parameters)
        return rows[0] if rows else None

    async def only(self, sql: str, **parameters: Value) -> sqlite3.Row:
        """The one row there must be; LookupError if there is none."""
        row = await self.one(sql, **parameters)
        if row is None:
            raise LookupError("the database does not have what was asked for")
        return row

    async def at_once(self, work: "Callable[[Reader], Coroutine[Any, Any, T]]") -> T:
        """What `work` reads here, in one trip to the database's thread; it waits for nothing else.

        A page of rows has hundreds of statements, and each trip waits for its turn among all that goes on.
        """
        return await self._connection.at_once(lambda one: work(Reader(one)))


class Writer(Reader):
    """One transaction. tells: what its audit entries say, for those who follow (`storage.commits`)."""

    def __init__(self, connection: Statements) -> None:
        super().__init__(connection)
        self.tells: set[str] = set()
        self._says: list[Callable[[], object]] = []

    def once_stored(self, say: Callable[..., object], *words: object, **fields: object) -> None:
        """To be said when this is on disk: once, and nothing of what is refused or tried again."""
        self._says.append(partial(say, *words, **fields))

    def is_stored(self) -> None:
        for say in self._says:
            say()

    async def insert(self, sql: str, **parameters: Value) -> int:
        """Run an INSERT that always inserts; the new row's id."""
        row = await self._connection.execute_insert(sql, all_stored(parameters))
        return int(row[0]) if row else 0


class Transactions(Protocol):
    """What a use case needs of the database: transactions of its own, or a place in one that is under way."""

    def transaction(self) -> AbstractAsyncContextManager[Writer]: ...

    def read(self) -> AbstractAsyncContextManager[Reader]: ...

    async def write(self, work: Callable[[Writer], Coroutine[Any, Any, T]]) -> T: ...

    async def query(self, work: Callable[[Reader], Coroutine[Any, Any, T]]) -> T: ...


class UnderWay:
    """A transaction that is under way, for what would open one of its own: that becomes part of it."""

    def __init__(self, tx: Writer) -> None:
        self._tx = tx

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Writer]:
        yield self._tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        yield self._tx

    async def write(self, work: Callable[[Writer], Coroutine[Any, Any, T]]) -> T:
        return await work(self._tx)

    async def query(self, work: Callable[[Reader], Coroutine[Any, Any, T]]) -> T:
        return await work(self._tx)


Ride = Callable[[Writer, Set[str]], Coroutine[Any, Any, T | None]]
"""Work behind that of others, in their transaction. It is given what they tell, and returns None where it did nothing.
"""


@dataclass(frozen=True, slots=True)
class Companion:
    """Who has something to do in others' commits, and so needs none of its own.

    offer: called as each begins. rode: called once for each offer, as soon as that commit is over and before anybody
    who follows it wakes, with what came of it; None also where it failed or had no turn: then nothing of it is on disk.
    """

    offer: Callable[[], Ride[Any] | None]
    rode: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Callable[[Writer], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]
    lane: deque["_Waiting"]


class Database:
    """Open it with `open`; it closes with the `async with` it stands in, or by `close`."""

    def __init__(
        self,
        path: Path,
        presence: FileIdentity,
        writer: Connection,
        watcher: Connection,
        readers: Sequence[Connection],
        connections: AsyncExitStack,
    ) -> None:
        self.path = path
        self.commits = Commits()
        self._presence = presence
        self._writer, self._writing = writer, asyncio.Lock()
        self._watcher = watcher
        self._readers: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self._connections = connections
        self.written = 0
        """How many times anything got to be on disk."""

        self.refusals, self.refusal = 0, ""
        """How many writes the disk, or another program, forbade; and why the last of them."""

        self._soon: deque[_Waiting] = deque()
        self._waiting: deque[_Waiting] = deque()
        self._asked_at: float | None = None
        self._something_waits = asyncio.Event()
        self._closing = False
        self.companion: Companion | None = None
        self._committing = asyncio.create_task(self._commit_what_waits())

    @classmethod
    async def open(cls, path: Path, *, marks: bool = False) -> Self:
        """Open the file, made or migrated where needed. Raises StorageError, which says what to do.

        marks: for whoever stays: what was copied from it before is no copy of it from now on (`file_identity.mark`).
        """
        async with AsyncExitStack() as stack:
            with storage_errors(path):
                await asyncio.to_thread(migrate, path)
                presence = FileIdentity(path)
                stack.callback(presence.end)
                writer = await stack.enter_async_context(_connection(path, presence))
                watcher, *readers = [
                    await stack.enter_async_context(_connection(path, presence, "query_only = ON"))
                    for _ in range(1 + READERS)
                ]
                if marks:
                    await writer.run(mark)
                await writer.run(presence.begin)
            return cls(path, presence, writer, watcher, readers, stack.pop_all())

    async def close(self) -> None:
        """What was handed to `write` is on disk then."""
        self._closing = True
        self._something_waits.set()
        await asyncio.wait([self._committing])
        await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _errors(self) -> AbstractContextManager[None]:
        return storage_errors(self.path, self._presence.is_in_place)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            self._count(error)
            raise

    def _count(self, error: Exception) -> None:
        if isinstance(error, StorageError):
            self.refusals, self.refusal = self.refusals + 1, str(error)

    @contextmanager
    def _being_written(self) -> Iterator[None]:
        self._asked_at = monotonic()
        try:
            yield
        finally:
            self._asked_at = None

    @property
    def stands_for(self) -> float:
        """Seconds that a write has been waited for: the disk, or another program, holds it."""
        return 0.0 if self._asked_at is None else monotonic() - self._asked_at

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Writer]:
        """All or nothing, on disk when it ends. A cancelled task rolls back, or has committed: never in between."""
        async with self._writing:
            with self._refusals(), self._errors():
                try:
                    with self._being_written():
                        await self._writer.execute("BEGIN IMMEDIATE")
                    tx = Writer(self._writer)
                    yield tx
                    with self._being_written():
                        await _to_its_end(self._writer.commit())
                except BaseException:
                    await _to_its_end(self._writer.rollback())
                    raise
        self.written += 1
        self.commits.tell(tx.tells)
        tx.is_stored()

    async def write(self, work: Callable[[Writer], Coroutine[Any, Any, T]], *, soon: bool = False) -> T:
        """A transaction that `work` does in one go; it may be run again, alone, and waits for nothing else.

        Alone it is committed at once. What comes while another one is under way is committed together, in the order in
        which it came, and fails by itself. soon: of every two one of these, so that a single one does not wait for all
        that a burst of calls brings.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        lane = self._soon if soon else self._waiting
        lane.append(_Waiting(work, done, lane))
        self._something_waits.set()
        return await done

    async def _commit_what_waits(self) -> None:
        while self._soon or self._waiting or not self._closing:
            if not (self._soon or self._waiting):
                self._something_waits.clear()
                await self._something_waits.wait()
            async with self._writing:
                some = self._next_ones()
                if some:
                    await self._commit(some)

    def _next_ones(self) -> Sequence[_Waiting]:
        some = list[_Waiting]()
        while len(some) < TOGETHER and (self._soon or self._waiting):
            some += [lane.popleft() for lane in (self._soon, self._waiting) if lane]
        return [one for one in some if not one.done.done()]  # its task was cancelled meanwhile

    async def _commit(self, some: Sequence[_Waiting]) -> None:
        told = set[str]()
        works = [partial(_told, one.work, told) for one in some]
        companion = self.companion
        ride = companion.offer() if companion else None
        if ride:
            works.append(partial(_ridden, ride, told))
        try:
            with self._being_written():
                results, changed = await self._writer.run(partial(commit_together, works=works))
        except Exception as error:
            results, changed = [Done(error=error)] * len(works), False
        for one in reversed(some[len(results) :]):
            one.lane.appendleft(one)
        if changed:
            self.written += 1
            self.commits.tell(told)
        if ride and companion:
            rode = results[len(some)].value if len(results) > len(some) else None
            companion.rode(rode and _stored(rode))
        for one, result in zip(some, results, strict=False):
            if one.done.done():
                continue
            if result.error is None:
                one.done.set_result(_stored(result.value))
            else:
                said = storage_error(self.path, result.error, self._presence.is_in_place)
                self._count(said)
                one.done.set_exception(said)

    async def query(self, work: Callable[[Reader], Coroutine[Any, Any, T]]) -> T:
        """What `work` finds in one snapshot, in one go; it waits for nothing else.

        Where its task is cancelled it still ends, before anything else on that connection begins.
        """
        connection = await self._readers.get()
        try:
            with self._errors():
                return await connection.run(partial(snapshot, work=lambda at_once: work(Reader(at_once))))
        finally:
            self._readers.put_nowait(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """One snapshot; a few can be open at a time, so that a long list does not keep a text waiting."""
        connection = await self._readers.get()
        try:
            with self._errors():
                try:
                    await connection.execute("BEGIN")
                    yield Reader(connection)
                finally:
                    await _to_its_end(connection.rollback())
        finally:
            self._readers.put_nowait(connection)

    async def beat(self) -> None:
        """Commit something that means nothing and wakes nobody. Raises StorageError where a commit cannot be had."""
        async with self._writing:
            with self._errors(), self._being_written():
                await _to_its_end(self._writer.run(_beat))
        self.written += 1

    async def look(self) -> int:
        """As `data_version`. LostError where the file is not in its place any more."""
        with self._errors():
            await self._watcher.run(self._presence.look)
        return await self.data_version()

    async def data_version(self) -> int:
        """Changes whenever another process committed (SQLite: PRAGMA data_version of the connection that writes)."""
        with self._errors():
            rows = await self._writer.execute_fetchall("PRAGMA data_version")
        return int(next(iter(rows))[0])


@asynccontextmanager
async def _connection(path: Path, presence: FileIdentity, *more: str) -> AsyncIterator[Connection]:
    connection = Connection(partial(PresentConnection, path, presence), CHUNK)
    async with connection:
        connection.row_factory = sqlite3.Row
        for pragma in (*PRAGMAS, *more):
            await connection.execute(f"PRAGMA {pragma}")
        await connection.create_function("folded", 1, folded, deterministic=True)
        yield connection


async def _told(work: Callable[[Writer], Coroutine[Any, Any, T]], told: set[str], at_once: AtOnce) -> tuple[Writer, T]:
    """What came of it, and by which transaction; what it tells is added to what was told."""
    tx = Writer(at_once)
    value = await work(tx)
    told |= tx.tells
    return tx, value


async def _ridden(ride: Ride[T], told: set[str], at_once: AtOnce) -> tuple[Writer, T | None]:
    return await _told(lambda tx: ride(tx, frozenset(told)), told, at_once)


def _stored(done: tuple[Writer, T]) -> T:
    """Its value; what it has to say is the next thing that the loop does, and no error in it is the database's."""
    tx, value = done
    asyncio.get_running_loop().call_soon(tx.is_stored)
    return value


def _beat(raw: sqlite3.Connection) -> None:
    """Write what stands there already: a page like any other to the disk, and no change to whoever reads."""
    try:
        raw.execute("BEGIN IMMEDIATE")
        (version,) = raw.execute("PRAGMA user_version").fetchone()
        raw.execute(f"PRAGMA user_version = {version}")
        raw.commit()
    finally:
        raw.rollback()


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work` whatever happens to this task; a cancellation is raised again once it is done, or has failed."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:
            break
    if cancelled is not None:
        raise cancelled from task.exception()  # who was told to end and is given an error instead goes on for ever
    return task.result()
