"""`python -m tests.collected`: the tests are the same whenever one looks (flaky collection under pytest-xdist).

Collected twice, more than a second and a hash seed apart: a clock, an order of a set or a random number in a test's id
makes workers collect different tests, and then nothing runs.
"""

import os
import subprocess
import sys
import time
from itertools import zip_longest

APART = 1.1  # seconds


def collecting(seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    environ = os.environ | {"PYTHONHASHSEED": str(seed)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)


def collected(process: "subprocess.Popen[str]") -> list[str]:
    out, _ = process.communicate()
    if process.returncode:
        sys.exit(out)
    return [line for line in out.splitlines() if "::" in line]


def main() -> None:
    first = collecting(1)
    time.sleep(APART)
    second = collecting(2)
    once, again = collected(first), collected(second)
    different = [f"{a} is {b} a second later" for a, b in zip_longest(once, again) if a != b]
    if different:
        sys.exit("\n".join(different[:10]))
    print(f"{len(once)} tests, the same when collected again")


if __name__ == "__main__":
    main()
