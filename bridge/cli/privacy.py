"""`textback forget | export`: what one may ask about one's own number."""

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.database import party_of, with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.reports.retention import Privacy
from storage.database import Database

Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


def register(app: typer.Typer) -> None:
    app.command()(forget)
    app.command()(export)


def forget(number: str, config: ConfigPath = CONFIG, yes: Yes = False) -> None:
    """Take a number and all its words out of everything; counts stay, and so does an opt-out. Cannot be undone."""
    if not yes:
        typer.confirm(f"Forget {number} for good?", abort=True)

    async def work(database: Database, loaded: Config) -> int:
        wanted = party_of(number, loaded.office.country)
        return await Privacy(database).forget(wanted, getpass.getuser(), datetime.now(UTC))

    changed = with_database(config, work)
    print(f"{changed} entries forgotten" if changed else "nothing was known of that number")
    print("backups made before still hold it: delete them, or run this again after a restore")


def export(number: str, config: ConfigPath = CONFIG) -> None:
    """Everything that is stored of a number, as JSON: for whoever asks what we have of them."""

    async def work(database: Database, loaded: Config) -> str:
        found = await Privacy(database).export(party_of(number, loaded.office.country))
        return json.dumps(found, ensure_ascii=False, indent=2)

    print(with_database(config, work))
