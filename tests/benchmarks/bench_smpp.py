"""`python -m tests.benchmarks.bench_smpp [--outbox] [--old CHECKOUT]`: our client beside smpplib's own blocking one.

The same server, in one run: a process of its own that answers every submit with the same octets, at once or after a
delay, so that the clients are what is measured. Prints messages a second, their ratio, and CPU time a message; then
texts a second through the whole outbox, with its commits on a real disk; `--outbox` that alone, and with the checkout
of an older version how many times as fast as there. Asserts nothing about time.
"""

import argparse
import asyncio
import itertools
import logging
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from smpplib.client import Client

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import Encoding, split
from bridge.domain.texts.messages import MessageKind, Submission
from bridge.smpp.codec import CommandId, Pdu, PduFramer, encode
from bridge.texts.outbox import Outbox, OutboxSettings
from storage import messages
from storage.database import Database
from tests.smpp.support import CUSTOMER, NOON, OFFICE, bound

make_client: Callable[..., Any] = Client
PARTS = 4000
OUTBOX_PARTS = 500
WINDOWS = (1, 10, 50)
DELAYS = (0.0, 0.02)
TEXT = "Sorry we missed you. What can we help with?"


class Responder(asyncio.Protocol):
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._framer = PduFramer()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._framer.feed(data)
        answers = b"".join(answer(pdu) for pdu in iter(self._framer.next, None))
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answers)
        else:
            self._transport.write(answers)


SUBMIT_RESP = encode(CommandId.SUBMIT_SM_RESP, 0, message_id="0123456789")


def answer(pdu: Pdu) -> bytes:
    if pdu.command_id == CommandId.SUBMIT_SM:
        return SUBMIT_RESP[:12] + pdu.sequence.to_bytes(4, "big") + SUBMIT_RESP[16:]
    if pdu.command_id == CommandId.UNBIND:
        return encode(CommandId.UNBIND_RESP, pdu.sequence)
    return encode(CommandId(pdu.command_id).response, pdu.sequence, system_id="bench")


def serve(delay: float, ready: Connection) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Responder(delay), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def ours(port: int, window: int, parts: int) -> None:
    async def run() -> None:
        numbers = iter(range(parts))
        async with bound(port, window=window, rate=1e9) as client:

            async def send() -> None:
                for number in numbers:
                    await client.submit(Submission(number, OFFICE, CUSTOMER, TEXT, Encoding.GSM7))

            async with asyncio.TaskGroup() as group:
                for _ in range(window):
                    group.create_task(send())
            assert client.snapshot.outcomes == {"Accepted": parts}

    asyncio.run(run())


def theirs(port: int, window: int, parts: int) -> None:
    client: Any = make_client("127.0.0.1", port, allow_unknown_opt_params=True)
    answered = itertools.count(1)
    client.set_message_sent_handler(lambda **_: next(answered))
    client.connect()
    client.bind_transceiver(system_id="textback", password="secret")
    for sent in range(parts + window):
        if sent < parts:
            client.send_message(
                source_addr_ton=1,
                source_addr_npi=1,
                source_addr=OFFICE[1:],
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=CUSTOMER.digits,
                short_message=TEXT.encode(),
                registered_delivery=1,
            )
        if sent >= window:
            client.read_once()
    assert next(answered) == parts + 1
    client.unbind()
    client.disconnect()


def outbox(port: int, window: int, parts: int) -> None:
    """Texts from the queue to `submitted`: claimed, committed, sent, answered, committed."""

    async def run(folder: Path) -> None:
        async with await Database.open(folder / "bench.db") as database, bound(port, window=window, rate=1e9) as client:
            async with database.transaction() as tx:
                for number in range(parts):
                    await messages.queue(tx, new_message(number), split(TEXT))
            sending = Outbox(database, client, NobodyOnThePhone(), OutboxSettings(window=window), clock=lambda: NOON)
            task = asyncio.create_task(sending.run())
            while client.snapshot.outcomes != {"Accepted": parts}:
                await database.commits.beyond(database.commits.count)
            task.cancel()
            await asyncio.wait([task])

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


class NobodyOnThePhone:
    def is_live(self, _number: E164) -> bool:
        return False


def new_message(number: int) -> messages.NewMessage:
    return messages.NewMessage(
        kind=MessageKind.BY_HAND,
        number=E164(f"+1202555{number:04}"),
        source=OFFICE,
        branch="main",
        text=TEXT,
        template="by_hand",
        created_at=NOON,
        due_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


def measured(run: Callable[[int, int, int], None], port: int, window: int, parts: int) -> tuple[float, float]:
    """Messages a second, and microseconds of CPU a message."""
    started, cpu = time.perf_counter(), time.process_time()
    run(port, window, parts)
    return parts / (time.perf_counter() - started), (time.process_time() - cpu) / parts * 1e6


def row_of_outbox(port: int, delay: float, window: int) -> tuple[float, float]:
    rate, cpu = max(measured(outbox, port, window, OUTBOX_PARTS) for _ in range(3))
    print(f"{delay:6.3f} {window:6} {rate:8.0f} texts/s through the outbox, {cpu:.0f} us of CPU each")
    return rate, cpu


@contextmanager
def serving(delay: float) -> Iterator[int]:
    """The port of a server that answers after so many seconds."""
    parent, child = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(delay, child), daemon=True)
    server.start()
    yield parent.recv()
    server.terminate()
    server.join()


OLD = """
import logging, sys, structlog
from tests.benchmarks.bench_smpp import measured, outbox, OUTBOX_PARTS
logging.disable()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
print(*max(measured(outbox, int(sys.argv[1]), int(sys.argv[2]), OUTBOX_PARTS) for _ in range(3)))
"""


def old(checkout: Path, port: int, window: int) -> tuple[float, float]:
    command = [sys.executable, "-c", OLD, str(port), str(window)]
    told = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.split()
    return float(told[-2]), float(told[-1])


def compare_outboxes(checkout: Path | None) -> None:
    for window in WINDOWS[1:]:
        with serving(0.0) as port:
            rate, cpu = row_of_outbox(port, 0.0, window)
            if checkout:
                old_rate, old_cpu = old(checkout, port, window)
                print(f"{checkout.name}: {old_rate:.0f} texts/s, {old_cpu:.0f} us of CPU each")
                print(f"we are {rate / old_rate:.1f} times as fast, and take {cpu / old_cpu:.2f} of its CPU")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--outbox", action="store_true")
    asked.add_argument("--old", type=Path)
    args = asked.parse_args()
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if not args.outbox:
        compare_clients()
    compare_outboxes(args.old)


def compare_clients() -> None:
    print(" delay window   ours/s smpplib/s  ratio  ours us smpplib us window/RTT")
    for delay in DELAYS:
        with serving(delay) as port:
            for window in WINDOWS:
                row(port, delay, window)


def row(port: int, delay: float, window: int) -> None:
    """Alternately, five times each; the best of each, since everything else on the machine only slows."""
    parts = PARTS if not delay else min(PARTS, window * 50)
    runs = [(measured(ours, port, window, parts), measured(theirs, port, window, parts)) for _ in range(5)]
    our_rate, our_cpu = max(run[0][0] for run in runs), min(run[0][1] for run in runs)
    their_rate, their_cpu = max(run[1][0] for run in runs), min(run[1][1] for run in runs)
    limit = f"{window / delay:10.0f}" if delay else f"{'-':>10}"
    print(
        f"{delay:6.3f} {window:6} {our_rate:8.0f} {their_rate:9.0f} {our_rate / their_rate:6.2f} "
        f"{our_cpu:8.0f} {their_cpu:10.0f} {limit}"
    )


if __name__ == "__main__":
    main()
