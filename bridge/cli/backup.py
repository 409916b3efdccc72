"""`textback backup | restore`: copies of the database, made while it is in use, and brought back paused."""

import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.database import salvaged
from bridge.cli.options import CONFIG, ConfigPath
from storage import backup as backups


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Annotated[Path | None, typer.Argument(help="the copy; else a dated one in backups/ beside it")] = None,
    keep: Annotated[int, typer.Option(min=0, help="then delete all but so many in backups/; 0: none")] = 0,
    config: ConfigPath = CONFIG,
) -> None:
    """Copy the database, also while textback runs, and check the copy."""
    database = salvaged(config).database
    made = target or backups.default_target(database, datetime.now(UTC))
    backups.back_up(database, made)
    print(f"{made}: {made.stat().st_size} bytes, checked")
    for old in backups.forget_older(database, keep) if keep else ():
        print(f"{old}: deleted")


def restore(
    backup: Annotated[Path | None, typer.Argument(help="which backup; else the newest one that is sound")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="begin with an empty database instead")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Bring a backup back. The database that is there now is set aside, never deleted; texts are paused."""
    if backup and empty:
        raise typer.BadParameter("give a backup, or --empty, not both")
    database = salvaged(config).database
    now, who = datetime.now(UTC), getpass.getuser()
    chosen = None if empty else backup or backups.newest(database)
    if chosen is None and not empty:
        print(f"there is no sound backup beside {database}; name one, or begin anew with `textback restore --empty`")
        raise typer.Exit(1)
    work = backups.restore(chosen, database, who, now) if chosen else backups.begin_anew(database, now)
    aside = asyncio.run(work)
    print(f"{database} is now {f'a copy of {chosen}' if chosen else 'empty'}; texts are paused")
    if aside:
        print(f"the one before is {aside}")
    print("start textback, look at the page, then: textback resume")
