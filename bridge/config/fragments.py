"""A file that is not TOML, statement by statement: what stands there for certain, and the lines that cannot be read."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

HEADER = re.compile(r"""\s*(\[{0,2})\s*(["']?[A-Za-z][\w-]*["']?(?:\s*\.\s*["']?[\w-]+["']?)*)\s*(\]{0,2})\s*(#.*)?""")
LONGEST = 200  # lines that a value may go over


@dataclass(frozen=True, slots=True)
class LostLine:
    """number: in the file, from 1. table: `line.hours`; "" for what stands above the first."""

    number: int
    table: str
    text: str


@dataclass(slots=True)
class Fragments:
    """raw: as tomllib gives a file. What is said twice, and differently, is in `lost` alone."""

    raw: dict[str, Any] = field(default_factory=dict)
    lost: list[LostLine] = field(default_factory=list)


def fragments(text: str) -> Fragments:
    try:
        return Fragments(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._found = Fragments()
        self._table = self._found.raw
        self._name = ""

    def read(self) -> Fragments:
        at = 0
        while at < len(self._lines):
            if header := _header(self._lines[at]):
                self._begin(*header)
                at += 1
                continue
            read, end = self._statement(at)
            if read is None:
                self._lose(at)
            else:
                self._merge(self._table, read, at)
            at = end
        return self._found

    def _statement(self, at: int) -> tuple[dict[str, Any] | None, int]:
        """What begins in that line, and the line behind it; None where it makes no sense however far it is read."""
        for end in range(at + 1, min(len(self._lines), at + LONGEST) + 1):
            try:
                return tomllib.loads("\n".join(self._lines[at:end])), end
            except (tomllib.TOMLDecodeError, RecursionError):
                if end < len(self._lines) and _header(self._lines[end]):
                    break
        return None, at + 1

    def _begin(self, names: Sequence[str], repeated: bool) -> None:
        """As TOML does it: `[[line]]` adds one, and `[line.hours]` after it belongs to the last."""
        self._name, table = ".".join(names), self._found.raw
        for n, name in enumerate(names):
            last = n == len(names) - 1
            known = table.setdefault(name, [] if last and repeated else {})
            if isinstance(known, list):
                if (last and repeated) or not known:
                    known.append({})
                known = known[-1]
            table = known if isinstance(known, dict) else {}
        self._table = table

    def _merge(self, into: dict[str, Any], read: dict[str, Any], at: int) -> None:
        for key, value in read.items():
            known = into.setdefault(key, value)
            if isinstance(known, dict) and isinstance(value, dict):
                self._merge(known, value, at)
            elif known != value:
                self._lose(at)
                into[key] = None

    def _lose(self, at: int) -> None:
        self._found.lost.append(LostLine(at + 1, self._name, self._lines[at]))


def _header(line: str) -> tuple[Sequence[str], bool] | None:
    """The names in `[line.hours]`, and whether the table is one of several; also where a bracket is missing."""
    found = HEADER.fullmatch(line)
    if found is None or not (found[1] or found[3]):
        return None
    names = [name.strip(" \t\"'") for name in found[2].split(".")]
    return names, "[[" in found[1] or "]]" in found[3]


def values_in(lost: LostLine) -> Iterator[str]:
    """What such a line may have meant to say, without its quotes."""
    if said := re.match(r"""\s*[\w.-]+[\s=:"']+(.*)""", lost.text):
        yield re.sub(r"\s+#.*", "", said[1]).strip(" \t\r\"'")
