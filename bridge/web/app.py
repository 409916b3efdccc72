"""The status page as an aiohttp application, with its routes and their roles, from the parts it is given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from types import CodeType
from typing import Any

import aiohttp_jinja2
import jinja2
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bridge.callbacks.actions import Callbacks
from bridge.domain.office.office import Office
from bridge.domain.words.lexicon import Lexicon, default_lexicon
from bridge.office.composer import Composer
from bridge.ops.health import Health
from bridge.web import labels, page_link
from bridge.web.actions import Actions
from bridge.web.auth import Auth, needs
from bridge.web.changes import Changes
from bridge.web.event_stream import HEARTBEAT, EventStream
from bridge.web.figures import FiguresPage
from bridge.web.forms import VERBS
from bridge.web.forwarded import behind_proxies
from bridge.web.language import N_, WORDS, chosen, render, words_in
from bridge.web.notices import MANIFEST, WORKER, NoticesPage
from bridge.web.office import OfficePages
from bridge.web.on_call import OnCallPage
from bridge.web.page_context import PageContext
from bridge.web.phones import Phones, Ringing, follow
from bridge.web.quotes import marker
from bridge.web.refusals import REFUSALS
from bridge.web.rules import Rules
from bridge.web.saved_replies import SavedRepliesPage
from bridge.web.security import Guard, RefusedError, add_headers
from bridge.web.settings import WebSettings
from bridge.web.status import Status
from bridge.web.texts import TextsPage
from bridge.web.users import UsersPage
from bridge.web.views import SHOWN, TABS, Views
from bridge.web.voicemail import VoicemailPlayer
from storage.database import Database
from storage.errors import StorageError
from storage.users import UserRole

HERE = Path(str(files("bridge.web")))
BODY = 64 * 1024  # bytes that a form may have
COMPRESS_FROM = 1024  # bytes
FOR_EVER = "public, max-age=31536000, immutable"  # a changed file has another address
RETRY = 1.0  # seconds

HEADINGS = {
    400: (N_("That was not understood"), N_("Go back and try again.")),
    403: (N_("Not allowed"), ""),
    404: (N_("There is no such page"), N_("Its address may be mistyped, or what it showed is gone.")),
    405: (N_("That was not understood"), N_("Go back and try again.")),
    409: (N_("Not changed"), ""),
    410: (N_("There is no such page"), ""),
    413: (N_("That was too large"), N_("Nothing was changed.")),
}
"""By status: what an error's page is called, and what it says where the error itself has no words of ours."""

FAULT = N_("Nothing was lost. Try again; if it stays so, tell whoever looks after Textback.")

log = structlog.get_logger()


def create_app(
    database: Database,
    office: Office,
    settings: WebSettings,
    *,
    health: Callable[[], Health],
    clock: Callable[[], datetime],
    phones: Phones | None = None,
    rules: Rules | None = None,
    composer: Composer | None = None,
    lexicon: Lexicon | None = None,
    heartbeat: float = HEARTBEAT,
    own_token: str = "",
) -> web.Application:
    """Everything it shows and does goes through `database`; health and clock are asked at each request.

    own_token: with which our own commands ask how it goes.
    heartbeat: seconds of silence after which an open page is told that it still listens.
    """
    door = Auth(database, office, clock, settings.visitor)
    guard = Guard(settings, door.works_here, door.keep_form)
    phones, lexicon = phones or Phones(), lexicon or default_lexicon()
    verbs = Callbacks(database, office, composer)
    site = PageContext(
        database,
        office,
        verbs,
        health,
        clock,
        marker(lexicon),
        door,
        phones,
        Ringing(),
        rules or Rules(),
        settings.text_assigned,
        settings.map_link,
    )
    changes = Changes(database)
    live = EventStream(changes, door.still_sees, heartbeat=heartbeat)
    door.on_sign_out.append(live.doubt)
    app = web.Application(
        middlewares=[behind_proxies(settings), speak(settings.language), pages_for_errors, guard.check, door.keep],
        client_max_size=BODY,
    )
    app[REFUSALS] = guard.refusals
    add_templates(app, office.business)
    _add_routes(app, site, live, Status(site, guard.refusals, settings, own_token), lexicon)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(lambda _: _closed(live))
    work = (partial(_read_changes, changes), live.run, partial(follow, database, phones, live.tell))
    app.cleanup_ctx.append(lambda _: _following(work))
    return app


def _add_routes(app: web.Application, site: PageContext, live: EventStream, status: Status, lexicon: Lexicon) -> None:
    views = Views(site)
    actions = Actions(site, views)
    office, on_call, figures, users = OfficePages(site), OnCallPage(site), FiguresPage(site), UsersPage(site)
    texts, notices = TextsPage(site), NoticesPage(site)
    saved = SavedRepliesPage(site, lexicon)
    verbs = "|".join(VERBS)
    app.add_routes(
        [
            *(web.get(tab.path, views.queue) for tab in TABS),
            web.get("/count", views.count),
            web.get("/print", views.on_paper),
            web.get(r"/callbacks/{id:\d{1,15}}", views.conversation),
            web.post("/callbacks/several", actions.several),
            web.post(r"/callbacks/{id:\d{1,15}}/call", actions.call),
            web.post(r"/callbacks/{id:\d{1,15}}/assign", actions.assign),
            web.post(r"/callbacks/{id:\d{1,15}}/no-answer-and-text", actions.no_answer_and_text),
            web.post(r"/callbacks/{id:\d{1,15}}/listen", actions.listen),
            web.get(r"/callbacks/{id:\d{1,15}}/voicemail/{call:\d{1,15}}", VoicemailPlayer(site).sound),
            web.post(r"/callbacks/{id:\d{1,15}}/remember", actions.remember),
            web.post(r"/contacts/{id:\d{1,15}}/undo", actions.forget_again),
            web.post(rf"/callbacks/{{id:\d{{1,15}}}}/{{verb:{verbs}}}", actions.act),
            web.get("/on-call", on_call.show),
            web.post("/on-call", needs(UserRole.LEAD, on_call.change)),
            web.post(r"/on-call/{id:\d{1,15}}/undo", needs(UserRole.LEAD, on_call.take_back)),
            web.post("/on-call/plan", needs(UserRole.LEAD, on_call.change_plan)),
            web.post(r"/on-call/plan/{id:\d{1,15}}/undo", needs(UserRole.LEAD, on_call.take_back_plan)),
            web.post("/hours", needs(UserRole.LEAD, on_call.change_hours)),
            web.post(r"/hours/{id:\d{1,15}}/undo", needs(UserRole.LEAD, on_call.take_back_hours)),
            web.get("/texts", texts.show),
            web.post("/texts", needs(UserRole.ADMIN, texts.change)),
            web.post("/texts/check", needs(UserRole.ADMIN, texts.check)),
            web.post(r"/texts/{id:\d{1,15}}/undo", needs(UserRole.ADMIN, texts.take_back)),
            web.post("/texts/cost", actions.cost),
            web.post("/texts/{switch:pause|resume}", needs(UserRole.LEAD, on_call.switch_texts)),
            web.get("/saved-replies", saved.show),
            web.post("/saved-replies", needs(UserRole.LEAD, saved.change)),
            web.post("/saved-replies/undo", needs(UserRole.LEAD, saved.take_back)),
            web.get("/contacts", office.contacts),
            web.post("/contacts", office.put_contact),
            web.post("/contacts/import", needs(UserRole.LEAD, office.import_contacts)),
            web.get("/filtered", office.filtered),
            web.post(r"/filtered/{id:\d{1,15}}/keep", office.take_out),
            web.post(r"/filtered/{id:\d{1,15}}/undo", office.put_back),
            web.get("/settings", office.settings),
            web.get("/figures", figures.show),
            web.get("/figures.csv", figures.as_csv),
            web.get("/users", needs(UserRole.ADMIN, users.show)),
            web.post("/users/{change:add|password|disable|enable}", needs(UserRole.ADMIN, users.change)),
            web.post("/me", site.door.me),
            web.get(rf"{page_link.PATH}{{token:{page_link.TOKEN_PATTERN}}}", site.door.open_link, allow_head=False),
            web.get("/sign-in", site.door.show),
            web.post("/sign-in", site.door.sign_in),
            web.post("/sign-out", site.door.sign_out),
            web.get("/events", live.stream),
            web.get("/healthz", status.healthz),
            web.get("/readyz", status.readyz),
            web.get("/metrics", status.metrics),
            web.get("/notices", notices.show),
            web.post("/notices", notices.change),
            web.get(f"/{MANIFEST}", notices.manifest),
            web.get(f"/{WORKER}", _worker),
            web.get(r"/static/{name:[a-z0-9.-]+}", _static),
        ]
    )


class _Compiled(jinja2.BytecodeCache):
    """The templates as this process compiled them; a reload, which makes the page anew, compiles none again."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def add_templates(app: web.Application, business: str) -> None:
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )
    environment.globals.update(
        static=static_path,
        business=business,
        outcomes=labels.OUTCOMES,
        attempted=labels.attempted,
        reasons=labels.REASONS,
        verdicts=labels.VERDICTS,
        bytes_free=labels.bytes_free,
        minutes=labels.minutes,
        kinds=labels.KINDS,
        filter_reasons=labels.FILTERED,
        parts_shown=SHOWN,
        whys=labels.WHY_FILTERED,
        why_no_row=labels.WHY_NO_ROW,
        attestations=labels.ATTESTATIONS,
    )


@cache
def static_path(name: str) -> str:
    """The address of a file, with its hash, so that browsers may keep it for ever."""
    return f"/static/{name}?{sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"


async def _static(request: web.Request) -> web.StreamResponse:
    """A file of the page, which browsers may keep for ever: its address changes with it."""
    path = HERE / "static" / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound(text=N_("There is no such file."))
    response = web.Response(body=path.read_bytes(), content_type=_TYPES.get(path.suffix, "text/plain"))
    response.headers["Cache-Control"] = FOR_EVER
    response.enable_compression()
    return response


async def _worker(_request: web.Request) -> web.Response:
    """The service worker that shows notices; it stands where it may speak for the whole page."""
    return web.Response(body=(HERE / "static" / WORKER).read_bytes(), content_type="text/javascript")


_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".wav": "audio/wav"}


def speak(setting: str) -> Middleware:
    @web.middleware
    async def spoken(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[WORDS] = words_in(chosen(request.headers.get("Accept-Language", ""), setting))
        return await handler(request)

    return spoken


@web.middleware
async def pages_for_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An unknown page is a page, and so is a fault; what is large goes out compressed."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        heading, words = HEADINGS.get(error.status, HEADINGS[400])
        own = error.text if error.text and not error.text.startswith(f"{error.status}: ") else words
        return _message(request, error.status, heading, own, error.setting if isinstance(error, RefusedError) else "")
    except StorageError as error:
        log.error("page.no_storage", why=error.advice)
        return _message(request, 503, N_("Not recorded"), error.advice)
    except Exception:
        log.exception("page.failed", path=request.path)
        return _message(request, 500, N_("Something went wrong here"), FAULT)
    if isinstance(response, web.Response) and (response.content_length or 0) > COMPRESS_FROM:
        response.enable_compression()
    return response


def _message(request: web.Request, status: int, heading: str, words: str, setting: str = "") -> web.Response:
    return render(request, "message.html", {"heading": heading, "words": words, "setting": setting}, status)


async def _closed(live: EventStream) -> None:
    live.close()


async def _following(work: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """Owns the tasks that tell pages of changes, for as long as the application runs."""
    tasks = [asyncio.create_task(part()) for part in work]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _read_changes(changes: Changes) -> None:
    """A disk that fails for a while makes pages late, not silent."""
    while True:
        try:
            await changes.run()
        except StorageError as error:
            log.warning("page.not_live", why=error.advice)
            await asyncio.sleep(RETRY)
