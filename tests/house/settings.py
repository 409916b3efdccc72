"""`bridge/deploy/CONFIGURATION.md`, out of the settings themselves: their types, limits, defaults and docstrings."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import time, timedelta
from enum import Enum
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from bridge.config import values
from bridge.config.places import TOP, tables
from bridge.config.sections import TextsSection
from bridge.domain.office.hours import OpeningSpan
from bridge.domain.office.templates import Template

TABLES: Mapping[str, type] = {"" if place == TOP else place: kind for place, kind in tables().items()}
OTHER_TABLES = {"hours": "no settings, but days", "smpp_backup": "as [smpp]"}
GIVEN = {"[smpp]": {"name"}}
"""What the file does not say itself."""

HEAD = """\
# Every setting of textback.toml

Made from the settings themselves by `make docs`; a test holds it current. A small whole file is
`textback.example.toml`; `textback check-config` says everything that is wrong with yours, and what would happen.

- A duration is written `4s`, `15 min`, `24h` or `2d`, or as a number of seconds.
- Days are `mon`, `mon-fri`, `"sat,sun"`; hours are `"08:00-12:00, 13:00-17:00"` or `"closed"`.
- A number is written with its country (`+12025550100`), or as people of the office's country write it.
- A secret (marked so) may stand in a file of its own: `secret_file = "ami.secret"` in the place of `secret`. No secret
  may be readable by everybody. Before that file goes what systemd's `LoadCredential=` hands over as `TABLE.KEY`:
  `smpp.password`, `pbx.secret` (of a PBX with a name: `NAME.secret`).
"""
HOURS = """\
## `[hours]`

When the office is open, by days or dates: `mon-fri = "08:00-17:00"`, `2026-12-24 = "closed"`. Days that are not named
are closed; without this table the office is always open. A lead enters dated changes on the page, or by `textback
hours`.
"""
TEXTS = """
The texts: {templates}.
"""
BACKUP = """
`[smpp_backup]` has the same settings: a second gateway for when the first is away.
"""

NAMED: Mapping[str, Any] = {
    "duration": values.Duration,
    "time zone": values.Zone,
    "country": values.Country,
    "hours": values.Spans,
    "one stretch of hours": values.OneSpan,
    "days": values.Days,
    "time": values.ClockTime,
    "address or network": values.Network,
    "address or small network": values.Proxies,
}
PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", timedelta: "seconds"}
DURATIONS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
LONGEST = 40
"""Characters of a default; a longer one is in the code."""


def document() -> str:
    return "\n".join([HEAD, *(_section(title, kind) for title, kind in TABLES.items())])


def meanings(kind: type) -> dict[str, str]:
    """What the docstrings say of each setting: `name: what it sets.`, or `name, other: ...`."""
    return {name: words for _, part in reversed(list(_told(kind))) for name, words in part.items()}


def of(kind: type, title: str = "") -> list["Field[Any]"]:
    return [field for field in fields(kind) if field.name not in GIVEN.get(title, ())]


def _section(title: str, kind: type) -> str:
    heading = f"## `{title}`" if title else "## Above the first table"
    introduction = next(iter(_told(kind)))[0]
    rows = ["| setting | what it sets | value | default |", "|---|---|---|---|"]
    rows += [_row(kind, field) for field in of(kind, title)]
    after = {"[texts]": TEXTS.format(templates=", ".join(f"`{name}`" for name in Template)), "[smpp]": BACKUP}
    before = f"{HOURS}\n" if title == "[on_call]" else ""
    return before + "\n".join([heading, "", introduction, "", *rows]) + "\n" + after.get(title, "")


def _row(kind: type, field: "Field[Any]") -> str:
    hint = get_type_hints(kind, include_extras=True)[field.name]
    what = _type(hint) + ("" if field.repr else ", secret")
    return f"| `{field.name}` | {_cell(meanings(kind)[field.name])} | {_cell(what)} | {_cell(_default(field, hint))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _told(kind: type) -> Iterator[tuple[str, dict[str, str]]]:
    """By class, the table's own first: what stands before the first setting, and what is said of each."""
    for one in kind.__mro__:
        if not is_dataclass(one) or "__doc__" not in vars(one):
            continue
        names = "|".join(field.name for field in fields(one))
        marked = re.compile(rf"(?:^| )((?:{names})(?:, (?:{names}))*): ")
        first, *paragraphs = (" ".join(part.split()) for part in (getdoc(one) or "").split("\n\n"))
        told: dict[str, str] = {}
        for paragraph in paragraphs:
            _, *rest = marked.split(paragraph)
            for several, words in zip(rest[::2], rest[1::2], strict=True):
                told |= dict.fromkeys(several.split(", "), words.rstrip("."))
        yield first, told


def _type(hint: Any) -> str:
    if named := _named(hint):
        return f"{named}{_limits(hint)}"
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return f"{_type(args[0])}{_limits(hint)}"
    if origin in (Union, types.UnionType):
        return _type(next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is Literal:
        return ", ".join(f"`{arg}`" for arg in args)
    if hint == values.Hours:
        return "table as `[hours]`"
    if origin is not None:
        return "table"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{member.value}`" for member in hint)
    if is_dataclass(hint):
        return "table: " + ", ".join(f"`{field.name}`" for field in fields(hint))
    return PLAIN[hint]


def _named(hint: Any) -> str:
    for words, alias in NAMED.items():
        made_of = get_args(alias)
        if get_args(hint)[: len(made_of)] == made_of:
            return words
    return ""


def _limits(hint: Any) -> str:
    found = list(getattr(hint, "__metadata__", ()))
    found += [one for info in found if isinstance(info, FieldInfo) for one in info.metadata]
    for one in found:
        if isinstance(limits := getattr(one, "func", None), values.DurationLimits):
            return f", {_value(limits.least)} to {_value(limits.most)}"
    least = next((str(one.ge) for one in found if isinstance(one, Ge)), "")
    most = next((str(one.le) for one in found if isinstance(one, Le)), "")
    return f", {least} to {most}" if least and most else ""


def _default(field: "Field[Any]", hint: Any) -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        return "**needed**"
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if _named(hint) == "days":
        return "every day"
    if not field.repr or isinstance(value, TextsSection):
        return ""
    written = _value(value)
    return f"`{written}`" if 0 < len(written) <= LONGEST else ""


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Enum():
            return f'"{value.value}"'
        case timedelta():
            seconds = int(value.total_seconds())
            unit, size = next(one for one in DURATIONS if (seconds % one[1] == 0 and seconds > one[1]) or one[1] == 1)
            return f"{seconds // size}{' ' if unit == 'min' else ''}{unit}"
        case float():
            return f"{value:g}"
        case str() | Path():
            return f'"{value}"'
        case OpeningSpan():
            return f"{value.opens:%H:%M}-" + ("24:00" if value.closes == time(0) else f"{value.closes:%H:%M}")
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return "{}"
        case _ if is_dataclass(value):
            written = {field.name: getattr(value, field.name) for field in fields(value)}
            return "{ " + ", ".join(f"{name} = {_value(one)}" for name, one in written.items()) + " }"
    return str(value)
