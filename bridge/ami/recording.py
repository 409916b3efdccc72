"""Reading an AMI recording: the raw bytes of `textback record` and, where there is one, its index of times.

A recording holds one stream or several one after the other, each opened by Asterisk's banner: the link was cut there.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bridge.ami.decode import WANTED, decode
from bridge.ami.mend import Mender
from bridge.ami.protocol import Framer
from bridge.domain.events import Event, LinkLost

GREETING = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")


class Times:
    """When the block at an offset was received. Without an index nobody knows."""

    def __init__(self, blocks: list[tuple[int, float]]) -> None:
        self._offsets = [offset for offset, _ in blocks]
        self._times = [datetime.fromtimestamp(time, UTC) for _, time in blocks]

    def at(self, offset: int) -> datetime | None:
        place = bisect_right(self._offsets, offset)
        return self._times[place - 1] if place else None


def read_times(index: Path) -> Times:
    """`{"o": offset, "n": length, "t": unix time, "e": event name}`, one line a block; other lines are marks."""
    if not index.exists():
        return Times([])
    lines = (json.loads(line) for line in index.read_text("utf-8").splitlines() if line.strip())
    return Times([(line["o"], line["t"]) for line in lines if "o" in line])


def events(data: bytes, times: Times, chunk: int = 1 << 16) -> Iterator[Event]:
    """The recording's events in order, with a LinkLost where a new stream begins."""
    starts = [match.start() for match in GREETING.finditer(data)]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        if begin:
            yield LinkLost(times.at(begin - 1))
        yield from _stream(data[begin:end], begin, times, chunk)


def _stream(data: bytes, offset: int, times: Times, chunk: int) -> Iterator[Event]:
    framer, mender = Framer(), Mender()
    for start in range(0, len(data), chunk):
        for message in framer.feed(data[start : start + chunk]):
            at = times.at(offset)
            offset += message.raw_size
            for whole in mender.feed(message):
                event = decode(whole, at) if whole.event in WANTED else None
                if event:
                    yield event
