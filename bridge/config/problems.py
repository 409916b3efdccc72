"""What is wrong with a configuration: all of it at once, each with its dotted path and what would be right."""

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bridge.config.places import FILE, belongs

T = TypeVar("T")

UNKNOWN_KEYS_ARE_MISTAKES = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """path: `line[0].dids`, "" for the file as a whole. Never holds a secret."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """The configuration cannot be used; nothing was started."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Problems:
    """Collects what is wrong while a configuration is read; what is right goes on being checked."""

    def __init__(self) -> None:
        self.found: list[ConfigProblem] = []

    def add(self, path: str, message: str) -> None:
        self.found.append(ConfigProblem(path, message))

    def take(self, kind: type[T], raw: object, path: str) -> T | None:
        """Read one table as the dataclass `kind`, or note what is wrong with it."""
        try:
            (value,) = TypeAdapter(list[kind], config=UNKNOWN_KEYS_ARE_MISTAKES).validate_python([raw])  # type: ignore[valid-type]
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            self.found += [_problem(kind, path, details) for details in found if not _is_echo(details)]
            return None
        return value

    def take_all(
        self, kind: type[T], raw: object, path: str, prepare: Callable[[Any, str], Any] = lambda table, _: table
    ) -> list[tuple[str, T]]:
        """Read `[[path]]` tables; those in order come back, each with its own path. prepare: done to each before."""
        if not isinstance(raw, list) or not raw:
            self.add(path, f"is missing; there should be at least one [[{path}]] table")
            return []
        paths = [f"{path}[{n}]" for n in range(len(raw))]
        taken = [
            (where, self.take(kind, prepare(table, where), where)) for where, table in zip(paths, raw, strict=True)
        ]
        return [(where, value) for where, value in taken if value is not None]

    def add_repeated(self, key: str, named: Iterable[tuple[str, str]]) -> None:
        """Note each value that an earlier table has too. named: the table's path and the value of its `key`."""
        first: dict[str, str] = {}
        for where, value in named:
            if first.setdefault(value, where) != where:
                self.add(f"{where}.{key}", f'"{value}" is that of {first[value]} already')


_WORDS = {
    "missing": "is missing",
    "string_type": "should be text in quotes",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "tuple_type": "should be a list in square brackets",
    "list_type": "should be a list in square brackets",
    "dict_type": "should be a table",
    "dataclass_type": "should be a table",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
}


PATTERNS = {
    r"^[^@\s]+@[^@\s]+$": 'an address alone, such as "ace@example.com"',
    r"^[0-9*#]{0,8}$": 'what a phone dials, such as "101"',
    r"^[0-9]{2,6}$": 'digits, such as "911"',
    r"^[A-Za-z0-9_-]{8,64}$": "8 to 64 letters and digits, as of: openssl rand -hex 16",
    r"^([0-9]{4,12})?$": "4 to 12 digits",
    r"^[A-Za-z0-9_$-]{1,64}$": 'the name of a database alone, such as "asteriskcdrdb"',
    r"^[A-Za-z0-9_.$-]{1,80}$": 'the name of a user alone, such as "textback", without its quotes and its host',
}
"""In words, with an example."""


def _is_echo(details: ErrorDetails) -> bool:
    """A list that is too short only because its items were wrong, which is noted already."""
    return details["type"] == "too_short" and bool(details["input"])


def _problem(kind: type, path: str, details: ErrorDetails) -> ConfigProblem:
    loc = [part for part in details["loc"][1:] if part != "[key]"]
    if details["type"] == "unexpected_keyword_argument":
        return ConfigProblem(dotted(path, loc), unknown(str(loc[-1]), _names(_at(kind, loc[:-1]))))
    pattern = details["msg"].partition("pattern '")[2][:-1].replace("\\\\", "\\")
    message = _WORDS.get(details["type"]) or details["msg"] + (f": {PATTERNS[pattern]}" if pattern in PATTERNS else "")
    if details["type"] == "dataclass_type" and isinstance(details["input"], list):
        table = re.sub(r"\[\d+\]", "", dotted(path, loc))
        message = f"should be one table, in single brackets: [{table}]"
    for opening in ("Value error, ", "Input ", "String "):
        message = message.removeprefix(opening)
    return ConfigProblem(dotted(path, loc), message)


def unknown(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key, [f"{one}{FILE}" for one in known] if key.endswith(FILE) else known, n=1)
    place = belongs(key)
    meant = f"; did you mean {close[0]}?" if close else "" if place else f"; there are {', '.join(known)}"
    return f"is not a setting{' here' * bool(place)}{meant}" + (f"; it belongs into {place}" if place else "")


def dotted(path: str, loc: Sequence[str | int]) -> str:
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []


def _at(kind: Any, loc: Sequence[str | int]) -> Any:
    """The type that stands at `loc` inside `kind`, looking through Optional, Annotated, tuples and mappings."""
    for part in loc:
        kind = get_type_hints(kind)[part] if is_dataclass(kind) and isinstance(part, str) else get_args(kind)[-1]
        kind = _bare(kind)
    return kind


def _bare(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return _bare(next(arg for arg in get_args(kind) if arg is not type(None)))
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) is tuple:
        return _bare(get_args(kind)[0])
    return kind


def unknown_keys(problems: Problems, raw: Mapping[str, object], known: Sequence[str]) -> None:
    for key in raw:
        if key not in known:
            problems.add(key, unknown(key, known))
