"""The page: what a first load weighs, its first page with many rows against few, search, a change told to 50 desks
against 1, and the longest task in a browser of 20 pages while 300 changes arrive.

    python -m tests.benchmarks.bench_page [OPEN CLOSED]

Figures of one run, nothing asserted. Aims: 60 kB, 1.2 times, 1 time, 100 ms.
"""

import asyncio
import re
import sqlite3
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from aiohttp import ClientResponse, ClientSession, CookieJar
from playwright.async_api import async_playwright

from bridge.callbacks.actions import Seen
from bridge.domain.phone import E164
from storage import callbacks, search
from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call
from tests.web import morning
from tests.web.chromium import CHROMIUM
from tests.web.served import COOKIES, Client, served
from tests.web.test_browser import let_in_here

SMALL = (100, 100)
LARGE = (100_000, 1_000_000)
LOADS = 30
CHANGES = 40
PAGES, SHOWN, PRESSED = 20, 50, 300
SOUGHT = ("2125550123", "boiler", "gate code 4471", "nothing like it")
PART = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg)[^"]*)"')
LONGEST = """() => {
    longest = 0;
    new PerformanceObserver(list => list.getEntries().forEach(one => { longest = Math.max(longest, one.duration); }))
        .observe({ type: "longtask" });
}"""
SHOWN_LAST = """([row, words]) => new Promise(done => {
    const look = () => document.getElementById(row).textContent.includes(words) ? done() : setTimeout(look, 200);
    look();
})"""
"""Playwright's own waiting reads the whole page at every frame, in the page's thread: it would be what is measured."""


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


async def weight() -> int:
    """Bytes over the wire of a first visit to a morning's list: the page, its style and its scripts, compressed."""
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(Path(directory) / "textback.db") as database:
            desk = Desk(database)
            await desk.resume()
            await morning.play(desk)
            async with (
                served(desk) as client,
                ClientSession(cookies=COOKIES, cookie_jar=CookieJar(unsafe=True), auto_decompress=False) as browser,
            ):
                async with client.get("/") as page:
                    parts = PART.findall(await page.text())
                sent = 0
                for part in ("/", *dict.fromkeys(parts)):
                    async with browser.get(client.make_url(part)) as answer:
                        sent += len(await answer.read())
                return sent


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


async def sought(rows: int) -> dict[str, float]:
    """Seconds of a search among so many rows, each with a note."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "textback.db"
        await (await Database.open(path)).close()
        await asyncio.to_thread(fill, path, rows // 2, rows // 2)
        with sqlite3.connect(path) as db:
            notes = ((n + 1, f"gate code {n}, boiler of 19{n % 100}") for n in range(rows))
            db.executemany("INSERT INTO note (callback_id, at, who, text) VALUES (?, 0, 'Ann', ?)", notes)
        db.close()
        times = {}
        async with await Database.open(path) as database, database.read() as reader:
            for words in SOUGHT:
                start = perf_counter()
                await search.find(reader, words)
                times[words] = perf_counter() - start
        return times


async def longest_task() -> float:
    """The longest task, in milliseconds, of any of 20 pages of one browser while 300 changes arrive."""
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(Path(directory) / "textback.db") as database:
            desk = Desk(database)
            for n in range(SHOWN):
                await desk.call(missed_call(E164(f"+1212555{n:04}"), desk.clock.advance(seconds=1)))
            async with served(desk) as client, async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                address = str(client.make_url("/"))
                pages = []
                for _ in range(PAGES):  # each a desk of its own: a browser has six connections to one address
                    window = await browser.new_context()
                    await let_in_here(window, address)
                    page = await window.new_page()
                    await page.goto(address)
                    await page.wait_for_selector("body[data-heard]")
                    await page.evaluate(LONGEST)
                    pages.append(page)
                for n in range(PRESSED):
                    async with database.read() as db:
                        row = await callbacks.get(db, n % SHOWN + 1)
                    await desk.callbacks.note(Seen.of(row, "Bob", desk.clock()), f"change {n}")
                last = [f"row-{(PRESSED - 1) % SHOWN + 1}", f"change {PRESSED - 1}"]
                for page in pages:
                    await page.evaluate(SHOWN_LAST, last)
                longest = max([float(await page.evaluate("longest")) for page in pages])
                await browser.close()
                return longest


async def main() -> None:
    print(f"first load: {await weight() / 1000:.1f} kB")
    large = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else LARGE
    small_page, large_page = await loaded(*SMALL), await loaded(*large)
    print(f"first page: {small_page * 1000:.1f} ms with {SMALL}, {large_page * 1000:.1f} ms with {large}:", end=" ")
    print(f"{large_page / small_page:.2f} times")
    for words, seconds in (await sought(sum(large) // 11)).items():
        print(f"search among {sum(large) // 11} rows for {words!r}: {seconds * 1000:.0f} ms")
    one, fifty = await told(1), await told(50)
    print(f"p99 to the last desk: {one * 1000:.1f} ms with 1, {fifty * 1000:.1f} ms with 50: {fifty / one:.2f} times")
    print(f"longest task in {PAGES} pages during {PRESSED} changes: {await longest_task():.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
