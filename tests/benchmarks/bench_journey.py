"""`python -m tests.benchmarks.bench_journey [--old CHECKOUT] [FOLDER]`: missed call, text, answer, receipt.

The real daemon between a PBX and a gateway that play. For each pace: milliseconds from the trunk's hang-up on the
socket to submit_sm at the gateway (p50, p99), and the daemon's CPU for each call until its receipt is on disk.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from tests.benchmarks.world import HERE, percentiles, running

PACES = {2: 20, 20: 200, 100: 1000}
"""Calls a second, and how many."""


async def measured(folder: Path, checkout: Path, paces: dict[int, int]) -> dict[int, tuple[float, float, float]]:
    """By pace: p50 and p99 in milliseconds, and CPU milliseconds a call."""
    found = {}
    async with running(folder, checkout) as world:
        delivered = 1
        for pace, count in paces.items():
            before = world.cpu()
            await world.calls(count, pace)
            delivered += count
            await world.until_delivered(delivered)
            found[pace] = (*percentiles(world.waits()), (world.cpu() - before) / count * 1000)
            world.forget()
    return found


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--old", type=Path)
    asked.add_argument("--pace", type=int, action="append", choices=PACES)
    asked.add_argument("folder", nargs="?", type=Path)
    args = asked.parse_args()
    paces = {pace: PACES[pace] for pace in args.pace or PACES}
    for checkout in [HERE, *([args.old] if args.old else [])]:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            for pace, (p50, p99, cpu) in asyncio.run(measured(Path(folder), checkout, paces)).items():
                print(f"{checkout.name}: {pace:4}/s  p50 {p50:6.1f} ms  p99 {p99:7.1f} ms  CPU {cpu:5.1f} ms a call")


if __name__ == "__main__":
    main()
