"""`textback hours`: when the office is open in the next seven days, and dated changes of that."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.configuration import hours_ahead
from bridge.cli.on_call import From, Until, enter, take_back, wall, with_duties
from bridge.cli.options import CONFIG, ConfigPath
from bridge.domain.office.hours import HoursChange, OpenOrClosed
from bridge.domain.office.office import Office
from bridge.office.schedule_changes import ScheduleChanges
from storage.schedule import HOURS

Branch = Annotated[str | None, typer.Option(help="this branch only")]
OneLine = Annotated[str | None, typer.Option("--line", help="this line only")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="When the office is open; dated changes of it.", invoke_without_command=True)
    group.callback()(show)
    group.command("open")(open_)
    group.command()(closed)
    group.command()(undo)
    app.add_typer(group, name="hours")


def show(context: typer.Context, config: ConfigPath = CONFIG) -> None:
    """The hours of the next seven days, and the changes that people entered."""
    context.obj = config
    if context.invoked_subcommand is None:
        now = datetime.now(UTC)

        async def asked(duties: ScheduleChanges, _office: Office) -> tuple[Office, Sequence[HoursChange]]:
            return await duties.current(now), await duties.hours_changes(now)

        for row in report(*with_duties(config, asked), now):
            print(row)


def open_(
    context: typer.Context, until: Until, from_: From = None, branch: Branch = None, line: OneLine = None
) -> None:
    """Open from then until then, whatever the configured hours say."""
    _enter(context.obj, OpenOrClosed.OPEN, from_, until, branch, line)


def closed(
    context: typer.Context, until: Until, from_: From = None, branch: Branch = None, line: OneLine = None
) -> None:
    """Closed from then until then, whatever the configured hours say."""
    _enter(context.obj, OpenOrClosed.CLOSED, from_, until, branch, line)


def undo(context: typer.Context, change: int) -> None:
    """Take back a change, by its number."""
    print(f"taken back: {take_back(context.obj, HOURS, change).door}")


def _enter(
    config: Path, door: OpenOrClosed, start: datetime | None, end: datetime, branch: str | None, line: str | None
) -> None:
    def change(begins: datetime, ends: datetime, by: str) -> HoursChange:
        return HoursChange(door, begins, ends, branch, line, by)

    entered, office = enter(config, HOURS, change, start, end)
    print(_change(entered, office))


def report(office: Office, changes: Sequence[HoursChange], now: datetime) -> Iterator[str]:
    for line in office.lines:
        yield f"Line {line.name}:"
        yield from hours_ahead(line.calendar, now)
    yield from (_change(change, office) for change in changes)


def _change(change: HoursChange, office: Office) -> str:
    where = f" in {change.branch}" if change.branch else f" on line {change.line}" if change.line else ""
    span = f"from {wall(change.start, office)} to {wall(change.end, office)}"
    return f"Change {change.id}: {change.door}{where} {span}, says {change.by}"
