"""The verbs, posted by forms. Every answer is a page: the list again, or why nothing was done, with what was typed."""

from aiohttp import web

from bridge.callbacks import ConflictError
from bridge.domain.queue import Callback, NotPossibleError
from bridge.web.forms import VERBS, FormError, Sent
from bridge.web.history import WORDS
from bridge.web.present import age
from bridge.web.site import Banner, Site, found
from bridge.web.views import TAB_NAMED, Views
from storage.errors import StorageError

FIELDS_KEPT = ("note", "text")


class Actions:
    def __init__(self, site: Site, views: Views) -> None:
        self._site = site
        self._views = views

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do a verb on a row. 303 back to where the form stood; 400, 409 or 503 with the page that says why not."""
        now = self._site.clock()
        fields = await request.post()
        async with self._site.database.read() as db:
            row = await found(request, db)
        sent = self._site.sent(request, fields, row, now)
        verb = VERBS[request.match_info["verb"]]
        try:
            after = await verb(self._site.callbacks, row.id, sent.whole("version"), sent)
        except FormError as error:
            return await self._refuse(request, row, sent, 400, f"Not done. {error.words}", error.typed)
        except ConflictError as error:
            words = WORDS.get(error.what, "changed it").lower()
            why = f"{error.who} was faster ({words}, {age(now - error.at)} ago). Nothing was changed."
            return await self._refuse(request, error.row, sent, 409, why)
        except NotPossibleError as error:
            return await self._refuse(request, row, sent, 409, f"Not possible: this row is {error.state} now.")
        except StorageError as error:
            return await self._refuse(request, row, sent, 503, f"Not recorded, nothing was changed: {error.advice}.")
        raise web.HTTPSeeOther(_back(sent, after))

    async def _refuse(
        self, request: web.Request, row: Callback, sent: Sent, status: int, words: str, typed: str = ""
    ) -> web.Response:
        """Where the form stood, with the reason on top and what was typed in a form that can be sent again."""
        field = next((name for name in FIELDS_KEPT if sent.fields.get(name, "").strip()), "")
        banner = Banner(words, typed or sent.fields.get(field, ""), field, request.path, row.version)
        back = sent.fields.get("back", "")
        async with self._site.database.read() as db:
            if back in TAB_NAMED:
                return await self._views.list_page(request, db, TAB_NAMED[back], status=status, banner=banner)
            return await self._views.conversation_page(request, db, row, status=status, banner=banner)


def _back(sent: Sent, row: Callback) -> str:
    tab = TAB_NAMED.get(sent.fields.get("back", ""))
    return f"{tab.path}?did={row.id}" if tab else f"/callbacks/{row.id}?did={row.id}"
