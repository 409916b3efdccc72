"""What can still be read of a textback.toml with mistakes in it, for the verbs that are wanted just then.

`load` refuses such a file as a whole. Whoever wants to stop texts, make a copy or see who waits needs the database's
place and little else. To guess at that would be worse than no answer, so a mistake there is refused here too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from bridge.config import links
from bridge.config.fragments import Fragments, fragments, values_in
from bridge.config.load import OFFICE_KEYS, Config, load
from bridge.config.office import read_office
from bridge.config.problems import ConfigError, ConfigProblem, Problems
from bridge.config.secrets import Secrets
from bridge.config.values import Zone
from bridge.domain.office.office import Office
from bridge.web.settings import WebSettings
from storage.files import is_ours

GATEWAYS = frozenset({"smpp", "smpp_backup"})
ASKED_BY = ("listen", "certificate", "key")
"""What of `[web]` says how the daemon is asked."""

UNREADABLE = "\ufffd"
UNKNOWN_OFFICE = Office(business="", country="US", zone=ZoneInfo("UTC"), regions=frozenset(), lines=())


@dataclass(frozen=True, slots=True)
class Salvaged:
    """texting: a gateway is named. web: where the page is, None where nobody can tell. problems: all of the file's.

    office: as far as it can be read; without a line where it cannot, in UTC where its zone cannot.
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
    found = _read(path, mistakes)
    return Salvaged(
        database=_database(found, path.parent, environ, mistakes),
        office=_office(found.raw),
        web=_web(found, Secrets(path, environ, Problems())),
        texting=bool(GATEWAYS & found.raw.keys()),
        problems=mistakes,
    )


def _whole(config: Config) -> Salvaged:
    return Salvaged(config.database, config.office, config.web, bool(config.gateways))


def _read(path: Path, mistakes: Sequence[ConfigProblem]) -> Fragments:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        raise ConfigError(mistakes) from None
    if text.count("\0") * 4 > len(text):  # UTF-16, or no text at all
        raise ConfigError(mistakes)
    return fragments(text)


def _office(raw: Mapping[str, Any]) -> Office:
    keys = {key: raw[key] for key in OFFICE_KEYS if key in raw}
    return read_office(Problems(), keys, raw, ()) or replace(UNKNOWN_OFFICE, zone=_zone(raw))


def _zone(raw: Mapping[str, Any]) -> ZoneInfo:
    try:
        return TypeAdapter[ZoneInfo](Zone).validate_python(raw.get("zone"))
    except ValidationError:
        return UNKNOWN_OFFICE.zone


def _web(found: Fragments, secrets: Secrets) -> WebSettings | None:
    written = found.raw.get("web", {})
    if not isinstance(written, dict) or any(lost.table == "web" for lost in found.lost):
        return None
    web = links.web(secrets.problems, secrets, {key: written[key] for key in ASKED_BY if key in written})
    return None if secrets.problems.found else web


# --- where the database is --------------------------------------------------------------------------------------------


def _database(found: Fragments, base: Path, environ: Mapping[str, str], mistakes: Sequence[ConfigProblem]) -> Path:
    """As it is written; else, where a line may have said it, the one file it can have meant that is a database of ours.

    Raises ConfigError, with that line first, where nobody can tell.
    """
    written = found.raw.get("storage", {})
    doubtful = [lost for lost in found.lost if "storage" in (lost.table, *re.findall(r"\w+", lost.text))]
    elsewhere = [*_misplaced(found.raw)]
    known = written.get("path") if isinstance(written, dict) else None
    said = isinstance(known, str) and UNREADABLE not in known
    if said and not any("path" in lost.text for lost in doubtful):
        written, doubtful, elsewhere = {"path": known}, [], []
    problems = Problems()
    path = links.database(problems, written, base, environ)
    if path and not (problems.found or doubtful or elsewhere):
        return path
    meant = {base / value for value in (*elsewhere, *_meant(written, found)) if value}
    confirmed = [path for path in meant if is_ours(path)]
    if len(confirmed) == 1:
        return confirmed[0]
    unread = [
        ConfigProblem("storage", f"line {lost.number} cannot be read, and may say where it is") for lost in doubtful
    ]
    unread += [ConfigProblem("storage", f'may be meant where "{value}" stands') for value in elsewhere]
    raise ConfigError([*unread, *(problem for problem in problems.found if problem not in mistakes), *mistakes])


def _misplaced(raw: Mapping[str, Any]) -> Iterator[str]:
    """What is called a path where nothing has one: its table may have lost its name."""
    for name, table in raw.items():
        for one in table if isinstance(table, list) else [table]:
            path = one.get("path") if isinstance(one, dict) else one if name == "path" else None
            if name != "storage" and isinstance(path, str):
                yield path


def _meant(written: Any, found: Fragments) -> Iterator[str]:
    values = written.values() if isinstance(written, dict) else ()
    yield from (value for value in values if isinstance(value, str))
    for lost in found.lost:
        if lost.table == "storage":
            yield from values_in(lost)
