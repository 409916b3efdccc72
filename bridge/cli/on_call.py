"""`textback on-call`: who is told of urgent work, gaps of the next seven days, and dated changes."""

import getpass
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bridge.cli.database import with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.domain.i18n import UserError
from bridge.domain.office.hours import FOR_GOOD, Calendar
from bridge.domain.office.office import Office
from bridge.domain.office.roster import Change, OnCallGap, Override
from bridge.office.schedule_changes import ScheduleChangeError, ScheduleChanges, gaps_ahead
from storage.schedule import ON_CALL, C, DatedChanges

T = TypeVar("T")

From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d %H:%M"], help="office time; else now")]
Until = Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d %H:%M"], help="office time")]
Branch = Annotated[str | None, typer.Option(help="this branch only")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Who is told of urgent work; dated changes of it.", invoke_without_command=True)
    group.callback()(show)
    group.command()(take)
    group.command()(away)
    group.command()(undo)
    app.add_typer(group, name="on-call")


def show(context: typer.Context, config: ConfigPath = CONFIG) -> None:
    """Who is on call, the gaps of the next seven days, and the changes that people entered."""
    context.obj = config
    if context.invoked_subcommand is None:
        now = datetime.now(UTC)
        office = with_duties(config, lambda duties, _: duties.current(now))
        for row in (*report(office, now), *changes(office)):
            print(row)


def take(context: typer.Context, person: str, until: Until, from_: From = None, branch: Branch = None) -> None:
    """PERSON goes first from then until then, whatever the weekly pattern says."""
    _enter(context.obj, person, Change.TAKES, from_, until, branch)


def away(context: typer.Context, person: str, until: Until, from_: From = None, branch: Branch = None) -> None:
    """PERSON is left out from then until then."""
    _enter(context.obj, person, Change.AWAY, from_, until, branch)


def undo(context: typer.Context, change: int) -> None:
    """Take back a change, by its number."""
    taken_back = take_back(context.obj, ON_CALL, change)
    print(f"taken back: {taken_back.person} {taken_back.change}")


def _enter(
    config: Path, person: str, change: Change, start: datetime | None, end: datetime, branch: str | None
) -> None:
    def override(begins: datetime, ends: datetime, by: str) -> Override:
        return Override(person, change, begins, ends, branch, by)

    entered, office = enter(config, ON_CALL, override, start, end)
    print(_change(entered, office))


# --- dated changes, also those of the hours -----------------------------------------------------------------------


def enter(
    config: Path,
    changes: DatedChanges[C],
    made: Callable[[datetime, datetime, str], C],
    start: datetime | None,
    end: datetime,
) -> tuple[C, Office]:
    """made: the change, from its begin, its end and who enters it. start, end: office time; without a start, now."""
    now = datetime.now(UTC)

    async def entered(duties: ScheduleChanges, office: Office) -> tuple[C, Office]:
        clock = Calendar(office.zone)
        with refused():
            change = made(clock.instant(start) if start else now, clock.instant(end), getpass.getuser())
        return await duties.enter(changes, change, now), office

    return with_duties(config, entered, makes=True)


def take_back(config: Path, changes: DatedChanges[C], change_id: int) -> C:
    return with_duties(
        config, lambda duties, _: duties.take_back(changes, change_id, getpass.getuser(), datetime.now(UTC)), makes=True
    )


@contextmanager
def refused() -> Iterator[None]:
    """What a change says of its own values."""
    try:
        yield
    except UserError as error:
        raise ScheduleChangeError(error.words, **error.values) from None


def with_duties(config: Path, work: Callable[[ScheduleChanges, Office], Awaitable[T]], *, makes: bool = False) -> T:
    try:
        return with_database(
            config,
            lambda database, loaded: work(ScheduleChanges(database, loaded.office), loaded.office),
            makes=makes,
        )
    except ScheduleChangeError as error:
        raise typer.BadParameter(str(error)) from None


# --- in words, also for check-config -----------------------------------------------------------------------------


def report(office: Office, now: datetime) -> Iterator[str]:
    """Who is told, branch by branch, and when nobody is on call; numbers are whole."""
    branches = gaps_ahead(office, now)
    for branch, gaps in branches.items():
        where = f" in {branch}" if len(branches) > 1 else ""
        yield from _people(office, branch, where, now)
        if office.roster.is_kept:
            yield from _gaps(office, gaps, where)


def changes(office: Office) -> Iterator[str]:
    for override in office.roster.overrides:
        yield _change(override, office)
    for pattern, _ in office.roster.patterns:
        where = f" in {pattern.branch}" if pattern.branch else ""
        until = f" to {wall(pattern.end, office)}" if pattern.end < FOR_GOOD else ""
        yield f"Another weekly plan{where} from {wall(pattern.start, office)}{until}, says {pattern.by}"


def _people(office: Office, branch: str, where: str, now: datetime) -> Iterator[str]:
    since = replace(office.roster, owner=None).somebody_from(branch, now)
    if since is None:
        yield f"On call{where}: nobody, so texts sent while closed do not ask about urgency"
    else:
        first, *others = office.roster.on_call(branch, since)
        yield f"On call{where}{'' if since == now else f' from {wall(since, office)}'}: {_reach(first, office)}"
        yield from (f"then: {_reach(person, office)}" for person in others)
    if office.roster.owner:
        yield f"at last, the owner: {_reach(office.roster.owner, office)}"


def _gaps(office: Office, gaps: Sequence[OnCallGap], where: str) -> Iterator[str]:
    told = f"only the owner, {office.roster.owner}, is told" if office.roster.owner else "nobody is told"
    for gap in gaps:
        yield f"Nobody on call{where} from {wall(gap.start, office)} to {wall(gap.end, office)}: {told}"


def _reach(name: str, office: Office) -> str:
    person = office.person(name)
    return f"{name}, {person.mobile}" if person and person.mobile else f"{name}, who has no mobile"


def _change(override: Override, office: Office) -> str:
    where = f" in {override.branch}" if override.branch else ""
    span = f"from {wall(override.start, office)} to {wall(override.end, office)}"
    return f"Change {override.id}: {override.person} {_CHANGES[override.change]}{where} {span}, says {override.by}"


_CHANGES = {Change.TAKES: "goes first", Change.AWAY: "is away"}


def wall(at: datetime, office: Office) -> str:
    return f"{at.astimezone(office.zone):%a %Y-%m-%d %H:%M}"
