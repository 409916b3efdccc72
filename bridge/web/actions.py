"""The verbs, posted by forms. Every answer is a page: the list again, or why nothing was done, with what was typed."""

from dataclasses import replace
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from aiohttp import web

from bridge.callbacks.actions import Callbacks, ConflictError, Seen
from bridge.callbacks.click_to_call import CannotCallError, ClickToCall
from bridge.callbacks.voicemail import CannotListenError, Voicemails
from bridge.domain.callbacks.queue import Attempt, Callback, NotPossibleError, Outcome, TooLateError
from bridge.domain.office.saved_replies import Purpose, filled, words_for
from bridge.domain.texts import gsm
from bridge.domain.texts.policy import ContactKind
from bridge.domain.words import language
from bridge.office.contacts import CannotUndoError, Contacts
from bridge.web.forms import VERBS, FormError, Sent, Verb
from bridge.web.forwarded import ROOT
from bridge.web.history import WORDS as HISTORY
from bridge.web.labels import STATES, duration
from bridge.web.language import N_, WORDS, render
from bridge.web.page_context import Banner, PageContext, found, is_id
from bridge.web.rows import LAST_WORDS
from bridge.web.views import TAB_NAMED, Views
from storage import callbacks, calls, contacts, conversations, saved_replies
from storage.contacts import Contact
from storage.errors import StorageError

FIELDS_KEPT = ("note", "text")
SECOND = "second"
"""Which of a row's numbers to call."""

LIVE = "HX-Current-URL"
"""Only the page's own script sends that header: where it is."""

PARTS_OF_A_LIST = frozenset({"q", "after", "show", "branch", "day"})

SEVERAL = frozenset({Outcome.SPAM, Outcome.WRONG_NUMBER})
"""What several rows can be closed as at once."""

MOST_AT_ONCE = 100

MOST_LOOKED_AT = 2000
COSTLY_SHOWN = 3

NOT_CHANGED = N_("Not changed:")
NOT_ALL_CHANGED = N_("Not all changed.")
SOME_LEFT = N_("%(done)s changed, but %(left)s had changed meanwhile and are as they were")
NOT_CALLED = N_("Not called:")
NOT_PLAYED = N_("Not played:")
NO_VOICEMAIL = N_("there is no such voicemail on this row")
CLAIMED = N_("Claimed by %(name)s")
PBX_REFUSED = N_("the PBX refused it: %(why)s.")
NO_NUMBER = N_("The caller's number is not known.")
CHANGED = N_("Changed it")
FASTER = N_("%(name)s was faster (%(what)s, %(age)s ago). Nothing was changed.")
OWN_CHANGE = N_("You changed this row yourself meanwhile (%(what)s, %(age)s ago). Nothing more was done.")
NOT_POSSIBLE = N_("Not possible: this row is %(state)s now.")
TOO_LATE = N_("It is too late to undo that.")
NOT_RECORDED = N_("Not recorded, nothing was changed: %(why)s.")


class Actions:
    def __init__(self, site: PageContext, views: Views) -> None:
        self._site = site
        self._views = views
        self._contacts = Contacts(site.database)
        self._calling = ClickToCall(site.office, site.callbacks, site.phones.pbxs)
        self._voicemails = Voicemails(site.office, site.database, site.phones.pbxs)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Ring my desk phone, then the customer: once for one sight of the row, and not behind a colleague's back."""
        row, sent = await self._sent(request)
        try:
            if row.owner not in (None, sent.who) and "anyway" not in sent.fields:
                return await self._refuse(request, row, sent, 409, Banner(CLAIMED, {"name": row.owner}, NOT_CALLED))
            seen = replace(row, version=sent.whole("version"))
            second = SECOND in (sent.fields.get("to"), sent.fields.get("anyway"))
            heads_up = await self._saved_words(row, Purpose.HEADS_UP, sent.who) if "heads_up" in sent.fields else ""
            asked = await self._calling.call(seen, sent.who, sent.now, second=second, heads_up=heads_up)
        except (CannotCallError, FormError, ConflictError, NotPossibleError, StorageError) as error:
            return await self._explain(request, row, sent, error)
        if not asked.accepted:
            return await self._refuse(request, row, sent, 502, Banner(PBX_REFUSED, {"why": asked.error}, NOT_CALLED))
        self._site.ringing.began(replace(row, version=row.version + 1), sent.who, sent.now)
        raise web.HTTPSeeOther(_stood(request, sent, row))

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Ring my desk phone with the voicemail. Not a verb of the row: its version does not matter."""
        row, sent = await self._sent(request)
        try:
            call_id, seen = sent.whole("call"), sent.whole("seen")
            async with self._site.database.read() as db:
                made = await calls.of_callback(db, row.id)
            left = next((one for one in made if one.id == call_id and one.call.voicemail_left), None)
            if left is None:
                return await self._refuse(request, row, sent, 409, Banner(NO_VOICEMAIL, lead=NOT_PLAYED))
            asked = await self._voicemails.listen(row, left, seen, sent.who, sent.now)
        except (CannotListenError, FormError, StorageError) as error:
            return await self._explain(request, row, sent, error)
        if not asked.accepted:
            return await self._refuse(request, row, sent, 502, Banner(PBX_REFUSED, {"why": asked.error}, NOT_PLAYED))
        raise web.HTTPSeeOther(_stood(request, sent, row))

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do a verb on a row. 303 back to where the form stood; 400, 409 or 503 with the page that says why not."""
        row, sent = await self._sent(request)
        return await self._do(request, row, sent, VERBS[request.match_info["verb"]])

    async def no_answer_and_text(self, request: web.Request) -> web.StreamResponse:
        """Not reached by telephone: said so, and asked by text when it suits them."""
        row, sent = await self._sent(request)
        words = await self._saved_words(row, Purpose.NO_ANSWER, sent.who)

        async def verb(rows: Callbacks, seen: Seen, sent: Sent) -> Callback:
            return await rows.attempt(seen, Attempt.NO_ANSWER, by=sent.phone(), words=words)

        return await self._do(request, row, sent, verb)

    async def assign(self, request: web.Request) -> web.StreamResponse:
        """Give a row to a colleague."""
        row, sent = await self._sent(request)

        async def verb(rows: Callbacks, seen: Seen, sent: Sent) -> Callback:
            to = sent.fields.get("to", "")
            if self._site.office.person(to) is None:
                raise FormError("to", N_("Nobody here is called “%(name)s”."), name=to[:40])
            return await rows.assign(seen, to, by_text=self._site.text_assigned)

        return await self._do(request, row, sent, verb)

    async def several(self, request: web.Request) -> web.StreamResponse:
        """Close the picked rows as spam or wrong number, or take just that back: each as far as it still is as seen."""
        who, now = self._site.who(request), self._site.clock()
        form = await request.post()
        picked = [_picked(str(one)) for one in form.getall("rows", ())][:MOST_AT_ONCE]
        undo = "undo" in form
        outcome = "" if undo else str(form.get("outcome", ""))
        if not picked or not (undo or outcome in SEVERAL):
            raise web.HTTPBadRequest
        done = [row for row_id, version in picked if (row := await self._one(Seen(row_id, version, who, now), outcome))]
        tab = TAB_NAMED.get(str(form.get("back", "")), TAB_NAMED["to_call"])
        query = _part_shown(request, *(row_id for row_id, _ in picked))
        if len(done) == len(picked):
            did = {} if undo else {"did": ",".join(str(row.id) for row in done)}
            raise web.HTTPSeeOther(f"{tab.path}?{urlencode(query | did)}")
        told = Banner(SOME_LEFT, {"done": len(done), "left": len(picked) - len(done)}, NOT_ALL_CHANGED)
        async with self._site.database.read() as db:
            return await self._views.list_page(request, db, tab, query, status=409, banner=told)

    async def _one(self, seen: Seen, outcome: str) -> Callback | None:
        """None where somebody was faster. outcome: "" to undo."""
        rows = self._site.callbacks
        try:
            return await (rows.finish(seen, Outcome(outcome)) if outcome else rows.undo(seen))
        except (ConflictError, NotPossibleError, LookupError):
            return None

    async def _saved_words(self, row: Callback, purpose: Purpose, who: str) -> str:
        """In the language in which the customer writes, else in that of first texts."""
        office = self._site.office
        async with self._site.database.read() as db:
            saved = await saved_replies.read(db)
            said = await conversations.thread(db, row.number, limit=LAST_WORDS) if row.number else ()
        theirs = [one.text for one in said if one.by is None]
        spoken = language.of(theirs, office.line_named(row.line).texts.language)
        return filled(words_for(saved, purpose, spoken), who, office.business)

    async def _do(self, request: web.Request, row: Callback, sent: Sent, verb: Verb) -> web.StreamResponse:
        try:
            version = await self._known_as(row, sent)
            after = await verb(self._site.callbacks, Seen(row.id, version, sent.who, sent.now), sent)
        except (FormError, ConflictError, NotPossibleError, StorageError) as error:
            return await self._explain(request, row, sent, error)
        raise web.HTTPSeeOther(_stood(request, sent, after, did=after.id))

    async def _known_as(self, row: Callback, sent: Sent) -> int:
        """Keep the name and kind that came along with a verb; the version of the row that the person means."""
        version, name = sent.whole("version"), sent.name("name")
        if row.number is None or row.version != version:
            return version
        async with self._site.database.read() as db:
            known = await contacts.get(db, row.number) or Contact(row.number, "", ContactKind.CUSTOMER)
        kind = sent.one_of("kind", ContactKind) if "kind" in sent.fields else known.kind
        wanted = Contact(row.number, name or known.name, kind)
        if wanted == known:
            return version
        await self._contacts.put([wanted], sent.who, sent.now)
        async with self._site.database.read() as db:
            return (await callbacks.get(db, row.id)).version

    async def cost(self, request: web.Request) -> web.StreamResponse:
        """What one's own words will cost, before they are sent: how many texts, and which characters make them more."""
        form = await request.post()
        words = str(form.get("text") or form.get("words") or "").strip()
        if not words:
            return web.Response(text="", content_type="text/html")
        parts = len(gsm.split(words[:MOST_LOOKED_AT]).parts)
        return render(
            request, "cost.html", {"length": len(words), "parts": parts, "costly": gsm.costly(words)[:COSTLY_SHOWN]}
        )

    async def remember(self, request: web.Request) -> web.StreamResponse:
        """From now on the row's number is of that kind. Not a verb of the row: its version does not matter."""
        row, sent = await self._sent(request)
        if row.number is None:
            return await self._refuse(request, row, sent, 409, Banner(NO_NUMBER, lead=NOT_CHANGED))
        try:
            kind, name = sent.one_of("kind", ContactKind), sent.name("name")
            contact = await self._contacts.kind(row.number, kind, sent.who, sent.now, name)
        except (FormError, StorageError) as error:
            return await self._explain(request, row, sent, error)
        raise web.HTTPSeeOther(_stood(request, sent, row, contact=contact.id))

    async def forget_again(self, request: web.Request) -> web.StreamResponse:
        """Take back what was remembered of a number."""
        contact_id, written = int(request.match_info["id"]), (await request.post()).get("version")
        version = int(written) if isinstance(written, str) and is_id(written) else 0
        try:
            await self._contacts.undo(contact_id, version, self._site.who(request), self._site.clock())
        except CannotUndoError as error:
            raise web.HTTPConflict(text=error.words) from None
        raise web.HTTPSeeOther(_page_seen(request))

    async def _sent(self, request: web.Request) -> tuple[Callback, Sent]:
        """The row that the path names, and the form; 404 if there is none."""
        async with self._site.database.read() as db:
            row = await found(request, db)
            return row, await self._site.sent(request, db, row, self._site.clock())

    async def _explain(
        self,
        request: web.Request,
        callback: Callback,
        sent: Sent,
        error: FormError | CannotCallError | CannotListenError | ConflictError | NotPossibleError | StorageError,
    ) -> web.Response:
        """Why nothing was done."""
        say = request[WORDS].say
        if isinstance(error, CannotCallError | CannotListenError):
            lead = NOT_CALLED if isinstance(error, CannotCallError) else NOT_PLAYED
            return await self._refuse(request, callback, sent, 409, Banner(error.words, error.values, lead))
        if isinstance(error, FormError):
            banner = Banner(error.words, error.values, NOT_CHANGED, typed=error.typed)
            return await self._refuse(request, callback, sent, 400, banner)
        if isinstance(error, ConflictError):
            what = say(HISTORY.get(error.what, CHANGED)).lower()
            told = {"name": error.who, "what": what, "age": duration(sent.now - error.at)}
            words = OWN_CHANGE if error.who == sent.who else FASTER
            return await self._refuse(request, error.row, sent, 409, Banner(words, told))
        if isinstance(error, TooLateError):
            return await self._refuse(request, callback, sent, 409, Banner(TOO_LATE))
        if isinstance(error, NotPossibleError):
            return await self._refuse(
                request, callback, sent, 409, Banner(NOT_POSSIBLE, {"state": say(STATES[error.state])})
            )
        return await self._refuse(request, callback, sent, 503, Banner(NOT_RECORDED, {"why": say(error.advice)}))

    async def _refuse(
        self, request: web.Request, callback: Callback, sent: Sent, status: int, banner: Banner
    ) -> web.Response:
        """Where the form stood, with the reason on top and what was typed in a form that can be sent again."""
        name = next((name for name in FIELDS_KEPT if sent.fields.get(name, "").strip()), "")
        typed = banner.typed or sent.fields.get(name, "")
        banner = replace(banner, typed=typed, name=name, action=request.path, version=callback.version, row=callback)
        tab = TAB_NAMED.get(sent.fields.get("back", ""))
        async with self._site.database.read() as db:
            if tab:
                query = _part_shown(request, callback.id)
                return await self._views.list_page(request, db, tab, query, status=status, banner=banner)
            return await self._views.conversation_page(request, db, callback, status=status, banner=banner)


def _stood(request: web.Request, sent: Sent, callback: Callback, **did: int) -> str:
    """Where the form stood, with what was done there."""
    tab = TAB_NAMED.get(sent.fields.get("back", ""))
    query = urlencode((_part_shown(request, callback.id) if tab else {}) | did)
    path = tab.path if tab else f"/callbacks/{callback.id}"
    return f"{path}?{query}" if query else path


def _picked(written: str) -> tuple[int, int]:
    """`17.3`: a row, and its version as it was seen."""
    row_id, _, version = written.partition(".")
    if not (is_id(row_id) and is_id(version)):
        raise web.HTTPBadRequest
    return int(row_id), int(version)


def _address_seen(request: web.Request) -> SplitResult:
    """Of the page on which the form stood."""
    return urlsplit(str(request.headers.get(LIVE, request.headers.get("Referer", ""))))


def _page_seen(request: web.Request) -> str:
    return "/" + _address_seen(request).path.removeprefix(request[ROOT]).lstrip("/")


def _part_shown(request: web.Request, *ids: int) -> dict[str, str]:
    """Which part of a list was looked at; to a page that puts the answer into what it shows, these rows alone."""
    asked = parse_qsl(_address_seen(request).query)
    part = {name: text for name, text in asked if name in PARTS_OF_A_LIST}
    return part | ({"only": ",".join(map(str, ids))} if LIVE in request.headers else {})
