"""Reading an ESL recording: the raw bytes of `textback record`, or a stream that was written down some other way.

A recording holds one stream or several one after the other, each opened by the switch's `auth/request`: the link was
cut there. What the switch answered when it was asked who lives stands between the events.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge.domain.calls.events import Event, LinkLost
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import WANTED, Decoder
from bridge.esl.protocol import ANSWER, GREETING, Block, Framer
from bridge.esl.resync import ROW_COUNT, Resync
from bridge.esl.snapshot import seen
from bridge.esl.talks import MOMENT
from bridge.pbx.recording import BlockTimes, Octets, RecordingError, index_path, opened, read_times

SPEAKS_ESL = re.compile(rb"\s*Content-(?:Type|Length): ")


class RecordedCalls:
    """`pbx.recording.RecordedCalls` of one file with its index."""

    moment = MOMENT
    trunk_example = "external"

    def __init__(self, path: Path, names: ChannelNames) -> None:
        self._path = path
        self._names = names
        self.times = read_times(index_path(path))

    def events(self) -> Iterator[Event]:
        with opened(self._path) as data:
            if not SPEAKS_ESL.match(data):
                raise RecordingError("it is no ESL recording: no block of the event socket begins it")
            yield from events(data, self.times, self._names)


def events(data: Octets, times: BlockTimes, names: ChannelNames, chunk: int = 1 << 16) -> Iterator[Event]:
    """The recording's events in order, with a LinkLost where a new stream begins."""
    framer, heard, offset = Framer(), Hearing(names), 0
    for start in range(0, len(data), chunk):
        for block in framer.feed(data[start : start + chunk]):
            yield from heard.hear(block, times.at(offset))
            offset += block.raw_size
    yield from heard.end()
    times.odd_stamps += heard.decoder.odd_stamps


class Hearing:
    """What the blocks of one switch tell, as they come."""

    def __init__(self, names: ChannelNames) -> None:
        self.decoder = Decoder(names)
        self._resync: Resync | None = None
        self._heard_at: datetime | None = None
        self._greeted = False

    def hear(self, block: Block, at: datetime | None) -> Iterator[Event]:
        if block.kind == GREETING:
            yield from self._greet()
        elif block.kind == ANSWER:
            yield from self._answered(block.text, at)
        elif block.event in WANTED:
            if self._resync:
                self._resync.hold(at, block)
            else:
                yield from self.decoder.feed(block.read(), at)
        self._heard_at = at or self._heard_at

    def end(self) -> Iterator[Event]:
        """Nothing more comes: what waited for an answer that never came was heard all the same."""
        resync, self._resync = self._resync, None
        for at, block in resync.release() if resync else ():
            yield from self.decoder.feed(block.read(), at)

    def _greet(self) -> Iterator[Event]:
        yield from self.end()
        if self._greeted or self.decoder.legs:
            self.decoder.forget()
            yield LinkLost(self._heard_at)
        self._greeted = True

    def _answered(self, text: str, at: datetime | None) -> Iterator[Event]:
        if self._resync is None and text.startswith(ROW_COUNT):
            self._resync = Resync()
        if self._resync:
            self._resync.answered(text)
            if snapshot := self._resync.snapshot:
                yield from seen(snapshot, self.decoder, at)
                yield from self.end()
