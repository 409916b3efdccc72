"""Recordings of a PBX's stream: the bytes as they came, and beside them, line by line, when each block came.

`NAME.ami` (of a FreeSWITCH `NAME.esl`) is the stream, byte for byte. `NAME.idx.jsonl` has one line a block, `{"o":
offset, "n": length, "t": unix time, "e": event name}`, and a line with a `mark` for what is no block: connected,
banner, disconnected.
"""

import asyncio
import json
import mmap
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from bridge.domain.calls.events import Event
from bridge.pbx.clock import moment
from bridge.pbx.line import RawStreamListener

INDEX_SUFFIX = ".idx.jsonl"
SUFFIXES = (".ami", ".esl")
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")  # gzip, zip, bzip2, xz, zstd

Octets = bytes | mmap.mmap


class Block(Protocol):
    """One message of a stream, as a framer cuts it. banner: what greets whoever connects."""

    @property
    def name(self) -> str: ...

    @property
    def raw_size(self) -> int: ...

    @property
    def banner(self) -> str: ...


class Framer(Protocol):
    """pending: bytes of a message that is not whole yet."""

    @property
    def pending(self) -> int: ...

    def feed(self, data: bytes) -> Sequence[Block]: ...


class Recording(RawStreamListener):
    """A recording being written; a context manager. What cannot be written is told by `failed`, and ends it."""

    def __init__(self, path: Path, framer: Callable[[], Framer], clock: Callable[[], datetime]) -> None:
        self._path, self._new_framer, self._clock = path, framer, clock
        self._files = ExitStack()
        self._framer = self._new_framer()
        self._connection = 0
        self._streaming = False
        self._offset = 0
        self.blocks = 0
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> Self:
        """Raises OSError where the files cannot be made; never writes over an older recording."""
        with ExitStack() as files:
            self._raw = files.enter_context(self._path.open("xb"))
            self._index = files.enter_context(index_path(self._path).open("x", encoding="utf-8"))
            self._files = files.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disconnected()
        self._files.close()

    @property
    def size(self) -> int:
        return self._offset + self._framer.pending

    def connected(self) -> None:
        self._connection, self._streaming = self._connection + 1, True
        self._framer = self._new_framer()
        self._guarded(self._mark, "connected")

    def received(self, data: bytes) -> None:
        self._guarded(self._store, data)

    def disconnected(self) -> None:
        if not self._streaming:
            return
        self._streaming, partial = False, self._framer.pending
        self._offset += partial
        self._framer = self._new_framer()
        self._guarded(self._mark, "disconnected", partial=partial)

    def _store(self, data: bytes) -> None:
        self._raw.write(data)
        self._raw.flush()
        for message in self._framer.feed(data):
            self._index_message(message)
        self._index.flush()

    def _index_message(self, message: Block) -> None:
        if message.banner:
            self._mark("banner", length=message.raw_size)
        else:
            self._write_line({"o": self._offset, "n": message.raw_size, "t": self._now(), "e": message.name})
            self.blocks += 1
        self._offset += message.raw_size

    def _mark(self, mark: str, **facts: int) -> None:
        self._write_line({"mark": mark, **facts, "t": self._now(), "conn": self._connection, "offset": self._offset})

    def _write_line(self, line: dict[str, object]) -> None:
        self._index.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _now(self) -> float:
        return round(self._clock().timestamp(), 6)

    def _guarded(self, write: Callable[..., None], *what: Any, **facts: Any) -> None:
        """A full disk must not look like a broken connection."""
        try:
            write(*what, **facts)
        except OSError as error:
            if not self.failed.done():
                self.failed.set_exception(error)


def index_path(recording: Path) -> Path:
    name = recording.stem if recording.suffix in SUFFIXES else recording.name
    return recording.with_name(name + INDEX_SUFFIX)


class RecordingError(Exception):
    """There is no stream of a PBX in this file. The text says what is there instead."""


@contextmanager
def opened(path: Path) -> Iterator[mmap.mmap]:
    """However large it is. Raises RecordingError for what cannot be a recording, OSError where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(8)
        if not start:
            raise RecordingError("it is empty")
        if start.startswith(PACKED):
            raise RecordingError("it is compressed; unpack it first")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


class RecordedCalls(Protocol):
    """What a PBX told, as it was written down. moment: what one thing sets off may come in any order within it.

    trunk_example: what `--trunk` takes. times: of its index, and what is wrong with it once all events have been read.
    """

    @property
    def moment(self) -> timedelta: ...

    @property
    def trunk_example(self) -> str: ...

    @property
    def times(self) -> "BlockTimes": ...

    def events(self) -> Iterator[Event]:
        """In their order; little of a large file is held at a time. Raises RecordingError, or OSError."""


class BlockTimes:
    """When the block at an offset was received. Without an index nobody knows.

    unreadable: lines of the index that say neither that nor anything else. A last line that broke off is none: the
    recorder was stopped in the middle of it. odd_stamps: of the PBX's own, in the stream.
    """

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self._offsets, self._ends, self._times = array("q"), array("q"), array("d")
        self.unreadable = self.odd_stamps = 0
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
    return whole and isinstance(time, int | float) and moment(time) is not None


def read_times(index: Path) -> BlockTimes:
    """`{"o": offset, "n": length, "t": unix time, "e": event name}`, one line a block; other lines are marks."""
    if not index.exists():
        return BlockTimes()
    with index.open("rb") as lines:
        return BlockTimes(lines)
