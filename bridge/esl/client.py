"""Holds the line to one FreeSWITCH: logs in, asks what lives, passes on what happens, and reconnects with back-off."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import structlog

from bridge.domain.calls.events import LinkLost
from bridge.esl.protocol import Block
from bridge.esl.resync import Heard, Resync
from bridge.esl.session import EslSession
from bridge.esl.settings import EslSettings
from bridge.ops.backoff import Backoff
from bridge.pbx.line import LinkError, LoginRefusedError, PbxHealth, RawStreamListener

KILOBYTE = 1024
LOOK_EVERY = 5.0  # seconds: whether the switch is silent, and whether it is time to ask who lives

log = structlog.get_logger()


class EslClient:
    """One FreeSWITCH, for as long as the daemon lives.

    What it tells is always read at once: behind a reader that waits the switch holds up new calls. Where more waits
    here than there is room for, the connection is dropped, and what lives is asked for anew.

    `run` is owned by the daemon's TaskGroup and never returns. `messages` is read by one consumer: a Snapshot, then
    events in their order; LinkLost when they stopped. clock gives aware UTC. tap: hears the raw stream as well.
    """

    def __init__(
        self,
        settings: EslSettings,
        *,
        clock: Callable[[], datetime],
        retry: Backoff | None = None,
        refused_retry: Backoff | None = None,
        tap: RawStreamListener | None = None,
    ) -> None:
        self.settings = settings
        self.health = PbxHealth()
        self._clock, self._tap = clock, tap
        self._retry = retry or Backoff(1, 30)
        self._refused_retry = refused_retry or Backoff(30, 600)
        self._queue: asyncio.Queue[tuple[datetime, Heard]] = asyncio.Queue()
        self._waiting = 0  # octets in it
        self._session: EslSession | None = None
        self._resync: Resync | None = None
        self._log = log.bind(pbx=settings.name)

    async def messages(self) -> AsyncIterator[tuple[datetime, Heard]]:
        while True:
            at, heard = await self._queue.get()
            if isinstance(heard, Block):
                self._waiting -= heard.raw_size
                self.health.suspicious += heard.suspicious
            yield at, heard
            self._queue.task_done()

    async def drain(self) -> None:
        """Wait until everything that was heard has been read."""
        await self._queue.join()

    async def api(self, asked: str) -> str:
        """Ask the switch, now or never. Raises LinkError; ValueError for a control character."""
        if self._session is None or self.health.connected_since is None:
            raise LinkError(self.health.last_error or "not connected yet")
        return await self._session.api(asked)

    async def run(self) -> None:
        """Keep a session for ever: a lost one is built again, after a pause that grows while it keeps failing."""
        while True:
            try:
                await self._hold_session()
            except LoginRefusedError as error:
                delay = self._refused_retry.delay()
                self._note_failure("esl.login_refused", str(error), delay)
            except LinkError as error:
                delay = self._retry.delay()
                self._note_failure("esl.link_down", str(error), delay)
            self._say_lost()
            await asyncio.sleep(delay)

    async def _hold_session(self) -> None:
        """From connect to loss. Raises LinkError, always."""
        self._resync = Resync()  # what comes right behind the subscription waits for the snapshot
        self._session = session = EslSession(self.settings, self._heard, self._tap)
        try:
            await session.open()
            self.health.connected_since, self.health.last_error = self._clock(), ""
            self._log.info("esl.connected", host=self.settings.host, port=self.settings.port)
            while True:
                if not self._is_synced():
                    await self._take_snapshot(session)
                await session.wait_lost(min(LOOK_EVERY, self.settings.silence))
        finally:
            self._session = None
            session.close()

    def _is_synced(self) -> bool:
        at, longest = self.health.synced_at, timedelta(seconds=self.settings.snapshot_interval)
        return at is not None and self._clock() - at < longest

    async def _take_snapshot(self, session: EslSession) -> None:
        """Ask which channels live. One answer that is refused or cannot be read ends the link with a clear word."""
        self._resync = resync = self._resync or Resync()
        asks = list(resync.asks)
        while asks:
            asked = asks.pop(0)
            answer = await session.api(asked)
            if asked in resync.asks and not answer.startswith("{"):
                raise LoginRefusedError(f"{asked}: {answer.strip()[:80] or 'no answer'}")
            asks += resync.answered(answer)
        if resync.snapshot is None:
            raise LinkError("what was answered of the channels cannot be read")
        now = self._clock()
        self._queue.put_nowait((now, resync.snapshot))
        self._resync = None
        for at, block in resync.release():
            self._pass_on(at or now, block)
        self.health.synced_at = now
        self._retry.reset()
        self._refused_retry.reset()

    def _heard(self, block: Block) -> None:
        """Called from the reader for every event: sort it in and return. Never waits, never raises."""
        session = self._session
        if session is None or session.is_lost:
            return
        now = self._clock()
        self.health.heard_at = now
        self.health.events += 1
        if self._resync:
            self._resync.hold(now, block)
        else:
            self._pass_on(now, block)
        held = self._resync.octets if self._resync else 0
        if self._waiting + held > self.settings.queue_size * KILOBYTE:
            self.health.dropped += 1
            session.abort("more is told than can be read: what lives is asked for anew")

    def _pass_on(self, at: datetime, block: Block) -> None:
        self._queue.put_nowait((at, block))
        self._waiting += block.raw_size

    def _say_lost(self) -> None:
        """Tell the consumer that what follows does not continue what was."""
        since = self.health.connected_since
        if since is None:
            return
        at = max(since, self.health.heard_at or since)
        for heard_at, block in self._resync.release() if self._resync else ():
            self._pass_on(heard_at or at, block)
        self.health.connected_since = self.health.synced_at = None
        self.health.reconnects += 1
        self._queue.put_nowait((at, LinkLost(at)))

    def _note_failure(self, event: str, why: str, delay: float) -> None:
        """Once loudly for every new reason, then quietly: the health strip keeps showing it."""
        say = self._log.debug if why == self.health.last_error else self._log.error
        self.health.last_error = why
        say(event, why=why, host=self.settings.host, port=self.settings.port, again_in=round(delay, 1))
