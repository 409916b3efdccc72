"""What a missed call costs: `python -m tests.benchmarks.bench_calls [--old CHECKOUT] [FOLDER]`.

Missed calls that wait together, through judge, row, text and audit, beside the same statements run synchronously on the
same disk, a transaction each; and, with a checkout of an older version, beside that one. Caps and breaker off, FULL.
"""

import argparse
import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest import mock

import structlog

from bridge.domain.calls.calls import EndedCall
from bridge.domain.phone import E164
from bridge.domain.texts.policy import TextRules
from storage.database import PRAGMAS, Database
from storage.group_commit import AtOnce
from tests.desk import MONDAY_NOON, Desk, missed_call

CALLS = 1000
NO_CAPS = {"cap_hour": 10**6, "cap_day": 10**6, "neighbours": 10**6}

OLD = """
import asyncio, sys, tempfile
from pathlib import Path
from time import perf_counter
import structlog
from datetime import timedelta
from storage.database import Database
from bridge.domain.phone import E164
from tests.desk import MONDAY_NOON, Desk, missed_call
try:
    from bridge.domain.texts.policy import TextRules as Rules
except ImportError:
    from bridge.domain.policy import Rules
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
async def main(path, calls):
    async with await Database.open(Path(path)) as database:
        desk = Desk(database, rules=Rules(cap_hour=10**6, cap_day=10**6, neighbours=10**6))
        await desk.resume()
        use_case = getattr(desk, "missed_calls", None) or desk.missed
        ended = [missed_call(E164(f"+1202{2000000 + n}"), MONDAY_NOON + timedelta(seconds=n)) for n in range(calls)]
        began = perf_counter()
        for call in ended:
            await use_case.ended(call, call.ended_at)
        print(calls / (perf_counter() - began))
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def calls() -> list[EndedCall]:
    return [missed_call(E164(f"+1202{2000000 + n}"), MONDAY_NOON + timedelta(seconds=n)) for n in range(CALLS)]


class Taped(AtOnce):
    """Keeps every statement with its parameters."""

    tape: list[tuple[str, Any]]

    async def execute_fetchall(self, sql: str, parameters: Any) -> Iterable[sqlite3.Row]:
        self.tape.append((sql, parameters))
        return await super().execute_fetchall(sql, parameters)

    async def execute_insert(self, sql: str, parameters: Any) -> Sequence[Any] | None:
        self.tape.append((sql, parameters))
        return await super().execute_insert(sql, parameters)


async def ours(path: Path) -> tuple[float, float]:
    """Calls a second, and CPU seconds for each."""
    async with await Database.open(path) as database:
        desk = Desk(database, rules=TextRules(**NO_CAPS))  # type: ignore[arg-type]
        await desk.resume()
        ended = calls()
        began, cpu = perf_counter(), process_time()
        for start in range(0, CALLS, 100):  # as the listener hands them over
            await asyncio.gather(
                *(desk.missed_calls.ended(call, call.ended_at or MONDAY_NOON) for call in ended[start : start + 100])
            )
        return CALLS / (perf_counter() - began), (process_time() - cpu) / CALLS


def synchronous(folder: Path, tape: Sequence[tuple[str, Any]]) -> float:
    """The same statements without us: a transaction for each call."""
    with closing(sqlite3.connect(folder / "sync.db", isolation_level=None)) as db:
        for pragma in PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        began = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for sql, parameters in tape:
            if sql is tape[0][0] and db.total_changes:  # the first statement of the next call
                db.execute("COMMIT")
                db.execute("BEGIN IMMEDIATE")
            db.execute(sql, parameters).fetchall()
        db.execute("COMMIT")
        return CALLS / (perf_counter() - began)


def old(checkout: Path, folder: Path) -> float:
    command: list[Any] = [sys.executable, "-c", OLD, folder / "old.db", str(CALLS // 4)]
    return float(subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.split()[-1])


def taped(folder: Path) -> Sequence[tuple[str, Any]]:
    """What a run says to the database once it is open, and a database for it to be said to again."""
    Taped.tape = []
    with mock.patch("storage.group_commit.AtOnce", Taped):
        asyncio.run(ours(folder / "taped.db"))
    asyncio.run(_emptied(folder / "sync.db"))
    return Taped.tape


async def _emptied(path: Path) -> None:
    async with await Database.open(path) as database:
        await Desk(database).resume()


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--old", type=Path)
    asked.add_argument("folder", nargs="?", type=Path)
    args = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        tape = taped(folder)
        rate, cpu = asyncio.run(ours(folder / "ours.db"))
        same = synchronous(folder, tape)
        print(f"missed calls, waiting together: {rate:,.0f}/s, {cpu * 1000:.2f} ms of CPU each")
        print(f"the same {len(tape) / CALLS:.0f} statements a call, synchronous, a transaction each: {same:,.0f}/s")
        print(f"ratio {rate / same:.2f}")
        if args.old:
            before = old(args.old, folder)
            print(f"{args.old.name}: {before:,.0f}/s; we are {rate / before:.1f} times as fast")


if __name__ == "__main__":
    main()
