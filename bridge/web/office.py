"""The pages about the office: who is on call and when it is open, whom we know, what was left out, how it is set up."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bridge import contacts as directory
from bridge.contacts import Contacts
from bridge.domain.hours import Calendar, Span
from bridge.domain.office import Line, Office
from bridge.domain.oncall import AHEAD, Change, Gap, Override
from bridge.duties import Duties
from bridge.web.forms import RefusedError
from bridge.web.language import N_
from bridge.web.site import Banner, Site
from storage import calls, replies, search, settings
from storage.database import Writer

DAYS_SHOWN = 7
LISTED = 100  # rows
IMPORTED = N_("%(changed)s new or changed, %(same)s as they were.")

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Watch:
    """One branch: whom urgent work goes to now, first to last, and when it would go to nobody."""

    branch: str
    ladder: Sequence[str]
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class Week:
    """The next days of one set of hours, and the lines that keep them."""

    lines: Sequence[str]
    days: Sequence[tuple[date, Sequence[Span]]]


class OfficePages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._duties = Duties(site.database, site.office)
        self._contacts = Contacts(site.database)

    # --- on call and hours

    async def on_call(self, request: web.Request) -> web.Response:
        return await self._on_call(request)

    async def _on_call(self, request: web.Request, status: int = 200, banner: Banner | None = None) -> web.Response:
        site, now = self._site, self._site.clock()
        office = await self._duties.current(now)
        people = [person.name for person in office.people if person.mobile]
        async with site.database.read() as db:
            return await site.page(
                request,
                db,
                "on_call.html",
                now,
                status,
                watches=list(watches(office, self._branches, now)),
                changes=office.roster.overrides,
                people_told=people,
                branches=self._branches,
                weeks=weeks(site.office.lines, now),
                banner=banner,
            )

    @property
    def _branches(self) -> Sequence[str]:
        return list(dict.fromkeys(line.branch for line in self._site.office.lines))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Enter a swap or an absence."""
        now, form = self._site.clock(), await request.post()
        try:
            with _refusals():
                await self._duties.enter(self._override(form, self._site.who(request), now), now)
        except RefusedError as error:
            return await self._on_call(request, 400, Banner(f"{error}.", lead=N_("Not entered:")))
        raise web.HTTPSeeOther("/on-call")

    def _override(self, form: Fields, who: str, now: datetime) -> Override:
        """Times as the office's clock shows them; without a beginning, from now on."""
        wall = Calendar(self._site.office.zone)
        written = str(form.get("from", ""))
        start = wall.instant(_moment(written)) if written else now
        end = wall.instant(_moment(str(form.get("until", ""))))
        change = Change(str(form.get("change", "")))
        return Override(str(form.get("person", "")), change, start, end, str(form.get("branch", "")) or None, by=who)

    async def take_back(self, request: web.Request) -> web.StreamResponse:
        try:
            with _refusals():
                await self._duties.take_back(int(request.match_info["id"]), self._site.who(request), self._site.clock())
        except RefusedError as error:
            return await self._on_call(request, 409, Banner(f"{error}.", lead=N_("Not taken back:")))
        raise web.HTTPSeeOther("/on-call")

    async def switch_texts(self, request: web.Request) -> web.StreamResponse:
        """Hold customers' texts back, or let them go out again."""
        who, now = self._site.who(request), self._site.clock()
        async with self._site.database.transaction() as tx:
            await _SWITCHES[request.match_info["switch"]](tx, who, now)
        raise web.HTTPSeeOther("/on-call")

    # --- whom we know, and what was left out

    async def contacts(self, request: web.Request) -> web.Response:
        return await self._contacts_page(request)

    async def _contacts_page(
        self, request: web.Request, status: int = 200, banner: Banner | None = None
    ) -> web.Response:
        wanted = request.query.get("name", "").strip()[:80]
        async with self._site.database.read() as db:
            return await self._site.page(
                request,
                db,
                "contacts.html",
                self._site.clock(),
                status,
                wanted=wanted,
                contacts=await search.contacts(db, wanted, limit=LISTED),
                given=request.query.get("number", "")[:40],
                banner=banner,
            )

    async def put_contact(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        number, name, kind = (str(form.get(field, "")).strip() for field in ("number", "name", "kind"))
        try:
            with _refusals():
                contact = directory.made(number, name, kind, self._site.office.country)
        except RefusedError as error:
            return await self._contacts_page(request, 400, Banner(f"{error}.", lead=N_("Not kept:")))
        await self._contacts.put([contact], self._site.who(request), self._site.clock())
        raise web.HTTPSeeOther("/contacts")

    async def import_contacts(self, request: web.Request) -> web.StreamResponse:
        """All of a spreadsheet, or nothing and every mistake in it."""
        form = await request.post()
        try:
            with _refusals():
                found = directory.read_csv(_octets(form.get("file")), self._site.office.country)
        except RefusedError as error:
            return await self._contacts_page(request, 400, Banner(str(error), lead=N_("Nothing was imported:")))
        changed = await self._contacts.put(found, self._site.who(request), self._site.clock())
        done = {"changed": changed, "same": len(found) - changed}
        return await self._contacts_page(request, 200, Banner(IMPORTED, done, good=True))

    async def filtered(self, request: web.Request) -> web.Response:
        """Calls that are nobody's callback, and texts that stand on no row: left out, not lost."""
        async with self._site.database.read() as db:
            return await self._site.page(
                request,
                db,
                "filtered.html",
                self._site.clock(),
                calls=await calls.filtered(db, limit=LISTED),
                texts=await replies.without_row(db, limit=LISTED),
            )

    async def settings(self, request: web.Request) -> web.Response:
        now = self._site.clock()
        async with self._site.database.read() as db:
            return await self._site.page(
                request, db, "settings.html", now, office=self._site.office, weeks=weeks(self._site.office.lines, now)
            )


def watches(office: Office, branches: Sequence[str], now: datetime) -> Iterator[Watch]:
    roster = office.roster
    for branch in branches:
        calendars = [line.calendar for line in office.lines if line.branch == branch]
        gaps = roster.gaps(branch, calendars, now, now + AHEAD) if roster.shifts else ()
        yield Watch(branch, roster.ladder(branch, now), gaps)


def weeks(lines: Sequence[Line], now: datetime) -> list[Week]:
    """Lines with the same hours stand together."""
    together: dict[Calendar, list[str]] = {}
    for line in lines:
        together.setdefault(line.calendar, []).append(line.name)
    return [Week(names, [*_days(calendar, now)]) for calendar, names in together.items()]


def _days(calendar: Calendar, now: datetime) -> Iterator[tuple[date, Sequence[Span]]]:
    today = now.astimezone(calendar.zone).date()
    for ahead in range(DAYS_SHOWN):
        day = today + timedelta(days=ahead)
        yield day, calendar.spans_on(day)


_SWITCHES: Mapping[str, Callable[[Writer, str, datetime], Awaitable[bool]]] = {
    "pause": lambda tx, who, now: settings.turn(tx, settings.PAUSED, True, who, now),
    "resume": settings.resume,
}


@contextmanager
def _refusals() -> Iterator[None]:
    """What use cases and enums say of wrong values, as one kind of error."""
    try:
        yield
    except OverflowError as error:
        raise RefusedError("that is too far away") from error
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _octets(file: object) -> bytes:
    if not isinstance(file, FileField):
        raise RefusedError("choose a file")
    return file.file.read()


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        raise RefusedError("pick a day and a time") from None
