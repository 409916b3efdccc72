"""Copies of the database that can be brought back, and what is done where it is found damaged.

Whatever was brought back, or begun anew, starts paused: what it has not heard of may have been texted since.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bridge.domain.phone import E164
from storage import files, messages, opt_outs, settings
from storage.database import Database, Writer
from storage.errors import StorageError, storage_errors
from storage.migrate import newest_version, version_of
from storage.opt_outs import OptOutCause

FOLDER = "backups"
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Damaged:
    """A database that was found damaged. aside: where it is now; newest: the backup to bring back, if there is one."""

    what: str
    aside: Path
    newest: Path | None
    opt_outs: Mapping[E164, OptOutCause]


def default_target(database: Path, now: datetime) -> Path:
    """Named by the second; where that second has a backup already, by the first one after it that has none."""
    seconds = (now + timedelta(seconds=more) for more in count())
    targets = (database.parent / FOLDER / f"{database.stem}-{files.stamp(second)}.db" for second in seconds)
    return next(target for target in targets if not target.exists())


def back_up(database: Path, target: Path) -> None:
    """Copy the database, which may be in use, and check the copy. Raises StorageError."""
    if not files.is_there(database):
        raise StorageError(database, "there is no such database; nothing was copied")
    files.make_private_folder(target.parent)
    with storage_errors(database), closing(files.connect(database)) as connection:
        files.copy(connection, target)


def all_of(database: Path) -> Sequence[Path]:
    """The backups beside this database, the newest first: made by hand or timer, and before each upgrade."""
    found = [
        *(database.parent / FOLDER).glob(f"{database.stem}-*.db"),
        *database.parent.glob(f"{database.name}.v*.backup"),
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def newest_made_at(database: Path) -> datetime | None:
    """When the newest was made, be it sound or not."""
    made = (path.stat().st_mtime for path in all_of(database)[:1])
    return next((datetime.fromtimestamp(at, UTC) for at in made), None)


def newest(database: Path) -> Path | None:
    """The newest backup that is sound, and not of a newer Textback."""
    usable = (path for path in all_of(database) if not files.damage(path) and version_of(path) <= newest_version())
    return next(usable, None)


def forget_older(database: Path, keep: int) -> Sequence[Path]:
    """Delete all but the newest `keep` backups made by `textback backup`; those from before an upgrade stay."""
    made = [path for path in all_of(database) if path.parent.name == FOLDER]
    for path in made[keep:]:
        path.unlink()
    return made[keep:]


async def restore(backup: Path, database: Path, who: str, now: datetime) -> Path | None:
    """Put a copy of `backup` in the database's place, paused. Where the one before is now; None if there was none.

    Raises StorageError, and changes nothing, where the backup is no sound database of ours or the place is in use.
    """
    if trouble := files.damage(backup):
        raise StorageError(backup, f"this backup is damaged ({trouble}); take another one")
    files.refuse_if_in_use(database)
    fresh = database.with_name(f"{database.name}.restoring")
    files.remove(fresh)
    back_up(backup, fresh)
    await _hold_everything_back(fresh, who, now)
    for copy in fresh.parent.glob(f"{fresh.name}.v*.backup"):
        copy.unlink()  # of a copy, where it had to be migrated
    aside = files.set_aside(database, now)
    files.put_in_place(fresh, database)
    return aside


async def begin_anew(database: Path, now: datetime) -> Path | None:
    """Set the database aside and start an empty one, paused; where the one before is now."""
    files.refuse_if_in_use(database)
    aside = files.set_aside(database, now)
    await (await Database.open(database)).close()
    return aside


async def open_sound(database: Path, now: datetime) -> tuple[Database, Damaged | None]:
    """Open it for the daemon. A damaged one is set aside and an empty, paused one takes its place.

    Who asked for no more texts is carried over, as far as the damaged file or the newest backup still tells.
    """
    damaged = await asyncio.to_thread(set_aside_if_damaged, database, now)
    opened = await Database.open(database, marks=True)
    if damaged:
        async with opened.transaction() as tx:
            for number, why in damaged.opt_outs.items():
                await opt_outs.start(tx, number, why, None, "textback", now)
    return opened, damaged


def set_aside_if_damaged(database: Path, now: datetime) -> Damaged | None:
    with storage_errors(database):
        what = files.damage(database)
    if not what:
        return None
    files.refuse_if_in_use(database)
    last = newest(database)
    known = {**(_opt_outs_in(last) if last else {}), **_opt_outs_in(database)}
    aside = files.set_aside(database, now)
    if aside is None:
        raise StorageError(database, f"it was damaged ({what}) and has just gone: start again")
    return Damaged(what, aside, last, known)


async def _hold_everything_back(database: Path, who: str, now: datetime) -> None:
    """Paused; and what waited when the copy was made may have gone out since, so none of it goes out again."""
    async with await Database.open(database) as opened, opened.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, who, now)
        await _cancel_queued(tx, who, now)


async def _cancel_queued(tx: Writer, who: str, now: datetime) -> None:
    for part in await messages.queued(tx):
        await messages.cancel(tx, part, RESTORED, now, who=who)


def _opt_outs_in(path: Path) -> dict[E164, OptOutCause]:
    """Those in force, up to where the file can be read."""
    found: dict[E164, OptOutCause] = {}
    try:
        with closing(files.connect(path)) as connection:
            for number, why in connection.execute("SELECT number, why FROM opt_out WHERE ended_at IS NULL"):
                found[E164(number)] = OptOutCause(why)
    except (sqlite3.DatabaseError, ValueError):
        pass  # what was read before the damage counts
    return found
