"""`textback report`: the figures of a period, for people, for spreadsheets and for scripts."""

import csv
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bridge.cli.database import with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.domain.reports.figures import Figures
from bridge.reports import figures
from storage.database import Database

DAYS = ["%Y-%m-%d"]
WEEK = timedelta(days=6)

From = Annotated[
    datetime | None, typer.Option("--from", formats=DAYS, help="the first day; else a week before the last")
]
To = Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="the last day; else today")]


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    config: ConfigPath = CONFIG,
    from_: From = None,
    to: To = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="two columns: figure, value")] = False,
) -> None:
    """The figures of a period, in days of the office's zone. Shares and times that nobody knows are empty."""

    async def work(database: Database, loaded: Config) -> Figures:
        now = datetime.now(UTC)
        last = to.date() if to else now.astimezone(loaded.office.zone).date()
        first = from_.date() if from_ else last - WEEK
        if first > last:
            raise typer.BadParameter(f"{first} comes after {last}")
        async with database.read() as db:
            return await figures.of_period(db, loaded.office, first, last, now)

    if as_json and as_csv:
        raise typer.BadParameter("--json or --csv, not both")
    values = with_database(config, work).as_json()
    if as_json:
        print(json.dumps(values))
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([("figure", "value"), *values.items()])
    else:
        _print(values)


def _print(values: Mapping[str, object]) -> None:
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name.replace('_', ' '):<{width}}  {'-' if value is None else value}")
