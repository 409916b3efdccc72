"""`textback queue | digest | opt-outs`: what waits, without the page."""

import getpass
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.database import number_of, with_database, with_salvaged
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.config.salvage import Salvaged
from bridge.domain.office.office import Office
from bridge.domain.reports import digest as words
from bridge.domain.reports.digest import WaitingCustomer
from bridge.office.composer import Composer
from bridge.oncall.staff_messages import StaffMessages
from bridge.reports.digest import Digest
from bridge.reports.settings import DigestSettings
from bridge.web.quotes import unmarked
from bridge.web.rows import read_row
from storage import opt_outs
from storage.database import Database
from storage.opt_outs import OptOut, OptOutCause

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object per line")]

Branch = Annotated[str | None, typer.Option(help="only this one, as the configuration calls it")]


def register(app: typer.Typer) -> None:
    app.command()(queue)
    app.command()(digest)
    group = typer.Typer(help="Who gets no texts.", invoke_without_command=True)
    group.callback()(list_opt_outs)
    group.command()(add)
    app.add_typer(group, name="opt-outs")


def queue(config: ConfigPath = CONFIG, as_json: AsJson = False, branch: Branch = None) -> None:
    """Everybody who needs a call, one line each: urgent first, then who waits longest; and what became of the text."""

    async def work(database: Database, loaded: Salvaged) -> list[str]:
        now = datetime.now(UTC)
        only = branch if loaded.problems else _known(branch, loaded.office)
        staff_messages = StaffMessages(loaded.office, Composer(), by_email=False)
        async with database.read() as db:
            waiting = await Digest(database, loaded.office, DigestSettings(), staff_messages).waiting(db, only)
            texts = [(await read_row(db, one.row, unmarked)).text for one in waiting]
        told = [(one, text.words if text else "") for one, text in zip(waiting, texts, strict=True)]
        if as_json:
            return [json.dumps(_object(one) | {"text": text}, ensure_ascii=False) for one, text in told]
        zone = "  (times in UTC)" if loaded.problems and loaded.office.zone.key == "UTC" else ""
        return [words.line(one, loaded.office, now) + (f"  [{text}]" if text else "") + zone for one, text in told]

    for row in with_salvaged(config, work):
        print(row)


def digest(config: ConfigPath = CONFIG, branch: Branch = None) -> None:
    """The morning's digest as it would read now; nothing is sent."""

    async def work(database: Database, loaded: Config) -> str:
        async with database.read() as db:
            return await _digest(database, loaded).text(db, datetime.now(UTC), _known(branch, loaded.office))

    print(with_database(config, work))


def list_opt_outs(context: typer.Context, config: ConfigPath = CONFIG) -> None:
    """Who gets no texts, why and since when."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return

    async def work(database: Database, loaded: Config) -> list[str]:
        zone = loaded.office.zone
        return [f"{one.number}  {one.why:<12}  {one.at.astimezone(zone):%Y-%m-%d}" for one in await _all(database)]

    for row in with_database(config, work):
        print(row)


def add(context: typer.Context, number: str) -> None:
    """Text NUMBER no more, because they said so to a person. Only they can take it back, by texting START."""

    async def work(database: Database, loaded: Config) -> bool:
        wanted = number_of(number, loaded.office.country)
        async with database.transaction() as tx:
            started = await opt_outs.start(tx, wanted, OptOutCause.BY_HAND, None, getpass.getuser(), datetime.now(UTC))
        return started is not None

    print(
        "no more texts to that number"
        if with_database(context.obj, work, makes=True)
        else "that number got no texts already"
    )


async def _all(database: Database) -> Sequence[OptOut]:
    found: list[OptOut] = []
    async with database.read() as db:
        while page := await opt_outs.page(db, after=found[-1].id if found else 0):
            found += page
    return found


def _known(branch: str | None, office: Office) -> str | None:
    branches = list(dict.fromkeys(line.branch for line in office.lines))
    if branch not in (None, *branches):
        raise typer.BadParameter(f"there is no branch {branch}; there are {', '.join(branches)}")
    return branch


def _digest(database: Database, loaded: Config) -> Digest:
    staff_messages = StaffMessages(loaded.office, Composer(), by_email=loaded.email is not None)
    return Digest(database, loaded.office, loaded.digest, staff_messages)


def _object(waiting: WaitingCustomer) -> dict[str, object]:
    row, facts = waiting.row, waiting.facts
    return {
        "row": row.id,
        "branch": row.branch,
        "number": row.number and row.number.value,
        "digits": row.digits,
        "second_number": row.second and row.second.value,
        "name": row.name,
        "urgency": row.urgency,
        "why": facts.why,
        "address": row.address,
        "issue": row.issue,
        "owner": row.owner,
        "waiting_since": row.opened_at.isoformat(),
        "missed": row.missed,
        "unread": row.unread,
    }
