"""What commands that work on the database share: they open it as the configuration says, and close it again."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer

from bridge.config import Config, load
from bridge.config.salvage import Salvaged, salvage
from bridge.domain import phone
from bridge.domain.phone import E164
from storage import files
from storage.database import Database
from storage.errors import StorageError

T = TypeVar("T")


def with_database(config: Path, work: Callable[[Database, Config], Awaitable[T]], *, makes: bool = False) -> T:
    """makes: one where there never was any, for what is to be written before the first start. Raises StorageError."""

    async def run() -> T:
        loaded = load(config, os.environ)
        async with await Database.open(usable(loaded.database, makes=makes)) as database:
            return await work(database, loaded)

    return asyncio.run(run())


def with_salvaged(config: Path, work: Callable[[Database, Salvaged], Awaitable[T]], *, makes: bool = False) -> T:
    """As `with_database`, for what must work also while the configuration has mistakes."""

    async def run() -> T:
        found = salvaged(config)
        async with await Database.open(usable(found.database, makes=makes)) as database:
            return await work(database, found)

    return asyncio.run(run())


def usable(database: Path, *, makes: bool) -> Path:
    """One that was deleted or moved may be in use, and come back, so none is made in its place. Raises StorageError."""
    return database if makes and not files.was_there(database) else existing(database)


def existing(database: Path) -> Path:
    """Raises StorageError."""
    if not files.is_there(database):
        raise StorageError(database, "there is no database yet: start `textback run` once")
    return database


def salvaged(config: Path) -> Salvaged:
    found = salvage(config, os.environ)
    if found.problems:
        print(f"textback: {config} has mistakes (textback check-config names them); done all the same", file=sys.stderr)
    return found


def number_of(written: str, country: str) -> E164:
    """Wrong usage where it is none."""
    number = phone.parse(written, country)
    if number is None:
        raise typer.BadParameter(f'"{written}" is no valid number; write it as you would dial it, or with its country')
    return number
