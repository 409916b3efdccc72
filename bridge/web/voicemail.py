"""Voicemail in the browser: the sound file of a message, in parts as players ask for it (range requests), or in words
why it cannot be played."""

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import web

from bridge.pbx import voicemail_spool
from bridge.pbx.voicemail_spool import LeftBy, Unplayable
from bridge.web.language import N_
from bridge.web.page_context import PageContext, found
from storage import calls
from storage.calls import CallRow

IN_WORDS: Mapping[Unplayable, str] = {
    Unplayable.GONE: N_("The message is not there any more: somebody deleted it, or moved it to another folder."),
    Unplayable.UNREADABLE: N_("Textback may not read the message: tell whoever looks after it."),
    Unplayable.COMPRESSED: N_("A browser cannot play the way this message is kept (wav49 or gsm)."),
    Unplayable.TOO_LARGE: N_("The message is too long to be played here."),
    Unplayable.NOT_AUDIO: N_("The message holds no sound."),
}

log = structlog.get_logger()


class VoicemailPlayer:
    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """The voicemail that a call left, as sound; 404 in words where it cannot be played."""
        async with self._site.database.read() as db:
            row = await found(request, db)
            made = await calls.of_callback(db, row.id)
        left = next((one for one in made if str(one.id) == request.match_info["call"]), None)
        octets = await self.read(left) if left and left.call.voicemail_left else Unplayable.GONE
        if isinstance(octets, Unplayable):
            raise web.HTTPNotFound(text=IN_WORDS[octets])
        log.info("voicemail.played", call=left.id if left else 0, by=self._site.who(request))
        return _part(request, octets)

    async def read(self, left: CallRow) -> bytes | Unplayable:
        call = left.call
        spool = self._site.phones.spools.get(call.key.pbx)
        if spool is None or call.mailbox is None:
            return Unplayable.GONE
        began = call.key.started_at or left.ended_at
        by = LeftBy(call.mailbox, call.channel, left.filing.number, began, left.ended_at)
        return await asyncio.to_thread(voicemail_spool.read, spool, by)


def _part(request: web.Request, octets: bytes) -> web.Response:
    """All of it, or the bytes that were asked for."""
    headers = {"Accept-Ranges": "bytes"}
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(len(octets), None)
    start, stop, _ = wanted.indices(len(octets))
    if "Range" not in request.headers:
        return web.Response(body=octets, content_type="audio/wav", headers=headers)
    if start >= stop:
        refused = {**headers, "Content-Range": f"bytes */{len(octets)}"}
        return web.Response(status=416, headers=refused)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(octets)}"
    return web.Response(status=206, body=octets[start:stop], content_type="audio/wav", headers=headers)
