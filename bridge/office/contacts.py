"""The office's contacts: who is who among the callers, one by one or out of a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from unicodedata import category

from bridge.domain import phone
from bridge.domain.callbacks.queue import TEXTBACK, UNDO_WINDOW
from bridge.domain.i18n import N_, UserError
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from storage import callbacks, calls, contacts
from storage.audit import Act, Subject, of_version
from storage.calls import CallRow
from storage.contacts import Contact
from storage.database import Database, Writer

NUMBER, NAME, KIND = "number", "name", "kind"
HEADINGS = {
    NUMBER: frozenset({NUMBER, "phone", "phone number", "mobile", "telephone", "tel", "cell"}),
    NAME: frozenset({NAME, "full name", "contact", "company", "customer"}),
    KIND: frozenset({KIND, "type"}),
}
"""What spreadsheets call the columns we read; every other column is left alone."""

DELIMITERS = ",;\t"
LONGEST_NAME = 80
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Kinds of characters that nobody sees, and that turn around or break what stands beside them (bidi overrides, NUL)."""

MOST_MISTAKES = 50


@dataclass(frozen=True, slots=True)
class Mistake:
    """line: as an editor counts them, from 1."""

    line: int
    error: UserError

    def __str__(self) -> str:
        return f"line {self.line}: {self.error}"


class ContactsError(ValueError):
    """Nothing was imported; every mistake with its line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes[:MOST_MISTAKES])))
        self.mistakes = mistakes


class CannotUndoError(UserError):
    """What should be taken back is not what happened last, or too long ago. Nothing was changed."""


def read_csv(octets: bytes, country: str) -> list[Contact]:
    """A spreadsheet saved as CSV, with a heading for `number` and, if wanted, `name` and `kind` (else customer).

    Raises ContactsError with all mistakes. Of a number that stands there twice, both lines must say the same.
    """
    lines = _decoded(octets).splitlines(keepends=True)
    rows = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    found: dict[E164, Contact] = {}
    mistakes: list[Mistake] = []
    try:
        columns = _columns(next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                _take(row, columns, country, found, mistakes, rows.line_num)
    except csv.Error as error:
        mistakes.append(Mistake(rows.line_num, UserError(N_("this is no CSV: %(why)s"), why=error)))
    if mistakes:
        raise ContactsError(mistakes)
    return list(found.values())


def _decoded(octets: bytes) -> str:
    """UTF-8, or what older spreadsheets on Windows write."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _delimiter(lines: Sequence[str]) -> str:
    heading = lines[0] if lines else ""
    return max(DELIMITERS, key=heading.count)


def _columns(heading: Sequence[str]) -> dict[str, int]:
    written = [cell.strip().casefold() for cell in heading]
    columns = {name: written.index(word) for name, words in HEADINGS.items() for word in written if word in words}
    if NUMBER not in columns:
        raise ContactsError([Mistake(1, UserError(N_('the first line must name the columns, one of them "number"')))])
    return columns


def _take(
    row: Sequence[str],
    columns: dict[str, int],
    country: str,
    found: dict[E164, Contact],
    mistakes: list[Mistake],
    line: int,
) -> None:
    cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
    try:
        contact = made(cells[NUMBER], cells.get(NAME, ""), cells.get(KIND, ""), country)
    except UserError as error:
        mistakes.append(Mistake(line, error))
        return
    if found.setdefault(contact.number, contact) != contact:
        said = UserError(N_("%(number)s stands above with another name or kind"), number=contact.number)
        mistakes.append(Mistake(line, said))


def made(number: str, name: str, kind: str, country: str) -> Contact:
    """A contact out of what somebody wrote. UserError says what would be right."""
    read = phone.parse(number, country)
    if read is None:
        words = N_('"%(written)s" is no valid number; write it as you would dial it, or with its country')
        raise UserError(words, written=_shown(number))
    return Contact(read, name_of(name), kind_of(kind))


def name_of(written: str) -> str:
    if len(written) > LONGEST_NAME or any(category(char) in INVISIBLE for char in written):
        words = N_('"%(written)s" is no name: at most %(most)s characters, all of them visible')
        raise UserError(words, written=_shown(written), most=LONGEST_NAME)
    return written


def kind_of(written: str) -> ContactKind:
    try:
        return ContactKind(written.strip().casefold() or ContactKind.CUSTOMER)
    except ValueError:
        words = N_('"%(written)s" is no kind; there are %(kinds)s')
        raise UserError(words, written=_shown(written), kinds=", ".join(ContactKind)) from None


def _shown(written: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in written[:40])


class Contacts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, people: Iterable[Contact], who: str, now: datetime) -> int:
        """Add or change them, all or none; how many were new or changed. Their open rows get the name at once."""
        async with self._database.transaction() as tx:
            return sum([await self._put(tx, contact, who, now) for contact in people])

    async def _put(self, tx: Writer, contact: Contact, who: str, now: datetime) -> bool:
        changed = await contacts.put(tx, contact, who, now)
        for row in await callbacks.unfinished_of(tx, contact.number):
            if contact.name and row.name != contact.name:
                await callbacks.save(tx, replace(row, name=contact.name), Act(TEXTBACK, "named", now, {"by": who}))
        return changed

    async def everybody(self, kind: ContactKind | None = None) -> Sequence[Contact]:
        """In the order of their numbers."""
        found: list[Contact] = []
        async with self._database.read() as db:
            while page := await contacts.page(db, after=found[-1].number.value if found else ""):
                found += page
        return [contact for contact in found if kind in (None, contact.kind)]

    async def filtered_calls(self, limit: int = 100) -> Sequence[CallRow]:
        """Missed calls of staff and of blocked numbers, newest first: nobody's callback, and not lost."""
        async with self._database.read() as db:
            return await calls.filtered(db, limit=limit)

    async def kind(self, number: E164, kind: ContactKind, who: str, now: datetime, name: str = "") -> Contact:
        """From now on this number is of that kind; its name stays, unless another is given."""
        async with self._database.transaction() as tx:
            known = await contacts.get(tx, number)
            await self._put(tx, Contact(number, name or (known.name if known else ""), kind), who, now)
            return await contacts.get(tx, number) or Contact(number, name, kind)

    async def undo(self, contact_id: int, version: int, who: str, now: datetime) -> Contact:
        """Make of a contact what it was before this person changed it; a customer without a name where it was none.

        CannotUndoError where somebody changed it since, or the undo window has gone by.
        """
        async with self._database.transaction() as tx:
            known = await contacts.with_id(tx, contact_id)
            last = await of_version(tx, Subject.CONTACT, contact_id, version)
            if known is None or known.version != version or last is None or last.who != who:
                raise CannotUndoError(N_("Somebody has changed this contact since. Nothing was changed."))
            if now - last.at > UNDO_WINDOW:
                raise CannotUndoError(N_("It is too late to undo that."))
            before = last.detail.get("before") or {"name": "", "kind": ContactKind.CUSTOMER}
            contact = Contact(known.number, before["name"], ContactKind(before["kind"]))
            await self._put(tx, contact, who, now)
            return contact
