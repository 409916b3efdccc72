"""The recorded calls of a real FreeSWITCH, as messages, and what that switch would have answered between them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bridge.domain.calls.events import Event
from bridge.domain.calls.settings import TrackerSettings
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import Decoder
from bridge.esl.protocol import EVENT, Framer, Message
from bridge.esl.recording import events
from bridge.esl.snapshot import Snapshot
from bridge.esl.talks import MOMENT
from bridge.pbx.recording import read_times
from bridge.simulator.live_channels import LiveChannels
from tests.recorded import FOLDER

SETTINGS = TrackerSettings(moment=MOMENT)


@dataclass(frozen=True)
class Recording:
    path: Path

    def __str__(self) -> str:
        return self.path.stem

    @property
    def octets(self) -> bytes:
        return self.path.read_bytes()

    @property
    def expected(self) -> dict[str, Any]:
        return _expected(self.path)

    @property
    def names(self) -> ChannelNames:
        return ChannelNames(self.expected["trunks"])

    def events(self, chunk: int = 1 << 16) -> list[Event]:
        times = read_times(self.path.with_suffix(".idx.jsonl"))
        return list(events(self.octets, times, self.names, chunk))

    @property
    def messages(self) -> Sequence[Message]:
        return _messages(self.path)


@cache
def recordings() -> list[Recording]:
    return [Recording(path) for path in sorted(FOLDER.glob("freeswitch-*/*.esl"))]


@cache
def unbroken() -> list[Recording]:
    """Those of one connection, so that we can break it where we like."""
    return [one for one in recordings() if one.octets.count(b"auth/request") == 1]


@cache
def _expected(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    return found


@cache
def _messages(path: Path) -> Sequence[Message]:
    return [block.read() for block in Framer().feed(path.read_bytes()) if block.kind == EVENT]


def decoded(messages: Iterable[Message], decoder: Decoder) -> Iterator[Event]:
    for message in messages:
        yield from decoder.feed(message, None)


class Switch(LiveChannels):
    """The switch of a recording, for whoever asks it in the middle."""

    def tells(self, message: Message) -> None:
        if message.event:
            self.happens(message.values)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.show_channels(), self.show_bridged_calls(), tuple(self.dumps()))
