"""The pages: three lists, one conversation. A page that is live asks for the rows that changed, and where all stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from aiohttp import web

from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Office
from bridge.domain.words.reactions import Reaction
from bridge.ops.health import Health, LinkKind
from bridge.pbx.voicemail_spool import Unplayable
from bridge.web.history import history
from bridge.web.language import N_
from bridge.web.page_context import CHIMED, Banner, PageContext, found, is_id
from bridge.web.phones import NO_ROW
from bridge.web.quotes import Piece, Quote, quotes
from bridge.web.rows import Row, TextStatus, Unchanged, read_row, text_state
from bridge.web.saved_replies import Offer, offers
from bridge.web.voicemail import IN_WORDS, VoicemailPlayer
from storage import audit, callbacks, calls, conversations, saved_replies, search, settings
from storage.callbacks import Key, Narrowed, QueueLengths
from storage.conversations import Said
from storage.database import Reader

SHOWN = {
    "mine": N_("Claimed by me"),
    "nobodys": N_("Not claimed"),
    "voicemail": N_("Voicemail"),
    "no_outcome": N_("Outcome missing"),
}
"""By what a list can be narrowed, as in the address."""

LOOKED_BACK = 30  # days
EARLIEST = date(1970, 1, 1)
"""Before all calls; before the year 1 there is no time at all."""

NOON = time(12)
PAGE = 50  # rows
PRINTED = 500
SEARCH_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    path: str
    heading: str


TABS = (
    Tab("to_call", "/", N_("To call")),
    Tab("snoozed", "/snoozed", N_("Snoozed")),
    Tab("done", "/done", N_("Done")),
)
TAB_NAMED = {tab.name: tab for tab in TABS}
TAB_AT = {tab.path: tab for tab in TABS}


@dataclass(frozen=True, slots=True)
class ChecklistStep:
    """One line of the first run's checklist."""

    words: str
    done: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    at: datetime
    by: str | None
    text: str
    pieces: Sequence[Piece]
    status: TextStatus | None
    picture: bool
    reaction: Reaction | None


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list somebody looks at. show: as in the address. day: of Done, today where none is said."""

    show: str
    which: Narrowed
    day: date | None

    def days(self, calendar: Calendar, now: datetime) -> tuple[datetime, datetime | None]:
        """The time of which Done tells; what lacks an outcome is looked for further back."""
        if self.day:
            noon = calendar.instant(datetime.combine(self.day, NOON))
            return calendar.day_start(noon), calendar.day_start(noon, days=1)
        return calendar.day_start(now, days=-LOOKED_BACK if self.which.no_outcome else 0), None


def part_of(query: Mapping[str, str], office: Office, who: str, now: datetime) -> Part:
    """What an address asks for: `?show=mine`, `?branch=east`, `?day=2026-11-27`; what it gets wrong is left out."""
    show, branch = query.get("show", ""), query.get("branch", "")
    which = Narrowed(
        branch=branch if any(branch == line.branch for line in office.lines) else None,
        owner=who if show == "mine" else None,
        nobodys=show == "nobodys",
        voicemail=show == "voicemail",
        no_outcome=show == "no_outcome",
    )
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    is_told = day is not None and EARLIEST <= day <= now.astimezone(office.zone).date()
    return Part(show if show in SHOWN else "", which, day if is_told else None)


class Views:
    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def queue(self, request: web.Request) -> web.Response:
        """A list of the queue as a page; `?q=` searches it, `?only=3,7` leaves out what other rows say."""
        async with self._site.database.read() as db:
            return await self.list_page(request, db, TAB_AT[request.path], request.query)

    async def list_page(
        self,
        request: web.Request,
        db: Reader,
        tab: Tab,
        query: Mapping[str, str],
        *,
        status: int = 200,
        banner: Banner | None = None,
    ) -> web.Response:
        site, now = self._site, self._site.clock()
        wanted, only = query.get("q", "").strip()[:SEARCH_CHARACTERS], _only(query)
        found = await search.find(db, wanted, limit=PAGE) if wanted else None
        part = part_of(query, site.office, site.who(request), now)
        rows = found.rows if found else await self._rows(db, tab, now, part, _after(query))
        return await site.page(
            request,
            db,
            "queue.html",
            now,
            status,
            tab=tab.name,
            heading=tab.heading,
            search=wanted,
            total=found.total if found else 0,
            part=part,
            branches=list(dict.fromkeys(line.branch for line in site.office.lines)),
            saved=await self._saved(request, db),
            rows=await db.at_once(partial(self._shown, rows[:PAGE], only)),
            next=_key(rows[PAGE - 1]) if len(rows) > PAGE else "",
            last_missed=None if rows else await callbacks.missed_last(db),
            first_run=[] if rows else await self._first_run(db),
            banner=banner,
        )

    async def _shown(self, rows: Sequence[Callback], only: frozenset[int], db: Reader) -> Sequence[Row | Unchanged]:
        return [
            Unchanged(row) if only and row.id not in only else await read_row(db, row, self._site.mark) for row in rows
        ]

    async def _rows(self, db: Reader, tab: Tab, now: datetime, part: "Part", after: Key | None) -> Sequence[Callback]:
        """One more than a page, to know whether another follows."""
        if tab.name == "done":
            since, before = part.days(self._site.office.lines[0].calendar, now)
            return await callbacks.done(db, since, before, which=part.which, after=after, limit=PAGE + 1)
        read = callbacks.snoozed if tab.name == "snoozed" else callbacks.to_call
        return await read(db, which=part.which, after=after, limit=PAGE + 1)

    async def _saved(self, request: web.Request, db: Reader) -> Sequence[Offer]:
        return offers(await saved_replies.read(db), self._site.who(request), self._site.office.business)

    async def _first_run(self, db: Reader) -> Sequence[ChecklistStep]:
        """Until the first call was missed."""
        if await callbacks.missed_last(db):
            return ()
        called, texted = bool(await calls.page(db, limit=1)), await settings.is_on(db, settings.TESTED)
        return first_run(self._site.health(), called=called, texted=texted)

    async def on_paper(self, request: web.Request) -> web.Response:
        """All who wait for a call, to be printed."""
        async with self._site.database.read() as db:
            rows = await callbacks.to_call(db, limit=PRINTED + 1)
            return await self._site.page(
                request,
                db,
                "print.html",
                self._site.clock(),
                rows=await db.at_once(partial(self._shown, rows[:PRINTED], frozenset())),
                more=len(rows) > PRINTED,
            )

    async def conversation(self, request: web.Request) -> web.Response:
        """One customer: the row, everything written and said, and the forms for it."""
        async with self._site.database.read() as db:
            return await self.conversation_page(request, db, await found(request, db))

    async def conversation_page(
        self, request: web.Request, db: Reader, callback: Callback, *, status: int = 200, banner: Banner | None = None
    ) -> web.Response:
        said = await conversations.thread(db, callback.number) if callback.number else ()
        theirs = quotes(said, self._site.mark)
        row = await read_row(db, callback, self._site.mark)
        return await self._site.page(
            request,
            db,
            "conversation.html",
            self._site.clock(),
            status,
            tab="row",
            saved=await self._saved(request, db),
            row=row,
            unplayable=await self._unplayable(row),
            thread=[bubble(text, theirs) for text in reversed(said)],
            history=history(await audit.of_callback(db, callback.id)),
            banner=banner,
        )

    async def _unplayable(self, row: Row) -> str:
        """Why the row's voicemail cannot be played here, "" where it can."""
        if row.voicemail is None or row.voicemail.call.key.pbx not in self._site.phones.spools:
            return ""
        found = await VoicemailPlayer(self._site).read(row.voicemail)
        return IN_WORDS[found] if isinstance(found, Unplayable) else ""

    async def count(self, request: web.Request) -> web.Response:
        """For pages in the background: what their title says, and which rows chime."""
        who = self._site.who(request)
        waiting, urgent, given, unclaimed = await self._site.database.query(partial(_counted, who))
        told = {"to_call": waiting.to_call, "urgent": waiting.urgent, "urgent_ids": urgent, "given_ids": given}
        return web.json_response(told | {"unclaimed_ids": unclaimed, "talking": self._is_talking(who)})

    def _is_talking(self, who: str) -> bool:
        """Is this person's own extension on a call?"""
        me = self._site.office.person(who)
        talks = self._site.phones.talks().values()
        return me is not None and me.extension is not None and any(talk.who == me.extension for talk in talks)


async def _counted(who: str, db: Reader) -> tuple[QueueLengths, Sequence[int], Sequence[int], Sequence[int]]:
    urgent, given = await callbacks.urgent_ids(db, limit=CHIMED), await callbacks.given_to(db, who)
    unclaimed = await callbacks.unclaimed_urgent_ids(db, limit=CHIMED)
    return await callbacks.count_waiting(db), urgent, given, unclaimed


def bubble(said: Said, theirs: Mapping[int, Quote]) -> Bubble:
    quote = theirs.get(said.id) if said.by is None else None
    status = text_state(said.state) if said.state else None
    pieces = quote.pieces if quote else ()
    return Bubble(said.at, said.by, said.text, pieces, status, said.picture, said.reaction)


def first_run(health: Health, *, called: bool, texted: bool) -> list[ChecklistStep]:
    """What a new install still waits for. called: a call was seen on a trunk. texted: a test text went out."""
    up = {kind: any(link.since for link in health.links if link.kind is kind) for kind in LinkKind}
    return [
        ChecklistStep(N_("The PBX is connected"), up[LinkKind.PBX]),
        ChecklistStep(N_("A call was seen on the trunk: call the office, or from it"), called),
        ChecklistStep(N_("The SMS gateway is connected"), up[LinkKind.SMS]),
        ChecklistStep(N_("A test text went out"), texted),
        ChecklistStep(N_("A call was missed: ring the office from a mobile and let it ring"), False),
    ]


def _key(callback: Callback) -> str:
    key = Key.of(callback)
    return f"{key.rank}.{round(key.at.timestamp() * 1000)}.{key.id}"


def _only(query: Mapping[str, str]) -> frozenset[int]:
    """The rows that changed, `NO_ROW` where only what stands around them did; none for "all of them"."""
    asked = query.get("only", "").split(",")
    return frozenset(int(part) for part in asked if is_id(part) or part == str(NO_ROW))


def _after(query: Mapping[str, str]) -> Key | None:
    """Where the page before ended; the first page for what is no such place."""
    try:
        rank, at, row_id = (int(part) for part in query.get("after", "").split("."))
        return Key(rank, datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at), row_id)
    except (ValueError, OverflowError):
        return None
