"""What durability costs: `python -m tests.benchmarks.bench_storage [FOLDER]`.

Prints rates and, for judging on any machine, ratios of two figures from the same run on the same disk.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from bridge.domain.phone import E164
from bridge.domain.texts.policy import TextRules
from storage import callbacks, messages
from storage.callbacks import Key
from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call

TRANSACTIONS = 500
CALLS = 300
ROWS = 20_000
INSERT = "INSERT INTO part_move (old, new) VALUES (:old, 'x')"


async def rate(work: Callable[[int], Awaitable[object]], times: int) -> float:
    """Times a second."""
    began = perf_counter()
    for number in range(times):
        await work(number)
    return times / (perf_counter() - began)


async def milliseconds(work: Callable[[], Awaitable[object]], times: int = 50) -> float:
    """The median of so many runs."""
    taken = []
    for _ in range(times):
        began = perf_counter()
        await work()
        taken.append((perf_counter() - began) * 1000)
    return statistics.median(taken)


def caller(number: int) -> E164:
    return E164(f"+1202{2000000 + number}")


async def compare_sync_levels(database: Database) -> None:
    async def commit(number: int) -> None:
        async with database.transaction() as tx:
            await tx.all(INSERT, old=f"{level}-{number}")

    rates = {}
    for level in ("FULL", "NORMAL"):
        await database._writer.execute(f"PRAGMA synchronous = {level}")
        rates[level] = await rate(commit, TRANSACTIONS)
    await database._writer.execute("PRAGMA synchronous = FULL")
    print(f"one-row transactions: {rates['FULL']:,.0f}/s durable (FULL), {rates['NORMAL']:,.0f}/s not (NORMAL)")
    print(f"durability costs a factor of {rates['NORMAL'] / rates['FULL']:.2f}")


async def compare_calls(desk: Desk) -> None:
    async def end(number: int) -> None:
        call = missed_call(caller(number), MONDAY_NOON + timedelta(seconds=number))
        await desk.missed_calls.ended(call, call.ended_at or MONDAY_NOON)

    early = await rate(end, CALLS)
    await fill(desk.database)
    late = await rate(lambda number: end(number + CALLS), CALLS)
    print(f"missed calls, each judged and written with row, text and audit: {early:,.0f}/s empty, {late:,.0f}/s full")
    print(f"a full database costs a factor of {early / late:.2f}")


async def fill(database: Database) -> None:
    """ROWS open callbacks, and as many texts that went long ago."""
    async with database.transaction() as tx:
        for number in range(ROWS):
            row = await tx.only(
                """
                INSERT INTO callback (branch, number, line, state, opened_at, version)
                VALUES ('main', :number, 'main', 'open', :at, 1) RETURNING id
                """,
                number=caller(100_000 + number),
                at=MONDAY_NOON - timedelta(minutes=number),
            )
            await tx.all(
                """
                INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id)
                VALUES (0, 'x', 'callback.opened', 'callback', :id, 1, :id)
                """,
                id=row["id"],
            )


async def compare_pages(database: Database) -> None:
    async def first() -> None:
        async with database.read() as db:
            await callbacks.to_call(db)

    async with database.read() as db:
        rows = await callbacks.to_call(db, limit=ROWS // 2)
    middle = Key.of(rows[-1])

    async def deep() -> None:
        async with database.read() as db:
            await callbacks.to_call(db, after=middle)

    async def due() -> None:
        async with database.read() as db:
            await messages.due(db, MONDAY_NOON)

    early, late = await milliseconds(first), await milliseconds(deep)
    print(f"first page of {ROWS:,} rows: {early:.2f} ms, page in the middle: {late:.2f} ms, ratio {late / early:.2f}")
    print(f"what is due, with {2 * CALLS} texts queued: {await milliseconds(due):.2f} ms")


async def from_hang_up_to_gateway(desk: Desk) -> None:
    """One call at a time, the outbox asleep before each."""
    taken = []
    async with desk.sending():
        desk.gateway.submissions.clear()
        for number in range(100):
            began = perf_counter()
            await desk.call(missed_call(caller(500_000 + number), desk.clock.advance(seconds=1)))
            await desk.gateway.submitted(number + 1)
            taken.append((perf_counter() - began) * 1000)
    print(f"from the ended call to the gateway: median {statistics.median(taken):.1f} ms, worst {max(taken):.1f} ms")


async def measure(folder: Path) -> None:
    async with await Database.open(folder / "textback.db") as database:
        desk = Desk(database, rules=TextRules(cap_hour=10**6, cap_day=10**6, neighbours=10**6))
        await desk.resume()
        await compare_sync_levels(database)
        await from_hang_up_to_gateway(desk)
        await compare_calls(desk)
        await compare_pages(database)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
