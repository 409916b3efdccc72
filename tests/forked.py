"""Processes of Textback that start at once: forked from one that has everything imported already (a fork server).

Each is a process as good as any other: it is killed, stopped and traced by its number. What only a new interpreter
shows (its start, its end, what it imports), `site.process` runs.
"""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import NamedTemporaryFile

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["tests.forked", "tests.warm", "bridge.cli.app", "bridge.cli.run", "bridge.cli.control", "tests.desk"]
)


class Process:
    """As `asyncio.subprocess.Process`, as far as tests ask."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        return self._process.exitcode or 0

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def textback(
    *arguments: str | Path, environ: Mapping[str, str] | None = None, output: Path | None = None
) -> Process:
    """The command, started. output: a file that exists, for what it says; else it says it where the tests do."""
    given = [str(argument) for argument in arguments]
    return Process(await asyncio.to_thread(_started, _command, given, environ or {}, output))


async def said(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """What the command ends with, and what it said."""
    with NamedTemporaryFile("r", encoding="utf-8") as output:
        process = await textback(*arguments, environ=environ, output=Path(output.name))
        return await process.wait(), output.read()


def killed_at(call: str, moment: int, job: Callable[..., object], *arguments: object) -> bool:
    """Run this function of a module as a process, and kill -9 it at that system call (several, with commas), counted
    from 1. False if it has fewer.
    """
    wait, go_on = _SERVER.Pipe(duplex=False)
    process = _started(_once_told, wait, job, *arguments)
    with injected(process.pid or 0, call, f"signal=SIGKILL:when={moment}"):
        go_on.send(None)
        process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@contextmanager
def injected(pid: int, calls: str, fault: str) -> Iterator[None]:
    """Meanwhile that happens (strace: `-e inject`) at these system calls of that process; several, with commas."""
    faults = ["-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"]
    command = ["strace", "-f", "-p", str(pid), "-o", "/dev/null", *faults]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as strace:
        assert strace.stderr
        assert b"attached" in strace.stderr.readline()
        try:
            yield
        finally:
            strace.terminate()


def ended(job: Callable[..., object], *arguments: object) -> int | None:
    """Run this function of a module as a process; its exit code."""
    process = _started(job, *arguments)
    process.join()
    return process.exitcode


def _started(job: Callable[..., object], *arguments: object) -> BaseProcess:
    process = _SERVER.Process(target=job, args=arguments, daemon=True)
    process.start()
    return process


def _once_told(wait: Connection, job: Callable[..., object], *arguments: object) -> None:
    wait.recv()
    job(*arguments)


def _command(arguments: list[str], environ: Mapping[str, str], output: Path | None) -> None:
    from bridge.cli.app import main

    os.environ.update(environ)
    if output:
        written = os.open(output, os.O_WRONLY)
        os.dup2(written, 1)
        os.dup2(written, 2)
    sys.argv = ["textback", *arguments]
    main()
