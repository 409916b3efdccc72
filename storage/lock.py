"""One writer: locks (flock(2)) that the daemon holds for as long as it runs, beside the database and on the file.

The first says who has it, and how that one is asked how it does. The second is for a database that has two names (a
hard link, a mount of the one file). The kernel lets go of both however the process ends. The file beside it stays, and
says who had it last; commands do not take it.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO

from storage.errors import StorageError
from storage.files import LOCK, create_private


@dataclass(frozen=True, slots=True)
class Holder:
    """Which daemon has a database.

    page: where it serves its page, "" before it does, with that certificate, "" for plain http. token: whoever may read
    this, and so the database, may ask it how it does.
    """

    pid: int
    since: str
    page: str = ""
    certificate: str = ""
    token: str = field(default="", repr=False)


class Lock:
    """What the daemon holds."""

    def __init__(self, file: IO[bytes], holder: Holder) -> None:
        self._file = file
        self._holder = holder
        self.token = holder.token
        self._write()

    def serves(self, page: str, certificate: Path | None) -> None:
        self._holder = replace(self._holder, page=page, certificate=str(certificate or ""))
        self._write()

    def _write(self) -> None:
        """As well as can be: on a full disk it is no reason to stop."""
        written = json.dumps(asdict(self._holder)).encode()
        with suppress(OSError):
            os.pwrite(self._file.fileno(), written, 0)
            os.ftruncate(self._file.fileno(), len(written))


@contextmanager
def held(database: Path, now: datetime) -> Iterator[Lock]:
    """Raises StorageError, which names the other one, while another daemon has the database."""
    path = _beside(database)
    create_private(path)
    with path.open("r+b") as file:
        if not _locked(file):
            known = holder(database)
            named = f"another textback (pid {known.pid}, since {known.since})" if known else "another textback"
            raise StorageError(database, f"{named} has it: stop that one first")
        with itself_held(database):
            since = now.isoformat(timespec="seconds")
            yield Lock(file, Holder(os.getpid(), since, token=secrets.token_urlsafe(32)))


@contextmanager
def itself_held(database: Path) -> Iterator[None]:
    """By whatever name it goes.

    Whoever closes any descriptor of a file ends all locks that the process has on it (fcntl(2)), SQLite's own as well:
    so this one stays open until the database is closed, and none is opened for a moment while that is open.
    """
    if not database.exists():
        create_private(database)
    with database.open("rb") as file:
        if not _locked(file):
            raise StorageError(database, "another textback has it, by another name of the file: stop that one first")
        yield


def holder(database: Path) -> Holder | None:
    """Which daemon has it, or had it last; None for none."""
    try:
        return Holder(**json.loads(_beside(database).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _beside(database: Path) -> Path:
    return database.with_name(database.name + LOCK)
