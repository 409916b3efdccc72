"""The page on which an admin says who may use the page."""

import asyncio

from aiohttp import web

from bridge.domain.i18n import UserError
from bridge.web import passwords
from bridge.web.auth import VISITOR
from bridge.web.forms import RefusedError
from bridge.web.language import N_
from bridge.web.page_context import NOT_SAVED, Banner, PageContext
from bridge.web.user_names import is_name, looks_like
from storage import users
from storage.errors import ForbiddenError
from storage.users import User, UserRole

ROLES = {UserRole.STAFF: N_("staff"), UserRole.LEAD: N_("lead"), UserRole.ADMIN: N_("admin")}


class UsersPage:
    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.Response:
        """Who may use the page (RBAC: staff, lead, admin)."""
        return await self._page(request)

    async def _page(self, request: web.Request, status: int = 200, banner: Banner | None = None) -> web.Response:
        async with self._site.database.read() as db:
            return await self._site.page(
                request,
                db,
                "users.html",
                self._site.clock(),
                status,
                users=await users.everybody(db),
                roles=ROLES,
                people_names=[person.name for person in self._site.office.people],
                fewest=passwords.FEWEST,
                banner=banner,
            )

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Add somebody, give them a new password, disable them or let them in again."""
        form = {name: text for name, text in (await request.post()).items() if isinstance(text, str)}
        name = form.get("name", "").strip()
        try:
            _check_signed_in(request)
            await _CHANGES[request.match_info["change"]](self, name, form, self._site.who(request))
        except UserError as error:
            return await self._page(request, 400, Banner(error.words, error.values, NOT_SAVED))
        raise web.HTTPSeeOther("/users")

    async def add(self, name: str, form: dict[str, str], who: str) -> None:
        if not is_name(name):
            raise RefusedError(N_("that is no name for a user"))
        if form.get("role", "") not in set(UserRole):
            raise RefusedError(N_("choose a role"))
        password = await _hashed(form)
        try:
            async with self._site.database.transaction() as tx:
                known = [user.name for user in await users.everybody(tx)]
                if alike := looks_like(name, [*known, *(person.name for person in self._site.office.people)]):
                    raise RefusedError(
                        N_("%(name)s looks like %(known)s, who is known already"), name=name, known=alike
                    )
                await users.insert(tx, name, UserRole(form["role"]), password, who, self._site.clock())
        except ForbiddenError:
            raise RefusedError(N_("there is a user called %(name)s already"), name=name) from None

    async def set_password(self, name: str, form: dict[str, str], who: str) -> None:
        user, password = await self._named(name), await _hashed(form)
        async with self._site.database.transaction() as tx:
            await users.set_password(tx, user, password, who, self._site.clock())

    async def disable(self, name: str, _form: dict[str, str], who: str) -> None:
        if name == who:
            raise RefusedError(N_("nobody can shut themselves out"))
        user = await self._named(name)
        async with self._site.database.transaction() as tx:
            await users.disable(tx, user, who, self._site.clock())

    async def enable(self, name: str, _form: dict[str, str], who: str) -> None:
        user = await self._named(name)
        async with self._site.database.transaction() as tx:
            await users.enable(tx, user, who, self._site.clock())

    async def _named(self, name: str) -> User:
        async with self._site.database.read() as db:
            user = await users.named(db, name)
        if user is None:
            raise RefusedError(N_("there is no user called %(name)s"), name=name)
        return user


_CHANGES = {
    "add": UsersPage.add,
    "password": UsersPage.set_password,
    "disable": UsersPage.disable,
    "enable": UsersPage.enable,
}


def _check_signed_in(request: web.Request) -> None:
    """Whoever is first to find an open page must not become its admin."""
    if not request[VISITOR].signed_in:
        raise RefusedError(N_("the first user is made on the machine itself, by whoever looks after it"))


async def _hashed(form: dict[str, str]) -> str:
    password = form.get("password", "")
    passwords.check(password)
    return await asyncio.to_thread(passwords.hashed, password)
