"""Ports that nobody takes from us (flaky tests: "address already in use").

A port that the kernel gave and that was closed again may be somebody else's before it is used. These lie below those
that the kernel hands out, and whoever has one holds its lock until the run ends: other workers, other checkouts.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOCKS = Path(tempfile.gettempdir()) / f"textback-test-ports.{os.getuid()}"
FIRST, LAST = 12_000, 32_000
_held: list[int] = []


def reserve(ip: str = "127.0.0.1") -> int:
    """Free for TCP and UDP. Nobody listens there unless we do."""
    LOCKS.mkdir(exist_ok=True)
    for port in random.sample(range(FIRST, LAST), 1000):
        if _lock(port) and _is_free(port, ip):
            return port
    raise OSError(f"no free ports from {FIRST} to {LAST}")


def _lock(port: int) -> bool:
    descriptor = os.open(LOCKS / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _held.append(descriptor)
    return True


def _is_free(port: int, ip: str) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ip, port))
            except OSError:
                return False
    return True
