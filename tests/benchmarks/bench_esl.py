"""From the bytes of recorded calls of FreeSWITCH to verdicts: beside genesis, which only parses, and our own AMI path.

    python -m tests.benchmarks.bench_esl

genesis is asked for only here (`pip install genesis`, in an environment of its own); without it that line is left out.
It reads events written plain, since of JSON it hands on the text. Ratios within one run: machines are noisy.
"""

import importlib
import sys
from collections.abc import Callable
from statistics import median
from typing import Any
from urllib.parse import quote

from bridge.domain.calls.tracker import Tracker
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import WANTED, Decoder
from bridge.esl.protocol import EVENT, Framer, Message
from tests.benchmarks import bench_tracker
from tests.benchmarks.bench_tracker import ROUNDS, chunks, seconds
from tests.esl.recorded import SETTINGS, unbroken

NAMES = ChannelNames(("external", "external2", "office"))
CALL = "answered"
"""The recording that is played again and again to see what stays in memory."""


def stream() -> bytes:
    return b"".join(recording.octets for recording in unbroken())


def plain(data: bytes) -> bytes:
    """The same events as `event plain` writes them."""
    found = [block.read() for block in Framer().feed(data) if block.kind == EVENT]
    return b"".join(map(_plain, found))


def _plain(message: Message) -> bytes:
    values = ((name, "|:".join(value) if isinstance(value, list) else value) for name, value in message.values.items())
    body = "".join(f"{name}: {quote(value)}\n" for name, value in values).encode() + b"\n"
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(body), body)


def ours(data: bytes) -> int:
    framer, decoder, tracker, calls = Framer(), Decoder(NAMES), Tracker(SETTINGS), 0
    for chunk in chunks(data):
        for block in framer.feed(chunk):
            if block.event in WANTED:
                for event in decoder.feed(block.read(), None):
                    calls += len(tracker.feed(event))
    return calls


def framed(data: bytes) -> int:
    framer = Framer()
    return sum(
        block.read().event != "" for chunk in chunks(data) for block in framer.feed(chunk) if block.kind == EVENT
    )


def genesis(reader: Any) -> Callable[[bytes], int]:
    """What a program on genesis pays before it looks at anything."""

    def parse(data: bytes) -> int:
        parser, seen, at = reader(), 0, 0
        while (end := data.find(b"\n\n", at)) >= 0:
            events, length = parser.process_headers(data[at : end + 2].decode())
            at = end + 2 + length
            seen += len(parser.process_body(data[end + 2 : at]) if length else events)
        return seen

    return parse


def throughput() -> None:
    data, spelled = stream(), plain(stream())
    other = bench_tracker.stream()
    events, ami = framed(data), other.count(b"\nEvent: ")
    print(f"{events} events, {len(data)} bytes, {ours(data)} calls judged; AMI: {ami} events, {len(other)} bytes")
    rounds = [(seconds(ours, data), seconds(framed, data), seconds(bench_tracker.ours, other)) for _ in range(ROUNDS)]
    whole, parsed, asterisk = (median(each) for each in zip(*rounds, strict=True))
    print(f"frame and parse JSON:          {events / parsed:10.0f} events/s")
    print(f"to the verdict:                {events / whole:10.0f} events/s")
    print(f"AMI, to the verdict:           {ami / asterisk:10.0f} events/s")
    print(f"octets a second, to AMI's:     {len(data) / whole / (len(other) / asterisk):10.2f}")
    try:
        reader = importlib.import_module("genesis.protocol.reader_fsm").ESLReaderFSM
    except ImportError:
        return
    took = median(seconds(genesis(reader), spelled) for _ in range(ROUNDS))
    print(f"genesis, parse only:           {events / took:10.0f} events/s")
    print(f"ours to the verdict, to that:  {took / whole:10.2f}")


def memory() -> None:
    [recording] = [one for one in unbroken() if str(one) == CALL]
    uuids = sorted({message.get("Unique-ID") for message in recording.messages} - {""})
    decoder, tracker = Decoder(NAMES), Tracker(SETTINGS)

    def play(first: int, last: int) -> int:
        calls = 0
        for number in range(first, last):
            new = {uuid: f"{number:08x}{uuid[8:]}" for uuid in uuids}
            for message in recording.messages:
                values = {name: new.get(value, value) for name, value in message.values.items()}
                for event in decoder.feed(Message(values), None):
                    calls += len(tracker.feed(event))
        return calls

    play(0, 10_000)  # what is remembered of calls that are over is full by now
    early = sys.getallocatedblocks()
    calls = play(10_000, 100_000)
    late = sys.getallocatedblocks()
    print(f"{calls} more calls judged; {len(decoder.legs)} legs live")
    print(f"memory blocks after 100,000 calls to after 10,000 (aim at most 1.2): {late / early:.2f}")


if __name__ == "__main__":
    throughput()
    memory()
