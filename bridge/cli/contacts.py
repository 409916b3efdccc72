"""`textback contacts`: who is who among the callers, and the calls that were filtered because of it."""

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.database import number_of, with_database
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config
from bridge.domain.texts.policy import ContactKind
from bridge.office import contacts
from bridge.office.contacts import Contacts, ContactsError
from storage.contacts import Contact
from storage.database import Database

Kind = Annotated[ContactKind, typer.Option(help="staff and blocked: no text, no row; supplier and other: no text")]
OnlyKind = Annotated[ContactKind | None, typer.Option("--kind", help="these only")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Who is who among the callers.", no_args_is_help=True)
    group.command("import")(import_)
    group.command()(add)
    group.command("list")(list_)
    group.command()(kind)
    group.command()(filtered)
    app.add_typer(group, name="contacts")


def import_(file: Path, config: ConfigPath = CONFIG) -> None:
    """Take a CSV file with the columns number, name and kind. With a mistake in it, nothing of it is taken."""
    octets = file.read_bytes()

    async def work(database: Database, loaded: Config) -> tuple[int, int]:
        people = contacts.read_csv(octets, loaded.office.country)
        return len(people), await Contacts(database).put(people, getpass.getuser(), datetime.now(UTC))

    try:
        known, changed = with_database(config, work, makes=True)
    except ContactsError as error:
        print(error, file=sys.stderr)
        print(f"nothing was imported: {len(error.mistakes)} to put right in {file}", file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{changed} new or changed, {known - changed} as they were")


def add(number: str, config: ConfigPath = CONFIG, name: str = "", kind: Kind = ContactKind.CUSTOMER) -> None:
    """Add a contact, or change one."""

    async def work(database: Database, loaded: Config) -> Contact:
        contact = Contact(number_of(number, loaded.office.country), contacts.name_of(name), kind)
        await Contacts(database).put([contact], getpass.getuser(), datetime.now(UTC))
        return contact

    try:
        print(_row(with_database(config, work, makes=True)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def list_(config: ConfigPath = CONFIG, kind: OnlyKind = None) -> None:
    """All contacts: number, kind, name."""

    async def work(database: Database, _: Config) -> list[Contact]:
        return list(await Contacts(database).everybody(kind))

    for contact in with_database(config, work):
        print(_row(contact))


def kind(number: str, kind: ContactKind, config: ConfigPath = CONFIG) -> None:
    """Say of what KIND a number is from now on; its name stays."""

    async def work(database: Database, loaded: Config) -> Contact:
        wanted = number_of(number, loaded.office.country)
        return await Contacts(database).kind(wanted, kind, getpass.getuser(), datetime.now(UTC))

    print(_row(with_database(config, work, makes=True)))


def filtered(config: ConfigPath = CONFIG) -> None:
    """Missed calls of staff, of sister offices and of blocked numbers: nobody's callback, and not lost."""

    async def work(database: Database, loaded: Config) -> list[str]:
        zone = loaded.office.zone
        return [
            f"{row.call.ended_at.astimezone(zone):%Y-%m-%d %H:%M}"
            f"  {row.filing.number or row.call.caller.unread}  {row.filing.filtered}"
            for row in await Contacts(database).filtered_calls()
            if row.call.ended_at
        ]

    for row in with_database(config, work):
        print(row)


def _row(contact: Contact) -> str:
    return f"{contact.number}  {contact.kind:<8}  {contact.name}".rstrip()
