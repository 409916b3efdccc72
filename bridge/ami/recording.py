"""Reading an AMI recording: the raw bytes of `textback record` and, where there is one, its index of times.

A recording holds one stream or several one after the other, each opened by Asterisk's banner: the link was cut there.
"""

import json
import mmap
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.ami.decode import WANTED, decode
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import MessageFramer
from bridge.ami.record import index_path
from bridge.domain.calls.events import Event, LinkLost

GREETING = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")
SPEAKS_AMI = re.compile(rb"(?:\A|\n)(?:Event|Response): ")
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")  # gzip, zip, bzip2, xz, zstd
LAST_SECOND = datetime(9999, 12, 31, tzinfo=UTC).timestamp()

Octets = bytes | mmap.mmap


class RecordingError(Exception):
    """There is no AMI stream in this file. The text says what is there instead."""


class BlockTimes:
    """When the block at an offset was received. Without an index nobody knows.

    unreadable: lines of the index that say neither that nor anything else. A last line that broke off is none: the
    recorder was stopped in the middle of it.
    """

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self._offsets, self._ends, self._times = array("q"), array("q"), array("d")
        self.unreadable = 0
        for line in lines:
            if line.strip() and not self._read(line) and line.endswith(b"\n"):
                self.unreadable += 1

    def at(self, offset: int) -> datetime | None:
        place = bisect_right(self._offsets, offset) - 1
        known = place >= 0 and offset < self._ends[place]
        return datetime.fromtimestamp(self._times[place], UTC) if known else None

    def _read(self, line: bytes) -> bool:
        """A line with an offset is a block's, and blocks follow one another; any other object is a mark."""
        try:
            row = json.loads(line)
        except ValueError:
            return False
        if not isinstance(row, dict) or "o" not in row:
            return isinstance(row, dict)
        block: list[Any] = [row.get(key) for key in ("o", "n", "t")]
        offset, length, time = block
        if not _is_block(offset, length, time) or offset < (self._ends[-1] if self._ends else 0):
            return False
        self._offsets.append(offset)
        self._ends.append(offset + length)
        self._times.append(time)
        return True


def _is_block(offset: object, length: object, time: object) -> bool:
    whole = isinstance(offset, int) and isinstance(length, int) and 0 <= offset < 2**62 and 0 < length < 2**62
    return whole and isinstance(time, int | float) and 0 <= time < LAST_SECOND


def read_times(index: Path) -> BlockTimes:
    """`{"o": offset, "n": length, "t": unix time, "e": event name}`, one line a block; other lines are marks."""
    if not index.exists():
        return BlockTimes()
    with index.open("rb") as lines:
        return BlockTimes(lines)


class RecordedCalls:
    """One file of a recording with its index. Raises RecordingError; OSError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.times = read_times(index_path(path))

    def events(self) -> Iterator[Event]:
        """However large the file is, little of it is held at a time."""
        with self._path.open("rb") as file:
            start = file.read(8)
            if not start:
                raise RecordingError("it is empty")
            if start.startswith(PACKED):
                raise RecordingError("it is compressed; unpack it first")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if not GREETING.match(data) and not SPEAKS_AMI.search(data):
                    raise RecordingError("it is no AMI recording: there is no event in it")
                yield from self._events_of(data)

    def _events_of(self, data: mmap.mmap) -> Iterator[Event]:
        """A copy whose line ends some tool made Unix's is read as well; what the index says fits it no more."""
        if data.find(b"\r\n") < 0:
            yield from events(data[:].replace(b"\n", b"\r\n"), BlockTimes())
        else:
            yield from events(data, self.times)


def events(data: Octets, times: BlockTimes, chunk: int = 1 << 16) -> Iterator[Event]:
    """The recording's events in order, with a LinkLost where a new stream begins."""
    starts = [match.start() for match in GREETING.finditer(data)]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        if begin:
            yield LinkLost(times.at(begin - 1))
        yield from _stream(data, begin, end, times, chunk)


def _stream(data: Octets, begin: int, end: int, times: BlockTimes, chunk: int) -> Iterator[Event]:
    framer, mender, offset = MessageFramer(), InjectionRepair(), begin
    for start in range(begin, end, chunk):
        for message in framer.feed(data[start : min(start + chunk, end)]):
            at = times.at(offset)
            offset += message.raw_size
            for whole in mender.feed(message):
                event = decode(whole, at) if whole.event in WANTED else None
                if event:
                    yield event
