"""What the disk can do to us, in words that say what to do."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.domain.i18n import N_

ADVICE = {
    sqlite3.SQLITE_FULL: N_("the disk is full: free some space, then everything goes on by itself"),
    sqlite3.SQLITE_READONLY: N_(
        "the file cannot be written: check its owner and mode, and that the disk is not read-only"
    ),
    sqlite3.SQLITE_PERM: N_("the file may not be used: check its owner and mode"),
    sqlite3.SQLITE_CANTOPEN: N_("the file cannot be opened: check that its directory exists and may be written"),
    sqlite3.SQLITE_IOERR: N_("the disk fails: look at the system log, then check the disk"),
    sqlite3.SQLITE_BUSY: N_("another program holds the file: end it (`fuser FILE` names it)"),
    sqlite3.SQLITE_LOCKED: N_("another program holds the file: end it (`fuser FILE` names it)"),
    sqlite3.SQLITE_PROTOCOL: N_("another program holds the file: end it (`fuser FILE` names it)"),
    sqlite3.SQLITE_NOMEM: N_("this machine has no memory left: end something, then everything goes on by itself"),
    sqlite3.SQLITE_CORRUPT: N_(
        "the file is damaged, or something was written over it: "
        "stop textback and bring a backup back with `textback restore`"
    ),
    sqlite3.SQLITE_NOTADB: N_("this is not a database: check the path, or bring a backup back with `textback restore`"),
}


STANDS = N_(
    "what is to be recorded has waited for seconds: another program holds the file (`fuser FILE` names it), "
    "or the disk is slow"
)

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StorageError(Exception):
    """The database did not take, or give, what was asked. Nothing was changed. `advice` says what helps."""

    def __init__(self, path: Path, advice: str) -> None:
        super().__init__(f"{path}: {advice}")
        self.path = path
        self.advice = advice


class LostError(StorageError):
    """What we have open stands no more under its path, so that whatever it takes is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            N_(
                "it was deleted, moved, replaced or cut short while textback had it open, so nothing is recorded: "
                "put it back, or stop textback and bring a copy back with `textback restore`"
            ),
        )


class ForbiddenError(Exception):
    """A promise that the database holds forbids this. Nothing was changed, and the transaction can go on."""


class RejectedError(Exception):
    """The database refused what nobody should have asked: a broken constraint, no SQL. Nothing was changed.

    That is a mistake of ours: what the disk, another program or a promise forbids has errors of its own.
    """


@contextmanager
def storage_errors(path: Path, in_place: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """No error of the database's own goes any further than this."""
    try:
        yield
    except sqlite3.Error as error:
        raise storage_error(path, error, in_place) from error


def storage_error(path: Path, error: Exception, in_place: Callable[[], bool] = lambda: True) -> Exception:
    """What it means to whoever asked: StorageError, RejectedError, or what it was where it is not the database's.

    in_place: what seems damaged may be two files that do not belong together, the copy and the log of the one before.
    """
    if not isinstance(error, sqlite3.Error):
        return error
    if is_damage(error) and not in_place():
        return LostError(path)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without the extended bits
    return StorageError(path, ADVICE[code]) if code in ADVICE else RejectedError(str(error))


def is_damage(error: BaseException | None) -> bool:
    """Does SQLite say that the file itself is broken?"""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE
