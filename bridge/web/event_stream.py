"""Tells open pages which rows changed (server-sent events, SSE). A page is told ids only, and fetches what it shows.

A stream ends with the session in which it began: whether that goes on is looked at when somebody signs out, and with
every change that is no row's, as those of users are.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bridge.web.changes import Changes

REMEMBERED = 1000  # rows; a page that is further behind loads everything
EVERYTHING = 0
HEARTBEAT = 15.0  # seconds
MOST_STREAMS = 1000
UNBUFFERED = {"X-Accel-Buffering": "no"}
"""nginx would collect events otherwise."""


StillSees = Callable[[web.Request], Awaitable[bool]]


async def everybody(_request: web.Request) -> bool:
    return True


class EventStream:
    """One reader of all changes, any number of pages: a slow one is told later, and costs nothing meanwhile."""

    def __init__(self, changes: Changes, still_sees: StillSees = everybody, *, heartbeat: float = HEARTBEAT) -> None:
        self._changes = changes
        self._still_sees = still_sees
        self._doubts = 0
        self._heartbeat = heartbeat
        self._count = 0
        self._changed_at: OrderedDict[int, int] = OrderedDict()  # callback id -> count
        self._news = asyncio.Event()
        self._closing = False
        self.streams = 0

    async def run(self) -> None:
        """Until cancelled."""
        with self._changes.subscribe() as subscription:
            async for entry in subscription:
                self.tell(EVERYTHING if subscription.lagged else entry.callback_id or EVERYTHING)
                subscription.lagged = False

    def close(self) -> None:
        """End every stream: aiohttp waits for them when it stops."""
        self._closing = True
        self._wake()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`changed` with a list of row ids (0: load everything), `beat` in silence."""
        if self._closing or self.streams >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "20"})
        self.streams += 1
        try:
            async with sse_response(request, headers=UNBUFFERED) as response:
                await self._follow(request, response)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self.streams -= 1
        return response

    async def _follow(self, request: web.Request, response: EventSourceResponse) -> None:
        seen, doubts = self._count, self._doubts
        await response.send("", event="beat")
        while not self._closing:
            news = self._news
            if (self._count, self._doubts) == (seen, doubts):
                await _wait(news, self._heartbeat)
            ids, doubted, seen, doubts = self.since(seen), self._doubts > doubts, self._count, self._doubts
            if (doubted or EVERYTHING in ids) and not await self._still_sees(request):
                return
            if not self._closing:
                await response.send(json.dumps(ids) if ids else "", event="changed" if ids else "beat")

    def doubt(self) -> None:
        """Somebody signed out: is it one of those who listen?"""
        self._doubts += 1
        self._wake()

    def tell(self, callback_id: int) -> None:
        """A row changed, or EVERYTHING."""
        self._count += 1
        self._changed_at[callback_id] = self._count
        self._changed_at.move_to_end(callback_id)
        while len(self._changed_at) > REMEMBERED:
            self._changed_at.popitem(last=False)
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def since(self, seen: int) -> list[int]:
        """The rows that changed after so many changes, each once."""
        if self._count - seen > REMEMBERED:
            return [EVERYTHING]
        return [callback_id for callback_id, count in self._changed_at.items() if count > seen]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
