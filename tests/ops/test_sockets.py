"""Who is let in, how many at once, and that nothing stands still where no descriptor is left."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.ops.sockets import (
    RESERVED,
    BoundedListener,
    ConnectionLimit,
    household,
    outlive_full_tables,
)

ANN, BOB = "192.0.2.1", "192.0.2.2"


def let_in(limit: ConnectionLimit, address: str, tries: int = 1000) -> int:
    return sum(limit.let_in(address) for _ in range(tries))


def test_one_address_gets_a_quarter_and_many_leave_places_for_whoever_has_few() -> None:
    limit = ConnectionLimit(80)
    assert [let_in(limit, f"192.0.2.{n}") for n in range(5)] == [20, 20, 20, 10, 8]
    limit.let_go("192.0.2.0")
    assert let_in(limit, BOB) == 0
    assert [let_in(limit, f"198.51.100.{n}") for n in range(2)] == [3, 0]


def test_a_proxy_that_we_trust_is_bounded_by_the_total_alone() -> None:
    limit = ConnectionLimit(80)
    assert sum(limit.let_in(ANN, shared=True) for _ in range(100)) == 80


def test_ipv6_counts_by_its_64_bits_and_mapped_addresses_as_what_they_are() -> None:
    assert household("2001:db8::1") == household("2001:db8::dead:beef")
    assert household("2001:db8::1") != household("2001:db8:0:1::1")
    assert household("::ffff:192.0.2.1") == ANN


def test_what_a_process_may_open_is_not_all_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, total in ((1024, 1024 - RESERVED), (64, 32), (resource.RLIM_INFINITY, 2048)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, soft=soft: (soft, soft))
        assert ConnectionLimit.of_process().total == total


class Greeter:
    """Says "in", and waits until they leave."""

    def __init__(self) -> None:
        self.left = asyncio.Semaphore(0)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"in")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        self.left.release()


async def test_a_place_is_free_again_once_its_connection_is_closed() -> None:
    limit = ConnectionLimit(4, per_address=1)
    (listening,) = BoundedListener.at("127.0.0.1", 0, limit, lambda _: False)
    greeter = Greeter()
    server = await asyncio.start_server(greeter, sock=listening)
    port = listening.getsockname()[1]
    async with server, asyncio.timeout(10):
        for _ in range(3):
            reader, first = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read(2) == b"in"
            refused, second = await asyncio.open_connection("127.0.0.1", port)
            assert await refused.read(2) == b""
            second.close()
            first.close()
            await greeter.left.acquire()


@contextmanager
def one_descriptor_left() -> Iterator[None]:
    """For a client; the server's end of it finds none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir()) + 8
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    held: list[int] = []
    with suppress(OSError):
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    os.close(held.pop())
    try:
        yield
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_full_table_of_descriptors_is_said_in_one_line_and_outlived() -> None:
    outlive_full_tables()
    greeter = Greeter()
    server = await asyncio.start_server(greeter, "127.0.0.1", 0)
    async with server, asyncio.timeout(10):
        with capture_logs() as logs, one_descriptor_left():
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            while not logs:  # noqa: ASYNC110  the loop says so by itself
                await asyncio.sleep(0.01)
        assert await reader.read(2) == b"in"
        writer.close()
        await greeter.left.acquire()
    assert [(entry["event"], entry["do"]) for entry in logs] == [
        ("accept.no_descriptor", "raise LimitNOFILE of the service")
    ]
