"""Recordings of an AMI stream: the bytes as they came, and beside them, line by line, when each block came.

`NAME.ami` is the stream, byte for byte. `NAME.idx.jsonl` has one line a block, `{"o": offset, "n": length, "t": unix
time, "e": event name}`, and a line with a `mark` for what is no block: connected, banner, disconnected.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bridge.ami.client import AmiClient
from bridge.ami.protocol import Message, MessageFramer
from bridge.ami.session import RawStreamListener
from bridge.ami.settings import AmiSettings

INDEX_SUFFIX = ".idx.jsonl"


class Recording(RawStreamListener):
    """A recording being written; a context manager. What cannot be written is told by `failed`, and ends it."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._files = ExitStack()
        self._framer = MessageFramer()
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
        self._framer = MessageFramer()
        self._guarded(self._mark, "connected")

    def received(self, data: bytes) -> None:
        self._guarded(self._store, data)

    def disconnected(self) -> None:
        if not self._streaming:
            return
        self._streaming, partial = False, self._framer.pending
        self._offset += partial
        self._framer = MessageFramer()
        self._guarded(self._mark, "disconnected", partial=partial)

    def _store(self, data: bytes) -> None:
        self._raw.write(data)
        self._raw.flush()
        for message in self._framer.feed(data):
            self._index_message(message)
        self._index.flush()

    def _index_message(self, message: Message) -> None:
        if message.banner:
            self._mark("banner", length=message.raw_size)
        else:
            name = message.event or message.get("Response", "?")
            self._write_line({"o": self._offset, "n": message.raw_size, "t": self._now(), "e": name})
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


async def record(settings: AmiSettings, recording: Recording, *, clock: Callable[[], datetime], seconds: float) -> None:
    """Write down what the PBX says for so long, over reconnects. Raises OSError where it cannot be written."""
    client = AmiClient(settings, clock=clock, wanted=(), tap=recording)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()), tasks.create_task(_drain(client))]
        await asyncio.wait({recording.failed}, timeout=seconds)
        for task in running:
            task.cancel()
    if recording.failed.done():
        recording.failed.result()


async def _drain(client: AmiClient) -> None:
    async for _ in client.messages():
        pass


def index_path(recording: Path) -> Path:
    return recording.with_name(recording.name.removesuffix(".ami") + INDEX_SUFFIX)
