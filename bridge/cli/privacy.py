"""`textback forget | export`: what one may ask about one's own number."""

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.database import number_of, with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.domain import phone
from bridge.domain.phone import E164
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
        wanted = await _party(database, number, loaded.office.country)
        return await Privacy(database).forget(wanted, getpass.getuser(), datetime.now(UTC))

    changed = with_database(config, work)
    print(f"{changed} entries forgotten" if changed else "nothing was known of that number")
    print("backups made before still hold it: delete them, or run this again after a restore")


def export(number: str, config: ConfigPath = CONFIG) -> None:
    """Everything that is stored of a number, as JSON: for whoever asks what we have of them."""

    async def work(database: Database, loaded: Config) -> str:
        found = await Privacy(database).export(await _party(database, number, loaded.office.country))
        return json.dumps(found, ensure_ascii=False, indent=2)

    print(with_database(config, work))


async def _party(database: Database, written: str, country: str) -> E164 | str:
    """A number, or digits that are none, as the page shows a caller of whom there is no more."""
    digits = phone.as_shown(written)
    if phone.parse(written, country) is None and await Privacy(database).has_shown(digits):
        return digits
    return number_of(written, country)
