"""`python -m tests.benchmarks.bench_endurance [--minutes M] [--pace N] [FOLDER]`: does anything grow?

Missed calls at an even pace, each texted, with its receipt. Prints the daemon's memory and descriptors, and the size of
the log beside the database (WAL), from time to time, and by what factor each grew over the second half.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from tests.benchmarks.world import World, running

LOOKS = 10
PAGE = os.sysconf("SC_PAGE_SIZE")
GAUGES = ("memory MB", "descriptors", "WAL MB")


def looked(world: World) -> tuple[float, ...]:
    process = Path(f"/proc/{world.daemon.pid}")
    memory = int((process / "statm").read_text().split()[1]) * PAGE / 1e6
    descriptors = len(list((process / "fd").iterdir()))
    return memory, float(descriptors), (world.folder / "textback.db-wal").stat().st_size / 1e6


async def measure(folder: Path, minutes: float, pace: float) -> None:
    async with running(folder) as world:
        seen = []
        for look in range(1, LOOKS + 1):
            await world.calls(round(minutes * 60 * pace / LOOKS), pace)
            seen.append(looked(world))
            said = ", ".join(f"{name} {value:.1f}" for name, value in zip(GAUGES, seen[-1], strict=True))
            print(f"{minutes * look / LOOKS:5.2f} min, {world.callers:,} calls: {said}", flush=True)
        await world.until_delivered(world.callers)
    for name, half, end in zip(GAUGES, seen[LOOKS // 2 - 1], seen[-1], strict=True):
        print(f"{name}: times {end / half:.2f} over the second half")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--pace", type=float, default=20)
    asked.add_argument("folder", nargs="?", type=Path)
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        asyncio.run(measure(Path(folder), args.minutes, args.pace))


if __name__ == "__main__":
    main()
