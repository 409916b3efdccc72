"""`python -m tests.benchmarks.bench_cli`: what a command costs to start, in times of `python -c 'import typer'`.

CPU time of whole processes that take turns; the ratio is the median of the rounds', so that a busy machine changes it
little.
Exit code 1 where one costs more than `MOST` times.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

from storage.database import Database
from tests import site

ROUNDS = 9
MOST = 5.0
TEXTBACK = str(Path(sys.executable).with_name("textback"))


def cpu(command: list[str]) -> float:
    """Seconds, in user and system."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=False)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def new_database(path: Path) -> None:
    await (await Database.open(path)).close()


def main() -> None:
    with TemporaryDirectory() as folder:
        config = str(site.write(Path(folder)))
        asyncio.run(new_database(Path(folder) / "textback.db"))
        commands = {
            "import typer": [sys.executable, "-c", "import typer"],
            "textback --help": [TEXTBACK, "--help"],
            "textback status": [TEXTBACK, "status", "--config", config],
            "textback check-config": [TEXTBACK, "check-config", "--config", config],
        }
        rounds = [{name: cpu(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    times = {name: median(one[name] / one["import typer"] for one in rounds) for name in commands}
    for name in commands:
        print(f"{name}: {min(one[name] for one in rounds) * 1000:.0f} ms, {times[name]:.1f} times")
    sys.exit(any(times[name] > MOST for name in ("textback --help", "textback status")))


if __name__ == "__main__":
    main()
