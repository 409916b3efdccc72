"""`textback page-link`: a link that opens the page while there are no users, also beside the running daemon."""

import asyncio
import os
from datetime import UTC, datetime

import typer

from bridge.cli.database import existing
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, load
from bridge.web.page_link import OPENS, new_link
from storage.database import Database


def register(app: typer.Typer) -> None:
    app.command("page-link")(page_link)


def page_link(config: ConfigPath = CONFIG) -> None:
    """Print a link that opens the page in one browser, until there are users who sign in."""
    loaded = load(config, os.environ)
    link = asyncio.run(_new(loaded))
    if not link:
        print("there are users, who sign in; `textback users passwd NAME` gives one a new password")
        raise typer.Exit(1)
    print(link)
    print(f"{OPENS}. Behind a proxy, put its address in the place of ours.")


async def _new(loaded: Config) -> str:
    async with await Database.open(existing(loaded.database)) as database:
        return await new_link(database, loaded.web.here.address, datetime.now(UTC))
