"""Calls that a stop could not keep: heard, ended, and not on disk when its time was up.

Their number stands in a file beside the database, for mostly it is the database that could not be written.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

SAID_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NotKept:
    calls: int
    at: datetime


def note(database: Path, calls: int, now: datetime) -> None:
    """As well as can be: the disk may be what keeps them from being stored."""
    with suppress(OSError):
        _beside(database).write_text(json.dumps({"calls": calls, "at": now.isoformat()}))


def noted(database: Path, now: datetime) -> NotKept | None:
    """At the last stop that could not keep all, if that is less than a day ago."""
    try:
        found = json.loads(_beside(database).read_text())
        not_kept = NotKept(int(found["calls"]), datetime.fromisoformat(found["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return not_kept if now - not_kept.at < SAID_FOR else None


def _beside(database: Path) -> Path:
    return database.with_name(f"{database.name}.not-kept")
