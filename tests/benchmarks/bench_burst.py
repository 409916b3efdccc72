"""`python -m tests.benchmarks.bench_burst [--calls N] [--pace N] [FOLDER]`: what a burst of calls does to others.

Prints seconds until all of them are on disk, and the longest that the page and a customer's reply had to wait
meanwhile. Told of faster than the daemon follows them (a busy machine), more events wait than its queue takes: it
connects anew, and what it did not hear is counted as missing.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

from tests import site
from tests.benchmarks.world import World, caller, running

CALLS, PACE = 10_000, 200.0
STILL = 60.0  # seconds in which nothing more gets to the disk: nothing more will
EVERY = 0.2  # seconds between two looks at the page, and between two replies


async def waits(once: Callable[[], Awaitable[None]], until: asyncio.Event) -> list[float]:
    """Seconds that each took, one after the other."""
    taken = []
    while not until.is_set():
        began = monotonic()
        await once()
        taken.append(monotonic() - began)
        await asyncio.sleep(EVERY)
    return taken


async def burst(world: World, calls: int, pace: float) -> None:
    """Until all are on disk, or no more of them will be."""
    before, began = world.count("SELECT count(*) FROM call"), monotonic()
    await world.calls(calls, pace)
    told = last = monotonic()
    stored = 0
    while stored < calls and monotonic() - last < STILL:
        await asyncio.sleep(0.2)
        found = world.count("SELECT count(*) FROM call") - before
        stored, last = found, monotonic() if found > stored else last
    took = last - began
    print(f"{calls:,} calls told within {told - began:.1f} s, on disk within {took:.1f} s: {stored / took:,.0f}/s")
    print(f"{calls - stored:,} missing")


async def measure(folder: Path, calls: int, pace: float) -> None:
    async with running(folder) as world, world.browser() as browser:
        over = asyncio.Event()

        async def page() -> None:
            async with browser.get(world.page) as answer:
                assert answer.status == 200, answer.status
                await answer.read()

        async def reply() -> None:
            (status,) = await world.smsc.deliver(caller(1)[1:], site.DID[1:], f"the sink leaks {monotonic()}")
            assert status == 0, status

        watching = [asyncio.create_task(waits(once, over)) for once in (page, reply)]
        await burst(world, calls, pace)
        over.set()
        pages, replies = await asyncio.gather(*watching)
        print(f"longest wait of the page {max(pages):.2f} s of {len(pages)}, of a reply {max(replies):.2f} s")
        print(f"calls that were texted meanwhile: {len(world.texted):,}")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--calls", type=int, default=CALLS)
    asked.add_argument("--pace", type=float, default=PACE)
    asked.add_argument("folder", nargs="?", type=Path)
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        asyncio.run(measure(Path(folder), args.calls, args.pace))


if __name__ == "__main__":
    main()
