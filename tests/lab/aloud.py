"""A command that may take minutes, and says meanwhile that it is still at it."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SILENCE = 15.0
"""Seconds of it before a word; nobody believes in a terminal that says nothing for longer."""

LIMIT = 1800.0


class CommandError(Exception):
    """The command, and the end of what it said."""


def run(
    command: Sequence[str],
    doing: str = "",
    environ: Mapping[str, str] | None = None,
    *,
    place: Path | str | None = None,
    silence: float = SILENCE,
    limit: float = LIMIT,
) -> str:
    """What it prints. Raises CommandError, also where there is no such command, or after `limit` seconds."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=environ,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise CommandError(str(error)) from error
    with process:
        while True:
            try:
                said, wrong = process.communicate(timeout=silence)
                break
            except subprocess.TimeoutExpired:
                if (took := time.monotonic() - began) > limit:
                    process.kill()
                    raise CommandError(f"{Path(command[0]).name}: not done after {took:.0f} s") from None
                print(f"  still {doing or Path(command[0]).name}: {took:.0f} s", flush=True)
    if process.returncode:
        raise CommandError(f"{Path(command[0]).name} failed: {' '.join(f'{said} {wrong}'.split())[-500:]}")
    return said
