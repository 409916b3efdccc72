"""What can still be read of a textback.toml with mistakes in it, for the verbs that are wanted just then.

`load` refuses such a file as a whole. Whoever wants to stop texts, make a copy or see who waits needs the database's
place and little else. To guess at that would be worse than no answer, so a mistake there is refused here too.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bridge.config import links
from bridge.config.load import OFFICE_KEYS, Config, load
from bridge.config.office import read_office
from bridge.config.problems import ConfigError, ConfigProblem, Problems
from bridge.config.secrets import Secrets
from bridge.domain.office.office import Office
from bridge.web.settings import WebSettings

GATEWAYS = frozenset({"smpp", "smpp_backup"})
HEADER = re.compile(r"^(?=[ \t]*\[)", re.MULTILINE)
NAME = re.compile(r"\s*\[+\s*\"?(\w+)")
UNKNOWN_OFFICE = Office(business="", country="US", zone=ZoneInfo("UTC"), regions=frozenset(), lines=())


@dataclass(frozen=True, slots=True)
class Salvaged:
    """texting: a gateway is named. web: None where nobody can tell where the page is. problems: all of the file's.

    office: as far as it can be read; without a line, and in UTC, where it cannot.
    """

    database: Path
    office: Office
    web: WebSettings | None
    texting: bool
    problems: tuple[ConfigProblem, ...] = ()


def salvage(path: Path, environ: Mapping[str, str]) -> Salvaged:
    """Raises ConfigError where the file cannot be opened, or does not say for certain where the database is."""
    try:
        return _whole(load(path, environ))
    except ConfigError as error:
        mistakes = error.problems
    tables = _read(path)
    problems = Problems()
    database = links.database(problems, tables.raw.get("storage", {}), path.parent, environ)
    if problems.found or database is None:
        raise ConfigError(problems.found)
    secrets = Secrets(path, environ, ignored := Problems())
    web = None if "web" in tables.lost else links.web(ignored, secrets, tables.raw.get("web", {}))
    return Salvaged(
        database=database,
        office=_office(tables.raw),
        web=None if web is None or ignored.found else web,
        texting=bool(GATEWAYS & (tables.raw.keys() | tables.lost)),
        problems=mistakes,
    )


def _whole(config: Config) -> Salvaged:
    return Salvaged(config.database, config.office, config.web, bool(config.gateways))


def _office(raw: Mapping[str, Any]) -> Office:
    keys = {key: raw[key] for key in OFFICE_KEYS if key in raw}
    return read_office(Problems(), keys, raw, ()) or UNKNOWN_OFFICE


# --- a file that is not TOML: table by table ------------------------------------------------------------------------


@dataclass(slots=True)
class _Tables:
    """lost: tables that hold something unreadable; "" is what stands above the first."""

    raw: dict[str, Any] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)


def _read(path: Path) -> _Tables:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigError([ConfigProblem("", f"{path} cannot be read: {error.strerror}")]) from None
    try:
        return _Tables(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return _table_by_table(text)


def _table_by_table(text: str) -> _Tables:
    """Raises ConfigError where what is unreadable may say where the database is."""
    tables = _Tables()
    for written in HEADER.split(text):
        try:
            read = tomllib.loads(written)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            if "storage" in written:
                raise ConfigError([ConfigProblem("storage", f"cannot be read: {error}")]) from None
            named = NAME.match(written)
            tables.lost.add(named[1] if named else "")
            read = {} if named else _line_by_line(written)
        if "storage" in read and "storage" in tables.raw:
            raise ConfigError([ConfigProblem("storage", "stands there twice: only one of the two can be right")])
        _merge(tables.raw, read)
    return tables


def _line_by_line(written: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in written.splitlines():
        try:
            found |= tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            continue
    return found


def _merge(into: dict[str, Any], read: Mapping[str, Any]) -> None:
    """As TOML does it: `[[line]]` adds one, and `[line.hours]` after it belongs to the last."""
    for key, value in read.items():
        known = into.get(key)
        if isinstance(known, list) and isinstance(value, list):
            known += value
        elif isinstance(known, list) and isinstance(value, dict) and isinstance(known[-1], dict):
            _merge(known[-1], value)
        elif isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        else:
            into[key] = value
