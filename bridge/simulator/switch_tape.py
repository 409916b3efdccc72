"""Recorded calls of a FreeSWITCH that can be played again and again, each time as another call of another customer."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bridge.esl.protocol import EVENT, Framer
from bridge.pbx.recording import index_path, read_times

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
STAMPS = ("Event-Date-Timestamp", "Caller-Channel-Created-Time", "Caller-Channel-Answered-Time")
OWN = ("HEARTBEAT",)  # what the switch that plays it sends by itself

Values = dict[str, Any]


@dataclass(frozen=True)
class SwitchTape:
    """One recorded call. steps: seconds from the first event, and what it said."""

    steps: tuple[tuple[float, Values], ...]

    @classmethod
    def load(cls, path: Path) -> "SwitchTape":
        """Read a recording and its index. Raises OSError or ValueError where one is missing or holds no events."""
        times, offset = read_times(index_path(path)), 0
        told: list[tuple[float, Values]] = []
        for block in Framer().feed(path.read_bytes()):
            at = times.at(offset)
            offset += block.raw_size
            if block.kind == EVENT and block.event not in OWN and at:
                told.append((at.timestamp(), dict(block.read().values)))
        if not told:
            raise ValueError(f"{path} holds no events")
        return cls(tuple((at - told[0][0], values) for at, values in told))

    @cached_property
    def caller(self) -> str:
        return self._word("Caller-Caller-ID-Number")

    @cached_property
    def did(self) -> str:
        return self._word("Caller-Destination-Number")

    @cached_property
    def uuid(self) -> str:
        """Of the first channel."""
        return self._word("Unique-ID")

    @cached_property
    def job(self) -> str:
        """Of a call that the switch was asked to make."""
        return self._word("Job-UUID")

    @cached_property
    def phone(self) -> str:
        """Whom it rang first."""
        return self._word("variable_dialed_user")

    @cached_property
    def dialled(self) -> str:
        """The number that it dialled last."""
        legs = [values for _, values in self.steps if values["Event-Name"] == "CHANNEL_CREATE"]
        return str(legs[-1].get("Caller-Destination-Number", "")) if legs else ""

    def take(self, words: Mapping[str, str], *, core: str, began: float) -> Iterator[tuple[float, Values]]:
        """One playing of it: uuids that no other playing has, and times of today.

        words: what is said instead of its own numbers and names. core: which run of the switch plays it. began: when,
        in seconds since 1970.
        """
        renamed: dict[str, str] = {}
        first = int(self.steps[0][1]["Event-Date-Timestamp"])
        later = int(began * 1_000_000) - first
        for after, values in self.steps:
            said = _said(json.dumps(values), words, renamed)
            moved = {name: str(int(said[name]) + later) for name in STAMPS if said.get(name, "0") != "0"}
            yield after, said | moved | {"Core-UUID": core}

    def _word(self, name: str) -> str:
        return next((str(values[name]) for _, values in self.steps if name in values), "")


def _said(text: str, words: Mapping[str, str], renamed: dict[str, str]) -> Values:
    for old, new in words.items():
        text = text.replace(old, new)
    text = UUID.sub(lambda found: renamed.setdefault(found[0], str(uuid.uuid4())), text)
    said: Values = json.loads(text)
    return said
