"""`textback users`: who may use the page."""

import getpass
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.database import with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.domain.i18n import UserError
from bridge.web import passwords
from bridge.web.user_names import LONGEST_NAME, is_name, looks_like
from storage import users
from storage.database import Database, Writer
from storage.errors import ForbiddenError
from storage.users import User, UserRole

Name = Annotated[str, typer.Argument(help="as people know them; a [[person]] of that name lends their extension")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Who may use the page. Passwords are asked for, or read as one line of the input.")
    group.command()(add)
    group.command("list")(show)
    group.command()(passwd)
    group.command()(disable)
    app.add_typer(group, name="users", no_args_is_help=True)


def add(
    name: Name,
    role: Annotated[
        UserRole, typer.Option(help="staff: the queue; lead: also on call, contacts; admin: all")
    ] = UserRole.STAFF,
    config: ConfigPath = CONFIG,
) -> None:
    """Let somebody use the page. From the first user on everybody signs in."""
    if not is_name(name):
        raise typer.BadParameter(f'"{name[:LONGEST_NAME]!r}" is no name for a user')
    password = passwords.hashed(_asked())

    async def work(database: Database, loaded: Config) -> bool:
        async with database.transaction() as tx:
            first = not await users.exist(tx)
            known = [user.name for user in await users.everybody(tx)]
            if alike := looks_like(name.strip(), [*known, *(person.name for person in loaded.office.people)]):
                raise typer.BadParameter(f"{name} looks like {alike}, who is known already")
            await users.insert(tx, name.strip(), role, password, getpass.getuser(), _now())
        _say_whether_known(loaded, name.strip())
        return first

    try:
        first = with_database(config, work, makes=True)
    except ForbiddenError:
        raise typer.BadParameter(f"there is a user called {name} already; `textback users passwd` changes it") from None
    print(f"{name.strip()} can sign in, as {role}")
    if first:
        print("From now on everybody signs in. Restart textback where the page is to listen beyond this machine.")


def show(config: ConfigPath = CONFIG) -> None:
    """Every user, one a line: name, role, and whether they are disabled."""

    async def work(database: Database, _: Config) -> None:
        async with database.read() as db:
            for user in await users.everybody(db):
                print("\t".join((user.name, user.role, *(["disabled"] if user.disabled else []))))

    with_database(config, work)


def passwd(name: str, config: ConfigPath = CONFIG) -> None:
    """A new password; ends every session of the old one, and lets a disabled user in again."""
    password = passwords.hashed(_asked())
    _change(config, name, lambda tx, user: users.set_password(tx, user, password, getpass.getuser(), _now()))
    print(f"{name} has a new password")


def disable(name: str, config: ConfigPath = CONFIG) -> None:
    """End somebody's sessions and let them in no more. Their name stays in the history."""

    async def work(tx: Writer, user: User) -> None:
        await users.disable(tx, user, getpass.getuser(), _now())

    _change(config, name, work)
    print(f"{name} can no longer sign in")


def _change(config: ConfigPath, name: str, change: Callable[[Writer, User], Awaitable[None]]) -> None:
    async def work(database: Database, _: Config) -> None:
        async with database.transaction() as tx:
            user = await users.named(tx, name)
            if user is None:
                raise typer.BadParameter(f"there is no user called {name}; `textback users list` shows them")
            await change(tx, user)

    with_database(config, work, makes=True)


def _asked() -> str:
    """From the keyboard twice and unseen; from a pipe as it comes."""
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        passwords.check(password)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    return password


def _say_whether_known(config: Config, name: str) -> None:
    if config.office.person(name) is None:
        print(f"No [[person]] is called {name}: the page cannot ring their desk phone.")


def _now() -> datetime:
    return datetime.now(UTC)
