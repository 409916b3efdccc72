"""What every view needs: the parts it is made from, and the pages it answers with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from bridge.callbacks import UNDOABLE, Callbacks
from bridge.domain.office import Office
from bridge.domain.oncall import Gap
from bridge.domain.queue import Callback
from bridge.duties import gaps_ahead, office_with_changes
from bridge.health import Health, LinkKind
from bridge.web.door import VISITOR, Door
from bridge.web.forms import Sent
from bridge.web.history import Toast, done_words
from bridge.web.phones import Phones, Ringing
from bridge.web.present import Show
from bridge.web.rows import Mark
from bridge.web.security import BROWSER, token_for
from storage import audit, callbacks, settings
from storage.audit import Subject
from storage.database import Database, Reader
from storage.users import Role

UNDO_FOR = timedelta(seconds=10)

FAULTS = {
    LinkKind.PBX: "The PBX is not connected ({why}). New calls are not seen; the queue, texts and replies go on.",
    LinkKind.SMS: "The SMS gateway is not connected ({why}). Calls are recorded, texts wait.",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """Why nothing was done (good: what was). typed, field, action, version: what a second try needs, if one typed."""

    words: str
    typed: str = ""
    field: str = ""
    action: str = ""
    version: int = 0
    good: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    database: Database
    office: Office
    callbacks: Callbacks
    health: Callable[[], Health]
    clock: Callable[[], datetime]
    mark: Mark
    door: Door
    phones: Phones
    ringing: Ringing

    def who(self, request: web.Request) -> str:
        """Who sits at this browser."""
        return request[VISITOR].name

    def sent(self, request: web.Request, fields: Mapping[str, Any], row: Callback, now: datetime) -> Sent:
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        return Sent(texts, self.who(request), now, self.office.line_named(row.line).calendar)

    def show(self, now: datetime) -> Show:
        return Show(self.office, now, self.phones.talks(), self.ringing.whose)

    def around_rows(self, request: web.Request, now: datetime) -> dict[str, Any]:
        """What a row needs, on a page or alone."""
        me = self.office.person(self.who(request))
        return {
            "show": self.show(now),
            "who": self.who(request),
            "token": token_for(request[BROWSER]),
            "many_lines": len(self.office.lines) > 1,
            "desk_phone": me is not None and me.extension is not None and bool(self.phones.pbxs()),
        }

    async def page(
        self, request: web.Request, db: Reader, template: str, now: datetime, status: int = 200, **more: Any
    ) -> web.Response:
        """A whole page: what it is about, and around it what every page shows."""
        health = self.health()
        around = self.around_rows(request, now) | {
            "visitor": request[VISITOR],
            "may_lead": request[VISITOR].role.covers(Role.LEAD),
            "people": self.door.people,
            "search": "",
            "health": health,
            "faults": faults(health),
            "several_links": len(health.links) > 2,
            "gaps": await self._gaps(db, now),
            "paused": await settings.is_on(db, settings.PAUSED),
            "breaker": await settings.is_on(db, settings.BREAKER),
            "toast": await self._toast(request, db, now),
            "banner": None,
        }
        return aiohttp_jinja2.render_template(template, request, around | more, status=status)

    async def _gaps(self, db: Reader, now: datetime) -> Sequence[Gap]:
        """When nobody is on call in the days ahead; nothing where nobody ever is."""
        if not self.office.roster.shifts:
            return ()
        office = await office_with_changes(db, self.office, now)
        return sorted({gap for gaps in gaps_ahead(office, now).values() for gap in gaps}, key=lambda gap: gap.start)

    async def _toast(self, request: web.Request, db: Reader, now: datetime) -> Toast | None:
        """What this person did last, as long as it can be undone: the address names the row (`?did=17`)."""
        row = await find(db, request.query.get("did", ""))
        last = await audit.of_version(db, Subject.CALLBACK, row.id, row.version) if row else None
        if row is None or last is None or last.who != self.who(request) or now - last.at > UNDO_FOR:
            return None
        verb = last.what.removeprefix(f"{Subject.CALLBACK}.")
        return Toast(row.id, row.version, done_words(verb, row, self.show(now))) if verb in UNDOABLE else None


async def find(db: Reader, written: str) -> Callback | None:
    """The row of that id, as it stands in an address."""
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        return None
    try:
        return await callbacks.get(db, int(written))
    except LookupError:
        return None


async def found(request: web.Request, db: Reader) -> Callback:
    """The row that the path names; 404 if there is none."""
    row = await find(db, request.match_info["id"])
    if row is None:
        raise web.HTTPNotFound(text="There is no such row.")
    return row


def faults(health: Health) -> list[str]:
    """What is broken, and what still works."""
    found = [FAULTS[link.kind].format(why=link.error or "not yet") for link in health.links if not link.since]
    if health.database:
        found.append(f"The database cannot be used: {health.database}. Nothing is sent that is not recorded.")
    if health.disk_low:
        found.append("The disk is nearly full. Free some space before calls can no longer be recorded.")
    return found
