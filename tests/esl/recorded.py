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


class Switch:
    """Follows the events of a switch and answers as it would: every channel with all that was told of it."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, Any]] = {}
        self._pairs: dict[str, str] = {}
        self._ended: set[str] = set()
        self._now = "0"

    def tells(self, message: Message) -> None:
        self._now = message.get("Event-Date-Timestamp") or self._now
        uuid = message.get("Unique-ID")
        if not uuid or uuid in self._ended:
            return
        if message.event == "CHANNEL_HANGUP_COMPLETE":
            self._ended.add(uuid)
            self._channels.pop(uuid, None)
            self._pairs = {one: other for one, other in self._pairs.items() if uuid not in (one, other)}
            return
        channel = self._channels.setdefault(uuid, {"first": message.get("Caller-Destination-Number")})
        channel.update(message.values)
        if state := STATES.get(message.event):
            channel["state"] = state
        self._bridges(message)

    def _bridges(self, message: Message) -> None:
        one, other = message.get("Bridge-A-Unique-ID"), message.get("Bridge-B-Unique-ID")
        if message.event == "CHANNEL_BRIDGE":
            self._pairs = {a: b for a, b in self._pairs.items() if not {a, b} & {one, other}} | {one: other}
            for here, there in ((one, other), (other, one)):
                self._channels.get(here, {})["variable_last_bridge_to"] = there
        elif message.event == "CHANNEL_UNBRIDGE" and self._pairs.get(one) == other:
            del self._pairs[one]
        elif message.get("Action") == "add-member":
            channel = self._channels[message.get("Unique-ID")]
            channel["variable_conference_uuid"] = message.get("Conference-Unique-ID")
            channel["variable_conference_name"] = message.get("Conference-Name")

    def snapshot(self) -> Snapshot:
        rows = [
            {
                "uuid": uuid,
                "application": channel.get("Application", ""),
                "application_data": channel.get("Application-Data", ""),
                "initial_dest": channel["first"],
            }
            for uuid, channel in self._channels.items()
        ]
        pairs = [{"uuid": one, "b_uuid": other} for one, other in self._pairs.items()]
        return Snapshot(_shown(rows), _shown(pairs), tuple(map(self._dump, self._channels.values())))

    def _dump(self, channel: dict[str, Any]) -> str:
        now = {"Event-Name": "CHANNEL_DATA", "Event-Date-Timestamp": self._now}
        return json.dumps(channel | now | {"Channel-Call-State": channel.get("state", "DOWN")})


STATES = {
    "CHANNEL_PROGRESS": "RINGING",
    "CHANNEL_PROGRESS_MEDIA": "EARLY",
    "CHANNEL_ANSWER": "ACTIVE",
    "CHANNEL_HOLD": "HELD",
    "CHANNEL_UNHOLD": "ACTIVE",
}


def _shown(rows: Sequence[dict[str, str]]) -> str:
    return json.dumps({"row_count": len(rows)} | ({"rows": rows} if rows else {}))
