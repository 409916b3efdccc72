"""Reading an AMI recording: the raw bytes of `textback record` and, where there is one, its index of times.

A recording holds one stream or several one after the other, each opened by Asterisk's banner: the link was cut there.
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from bridge.ami.channels import ChannelNames
from bridge.ami.decode import WANTED, Decoder
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import MessageFramer
from bridge.domain.calls.events import Event, LinkLost
from bridge.domain.calls.settings import TrackerSettings
from bridge.pbx.recording import BlockTimes, Octets, RecordingError, index_path, opened, read_times

GREETING = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")
SPEAKS_AMI = re.compile(rb"(?:\A|\n)(?:Event|Response): ")


class RecordedCalls:
    """`pbx.recording.RecordedCalls` of one file with its index."""

    moment = TrackerSettings().moment
    trunk_example = "'PJSIP/NAME-*'"

    def __init__(self, path: Path, names: ChannelNames) -> None:
        self._path = path
        self._names = names
        self.times = read_times(index_path(path))

    def events(self) -> Iterator[Event]:
        with opened(self._path) as data:
            if not GREETING.match(data) and not SPEAKS_AMI.search(data):
                raise RecordingError("it is no AMI recording, nor one of FreeSWITCH: there is no event in it")
            yield from self._events_of(data)

    def _events_of(self, data: mmap.mmap) -> Iterator[Event]:
        """A copy whose line ends some tool made Unix's is read as well; what the index says fits it no more."""
        if data.find(b"\r\n") < 0:
            yield from events(data[:].replace(b"\n", b"\r\n"), BlockTimes(), self._names)
        else:
            yield from events(data, self.times, self._names)


def events(data: Octets, times: BlockTimes, names: ChannelNames, chunk: int = 1 << 16) -> Iterator[Event]:
    """The recording's events in order, with a LinkLost where a new stream begins."""
    starts = [match.start() for match in GREETING.finditer(data)]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        if begin:
            yield LinkLost(times.at(begin - 1))
        yield from _stream(data, begin, end, times, Decoder(names), chunk)


def _stream(data: Octets, begin: int, end: int, times: BlockTimes, decoder: Decoder, chunk: int) -> Iterator[Event]:
    framer, mender, offset = MessageFramer(), InjectionRepair(), begin
    for start in range(begin, end, chunk):
        for message in framer.feed(data[start : min(start + chunk, end)]):
            at = times.at(offset)
            offset += message.raw_size
            for whole in mender.feed(message):
                event = decoder.decode(whole, at) if whole.event in WANTED else None
                if event:
                    yield event
    times.odd_stamps += decoder.odd_stamps
