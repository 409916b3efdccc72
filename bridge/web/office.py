"""The pages about the office: whom we know, what was left out, how it is set up."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bridge.calls.filtered import FilteredCalls
from bridge.domain import phone
from bridge.domain.i18n import UserError
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Line
from bridge.office import contacts as directory
from bridge.office.contacts import Contacts, ContactsError
from bridge.office.schedule_changes import office_with_changes
from bridge.web.forms import RefusedError
from bridge.web.language import N_
from bridge.web.page_context import NOT_SAVED, NOTES, Banner, PageContext, is_id
from bridge.web.rules import in_words
from storage import calls, contacts, replies, search

DAYS_SHOWN = 7
LISTED = 100  # rows
UNSEEN_FOR = timedelta(days=7)
IMPORTED = N_("%(changed)s new or changed, %(same)s as they were.")

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Week:
    """The next days of one set of hours, and the lines that keep them."""

    lines: Sequence[str]
    days: Sequence[tuple[date, Sequence[OpeningSpan]]]


class OfficePages:
    def __init__(self, site: PageContext) -> None:
        self._site = site
        self._contacts, self._filtered = Contacts(site.database), FilteredCalls(site.database)

    # --- whom we know, and what was left out

    async def contacts(self, request: web.Request) -> web.Response:
        """Who is who among the callers."""
        return await self._contacts_page(request)

    async def _contacts_page(
        self,
        request: web.Request,
        status: int = 200,
        banner: Banner | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> web.Response:
        """typed: what was refused, to be mended where it stands."""
        wanted = request.query.get("name", "").strip()[:80]
        given = request.query.get("number", "")[:40]
        number = phone.parse(given, self._site.office.country) if given else None
        async with self._site.database.read() as db:
            known = await contacts.get(db, number) if number else None
            chosen = {"name": known.name, "kind": known.kind} if known else {}
            return await self._site.page(
                request,
                db,
                "contacts.html",
                self._site.clock(),
                status,
                wanted=wanted,
                contacts=await search.contacts(db, wanted, limit=LISTED),
                chosen={"number": given, "name": "", "kind": ""} | chosen | dict(typed or {}),
                banner=banner,
            )

    async def put_contact(self, request: web.Request) -> web.StreamResponse:
        """Enter or change one contact."""
        form = await request.post()
        typed = {field: str(form.get(field, "")).strip(" ") for field in ("number", "name", "kind")}
        try:
            with refusals():
                contact = directory.made(**typed, country=self._site.office.country)
        except RefusedError as error:
            return await self._contacts_page(request, 400, Banner(error.words, error.values, NOT_SAVED), typed)
        await self._contacts.put([contact], self._site.who(request), self._site.clock())
        async with self._site.database.read() as db:
            known = await contacts.get(db, contact.number) or contact
        raise web.HTTPSeeOther(f"/contacts?contact={known.id}")

    async def import_contacts(self, request: web.Request) -> web.StreamResponse:
        """All of a spreadsheet, or nothing and every mistake in it."""
        form = await request.post()
        try:
            found = directory.read_csv(_octets(form.get("file")), self._site.office.country)
        except RefusedError as error:
            return await self._contacts_page(request, 400, Banner(error.words, error.values, NOT_SAVED))
        except ContactsError as error:
            mistakes = error.mistakes[: directory.MOST_MISTAKES]
            return await self._contacts_page(request, 400, Banner("", lead=NOT_SAVED, mistakes=mistakes))
        changed = await self._contacts.put(found, self._site.who(request), self._site.clock())
        done = {"changed": changed, "same": len(found) - changed}
        return await self._contacts_page(request, 200, Banner(IMPORTED, done, good=True))

    async def filtered(self, request: web.Request) -> web.Response:
        """Calls that are nobody's callback or ended unseen, and texts that stand on no row: left out, not lost."""
        return await self._filtered_page(request)

    async def _filtered_page(
        self, request: web.Request, status: int = 200, banner: Banner | None = None
    ) -> web.Response:
        now = self._site.clock()
        async with self._site.database.read() as db:
            found = await calls.filtered(db, limit=LISTED)
            texts = await replies.without_row(db, limit=LISTED)
            numbers = {number for row in found if (number := row.filing.number)}
            numbers |= {text.number for text in texts if text.number}
            return await self._site.page(
                request,
                db,
                "filtered.html",
                now,
                status,
                banner=banner,
                names={number: await contacts.get(db, number) for number in numbers},
                unseen=await calls.unseen(db, now - UNSEEN_FOR, limit=LISTED),
                calls=found,
                texts=texts,
            )

    async def take_out(self, request: web.Request) -> web.StreamResponse:
        """A filtered call is a customer's after all: it gets its row, and its contact is one."""
        call_id, who, now = int(request.match_info["id"]), self._site.who(request), self._site.clock()
        try:
            with refusals():
                row = await self._filtered.take_out(call_id, who, now)
        except RefusedError as error:
            return await self._filtered_page(request, 409, Banner(error.words, error.values, NOT_SAVED))
        raise web.HTTPSeeOther(f"/filtered?call={row.id}")

    async def put_back(self, request: web.Request) -> web.StreamResponse:
        """Undo that a filtered call is a customer's."""
        call_id, who, now = int(request.match_info["id"]), self._site.who(request), self._site.clock()
        written = str((await request.post()).get("version", ""))
        try:
            with refusals():
                await self._filtered.put_back(call_id, int(written) if is_id(written) else 0, who, now)
        except RefusedError as error:
            return await self._filtered_page(request, 409, Banner(error.words, error.values, NOT_SAVED))
        raise web.HTTPSeeOther("/filtered")

    async def settings(self, request: web.Request) -> web.Response:
        """How the office is set up, as the configuration says; never a secret."""
        now = self._site.clock()
        async with self._site.database.read() as db:
            office = await office_with_changes(db, self._site.office, now)
            return await self._site.page(
                request,
                db,
                "settings.html",
                now,
                office=office,
                notes=[NOTES[note] for note in self._site.health().notes],
                weeks=weeks(office.lines, now),
                rules=in_words(self._site.rules, office, self._site.show(request, now)),
            )


def weeks(lines: Sequence[Line], now: datetime) -> list[Week]:
    """Lines with the same hours stand together."""
    together: dict[Calendar, list[str]] = {}
    for line in lines:
        together.setdefault(line.calendar, []).append(line.name)
    return [Week(names, [*_days(calendar, now)]) for calendar, names in together.items()]


def _days(calendar: Calendar, now: datetime) -> Iterator[tuple[date, Sequence[OpeningSpan]]]:
    today = now.astimezone(calendar.zone).date()
    for ahead in range(DAYS_SHOWN):
        day = today + timedelta(days=ahead)
        yield day, calendar.spans_on(day)


@contextmanager
def refusals() -> Iterator[None]:
    """What use cases and enums say of wrong values, as one kind of error."""
    try:
        yield
    except OverflowError as error:
        raise RefusedError(N_("that is too far away")) from error
    except UserError as error:
        raise RefusedError(error.words, **error.values) from error


def _octets(file: object) -> bytes:
    if not isinstance(file, FileField):
        raise RefusedError(N_("choose a file"))
    return file.file.read()
