"""From the bytes of recorded calls to verdicts, against bare panoramisk on the same bytes; memory; time to decide.

    python -m tests.benchmarks.bench_tracker

Ratios within one run: machines are noisy.
"""

import asyncio
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import panoramisk
import panoramisk.ami_protocol

from bridge.ami.decode import WANTED, Decoder
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import MessageFramer
from bridge.domain.calls.events import Ended, HungUp
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from tests.domain.calls.pbx import Story
from tests.recorded import NAMES, recordings

LOOSE: Any = panoramisk  # it ships no types
ROUNDS = 5
CHUNK = 1 << 14
SETTINGS = TrackerSettings()
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def stream() -> bytes:
    """Recorded calls one after the other: those with one link, and with nothing in them at which panoramisk stops."""
    plain = [recording for recording in recordings() if recording.path.parent.name in ("16.28.0", "22.10.1")]
    return b"".join(raw for one in plain if (raw := one.path.read_bytes()).count(b"Call Manager/") == 1)


def chunks(data: bytes) -> Iterable[bytes]:
    return (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))


def ours(data: bytes) -> int:
    framer, mender, decoder = MessageFramer(WANTED), InjectionRepair(), Decoder(NAMES)
    tracker, calls = Tracker(SETTINGS), 0
    for number, chunk in enumerate(chunks(data)):
        at = START + timedelta(seconds=number)
        for message in framer.feed(chunk):
            for whole in mender.feed(message):
                event = decoder.decode(whole, at)
                calls += len(tracker.feed(event)) if event else 0
    return calls


def dispatched(data: bytes) -> int:
    """What a program on panoramisk pays before it looks at anything: one plain callback for every event."""
    seen = [0]

    def count(_manager: object, _message: object) -> None:
        seen[0] += 1

    manager = LOOSE.Manager(loop=asyncio.new_event_loop())
    manager.callbacks.pop("FullyBooted", None)  # its own, which wants a connection
    manager.register_event("*", count)
    protocol = LOOSE.ami_protocol.AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding, protocol.closed = manager, "utf-8", True  # a Shutdown closes nothing
    for chunk in chunks(data):
        protocol.data_received(chunk)
    return seen[0]


def seconds(work: Callable[[bytes], int], data: bytes) -> float:
    """Of this process: what others do on the machine does not count."""
    began = time.process_time()
    work(data)
    return time.process_time() - began


def throughput() -> None:
    data = stream()
    events = data.count(b"\nEvent: ")
    pairs = [(seconds(dispatched, data), seconds(ours, data)) for _ in range(ROUNDS)]
    print(f"{events} events, {len(data)} bytes, {ours(data)} calls judged")
    print(f"panoramisk, dispatch only:     {events / median(p for p, _ in pairs):10.0f} events/s")
    print(f"frame, decode, track, judge:   {events / median(o for _, o in pairs):10.0f} events/s")
    print(f"ratio (aim 2):                 {median(p / o for p, o in pairs):10.2f}")


def play(story: Story, first: int, last: int) -> None:
    for number in range(first, last):
        trunk, desk = f"PJSIP/trunk-{number:08x}", f"PJSIP/101-{number:08x}"
        story.calls_in(trunk)
        story.dials(trunk, desk, linkedid=trunk)
        story.hangs_up(desk)
        story.hangs_up(trunk)
        story.ended.clear()


def memory() -> None:
    story = Story()
    tracemalloc.start()
    play(story, 0, 10_000)  # the memory of calls that are over is full by now
    early = tracemalloc.get_traced_memory()[0]
    play(story, 10_000, 100_000)
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"memory after 100,000 calls to after 10,000 (aim at most 1.2): {late / early:.2f}")


def decisions() -> None:
    """How long the tracker takes over a trunk channel's Hangup, among 200 other live calls."""
    story = Story()
    for number in range(200):
        story.calls_in(f"PJSIP/trunk-a{number:07x}")
    took = []
    for number in range(2000):
        trunk = f"PJSIP/trunk-b{number:07x}"
        story.calls_in(trunk)
        began = time.perf_counter()
        story.feed(HungUp(story.now, trunk, NAMES.endpoint(trunk), trunk, ended=Ended.NORMAL))
        took.append((time.perf_counter() - began) * 1e6)
    print(f"from the Hangup to the decision: median {median(took):.0f} us, p99 {quantiles(took, n=100)[98]:.0f} us")


if __name__ == "__main__":
    throughput()
    memory()
    decisions()
