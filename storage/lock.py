"""One writer: a lock beside the database (flock(2)) that the daemon holds for as long as it runs.

The kernel lets go of it however the process ends. The file stays, and says who had it last; commands do not take it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from storage.errors import StorageError
from storage.files import create_private


@contextmanager
def held(database: Path, now: datetime) -> Iterator[None]:
    """Raises StorageError, which names the other one, while another daemon has the database."""
    path = database.with_name(f"{database.name}.lock")
    create_private(path)
    with path.open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(database, f"{_holder(file.read())} has it: stop that one first") from None
        file.truncate()
        json.dump({"pid": os.getpid(), "since": now.isoformat(timespec="seconds")}, file)
        file.flush()
        yield


def _holder(written: str) -> str:
    try:
        known = json.loads(written)
        return f"another textback (pid {known['pid']}, since {known['since']})"
    except (ValueError, LookupError, TypeError):
        return "another textback"
