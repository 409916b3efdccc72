"""`textback proof`: one page out of the PBX's own records of the last days, before anything is installed there."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import typer

from bridge import pbxs
from bridge.ami.records_database import RecordsError
from bridge.ami.settings import AmiSettings, RecordsSettings
from bridge.cli import settings
from bridge.cli.options import CONFIG, a_folder
from bridge.cli.proof_page import Page
from bridge.config import load
from bridge.config.values import duration
from bridge.doctor.records import why_unreadable
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.reports.proof import prove
from bridge.ports import RecordsCoverage

PROBLEM_FOUND = 1
USUAL_NAME, USUAL_PORT = "asteriskcdrdb", 3306
LONGEST = timedelta(days=366)


def register(app: typer.Typer) -> None:
    app.command()(proof)


def _in_a_folder(html: Path | None) -> Path | None:
    a_folder(html and html.parent)
    return html


@dataclass(frozen=True, slots=True)
class Source:
    """A PBX's records, and how its numbers are read."""

    settings: AmiSettings
    tracker: TrackerSettings


def proof(
    files: Annotated[
        list[Path] | None, typer.Argument(help="records: CDR or CEL, as CSV", exists=True, dir_okay=False)
    ] = None,
    last: Annotated[str, typer.Option(help="how far back: 7d, 24h")] = "7d",
    database: Annotated[
        str, typer.Option(help="records in a MariaDB: USER@HOST/asteriskcdrdb; the password in --password-file")
    ] = "",
    password_file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    trunk: Annotated[list[str] | None, typer.Option(help="channel names of trunks, as PJSIP/trunk-*; repeats")] = None,
    country: Annotated[str, typer.Option(help="of numbers without a plus", callback=settings.country)] = "US",
    zone: Annotated[
        str, typer.Option(help="the office's time, as America/New_York; else this machine's", callback=settings.zone)
    ] = "",
    html: Annotated[
        Path | None, typer.Option(help="also as a page to print", dir_okay=False, callback=_in_a_folder)
    ] = None,
    config: Annotated[
        Path, typer.Option("--config", "-c", help="whose [[pbx]] names the records, without any here")
    ] = CONFIG,
) -> None:
    """Who called, whom nobody answered, and who was never called back: out of the PBX's own records."""
    now = datetime.now(UTC)
    title, at = "Calls from outside", ZoneInfo(zone) if zone else None
    sources = [
        Source(named, TrackerSettings(country=country.upper()))
        for named in _named(files or (), database, password_file, tuple(trunk or ()))
    ]
    if not sources:
        office = load(config, os.environ, stores=False)
        title, at, country = f"Calls to {office.office.business}", at or office.office.zone, office.office.country
        sources = [Source(pbx, office.tracker(pbx)) for pbx in office.pbxs if pbx.cdr or pbx.database]
    if not sources:
        raise typer.BadParameter("nothing to read: name a file, --database, or [[pbx]] cdr or [pbx.database]")
    since = now - _span(last)
    told = [asyncio.run(_read(source, since, now)) for source in sources]
    coverage = [covered for _, covered in told]
    found = prove([call for calls, _ in told for call in calls], at or _here())
    page = Page(title, found, since, now, at or _here(), country.upper(), coverage)
    if not any(one.rows for one in coverage):
        _end("no row here is CDR or CEL of the time asked for: nothing was counted")
    if not found.calls:
        strange = "".join(f"\n{row}" for row in page.doubts())
        _end(f"no call came in, as far as these records tell. Are these the trunks? --trunk 'PJSIP/NAME-*'{strange}")
    print("\n".join(page.text()))
    if html:
        html.write_text(page.html(), encoding="utf-8")


def _end(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(PROBLEM_FOUND)


def _named(
    files: Sequence[Path], database: str, password_file: Path | None, trunks: tuple[str, ...]
) -> Iterator[AmiSettings]:
    yield from (AmiSettings("pbx", trunks=trunks, cdr=file) for file in files)
    if not database:
        return
    try:
        where = urlsplit(f"//{database}")
        port = where.port or USUAL_PORT
    except ValueError as error:
        raise typer.BadParameter(f"--database {database}: {error}") from None
    if not where.username or not where.hostname or password_file is None:
        raise typer.BadParameter("--database is written USER@HOST/NAME, and needs --password-file")
    records = RecordsSettings(
        where.hostname,
        user=unquote(where.username),
        name=where.path.strip("/") or USUAL_NAME,
        port=port,
        password=password_file.read_text("utf-8").rstrip("\r\n"),
    )
    yield AmiSettings("pbx", trunks=trunks, database=records)


def _span(last: str) -> timedelta:
    try:
        span = duration(last)
    except ValueError as error:
        raise typer.BadParameter(f"--last {error}") from None
    if not timedelta(0) < span <= LONGEST:
        raise typer.BadParameter(f"--last {last} should be from some minutes to {LONGEST.days}d")
    return span


def _here() -> tzinfo:
    return datetime.now().astimezone().tzinfo or UTC


async def _read(source: Source, since: datetime, now: datetime) -> tuple[Sequence[EndedCall], RecordsCoverage]:
    database, records = source.settings.database, pbxs.records(source.settings, source.tracker, whole=True)
    if records is None:
        return (), RecordsCoverage()
    if database:
        typer.echo(f"reading {database.name} at {database.host} ...", err=True)
    try:
        return await records.read(since, now), records.coverage
    except RecordsError as error:
        _end("\n".join(await why_unreadable(database, error)) if database else str(error))
    except OSError as error:
        _end(f"the records cannot be read: {error}")
