"""The first page of a large office against that of a small one, and a change told to 50 desks against 1.

    python -m tests.benchmarks.bench_page [OPEN CLOSED]

Ratios of one run, nothing asserted.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from aiohttp import ClientResponse

from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call
from tests.web.served import Client, served

SMALL = (100, 100)
LARGE = (100_000, 1_000_000)
LOADS = 30
CHANGES = 40


def fill(path: Path, still_open: int, closed: int) -> None:
    """Rows straight into the file: what is measured is reading."""
    opened = int(MONDAY_NOON.timestamp() * 1000) - 10**9
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.executemany(
            """
            INSERT INTO callback (branch, number, line, state, opened_at, closed_at, missed, version)
            VALUES ('main', ?, 'main', ?, ?, ?, 1, 1)
            """,
            (
                (f"+1212{n:07}", "open" if n < still_open else "closed", opened + n, None if n < still_open else opened)
                for n in range(still_open + closed)
            ),
        )
    db.close()


async def first_page(client: Client) -> float:
    """Median seconds."""
    times = []
    for _ in range(LOADS):
        start = perf_counter()
        async with client.get("/") as answer:
            await answer.read()
        times.append(perf_counter() - start)
    return statistics.median(times)


async def loaded(still_open: int, closed: int) -> float:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "textback.db"
        await (await Database.open(path)).close()
        await asyncio.to_thread(fill, path, still_open, closed)
        async with await Database.open(path) as database, served(Desk(database)) as client:
            return await first_page(client)


async def told(desks: int) -> float:
    """The 99th percentile of seconds from a call's end to the last page that hears of it."""
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(Path(directory) / "textback.db") as database:
            desk = Desk(database)
            async with served(desk) as client:
                streams = [await client.get("/events") for _ in range(desks)]
                times = [await _one_change(desk, streams) for _ in range(CHANGES)]
    return statistics.quantiles(times, n=100)[98]


async def _one_change(desk: Desk, streams: list[ClientResponse]) -> float:
    start = perf_counter()
    await desk.call(missed_call(at=desk.clock.advance(minutes=1)))
    await asyncio.gather(*(_changed(stream) for stream in streams))
    return perf_counter() - start


async def _changed(stream: ClientResponse) -> None:
    async for line in stream.content:
        if line.startswith(b"event: changed"):
            return


async def main() -> None:
    large = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else LARGE
    small_page, large_page = await loaded(*SMALL), await loaded(*large)
    print(f"first page: {small_page * 1000:.1f} ms with {SMALL}, {large_page * 1000:.1f} ms with {large}:", end=" ")
    print(f"{large_page / small_page:.2f} times")
    one, fifty = await told(1), await told(50)
    print(f"p99 to the last desk: {one * 1000:.1f} ms with 1, {fifty * 1000:.1f} ms with 50: {fifty / one:.2f} times")


if __name__ == "__main__":
    asyncio.run(main())
