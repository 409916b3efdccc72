"""What is handed to the database as one piece of work shares a commit with what waits, and nothing else."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Set
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage import settings
from storage.audit import Act
from storage.database import Companion, Database, Reader, Writer
from storage.errors import RejectedError, StorageError
from storage.file_identity import PresentConnection

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def put(tx: Writer, key: str) -> str:
    await settings.put(tx, key, "x", Act("test", "put", NOW))
    return key


def putting(key: str) -> Callable[[Writer], Coroutine[Any, Any, str]]:
    return lambda tx: put(tx, key)


async def names(db: Reader) -> list[str]:
    return [row["key"] for row in await db.all("SELECT key FROM setting WHERE value = 'x' ORDER BY rowid")]


async def test_what_waits_together_is_one_commit_and_everybody_gets_their_own_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.group_commit.PATIENCE", 60)
    before = database.commits.count
    kept = await asyncio.gather(*(database.write(putting(f"k{n}")) for n in range(50)))
    assert kept == [f"k{n}" for n in range(50)]
    assert database.commits.count == before + 1
    assert len(await database.query(names)) == 50


@pytest.mark.parametrize("crowd_is_soon", [False, True])
async def test_neither_a_burst_nor_what_must_be_soon_keeps_a_single_one_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch, crowd_is_soon: bool
) -> None:
    monkeypatch.setattr("storage.group_commit.PATIENCE", 0)
    began: list[str] = []

    async def work(name: str, _: Writer) -> None:
        began.append(name)

    crowd = [database.write(partial(work, f"{n}"), soon=crowd_is_soon) for n in range(10)]
    await asyncio.gather(*crowd, database.write(partial(work, "single"), soon=not crowd_is_soon))
    assert "single" in began[:2]
    assert [name for name in began if name != "single"] == [f"{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("fails", "kept", "came"), [(False, ["passenger", "rider"], "rider"), (True, ["passenger"], None)]
)
async def test_what_rides_along_is_in_the_same_commit_and_takes_it_nowhere(
    database: Database, fails: bool, kept: list[str], came: str | None
) -> None:
    rode: list[str | None] = []

    async def ride(tx: Writer, told: Set[str]) -> str:
        assert told == {"setting", "setting.put"}
        await put(tx, "rider")
        if fails:
            raise ValueError("a mistake of ours")
        return "rider"

    database.companion = Companion(lambda: ride, rode.append)
    before = database.commits.count
    await database.write(putting("passenger"))
    assert (rode, database.commits.count) == ([came], before + 1)
    assert await database.query(names) == kept


async def test_what_is_said_of_a_change_is_said_once_and_only_of_what_is_on_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    refusals = [sqlite3.OperationalError("disk I/O error")]
    commit = PresentConnection.commit

    def refused_once(self: PresentConnection) -> None:
        if refusals:
            raise refusals.pop()
        commit(self)

    async def work(name: str, tx: Writer) -> None:
        await put(tx, name)
        tx.once_stored(said.append, name)
        if name == "fails":
            raise ValueError("a mistake of ours")

    monkeypatch.setattr(PresentConnection, "commit", refused_once)
    names = ("first", "fails", "last")
    await asyncio.gather(*(database.write(partial(work, name)) for name in names), return_exceptions=True)
    assert (said, refusals) == (["first", "last"], [])
    async with database.transaction() as tx:
        tx.once_stored(said.append, "by hand")
        assert "by hand" not in said
    assert said[-1] == "by hand"


async def test_one_that_fails_takes_no_other_along(database: Database) -> None:
    async def half_done(tx: Writer) -> None:
        await put(tx, "half")
        raise ValueError("a mistake of ours")

    async def breaks_a_constraint(tx: Writer) -> None:
        await tx.all("INSERT INTO reader (name, audit_id) VALUES ('escalation', 1)")

    first, second, third, fourth = await asyncio.gather(
        database.write(putting("before")),
        database.write(half_done),
        database.write(breaks_a_constraint),
        database.write(putting("behind")),
        return_exceptions=True,
    )
    assert isinstance(second, ValueError)
    assert isinstance(third, RejectedError)
    assert (first, fourth) == ("before", "behind")
    assert await database.query(names) == ["before", "behind"]


async def test_one_that_the_disk_refuses_is_tried_again_alone(database: Database) -> None:
    tried = 0

    async def too_much(tx: Writer) -> None:
        nonlocal tried
        tried += 1
        await tx.all("PRAGMA max_page_count = 1")
        for n in range(200):
            await settings.put(tx, f"big{n}", "y" * 4000, Act("test", "put", NOW))

    first, second, third = await asyncio.gather(
        database.write(putting("before")),
        database.write(too_much),
        database.write(putting("behind")),
        return_exceptions=True,
    )
    assert isinstance(second, StorageError)
    assert tried == 2
    assert first == "before"
    assert isinstance(third, StorageError | str)
    assert "big0" not in await database.query(names)


async def test_nothing_changed_is_no_commit_that_anybody_hears_of(database: Database) -> None:
    before = database.commits.count
    assert await database.write(names) == []
    assert database.commits.count == before


async def test_waiting_for_anything_but_the_database_is_refused(database: Database) -> None:
    async def sleeps(tx: Writer) -> None:
        await put(tx, "asleep")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="nothing to wait for"):
        await database.write(sleeps)
    assert await database.query(names) == []


async def test_a_cancelled_task_takes_no_other_along(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        cancelled = group.create_task(database.write(putting("cancelled")))
        kept = group.create_task(database.write(putting("kept")))
        await asyncio.sleep(0)
        cancelled.cancel()
    assert kept.result() == "kept"
    assert "kept" in await database.query(names)


async def test_a_page_need_not_wait_for_all_of_a_long_queue(database: Database) -> None:
    async def slow(tx: Writer) -> None:
        await tx.all(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT max(i) FROM n"
        )

    finished: list[str] = []

    async def queue() -> None:
        await asyncio.gather(*(database.write(slow) for _ in range(40)))
        finished.append("queue")

    async def page() -> None:
        await asyncio.sleep(0)
        async with database.transaction() as tx:
            await put(tx, "page")
        finished.append("page")

    await asyncio.gather(queue(), page())
    assert finished == ["page", "queue"]


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "textback.db")
    waiting = [asyncio.create_task(database.write(putting(f"k{n}"))) for n in range(600)]
    await asyncio.sleep(0)
    await database.close()
    assert len(await asyncio.gather(*waiting)) == 600
    async with await Database.open(tmp_path / "textback.db") as again:
        assert len(await again.query(names)) == 600
