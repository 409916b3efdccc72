"""`python -m tests.benchmarks.bench_smpp`: our client beside smpplib's own blocking one, same server, one run.

The server is a process of its own that answers every submit with the same octets, at once or after a delay, so that the
clients are what is measured. Prints messages a second, their ratio, and CPU time a message; asserts nothing.
"""

import asyncio
import itertools
import logging
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import structlog
from smpplib.client import Client

from bridge.domain.messages import Encoding, Submission
from bridge.smpp.codec import Command, Framer, Pdu, encode
from tests.smpp.support import CUSTOMER, OFFICE, bound

make_client: Callable[..., Any] = Client
PARTS = 4000
WINDOWS = (1, 10, 50)
DELAYS = (0.0, 0.02)
TEXT = "Sorry we missed you. What can we help with?"


class Responder(asyncio.Protocol):
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._framer = Framer()
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


SUBMIT_RESP = encode(Command.SUBMIT_SM_RESP, 0, message_id="0123456789")


def answer(pdu: Pdu) -> bytes:
    if pdu.command_id == Command.SUBMIT_SM:
        return SUBMIT_RESP[:12] + pdu.sequence.to_bytes(4, "big") + SUBMIT_RESP[16:]
    if pdu.command_id == Command.UNBIND:
        return encode(Command.UNBIND_RESP, pdu.sequence)
    return encode(Command(pdu.command_id).response, pdu.sequence, system_id="bench")


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


def measured(run: Callable[[int, int, int], None], port: int, window: int, parts: int) -> tuple[float, float]:
    """Messages a second, and microseconds of CPU a message."""
    started, cpu = time.perf_counter(), time.process_time()
    run(port, window, parts)
    return parts / (time.perf_counter() - started), (time.process_time() - cpu) / parts * 1e6


def main() -> None:
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(" delay window   ours/s smpplib/s  ratio  ours us smpplib us window/RTT")
    for delay in DELAYS:
        parent, child = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(delay, child), daemon=True)
        server.start()
        port = parent.recv()
        for window in WINDOWS:
            row(port, delay, window)
        server.terminate()
        server.join()


def row(port: int, delay: float, window: int) -> None:
    """Alternately, three times each; the best of each, since everything else on the machine only slows."""
    parts = PARTS if not delay else min(PARTS, window * 50)
    runs = [(measured(ours, port, window, parts), measured(theirs, port, window, parts)) for _ in range(3)]
    our_rate, our_cpu = max(run[0][0] for run in runs), min(run[0][1] for run in runs)
    their_rate, their_cpu = max(run[1][0] for run in runs), min(run[1][1] for run in runs)
    limit = f"{window / delay:10.0f}" if delay else f"{'-':>10}"
    print(
        f"{delay:6.3f} {window:6} {our_rate:8.0f} {their_rate:9.0f} {our_rate / their_rate:6.2f} "
        f"{our_cpu:8.0f} {their_cpu:10.0f} {limit}"
    )


if __name__ == "__main__":
    main()
