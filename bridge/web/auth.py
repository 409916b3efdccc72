"""Who sits at a browser, how they come in and go out, and what their role lets them do (RBAC: `needs`).

Until a user exists nobody signs in: whoever has opened a link that was printed on this machine says who they are, and
may do everything; nobody else sees anything. From then on every page asks for a name and a password. A session is what
the browser's cookie was made into at that moment: signing in and out gives the browser a new one, so that a cookie
planted before is worth nothing.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.domain.office.office import Office
from bridge.web import known_browsers, passwords
from bridge.web.language import N_, render
from bridge.web.page_link import digest_of
from bridge.web.security import BROWSER, SAFE, TOKEN, new_browser, set_cookie, token_for
from bridge.web.throttle import SignInThrottle, SignInTry
from storage import page_links, users
from storage.database import Database, Reader
from storage.errors import StorageError
from storage.users import User, UserRole

ME = "me"
FRONT_DESK = "Front desk"
REMEMBER_ME = timedelta(days=365)
OPEN_TO_ALL = re.compile(
    r"/(manifest\.webmanifest|notices-worker\.js|sign-in|link/.*|healthz|readyz|metrics|static/.*)"
)
VERB_PATH = re.compile(r"/callbacks/\d{1,15}/[a-z]{1,20}")
SIGN_IN = "/sign-in"
HASHING_AT_ONCE = 2  # each takes 64 MB
SLOWED = 2.0  # seconds that an answer takes where too much was tried from one address
LONG_TEXTS = ("note", "text")

TOO_MANY = N_("Too many tries. Try again in %(minutes)s min.")
NOT_RIGHT = N_("Name or password is not right.")
NOBODY_YET = N_("Nobody can sign in yet")
HOW_TO_OPEN = N_(
    "On the machine that runs Textback, `textback page-link` prints a link that opens this page, "
    "and `textback users add NAME --role admin` makes the first user."
)

OPENED_ALREADY = N_(
    "This link was opened already, or it is too old. "
    "On the machine that runs Textback, `textback page-link` prints a new one."
)
NO_MORE_LINKS = N_("There are users now, and links open nothing any more: go to the list and sign in.")

FOR_WHOM = {
    UserRole.STAFF: N_("This is for people who work here."),
    UserRole.LEAD: N_("This is for leads and admins."),
    UserRole.ADMIN: N_("This is for admins."),
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Visitor:
    """signed_in: False where there are no users yet, and they only say who they are."""

    name: str
    role: UserRole
    signed_in: bool


VISITOR = web.RequestKey("visitor", Visitor)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What somebody wanted to do when their session had ended: where the form went, and what was in it."""

    action: str
    fields: Mapping[str, str]

    def as_text(self) -> str:
        return json.dumps({"action": self.action, "fields": dict(self.fields)})

    @property
    def long_texts(self) -> dict[str, str]:
        return {name: text for name, text in self.fields.items() if name in LONG_TEXTS}

    @property
    def others(self) -> dict[str, str]:
        return {name: text for name, text in self.fields.items() if name not in LONG_TEXTS}


class TooManyTriesError(Exception):
    """wait: until the next one is looked at."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class Auth:
    """default: who sits there until somebody says who they are, while nobody signs in. on_sign_out: is called then."""

    def __init__(
        self, database: Database, office: Office, clock: Callable[[], datetime], default: str = FRONT_DESK
    ) -> None:
        self._database = database
        self._clock = clock
        self._default = default
        self.people = tuple(dict.fromkeys((default, FRONT_DESK, *(person.name for person in office.people))))
        self._throttle = SignInThrottle()
        self.on_sign_out: list[Callable[[], None]] = []
        self._hashing, self._hashing_for_known = asyncio.Semaphore(HASHING_AT_ONCE), asyncio.Semaphore(1)

    @web.middleware
    async def keep(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who is known; everybody else gets the page to sign in, which keeps what they were about to do."""
        if not OPEN_TO_ALL.fullmatch(request.path):
            visitor = await self._visitor(request)
            if visitor is None:
                return await self._ask(request)
            request[VISITOR] = visitor
        return await handler(request)

    async def _visitor(self, request: web.Request) -> Visitor | None:
        now, digest = self._clock(), digest_of_browser(request[BROWSER])
        user, stale, linked = await self._database.query(partial(_known, digest, now))
        if stale:
            async with self._database.transaction() as tx:
                await users.touch(tx, digest, now)
        if user is not None:
            return Visitor(user.name, user.role, signed_in=True)
        return Visitor(self._said(request), UserRole.ADMIN, signed_in=False) if linked else None

    async def still_sees(self, request: web.Request) -> bool:
        """Would who once was let in with that request be let in again, as the same? Yes, where nobody can tell."""
        try:
            return await self._visitor(request) == request[VISITOR]
        except StorageError:
            return True

    def _said(self, request: web.Request) -> str:
        name = unquote(request.cookies.get(ME, ""))
        return name if name in self.people else self._default

    async def _ask(self, request: web.Request) -> web.Response:
        if not await self._anybody():
            return render(request, "message.html", {"heading": NOBODY_YET, "words": HOW_TO_OPEN, "setting": ""}, 401)
        unfinished = await _unfinished(request)
        path = request.path_qs if request.method in SAFE and "HX-Request" not in request.headers else "/"
        return self._page(request, 401, {"next": path, "unfinished": unfinished, "ended": unfinished is not None})

    async def keep_form(self, request: web.Request) -> web.Response | None:
        """A verb's form from before the browser got its cookie: to be sent once more, by whoever is signed in now."""
        try:
            unfinished = await _unfinished(request)
        except (ValueError, LookupError):  # a form that is none, or in no known character set
            return None
        visitor = await self._visitor(request) if unfinished else None
        if unfinished and visitor:
            return self._show_unfinished(request, visitor.name, unfinished, 403)
        return await self._ask(request) if unfinished and await self._anybody() else None

    def _page(self, request: web.Request, status: int, more: Mapping[str, Any]) -> web.Response:
        context = {
            "token": token_for(request[BROWSER]),
            "name": "",
            "trouble": "",
            "trouble_args": {},
            "next": "/",
            "ended": False,
        }
        return render(request, "sign_in.html", {**context, "unfinished": None, **more}, status)

    async def show(self, request: web.Request) -> web.Response:
        """The form to sign in by."""
        if await self._visitor(request):
            raise web.HTTPSeeOther("/")
        return self._page(request, 200, {}) if await self._anybody() else await self._ask(request)

    async def _anybody(self) -> bool:
        return await self._database.query(users.exist)

    async def open_link(self, request: web.Request) -> web.Response:
        """Let this browser in, by a link that `textback page-link` printed, while there are no users."""
        link, fresh, now = digest_of(request.match_info["token"]), new_browser(), self._clock()
        async with self._database.transaction() as tx:
            usable = not await users.exist(tx)
            if usable and await page_links.was_opened_in(tx, digest_of_browser(request[BROWSER]), now, link):
                return _go("/")  # somebody clicked again
            opened = usable and await page_links.open_in(tx, link, digest_of_browser(fresh), now)
        if not opened:
            log.warning("page.link_refused", remote=request.remote)
            raise web.HTTPGone(text=OPENED_ALREADY if usable else NO_MORE_LINKS)
        request[BROWSER] = fresh
        log.info("page.link_opened", remote=request.remote)
        return _go("/")

    async def sign_in(self, request: web.Request) -> web.Response:
        """303 to where they wanted to go, or the form they did not finish; 401 and 429 with the page again."""
        form = await _form(request)
        name, unfinished = form.get("name", "").strip(), _read_unfinished(form.get("unfinished", ""))
        path = _inside(form.get("next", ""))
        again = {"name": name, "next": path, "unfinished": unfinished}
        try:
            user = await self._tried(request, form)
        except TooManyTriesError as error:
            minutes = -(-error.wait // timedelta(minutes=1))
            return self._page(request, 429, again | {"trouble": TOO_MANY, "trouble_args": {"minutes": minutes}})
        if user is None:
            return self._page(request, 401, again | {"trouble": NOT_RIGHT})
        await self._begin(request, user, self._clock())
        log.info("signin.done", remote=request.remote, user=user.name)
        answer = self._show_unfinished(request, user.name, unfinished) if unfinished else _go(path)
        known_browsers.remember(request, answer, user)
        return answer

    async def works_here(self, request: web.Request) -> bool:
        """Is it somebody of ours who sent that form, also where it is refused: signed in, or by the right password?"""
        try:
            if request.path != SIGN_IN:
                return await self._visitor(request) is not None
            return await self._tried(request, await _form(request)) is not None
        except (TooManyTriesError, StorageError):
            return False

    async def _tried(self, request: web.Request, form: Mapping[str, str]) -> User | None:
        """Whoever has that name and password. Raises TooManyTriesError."""
        now, address, name = self._clock(), request.remote or "", form.get("name", "").strip()
        async with self._database.read() as db:
            user = await users.named(db, name)
        one = SignInTry(address, name, user is not None, known_browsers.mark_of(request, user) if user else "")
        if wait := self._throttle.wait(one, now):
            log.warning("signin.throttled", remote=request.remote)
            raise TooManyTriesError(wait)
        slowed = self._throttle.is_slowed(one, now)
        self._throttle.failed(one, now)  # before it is looked at: many tries at once are many tries
        known = user if user and not user.disabled else None
        slowly = asyncio.sleep(SLOWED) if slowed else asyncio.sleep(0)
        fits, _ = await asyncio.gather(self._fits(form.get("password", ""), known, one, slowed=slowed), slowly)
        if known is None or not fits:
            log.warning("signin.failed", remote=request.remote)  # what fail2ban reads; a name may be a password
            return None
        self._throttle.passed(one)
        return known

    async def _fits(self, password: str, known: User | None, one: SignInTry, *, slowed: bool) -> bool:
        """In the same time whether there is such a user or not; where all answers are slow, only then looked at.

        Who is in a browser that we know does not wait behind those who guess.
        """
        if slowed and known is None:
            return False
        async with self._hashing_for_known if one.browser else self._hashing:
            return await asyncio.to_thread(passwords.fits, password, known.password if known else None)

    async def _begin(self, request: web.Request, user: User, now: datetime) -> None:
        """In a new cookie: one that somebody planted before stays without a session."""
        before, request[BROWSER] = request[BROWSER], new_browser()
        async with self._database.transaction() as tx:
            await users.end_session(tx, digest_of_browser(before))
            await users.begin_session(tx, user, digest_of_browser(request[BROWSER]), now)

    def _show_unfinished(
        self, request: web.Request, user: str, unfinished: Unfinished, status: int = 200
    ) -> web.Response:
        context = {"token": token_for(request[BROWSER]), "user": user, "unfinished": unfinished}
        return render(request, "unfinished.html", context, status)

    async def sign_out(self, request: web.Request) -> web.Response:
        """End the session of this browser."""
        async with self._database.transaction() as tx:
            await users.end_session(tx, digest_of_browser(request[BROWSER]))
        request[BROWSER] = new_browser()
        for tell in self.on_sign_out:
            tell()
        return _go("/")

    async def me(self, request: web.Request) -> web.Response:
        """Who sits here, as they say while nobody signs in: kept in the browser."""
        name = (await request.post()).get(ME, "")
        answer = _go("/")
        if isinstance(name, str) and name in self.people:
            seconds = int(REMEMBER_ME.total_seconds())
            set_cookie(request, answer, ME, quote(name), max_age=seconds)
        return answer


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


async def _known(digest: bytes, now: datetime, db: Reader) -> tuple[User | None, bool, bool]:
    """Who is signed in in that browser, whether to write down that it was seen, and else whether a link opened it."""
    user = await users.of_session(db, digest, now)
    if user is not None:
        return user, await users.is_stale(db, digest, now), False
    return None, False, await page_links.was_opened_in(db, digest, now) and not await users.exist(db)


def needs(role: UserRole, handler: Handler) -> Handler:
    """For whom a page or an action is. Checked here, whatever the page offered."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not request[VISITOR].role.covers(role):
            log.warning("page.forbidden", user=request[VISITOR].name, path=request.path)
            raise web.HTTPForbidden(text=FOR_WHOM[role])
        return await handler(request)

    return checked


def _go(path: str) -> web.Response:
    """Returned, not raised, so that it carries the browser's new cookie."""
    return web.Response(status=303, headers={"Location": path})


def digest_of_browser(browser: str) -> bytes:
    """What is kept of its cookie."""
    return sha256(f"session {browser}".encode()).digest()


async def _unfinished(request: web.Request) -> Unfinished | None:
    """The form of a verb that came without a session."""
    if request.method != "POST" or not VERB_PATH.fullmatch(request.path):
        return None
    fields = await _form(request)
    return Unfinished(request.path, {name: value for name, value in fields.items() if name != TOKEN})


def _read_unfinished(written: str) -> Unfinished | None:
    """As the page to sign in sent it back; None for what is no such thing."""
    try:
        read = json.loads(written)
        action, fields = str(read["action"]), {str(name): str(text) for name, text in read["fields"].items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Unfinished(action, fields) if VERB_PATH.fullmatch(action) else None


def _inside(path: str) -> str:
    """A path of ours; the list for anything that could lead elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if ours and "/." not in path else "/"
