"""Recorded calls poured into one stream: many at once, at the same extensions, with callers that lead astray."""

import heapq
import json
import random
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.esl.channels import ChannelNames
from bridge.esl.protocol import Message
from tests.esl.recorded import SETTINGS, Recording
from tests.recorded import inbound, track

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CALLER = "+31612345678"
ASTRAY = ("101", "103", "0205550101", "sofia/external", "loopback/voicemail-a", "anonymous")
NAMES = ("sofia/external/101@x", "user/103", "CHANNEL_ANSWER")
BEGAN, WINDOW, STEP = 1_796_000_000_000_000, 600 * 50, 20_000  # microseconds, steps, microseconds a step


class Mix:
    """wanted: what each inbound call must come to, by its uuid. messages: of all, in the order of their stamps."""

    def __init__(self, recordings: Sequence[Recording], *, calls: int, chance: random.Random) -> None:
        self._chance = chance
        self.wanted: dict[str, dict[str, Any]] = {}
        lanes = [list(self._lane(recordings[number % len(recordings)], number)) for number in range(calls)]
        self.messages = list(_merged(lanes))
        self.names = ChannelNames(sorted({trunk for one in recordings for trunk in one.expected["trunks"]}))

    def _lane(self, recording: Recording, number: int) -> Iterator[Message]:
        text = json.dumps([dict(message.values) for message in recording.messages])
        new = {old: str(uuid.UUID(int=self._chance.getrandbits(128))) for old in sorted(set(UUID.findall(text)))}
        text = UUID.sub(lambda found: new[found[0]], text.replace("tb-att-", f"tb-{number}-att-"))
        text = text.replace(CALLER, self._caller(number))
        self._want(recording, new)
        told: list[dict[str, Any]] = json.loads(text)
        first = int(told[0]["Event-Date-Timestamp"]) if told else 0
        later = BEGAN - first + self._chance.randrange(WINDOW) * STEP
        name = self._chance.choice(NAMES) if number % 3 == 0 else ""
        for values in told:
            yield Message(_moved(values, later) | ({"Caller-Caller-ID-Name": name} if name else {}))

    def _caller(self, number: int) -> str:
        return self._chance.choice(ASTRAY) if number % 5 == 0 else f"+316{self._chance.randrange(10**8):08d}"

    def _want(self, recording: Recording, new: Mapping[str, str]) -> None:
        calls = inbound(track(recording.events(), SETTINGS))
        for call, want in zip(calls, recording.expected["calls"], strict=True):
            self.wanted[new.get(call.key.uniqueid, call.key.uniqueid)] = want


def _moved(values: dict[str, Any], later: int) -> dict[str, Any]:
    stamps = ("Event-Date-Timestamp", "Caller-Channel-Created-Time", "Caller-Channel-Answered-Time")
    return values | {name: str(int(values[name]) + later) for name in stamps if values.get(name, "0") != "0"}


def _merged(lanes: Sequence[Sequence[Message]]) -> Iterator[Message]:
    """Each lane in its own order, though stamps may run backwards by a step."""
    heads = [(_stamp(lane[0]), number, 0) for number, lane in enumerate(lanes) if lane]
    heapq.heapify(heads)
    while heads:
        stamp, number, place = heapq.heappop(heads)
        yield lanes[number][place]
        if place + 1 < len(lanes[number]):
            heapq.heappush(heads, (max(stamp, _stamp(lanes[number][place + 1])), number, place + 1))


def _stamp(message: Message) -> int:
    return int(message.get("Event-Date-Timestamp", "0"))
