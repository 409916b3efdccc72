"""Recorded calls that can be played again and again, each time as another call of another customer."""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bridge.ami.protocol import Headers, MessageFramer
from bridge.pbx.recording import index_path

FOLDER = Path(__file__).parent / "recordings"

UNIQUEID = re.compile(r"\b\d{10}\.\d+\b")
CHANNEL_NUMBER = re.compile(r"(?<=-)[0-9a-f]{8}(?![0-9a-f])")  # PJSIP/trunk-000003f4
BRIDGE = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class TapeStep:
    """One event, `after` seconds from the first."""

    after: float
    headers: Headers


@dataclass(frozen=True)
class Tape:
    """One recorded call."""

    steps: tuple[TapeStep, ...]
    records: str = ""
    """What the PBX wrote down of it (CDR), "" where that was not recorded."""

    @classmethod
    def load(cls, path: Path) -> "Tape":
        """Read a recording and its index. Raises OSError or ValueError where one is missing or broken."""
        raw = path.read_bytes()
        lines = [json.loads(line) for line in index_path(path).read_text("utf-8").splitlines()]
        blocks = [line for line in lines if "o" in line]
        if not blocks:
            raise ValueError(f"{path} holds no events")
        began, records = blocks[0]["t"], path.with_suffix(".cdr.csv")
        written = records.read_text("utf-8") if records.exists() else ""
        return cls(tuple(_steps(raw, blocks, began)), written)

    @classmethod
    def named(cls, name: str) -> "Tape":
        """One of those that are shipped: see `names`."""
        return cls.load(FOLDER / f"{name}.ami")

    @property
    def seconds(self) -> float:
        return self.steps[-1].after

    @property
    def caller(self) -> str:
        return self._opening.get("CallerIDNum", "")

    @property
    def did(self) -> str:
        return self._opening.get("Exten", "")

    @property
    def channel(self) -> str:
        """The first channel, without its number: `PJSIP/101`."""
        return self._opening.get("Channel", "").rpartition("-")[0]

    @property
    def uniqueid(self) -> str:
        """Of the first channel."""
        return self._opening.get("Uniqueid", "")

    @cached_property
    def dialled(self) -> str:
        """The number dialled last, as the trunk was given it."""
        dialled = (headers.get("DialString", "") for headers in self._events("DialBegin"))
        return list(dialled)[-1].partition("@")[0]

    @cached_property
    def _opening(self) -> Mapping[str, str]:
        """The event in which the caller and the called number are told."""
        return next(self._events("Newchannel"), {})

    def _events(self, name: str) -> Iterator[Mapping[str, str]]:
        return (headers for step in self.steps if (headers := dict(step.headers)).get("Event") == name)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.ami"))


def _steps(raw: bytes, blocks: list[dict[str, float]], began: float) -> Iterator[TapeStep]:
    for block in blocks:
        offset, length = int(block["o"]), int(block["n"])
        for message in MessageFramer().feed(raw[offset : offset + length]):
            yield TapeStep(block["t"] - began, message.headers)


@dataclass
class Take:
    """One playing of a tape: other numbers, and identities that no other playing has.

    epoch: the unix second that new Uniqueids begin with. number: gives the next number for a channel. words: what is
    said instead of the tape's own numbers. renamed: identities that are settled already, old to new.
    """

    tape: Tape
    epoch: int
    number: Callable[[], int]
    words: Mapping[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def rewrite(self, headers: Headers) -> Headers:
        return tuple((key, self.say(value)) for key, value in headers if key != "Timestamp")

    def say(self, value: str) -> str:
        """What the tape says, as this playing has it."""
        for old, new in self.words.items():
            value = value.replace(old, new)
        value = BRIDGE.sub(lambda found: self._new(found[0], lambda: str(uuid.uuid4())), value)
        value = UNIQUEID.sub(lambda found: self._new(found[0], lambda: f"{self.epoch}.{self.number()}"), value)
        return CHANNEL_NUMBER.sub(lambda found: self._new(found[0], lambda: f"{self.number():08x}"), value)

    def _new(self, old: str, make: Callable[[], str]) -> str:
        if old not in self.renamed:
            self.renamed[old] = make()
        return self.renamed[old]
