"""The page of the saved replies, and what the box for a text offers of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from bridge.domain.office.saved_replies import SHIPPED, Purpose, SavedReply, filled
from bridge.domain.office.templates import Language
from bridge.domain.texts import gsm
from bridge.domain.words.lexicon import Lexicon
from bridge.office.saved_replies import LONGEST, SavedReplies, SavedRepliesError
from bridge.web.forms import RefusedError, offered
from bridge.web.language import N_
from bridge.web.page_context import NOT_SAVED, NOT_TAKEN_BACK, Banner, PageContext, is_id
from storage import saved_replies

LANGUAGES = {Language.EN: "English", Language.ES: "Español"}
PURPOSES = {
    Purpose.PICK: N_("to pick from"),
    Purpose.NO_ANSWER: N_("after no answer"),
    Purpose.HEADS_UP: N_("before we call"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """parts: how many texts it goes out as. words: as they are sent."""

    language: str
    words: str
    parts: int


def offers(saved: Iterable[SavedReply], me: str, business: str) -> list[Offer]:
    """Those to pick from, each language together."""
    texts = [
        (one.language, filled(one.words, me, business))
        for language in Language
        for one in saved
        if one.purpose is Purpose.PICK and one.language is language
    ]
    return [Offer(LANGUAGES[language], words, len(gsm.split(words).parts)) for language, words in texts]


class SavedRepliesPage:
    def __init__(self, site: PageContext, lexicon: Lexicon) -> None:
        self._site = site
        self._replies = SavedReplies(site.database, site.office.business, lexicon)

    async def show(self, request: web.Request) -> web.Response:
        """What the office has to say again and again; a lead writes it."""
        return await self._page(request)

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Add one, change one or remove one."""
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        who, now = self._site.who(request), self._site.clock()
        at, version = (_whole(form.get(name, "")) for name in ("at", "version"))
        try:
            if "remove" in form:
                await self._replies.remove(at, version, who, now)
            else:
                reply = SavedReply(
                    offered(Language, form.get("language")),
                    offered(Purpose, form.get("purpose")),
                    form.get("words", ""),
                )
                await self._replies.put(at, reply, version, who, now)
        except (SavedRepliesError, RefusedError) as error:
            banner = Banner(error.words, error.values, NOT_SAVED)
            return await self._page(request, 400, banner, {at: form.get("words", "")})
        raise web.HTTPSeeOther(f"/saved-replies?changed={version + 1}")

    async def take_back(self, request: web.Request) -> web.StreamResponse:
        """Undo one's own last change of the saved replies, also that one was removed."""
        version = _whole(str((await request.post()).get("version", "")))
        try:
            await self._replies.undo(version, self._site.who(request), self._site.clock())
        except SavedRepliesError as error:
            return await self._page(request, 409, Banner(error.words, error.values, NOT_TAKEN_BACK))
        raise web.HTTPSeeOther("/saved-replies")

    async def _page(
        self, request: web.Request, status: int = 200, banner: Banner | None = None, typed: dict[int, str] | None = None
    ) -> web.Response:
        me, business = self._site.who(request), self._site.office.business
        async with self._site.database.read() as db:
            saved = await saved_replies.read(db)
            return await self._site.page(
                request,
                db,
                "saved_replies.html",
                self._site.clock(),
                status,
                replies=saved,
                version=await saved_replies.version(db),
                counts=[_parts(one.words, me, business) for one in saved],
                shipped=[key for key in SHIPPED if key not in {(one.purpose, one.language) for one in saved}],
                shipped_words=SHIPPED,
                shipped_counts={key: _parts(words, me, business) for key, words in SHIPPED.items()},
                languages=LANGUAGES,
                purposes=PURPOSES,
                longest=LONGEST,
                typed=typed or {},
                banner=banner,
            )


def _whole(written: str) -> int:
    return int(written) if is_id(written) else 0


def _parts(words: str, me: str, business: str) -> int:
    return len(gsm.split(filled(words, me, business)).parts)
