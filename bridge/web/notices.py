"""What tells people who do not look at the page: which browser is the duty desk, desktop notices, the page as an app.

The service worker shows notices and nothing else: it answers no request, and so can keep nothing that names a customer.
"""

import json

from aiohttp import web

from bridge.web import duty_desk
from bridge.web.page_context import PageContext
from storage import settings
from storage.audit import Act

WORKER = "notices-worker.js"
MANIFEST = "manifest.webmanifest"


class NoticesPage:
    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.Response:
        """Which browser is the duty desk, and what this one tells."""
        now = self._site.clock()
        async with self._site.database.read() as db:
            desk = duty_desk.whose(await settings.value(db, settings.DUTY_DESK))
            return await self._site.page(request, db, "notices_page.html", now, desk=desk)

    async def change(self, request: web.Request) -> web.StreamResponse:
        """This browser is the duty desk from now on, and no other; or none is any more."""
        who, now = self._site.who(request), self._site.clock()
        back = web.HTTPSeeOther("/notices")
        here = (await request.post()).get("duty") == "here"
        stored = duty_desk.claim(request, back, who) if here else ""
        async with self._site.database.transaction() as tx:
            await settings.put(tx, settings.DUTY_DESK, stored, Act(who, "duty_desk" if here else "no_duty_desk", now))
        raise back

    async def manifest(self, _request: web.Request) -> web.Response:
        """What a browser installs the page by: its name and icon."""
        name = self._site.office.business
        told = {
            "name": name,
            "short_name": name[:30],
            "start_url": "./",
            "display": "standalone",
            "icons": [{"src": "static/icon.svg", "sizes": "any", "type": "image/svg+xml"}],
        }
        return web.Response(text=json.dumps(told), content_type="application/manifest+json")
