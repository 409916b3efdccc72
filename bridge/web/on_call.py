"""The page of who is on call and when the office is open: as planned, with what people changed, for any phone."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from aiohttp import web

from bridge.domain.office.hours import Calendar, HoursChange, OpenOrClosed
from bridge.domain.office.nights import Span, night_of, tonight, weekend
from bridge.domain.office.office import Line, Office
from bridge.domain.office.roster import AHEAD, Change, Override, PatternChange
from bridge.office.schedule_changes import ScheduleChanges
from bridge.web.forms import RefusedError, offered
from bridge.web.language import N_
from bridge.web.office import refusals, weeks
from bridge.web.page_context import NOT_SAVED, NOT_TAKEN_BACK, Banner, PageContext, is_id
from bridge.web.rota import RANKS, SPARE_LINES, calendars_of, read_date, read_day, read_plan, watches
from storage import settings
from storage.database import Writer
from storage.schedule import HOURS, ON_CALL, PATTERNS, C, DatedChanges

Fields = Mapping[str, Any]


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
        _, *tomorrow = _tomorrow({}, office.lines, now)
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
                patterns=[pattern for pattern, _ in office.roster.patterns],
                ranks=RANKS,
                spare_lines=SPARE_LINES,
                weeks=weeks(office.lines, now),
                hours_changes=hours,
                closed_tomorrow=any(_closes_everywhere(change, *tomorrow) for change in hours),
                banner=banner,
            )

    @property
    def _branches(self) -> Sequence[str]:
        return list(dict.fromkeys(line.branch for line in self._site.office.lines))

    async def _enter(
        self,
        request: web.Request,
        changes: DatedChanges[C],
        read: "Callable[[Any, Office, str, datetime], Sequence[C]]",
        at: str,
    ) -> web.StreamResponse:
        """read: the changes, out of what was sent. at: where on the page they then stand."""
        now, form = self._site.clock(), await request.post()
        try:
            with refusals():
                entered = read(form, await self._duties.current(now), self._site.who(request), now)
                await self._duties.enter_all(changes, entered, now)
        except RefusedError as error:
            return await self._page(request, 400, Banner(error.words, error.values, NOT_SAVED))
        raise web.HTTPSeeOther(f"/on-call{at}")

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Enter who takes a night or a weekend, a swap of two nights, or an absence."""
        return await self._enter(request, ON_CALL, _overrides, "#changes")

    async def change_plan(self, request: web.Request) -> web.StreamResponse:
        """Enter another weekly plan of who is on call, from a day on."""
        return await self._enter(request, PATTERNS, _pattern, "#changes")

    async def change_hours(self, request: web.Request) -> web.StreamResponse:
        """Enter that the office is open, or closed, whatever its hours say."""
        return await self._enter(request, HOURS, _hours_changes, "#hours")

    async def take_back(self, request: web.Request) -> web.StreamResponse:
        """Undo a dated change of who is on call."""
        return await self._take_back(request, ON_CALL)

    async def take_back_plan(self, request: web.Request) -> web.StreamResponse:
        """Undo a change of the weekly plan: the one before it holds again, or else the file's."""
        return await self._take_back(request, PATTERNS)

    async def take_back_hours(self, request: web.Request) -> web.StreamResponse:
        """Undo a dated change of the opening hours."""
        return await self._take_back(request, HOURS)

    async def _take_back(self, request: web.Request, changes: DatedChanges[C]) -> web.StreamResponse:
        try:
            with refusals():
                query, _ = await taken_back(request, self._site, self._duties, changes)
        except RefusedError as error:
            return await self._page(request, 409, Banner(error.words, error.values, NOT_TAKEN_BACK))
        raise web.HTTPSeeOther(f"/on-call{query}")

    # --- texts

    async def switch_texts(self, request: web.Request) -> web.StreamResponse:
        """Hold customers' texts back, or let them go out again."""
        who, now = self._site.who(request), self._site.clock()
        async with self._site.database.transaction() as tx:
            await _SWITCHES[request.match_info["switch"]](tx, who, now)
        raise web.HTTPSeeOther("/on-call")


async def taken_back(
    request: web.Request, site: PageContext, duties: ScheduleChanges, changes: DatedChanges[C]
) -> tuple[str, C]:
    """Take a dated change back, or undo just that where the form names the version that it made. What the address then
    says, and the change.
    """
    change_id, who, now = int(request.match_info["id"]), site.who(request), site.clock()
    version = str((await request.post()).get("version", ""))
    if is_id(version):
        return "", await duties.put_back(changes, change_id, int(version), who, now)
    return f"?taken={changes.subject}.{change_id}", await duties.take_back(changes, change_id, who, now)


_SWITCHES: Mapping[str, Callable[[Writer, str, datetime], Awaitable[bool]]] = {
    "pause": lambda tx, who, now: settings.turn(tx, settings.PAUSED, True, who, now),
    "resume": settings.resume,
}


def _closes_everywhere(change: HoursChange, start: datetime, end: datetime) -> bool:
    everywhere = change.branch is None and change.line is None
    return everywhere and change.door is OpenOrClosed.CLOSED and change.start <= start and end <= change.end


# --- what the forms say -------------------------------------------------------------------------------------

When = tuple[OpenOrClosed, datetime, datetime]


Spans = Callable[[Fields, Office, Sequence[Calendar], datetime], Span]


def _overrides(form: Fields, office: Office, who: str, now: datetime) -> Sequence[Override]:
    """quick: which span is meant; without it, the one that was picked."""
    branch, quick, calendars = str(form.get("branch", "")) or None, str(form.get("quick", "")), _calendars(form, office)
    if quick == "swap":
        return _swap(form, office, calendars, Override("", Change.TAKES, now, now + AHEAD, branch, who), now)
    change = Change.AWAY if quick == "away" else Change.TAKES if quick else offered(Change, form.get("change"))
    start, end = _SPANS.get(quick, _picked)(form, office, calendars, now)
    return [Override(str(form.get("person", "")), change, start, end, branch, who)]


def _picked(form: Fields, office: Office, _: Sequence[Calendar], now: datetime) -> Span:
    return _span(form, Calendar(office.zone), now)


def _whole_days(form: Fields, _office: Office, calendars: Sequence[Calendar], now: datetime) -> Span:
    """Both the first day and the last one."""
    first, last = (read_day(form.get(name), calendars) for name in ("from", "until"))
    return max(first[0], now), last[1]


_SPANS: Mapping[str, Spans] = {
    "tonight": lambda _form, _office, calendars, now: _from_now(tonight(calendars, now)[1], now),
    "weekend": lambda _form, _office, calendars, now: _from_now(weekend(calendars, now), now),
    "away": _whole_days,
}


def _from_now(span: Span, now: datetime) -> Span:
    return max(span[0], now), span[1]


def _swap(
    form: Fields, office: Office, calendars: Sequence[Calendar], by: Override, now: datetime
) -> Sequence[Override]:
    """Whoever has the one night takes the other."""
    branch = by.branch or office.lines[0].branch
    spans = [night_of(read_date(form.get(name)), calendars) for name in ("one", "other")]
    have = [next(iter(office.roster.on_call(branch, start)), "") for start, _ in spans]
    if not all(have):
        raise RefusedError(N_("nobody is on call on one of these nights"))
    if have[0] == have[1]:
        raise RefusedError(N_("%(name)s has both of these nights"), name=have[0])
    taken = zip(reversed(have), spans, strict=True)
    return [replace(by, person=person, start=max(start, now), end=end) for person, (start, end) in taken]


def _pattern(form: Any, office: Office, who: str, now: datetime) -> Sequence[PatternChange]:
    return [read_plan(form, _calendars(form, office), who, now)]


def _calendars(form: Fields, office: Office) -> Sequence[Calendar]:
    branch = str(form.get("branch", "")) or office.lines[0].branch
    return calendars_of(office, branch) or [Calendar(office.zone)]


def _hours_changes(form: Fields, office: Office, who: str, now: datetime) -> Sequence[HoursChange]:
    """where: `branch NAME`, `line NAME`, or nothing for everywhere."""
    kind, _, name = str(form.get("where", "")).partition(" ")
    branch, line = (name if kind == field else None for field in ("branch", "line"))
    everywhere = HoursChange(OpenOrClosed.CLOSED, now, now + AHEAD, branch, line)
    lines = [one for one in office.lines if everywhere.concerns(one.branch, one.name)]
    door, start, end = _WHEN.get(str(form.get("quick", "")), _as_picked)(form, lines or office.lines, now)
    return [HoursChange(door, start, end, branch, line, by=who)]


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


def _span(form: Fields, calendar: Calendar, now: datetime) -> Span:
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
