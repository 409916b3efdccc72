"""`textback doctor`: looks at everything that must be right, changes nothing, and says what to type.

But for one thing: while nobody can sign in it makes, and prints, a link that opens the page."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.ami import console
from bridge.cli.control import daemon_health, is_ours, on_no_trunk
from bridge.cli.options import CONFIG, ConfigPath
from bridge.cli.page_link import page_link
from bridge.config import Config, ConfigError, PbxSection, load
from bridge.doctor.cdr import call_records
from bridge.doctor.doubts import of_the_office
from bridge.doctor.links import link_checks
from bridge.doctor.local import CheckResult, Finding, config_file, local_checks, problem, sqlite_version
from bridge.doctor.numbers import numbers_called
from bridge.doctor.page import NOBODY_YET, proxies, refused, who_signs_in
from bridge.doctor.records import database_checks
from bridge.doctor.trunks import last_calls, silent_pbxs, trunk_checks
from bridge.doctor.voicemail import voicemail
from bridge.ops import logs
from storage.errors import StorageError

MARKS = {
    CheckResult.OK: " ok ",
    CheckResult.WARNING: "WARN",
    CheckResult.PROBLEM: "FAIL",
    CheckResult.NOT_LOOKED: " -- ",
}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array, for programs")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Look at the PBX, the gateway, the database and this machine; exit code 1 where one of them is not right."""
    logs.configure("error", os.environ)  # the findings say it, and standard output is theirs alone
    findings = examine(config, os.environ)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print("\n".join(row for finding in findings for row in _rows(finding)))
        if any(finding.said == NOBODY_YET for finding in findings):
            _print_link(config)
    raise typer.Exit(any(finding.is_problem for finding in findings))


def _print_link(config: Path) -> None:
    """What can be read and not written is no reason to end otherwise than the findings say."""
    try:
        page_link(config)
    except StorageError as error:
        print(f"       -> no link could be made: {error}")


def examine(path: Path, environ: Mapping[str, str]) -> Sequence[Finding]:
    """Without a right configuration there is nothing to connect to, so its mistakes are the findings."""
    try:
        config = load(path, environ)
    except ConfigError as error:
        remedy = f"edit {path}, then: textback check-config --config {path}"
        return [sqlite_version(), *(problem("configuration", str(found), remedy) for found in error.problems)]
    health = daemon_health(config.web, config.database)
    if health is not None and not is_ours(health, config.database):
        health = None  # another textback has the port, which is what the check of the port says
    bound = [link["name"] for link in (health or {}).get("links", []) if link["kind"] == "sms" and link["since"]]
    doubted = [problem("configuration", f"{where}: {why}", f"edit {path}") for where, why in of_the_office(config)]
    local = local_checks(config, running=health is not None)
    now = datetime.now(UTC)
    last = asyncio.run(last_calls(config))
    called = asyncio.run(numbers_called(config, now))
    judged = _judged(config, path, health or {}, now)
    sign_in = asyncio.run(who_signs_in(config))
    links, kept = asyncio.run(_far_away(config, bound, now, last, running=health is not None))
    turned_away = [*refused(health or {}), *proxies(config.web)]
    return [config_file(path), *doubted, *local, *turned_away, sign_in, *kept, called, *judged, *links]


async def _far_away(
    config: Config, bound: Sequence[str], now: datetime, last: Mapping[str, datetime | None], *, running: bool
) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """What others answer, all asked at one time: links, and the records of each PBX."""
    links, *told = await asyncio.gather(
        link_checks(config, bound, running=running), *(_records(pbx, now, last.get(pbx.name)) for pbx in config.pbxs)
    )
    kept = [finding for pbx, records in zip(config.pbxs, told, strict=True) for finding in (*records, voicemail(pbx))]
    return links, kept


async def _records(pbx: PbxSection, now: datetime, last: datetime | None) -> Sequence[Finding]:
    return await database_checks(pbx, now) if pbx.database else [call_records(pbx, last)]


def _judged(config: Config, path: Path, health: Mapping[str, Any], now: datetime) -> Sequence[Finding]:
    """Is every call from outside judged?"""
    ask = console.ask if console.installed() else None
    remedy = f"add it to the trunks of [[pbx]] in {path}, then: systemctl reload textback"
    unjudged = [problem("trunks", said, remedy) for said in on_no_trunk(health)]
    named = [finding for pbx in config.pbxs for finding in trunk_checks(pbx, ask)]
    return [*unjudged, *named, *asyncio.run(silent_pbxs(config, now))]


def _rows(finding: Finding) -> list[str]:
    head = f"[{MARKS[finding.level]}] {finding.check}: {finding.said}"
    return [head, *(f"{'          ' if n else '       -> '}{row}" for n, row in enumerate(finding.remedy.splitlines()))]
