"""What every view needs: the parts it is made from, and the pages it answers with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from aiohttp import web

from bridge.callbacks.actions import UNDOABLE, Callbacks
from bridge.calls.filtered import REFILED
from bridge.domain.callbacks.queue import UNDO_WINDOW, Callback, Verb
from bridge.domain.office.office import Office
from bridge.domain.office.roster import OnCallGap
from bridge.office.contacts import Mistake
from bridge.office.schedule_changes import gaps_ahead, office_with_changes
from bridge.ops.health import CALL_MAY_WAIT, LONGEST_UNWRITTEN, TEXT_MAY_WAIT, Health, HealthNote, LinkKind
from bridge.web.auth import VISITOR, Auth
from bridge.web.duty_desk import duty
from bridge.web.forms import Sent
from bridge.web.history import Toast, done_words
from bridge.web.labels import KINDS, Show
from bridge.web.language import N_, WORDS, render
from bridge.web.phones import Phones, Ringing
from bridge.web.quotes import Mark
from bridge.web.rota import first_tonight
from bridge.web.rows import read_row
from bridge.web.rules import Rules
from bridge.web.security import BROWSER, token_for
from storage import (
    audit,
    callbacks,
    calls,
    contacts,
    opt_outs,
    replies,
    saved_replies,
    settings,
    staff_codes,
    text_outcomes,
)
from storage.audit import Entry, Subject
from storage.database import Database, Reader
from storage.schedule import HOURS
from storage.users import UserRole

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MANY = 100
CHIMED = 100  # urgent rows
BARS = 5
"""Of one kind; the page is for the rows."""


FAULTS = {
    LinkKind.PBX: N_(
        "The PBX is not connected. New calls are not seen; the list, texts and replies go on. "
        "Tell whoever looks after the phones."
    ),
    LinkKind.SMS: N_("The SMS gateway is not connected. Calls are recorded, texts wait; call whoever is urgent."),
}
NOTES = {
    HealthNote.NO_SNIPPET: N_("Callers who hide their number may be texted: the PBX does not say yet who does"),
}
TAKEN_BACK = N_("The change is taken back")
DATED: Mapping[str, str] = {
    Subject.DUTY: "/on-call",
    Subject.PATTERN: "/on-call/plan",
    Subject.HOURS: "/hours",
    Subject.WORDS: "/texts",
}
"""Where dated changes of each kind are undone."""

TAKEN_OUT = N_("The call stands on the list now")
REPLY_REMOVED, REPLY_SAVED = N_("Saved reply removed"), N_("Reply saved")
NOT_SAVED = N_("Not saved:")
NOT_TAKEN_BACK = N_("Not taken back:")
"""Before every reason why an office page changed nothing."""

NO_DATABASE = N_(
    "Nothing can be recorded, so nothing is sent. Write down who calls, and tell whoever looks after Textback."
)
NOT_WRITTEN = N_("Nothing could be recorded for %(why)s. Nothing is sent that is not recorded.")
CALLS_WAIT = N_("Ended calls have waited to be recorded for %(why)s. Leave the machine on: they are not on disk yet.")
TEXTS_WAIT = N_("Texts are due and have not been sent for %(why)s.")
NO_SPACE = N_("The disk is nearly full. Free some space before calls can no longer be recorded.")


class Fault(NamedTuple):
    """words: may hold `%(why)s`."""

    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Banner:
    """Why nothing was done (good: what was). lead: words to begin with. args: fill the words. mistakes: of a file.

    row: that it is about, where it is shown. typed, name, action, version: what a second try needs,
    where something was typed.
    """

    words: str
    args: Mapping[str, Any] = field(default_factory=dict)
    lead: str = ""
    typed: str = ""
    name: str = ""
    action: str = ""
    version: int = 0
    row: Callback | None = None
    good: bool = False
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True, slots=True)
class PageContext:
    database: Database
    office: Office
    callbacks: Callbacks
    health: Callable[[], Health]
    clock: Callable[[], datetime]
    mark: Mark
    door: Auth
    phones: Phones
    ringing: Ringing
    rules: Rules
    text_assigned: bool = False
    map_link: str = ""

    def who(self, request: web.Request) -> str:
        """Who sits at this browser."""
        return request[VISITOR].name

    async def sent(self, request: web.Request, db: Reader, callback: Callback, now: datetime) -> Sent:
        """The form that came with the request."""
        texts = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        office = await office_with_changes(db, self.office, now)
        return Sent(texts, self.who(request), now, office.line_named(callback.line).calendar, office.country)

    def show(self, request: web.Request, now: datetime) -> Show:
        return Show(self.office, now, request[WORDS], self.phones.talks(), self.ringing.whose)

    def around_rows(self, request: web.Request, now: datetime) -> dict[str, Any]:
        """What a row needs, on a page or alone."""
        me = self.office.person(self.who(request))
        return {
            "show": self.show(request, now),
            "who": self.who(request),
            "token": token_for(request[BROWSER]),
            "many_lines": len(self.office.lines) > 1,
            "colleagues": [person.name for person in self.office.people if person.name != self.who(request)],
            "map_link": self.map_link,
            "plays": self.phones.spools.keys(),
            "desk_phone": me is not None and me.extension is not None and bool(self.phones.pbxs()),
        }

    async def page(
        self, request: web.Request, db: Reader, template: str, now: datetime, status: int = 200, **more: Any
    ) -> web.Response:
        """A whole page: what it is about, and around it what every page shows."""
        health = self.health()
        around = self.around_rows(request, now) | {
            "visitor": request[VISITOR],
            "may_lead": request[VISITOR].role.covers(UserRole.LEAD),
            "people": self.door.people,
            "search": "",
            "health": health,
            "faults": faults(health),
            "several_links": len(health.links) > 2,
            "toast": await self._toast(request, db, now),
            "banner": None,
        }
        told = await db.at_once(partial(self._told, self.who(request), now))
        around["duty"] = duty(told.pop("duty_desk"), request)
        return render(request, template, around | told | more, status)

    async def _told(self, who: str, now: datetime, db: Reader) -> dict[str, Any]:
        """Of the database, on every page."""
        waiting = await callbacks.count_waiting(db)
        office = await office_with_changes(db, self.office, now)
        return {
            "duty_desk": await settings.value(db, settings.DUTY_DESK),
            "gaps": _gaps(office, now),
            "tonight": first_tonight(office, now),
            "hours_now": [change for change in await HOURS.since(db, now) if change.start <= now],
            "paused": await settings.is_on(db, settings.PAUSED),
            "breaker": await settings.is_on(db, settings.BREAKER),
            "failing": await text_outcomes.burst(db, now),
            "unseen_today": len(await calls.unseen(db, now - DAY, limit=MANY)),
            "on_no_line": self.office.on_no_line(await calls.dids_rung(db, now - DAY))[:BARS],
            "wrong_digits": await staff_codes.wrong_since(db, now - HOUR),
            "unplaced": (await replies.from_nobody(db, now - WEEK))[-BARS:],
            "stopped": self.office.at_mobiles(await opt_outs.of_staff(db)),
            "to_call": waiting.to_call,
            "snoozed": waiting.snoozed,
            "urgent": await callbacks.urgent_ids(db, limit=CHIMED),
            "given": await callbacks.given_to(db, who),
        }

    async def _toast(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """What this person did last, as long as it can be undone: the address names the row or the contact."""
        return (
            await self._remembered(request, db, now)
            or await self._refiled(request, db, now)
            or await self._reworded(request, db, now)
            or await self._taken_back(request, db, now)
            or await self._done(request, db, now)
        )

    async def _refiled(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """`?call=7`"""
        written = request.query.get("call", "")
        call_id = int(written) if is_id(written) else 0
        last = await audit.newest_of(db, Subject.CALL, call_id) if call_id else None
        refiled = last is not None and last.what == f"{Subject.CALL}.{REFILED}" and last.who == self.who(request)
        if last is None or not refiled or now - last.at > UNDO_WINDOW:
            return None
        words = request[WORDS].say(TAKEN_OUT)
        return Toast(last.version, words, f"/filtered/{call_id}/undo", f"call={call_id}", _left(last.at, now))

    async def _reworded(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """`?changed=3`: the saved replies, as of that version."""
        last = await saved_replies.last_change(db) if (asked := request.query.get("changed", "")) else None
        mine = last is not None and (str(last.version), last.who) == (asked, self.who(request))
        if last is None or not mine or now - last.at > UNDO_WINDOW:
            return None
        is_removed = len(last.detail["before"]) > len(await saved_replies.read(db))
        words = request[WORDS].say(REPLY_REMOVED if is_removed else REPLY_SAVED)
        return Toast(last.version, words, "/saved-replies/undo", f"changed={last.version}", _left(last.at, now))

    async def _taken_back(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """`?taken=duty.7`: a dated change."""
        kind, _, written = (asked := request.query.get("taken", "")).partition(".")
        last = await audit.newest_of(db, Subject(kind), int(written)) if kind in DATED and is_id(written) else None
        mine = last is not None and (last.what, last.who) == (f"{kind}.taken_back", self.who(request))
        if last is None or not mine or now - last.at > UNDO_WINDOW:
            return None
        undo, words = f"{DATED[kind]}/{written}/undo", request[WORDS].say(TAKEN_BACK)
        return Toast(last.version, words, undo, f"taken={asked}", _left(last.at, now))

    async def _remembered(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """`?contact=3`"""
        written = request.query.get("contact", "")
        contact = await contacts.with_id(db, int(written)) if is_id(written) else None
        last = await audit.of_version(db, Subject.CONTACT, contact.id, contact.version) if contact else None
        if contact is None or last is None or last.who != self.who(request) or now - last.at > UNDO_WINDOW:
            return None
        show = self.show(request, now)
        words = f"{show.number(contact.number)}: {show.words.say(KINDS[contact.kind])}"
        return Toast(
            contact.version, words, f"/contacts/{contact.id}/undo", f"contact={contact.id}", _left(last.at, now)
        )

    async def _done(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """`?did=17`, or `?did=17,19` for what was done to several at once."""
        rows = [row for written in request.query.get("did", "").split(",") if (row := await find(db, written))]
        lasts = [await audit.of_version(db, Subject.CALLBACK, row.id, row.version) for row in rows]
        mine = [
            (row, last)
            for row, last in zip(rows, lasts, strict=True)
            if last and last.who == self.who(request) and now - last.at <= UNDO_WINDOW
        ]
        if not mine or any(_verb(last) not in UNDOABLE for _, last in mine):
            return None
        show = self.show(request, now)
        row, last = mine[0]
        if len(mine) > 1:
            words = show.words.count("%(num)s row", "%(num)s rows", len(mine))
            picked = tuple(f"{row.id}.{row.version}" for row, _ in mine)
            did = ",".join(str(row.id) for row, _ in mine)
            words = f"{words}: {show.outcome(row)}"
            return Toast(row.version, words, "/callbacks/several", f"did={did}", _left(last.at, now), rows=picked)
        path, verb = f"/callbacks/{row.id}", _verb(last)
        block = (
            f"{path}/remember" if verb == Verb.FINISH and (await read_row(db, row, self.mark)).may_be_blocked else ""
        )
        words = done_words(last, row, show)
        return Toast(row.version, words, f"{path}/undo", f"did={row.id}", _left(last.at, now), block, f"{path}/{verb}")


def _verb(entry: Entry) -> str:
    return entry.what.removeprefix(f"{Subject.CALLBACK}.")


def _left(since: datetime, now: datetime) -> int:
    """For so many milliseconds what was done can be undone."""
    return int((since + UNDO_WINDOW - now).total_seconds() * 1000)


def is_id(written: str) -> bool:
    return written.isascii() and written.isdigit() and len(written) < 16


async def find(db: Reader, written: str) -> Callback | None:
    """The row of that id, as it stands in an address."""
    if not is_id(written):
        return None
    try:
        return await callbacks.get(db, int(written))
    except LookupError:
        return None


def _gaps(office: Office, now: datetime) -> Sequence[OnCallGap]:
    """When nobody is on call in the days ahead; nothing where nobody ever is."""
    if not office.roster.is_kept:
        return ()
    return sorted({gap for gaps in gaps_ahead(office, now).values() for gap in gaps}, key=lambda gap: gap.start)


async def found(request: web.Request, db: Reader) -> Callback:
    """The row that the path names; 404 if there is none."""
    row = await find(db, request.match_info["id"])
    if row is None:
        raise web.HTTPNotFound(text=N_("There is no such row."))
    return row


def faults(health: Health) -> list[Fault]:
    """What is broken, and what still works."""
    found = [Fault(FAULTS[link.kind], "") for link in health.links if not link.since]
    if health.database:
        found.append(Fault(NO_DATABASE, ""))
    elif health.unwritten_for > LONGEST_UNWRITTEN:
        found.append(Fault(NOT_WRITTEN, seconds(health.unwritten_for)))
    if health.calls.oldest > CALL_MAY_WAIT:
        found.append(Fault(CALLS_WAIT, seconds(health.calls.oldest)))
    if health.texts.oldest > TEXT_MAY_WAIT:
        found.append(Fault(TEXTS_WAIT, seconds(health.texts.oldest)))
    if health.disk_low:
        found.append(Fault(NO_SPACE, ""))
    return found


def seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
