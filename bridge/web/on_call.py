"""The page of who is on call and when the office is open: as planned, with what people changed, for any phone."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from aiohttp import web

from bridge.domain.office.hours import Calendar, HoursChange, OpenOrClosed
from bridge.domain.office.office import Line, Office
from bridge.domain.office.roster import AHEAD, Change, OnCallGap, Override
from bridge.office.schedule_changes import ScheduleChanges
from bridge.web.forms import RefusedError, offered
from bridge.web.language import N_
from bridge.web.office import refusals, weeks
from bridge.web.page_context import Banner, PageContext
from storage import settings
from storage.database import Writer
from storage.schedule import HOURS, ON_CALL, C, DatedChanges

NOT_ENTERED = N_("Not entered:")
NOT_TAKEN_BACK = N_("Not taken back:")

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Watch:
    """One branch: whom urgent work goes to now, first to last, and when it would go to nobody."""

    branch: str
    ladder: Sequence[str]
    gaps: Sequence[OnCallGap]


class OnCallPage:
    def __init__(self, site: PageContext) -> None:
        self._site = site
        self._duties = ScheduleChanges(site.database, site.office)

    async def show(self, request: web.Request) -> web.Response:
        """Who is on call and when the office is open, with dated changes."""
        return await self._page(request)

    async def _page(self, request: web.Request, status: int = 200, banner: Banner | None = None) -> web.Response:
        site, now = self._site, self._site.clock()
        office = await self._duties.current(now)
        hours = await self._duties.hours_changes(now)
        async with site.database.read() as db:
            return await site.page(
                request,
                db,
                "on_call.html",
                now,
                status,
                watches=list(watches(office, self._branches, now)),
                changes=office.roster.overrides,
                people_told=[person.name for person in office.people if person.mobile],
                branches=self._branches,
                lines=[line.name for line in office.lines],
                weeks=weeks(office.lines, now),
                hours_changes=hours,
                banner=banner,
            )

    @property
    def _branches(self) -> Sequence[str]:
        return list(dict.fromkeys(line.branch for line in self._site.office.lines))

    async def _enter(
        self,
        request: web.Request,
        changes: DatedChanges[C],
        read: "Callable[[Fields, Office, str, datetime], C]",
        at: str,
    ) -> web.StreamResponse:
        """read: the change, out of what was sent. at: where on the page it then stands."""
        now, form = self._site.clock(), await request.post()
        try:
            with refusals():
                change = read(form, await self._duties.current(now), self._site.who(request), now)
                await self._duties.enter(changes, change, now)
        except RefusedError as error:
            return await self._page(request, 400, Banner(error.words, error.values, NOT_ENTERED))
        raise web.HTTPSeeOther(f"/on-call{at}")

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Enter a swap or an absence."""
        return await self._enter(request, ON_CALL, _override, "")

    async def change_hours(self, request: web.Request) -> web.StreamResponse:
        """Enter that the office is open, or closed, whatever its hours say."""
        return await self._enter(request, HOURS, _hours_change, "#hours")

    async def take_back(self, request: web.Request) -> web.StreamResponse:
        """Undo a dated change of who is on call."""
        return await self._take_back(request, ON_CALL)

    async def take_back_hours(self, request: web.Request) -> web.StreamResponse:
        """Undo a dated change of the opening hours."""
        return await self._take_back(request, HOURS)

    async def _take_back(self, request: web.Request, changes: DatedChanges[C]) -> web.StreamResponse:
        who, now = self._site.who(request), self._site.clock()
        try:
            with refusals():
                await self._duties.take_back(changes, int(request.match_info["id"]), who, now)
        except RefusedError as error:
            return await self._page(request, 409, Banner(error.words, error.values, NOT_TAKEN_BACK))
        raise web.HTTPSeeOther("/on-call")

    # --- texts

    async def switch_texts(self, request: web.Request) -> web.StreamResponse:
        """Hold customers' texts back, or let them go out again."""
        who, now = self._site.who(request), self._site.clock()
        async with self._site.database.transaction() as tx:
            await _SWITCHES[request.match_info["switch"]](tx, who, now)
        raise web.HTTPSeeOther("/on-call")


def watches(office: Office, branches: Sequence[str], now: datetime) -> Iterator[Watch]:
    roster = office.roster
    for branch in branches:
        calendars = [line.calendar for line in office.lines if line.branch == branch]
        gaps = roster.gaps(branch, calendars, now, now + AHEAD) if roster.shifts else ()
        yield Watch(branch, roster.ladder(branch, now), gaps)


_SWITCHES: Mapping[str, Callable[[Writer, str, datetime], Awaitable[bool]]] = {
    "pause": lambda tx, who, now: settings.turn(tx, settings.PAUSED, True, who, now),
    "resume": settings.resume,
}

# --- what the forms say -------------------------------------------------------------------------------------

When = tuple[OpenOrClosed, datetime, datetime]


def _override(form: Fields, office: Office, who: str, now: datetime) -> Override:
    start, end = _span(form, Calendar(office.zone), now)
    change = offered(Change, form.get("change"))
    return Override(str(form.get("person", "")), change, start, end, str(form.get("branch", "")) or None, by=who)


def _hours_change(form: Fields, office: Office, who: str, now: datetime) -> HoursChange:
    """where: `branch NAME`, `line NAME`, or nothing for everywhere."""
    kind, _, name = str(form.get("where", "")).partition(" ")
    branch, line = (name if kind == field else None for field in ("branch", "line"))
    everywhere = HoursChange(OpenOrClosed.CLOSED, now, now + AHEAD, branch, line)
    lines = [one for one in office.lines if everywhere.concerns(one.branch, one.name)]
    door, start, end = _WHEN.get(str(form.get("quick", "")), _as_picked)(form, lines or office.lines, now)
    return HoursChange(door, start, end, branch, line, by=who)


def _as_picked(form: Fields, lines: Sequence[Line], now: datetime) -> When:
    return (offered(OpenOrClosed, form.get("door")), *_span(form, lines[0].calendar, now))


def _rest_of_today(_form: Fields, lines: Sequence[Line], now: datetime) -> When:
    return OpenOrClosed.CLOSED, now, lines[0].calendar.day_start(now, days=1)


def _tomorrow(_form: Fields, lines: Sequence[Line], now: datetime) -> When:
    start, end = (lines[0].calendar.day_start(now, days) for days in (1, 2))
    return OpenOrClosed.CLOSED, start, end


def _open_late(form: Fields, lines: Sequence[Line], now: datetime) -> When:
    """From when the first of these lines would close; from now on where none is open today any more."""
    midnight = lines[0].calendar.day_start(now, days=1)
    closing = [_closes(line.calendar, now, midnight) for line in lines]
    start = min((at for at in closing if at), default=now)
    today = now.astimezone(lines[0].calendar.zone).date()
    return (
        OpenOrClosed.OPEN,
        start,
        lines[0].calendar.instant(datetime.combine(today, _time(str(form.get("late", ""))))),
    )


def _closes(calendar: Calendar, now: datetime, midnight: datetime) -> datetime | None:
    return max(
        (opening.end for opening in calendar.openings(now, until=midnight) if opening.start < midnight), default=None
    )


_WHEN: Mapping[str, Callable[[Fields, Sequence[Line], datetime], When]] = {
    "rest of today": _rest_of_today,
    "tomorrow": _tomorrow,
    "late": _open_late,
}


def _span(form: Fields, calendar: Calendar, now: datetime) -> tuple[datetime, datetime]:
    """Times as the office's clock shows them; without a beginning, from now on."""
    written = str(form.get("from", ""))
    start = calendar.instant(_moment(written)) if written else now
    return start, calendar.instant(_moment(str(form.get("until", ""))))


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        raise RefusedError(N_("pick a day and a time")) from None


def _time(written: str) -> time:
    try:
        return time.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        raise RefusedError(N_("pick a time")) from None
