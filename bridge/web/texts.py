"""The page of the automatic texts: each as it goes out, with its parts (segments), and changed there by an admin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bridge.domain.office.hours import FOR_GOOD
from bridge.domain.office.nights import tonight
from bridge.domain.office.office import Line, Office
from bridge.domain.office.templates import (
    BLANKS,
    BY_REASON,
    COMMON_BLANKS,
    FIRST_TEXTS,
    Language,
    Template,
    WordsChange,
)
from bridge.domain.texts import gsm, rendering, samples, wording
from bridge.office.schedule_changes import ScheduleChanges, lines_of, wording_problems
from bridge.web.forms import RefusedError, offered
from bridge.web.language import N_, render
from bridge.web.office import refusals
from bridge.web.on_call import taken_back
from bridge.web.page_context import NOT_SAVED, NOT_TAKEN_BACK, Banner, PageContext
from storage.database import Reader
from storage.schedule import WORDS

ABOUT_TEXTS = {
    Template.MISSED: N_("Missed while open"),
    Template.MISSED_NO_ANSWER: N_("Nobody answered"),
    Template.MISSED_BUSY: N_("All phones busy"),
    Template.MISSED_UNREACHABLE: N_("No phone connected"),
    Template.MISSED_ABANDONED_RINGING: N_("Hung up while ringing"),
    Template.MISSED_ABANDONED_MENU: N_("Hung up in the menu"),
    Template.MISSED_ABANDONED_QUEUE: N_("Gave up in the queue"),
    Template.MISSED_NOT_OFFERED: N_("No phone rang"),
    Template.CLOSED_ON_CALL: N_("Missed while closed, somebody on call"),
    Template.CLOSED: N_("Missed while closed, nobody on call"),
    Template.VOICEMAIL: N_("After a voicemail"),
    Template.VOICEMAIL_CLOSED: N_("After a voicemail while closed, nobody on call"),
    Template.HELD: N_("In the morning, after a call at night"),
    Template.HELD_VOICEMAIL: N_("In the morning, after a voicemail"),
    Template.HELD_CLOSED: N_("In the morning, the office still closed"),
    Template.RECEIPT: N_("The one receipt for a reply"),
    Template.ASK_ADDRESS: N_("Behind it, where the address is missing"),
    Template.DANGER: N_("Behind it, where danger is named"),
    Template.NO_PICTURES: N_("To a picture"),
    Template.OPT_OUT: N_("To STOP"),
    Template.OPT_IN: N_("To START"),
    Template.HELP: N_("To HELP"),
}
"""What each is for."""

ONLY_WHERE_WRITTEN = tuple(BY_REASON.values())

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TextShown:
    """One automatic text. words: with its blanks, as they are changed. text: as it goes out. changed: who said so.

    is_sent: False for one that waits for a site's own words. unregistered: it reads as none of the samples.
    """

    template: Template
    language: Language
    words: str
    text: str
    parts: int
    length: int
    costly: Sequence[str]
    changed: WordsChange | None
    is_sent: bool
    unregistered: bool


class TextsPage:
    def __init__(self, site: PageContext) -> None:
        self._site = site
        self._changes = ScheduleChanges(site.database, site.office)

    async def show(self, request: web.Request) -> web.Response:
        """Every automatic text, as it goes out now."""
        return await self._page(request)

    async def _page(self, request: web.Request, status: int = 200, **more: Any) -> web.Response:
        site, now = self._site, self._site.clock()
        office = await self._changes.current(now)
        line = office.line_named(request.query.get("line", ""))
        async with site.database.read() as db:
            texts = [*await self._texts(db, office, line, now)]
            return await site.page(
                request,
                db,
                "texts.html",
                now,
                status,
                lines=[one.name for one in office.lines],
                line=line,
                locked=office.texts_locked,
                samples=office.samples,
                groups=[(words, [one for one in texts if one.template in group]) for words, group in GROUPS],
                about=ABOUT_TEXTS,
                blanks=_blanks,
                longest=wording.LONGEST,
                **{"tried": None, **more},
            )

    async def _texts(self, db: Reader, office: Office, line: Line, now: datetime) -> Iterator[TextShown]:
        entered = [
            one for one in await WORDS.since(db, now) if one.start <= now and one.concerns(line.branch, line.name)
        ]
        changed = {} if office.texts_locked else {(one.template, one.language): one for one in entered}
        return (
            _shown(office, line, template, language, now, changed.get((template, language)))
            for template in Template
            for language in ([line.texts.language] if template in FIRST_TEXTS else Language)
        )

    async def check(self, request: web.Request) -> web.Response:
        """While somebody types: what keeps these words from being sent, or how they would go out."""
        now = self._site.clock()
        office = await self._changes.current(now)
        try:
            with refusals():
                change = _change(await request.post(), self._site.who(request), now)
                lines = lines_of(office, change)
        except RefusedError as error:
            return render(request, "wording.html", {"problems": [error], "shown": None})
        found = wording_problems(office, lines, change)
        shown = None if found else _shown(office, lines[0].saying(change), change.template, change.language, now)
        return render(request, "wording.html", {"problems": found, "shown": shown})

    async def change(self, request: web.Request) -> web.StreamResponse:
        """From now on that text goes out in other words, on one line or on every one."""
        now, form = self._site.clock(), await request.post()
        try:
            with refusals():
                change = _change(form, self._site.who(request), now)
                await self._check_is_new(change, now)
                await self._changes.enter(WORDS, change, now)
        except RefusedError as error:
            tried = {name: str(form.get(name, "")) for name in ("template", "language", "words", "where")}
            return await self._page(request, 400, banner=Banner(error.words, error.values, NOT_SAVED), tried=tried)
        raise web.HTTPSeeOther(_at(change))

    async def _check_is_new(self, change: WordsChange, now: datetime) -> None:
        lines = lines_of(await self._changes.current(now), change)
        if all(line.texts.words(change.template, change.language) == change.words for line in lines):
            raise RefusedError(N_("these are the words that go out already"))

    async def take_back(self, request: web.Request) -> web.StreamResponse:
        """Undo a change of a text: the words before it go out again."""
        try:
            with refusals():
                query, change = await taken_back(request, self._site, self._changes, WORDS)
        except RefusedError as error:
            return await self._page(request, 409, banner=Banner(error.words, error.values, NOT_TAKEN_BACK))
        raise web.HTTPSeeOther(_at(change, query))


def _at(change: WordsChange, query: str = "") -> str:
    line = f"{'&' if query else '?'}line={change.line}" if change.line else ""
    return f"/texts{query}{line}#{change.template}-{change.language}"


_NIGHT = (Template.HELD, Template.HELD_VOICEMAIL, Template.HELD_CLOSED)
GROUPS: Sequence[tuple[str, Sequence[Template]]] = (
    (N_("First texts"), [one for one in FIRST_TEXTS if one not in (*_NIGHT, *ONLY_WHERE_WRITTEN)]),
    (N_("First texts that wait for the morning"), _NIGHT),
    (N_("Instead, where you write words for it"), ONLY_WHERE_WRITTEN),
    (N_("Answers to customers"), [one for one in Template if one not in FIRST_TEXTS]),
)


def _shown(
    office: Office,
    line: Line,
    template: Template,
    language: Language,
    now: datetime,
    changed: WordsChange | None = None,
) -> TextShown:
    opens = line.calendar.opens_at(tonight([line.calendar], now)[1][0])
    said = rendering.opening(opens, now, office, language)
    text = rendering.example(line, office, template, language, said).text
    is_sent = template not in ONLY_WHERE_WRITTEN or (template, language) in line.texts.own
    return TextShown(
        template,
        language,
        line.texts.words(template, language),
        text,
        len(gsm.split(text).parts),
        len(text),
        gsm.costly(text)[:3],
        changed,
        is_sent,
        bool(is_sent and office.samples) and not samples.is_registered(text, office.samples),
    )


def _blanks(template: Template) -> Sequence[str]:
    return [f"{{{name}}}" for name in sorted(COMMON_BLANKS | BLANKS.get(template, frozenset()))]


def _change(form: Fields, who: str, now: datetime) -> WordsChange:
    """where: the name of a line, "" for every one."""
    words = " ".join(str(form.get("words", "")).split())
    if not words:
        raise RefusedError(N_("there was nothing in it"))
    template, language = offered(Template, form.get("template")), offered(Language, form.get("language"))
    return WordsChange(template, language, words, now, FOR_GOOD, line=str(form.get("where", "")) or None, by=who)
