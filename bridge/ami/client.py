"""Holds the line to one PBX: logs in, shows what lives, passes on what happens, and reconnects with back-off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from bridge.ami.protocol import Block
from bridge.ami.resync import SNAPSHOT_END, SNAPSHOT_ROW, Heard, Received, Resync, Unread
from bridge.ami.session import (
    AccountInUseError,
    AmiResponse,
    AmiSession,
    new_action_id,
)
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.events import LinkLost
from bridge.ops.backoff import Backoff
from bridge.pbx.line import LinkError, LoginRefusedError, PbxHealth, RawStreamListener

BOOTED = "FullyBooted"
KILOBYTE = 1024

log = structlog.get_logger()


class AmiClient:
    """One PBX, for as long as the daemon lives.

    What it tells is read as fast as it comes, for Asterisk cuts a session whose write stalls (`writetimeout`); what
    waits is kept as it came. Where even that is too much, TCP holds the rest until half of it is through.

    `run` is owned by the daemon's TaskGroup and never returns. `messages` is read by one consumer: a snapshot's rows,
    SnapshotEnded, then live events in their order; LinkLost when they stopped. `clock` gives aware UTC. wanted: names
    of the events to pass on. tap: hears the raw stream as well.
    """

    def __init__(
        self,
        settings: AmiSettings,
        *,
        clock: Callable[[], datetime],
        wanted: Iterable[str],
        retry: Backoff | None = None,
        refused_retry: Backoff | None = None,
        tap: RawStreamListener | None = None,
    ) -> None:
        self.settings = settings
        self.health = PbxHealth()
        self._clock = clock
        self._wanted = frozenset(wanted) | {SNAPSHOT_ROW, SNAPSHOT_END, BOOTED}
        self._tap = tap
        self._retry = retry or Backoff(1, 30)
        self._refused_retry = refused_retry or Backoff(30, 600)
        self._queue: asyncio.Queue[Unread] = asyncio.Queue()
        self._waiting = 0  # octets in it
        self._session: AmiSession | None = None
        self._resync = Resync()
        self._snapshot: asyncio.Future[None] | None = None
        self._log = log.bind(pbx=settings.name)

    async def messages(self) -> AsyncIterator[Received]:
        while True:
            at, unread = await self._queue.get()
            yield at, self._read(unread) if isinstance(unread, Block) else unread
            self._queue.task_done()

    def _read(self, block: Block) -> Heard:
        self._waiting -= block.raw_size
        if self._session and self._waiting < self._room / 2:
            self._session.read_on()
        message = block.read()
        self.health.suspicious += message.suspicious
        return message

    async def drain(self) -> None:
        """Wait until everything that was heard has been read."""
        await self._queue.join()

    async def action(self, name: str, headers: Mapping[str, str] | None = None) -> AmiResponse:
        """Ask the PBX to do something, now or never. Raises LinkError; ValueError for a control character."""
        if self._session is None or self.health.connected_since is None:
            raise LinkError(self.health.last_error or "not connected yet")
        return await self._session.action(name, headers)

    async def run(self) -> None:
        """Keep a session for ever: a lost one is built again, after a pause that grows while it keeps failing."""
        while True:
            try:
                await self._hold_session()
            except LoginRefusedError as error:
                delay = self._refused_retry.delay()
                self._note_failure("ami.login_refused", str(error), delay)
            except AccountInUseError as error:
                delay = self._retry.delay()
                self._note_failure("ami.account_in_use", f"{error}; allowmultiplelogin = yes lets us in at once", delay)
            except LinkError as error:
                delay = self._retry.delay()
                self._note_failure("ami.link_down", str(error), delay)
            self._say_lost()
            await asyncio.sleep(delay)

    async def _hold_session(self) -> None:
        """From connect to loss. Raises LinkError, always."""
        self._resync = Resync(new_action_id())  # what comes right behind the login waits for the snapshot
        self._session = session = AmiSession(self.settings, self._wanted, self._heard, self._tap)
        try:
            await session.open()
            self._greet()
            while True:
                if not self._is_synced():
                    await self._take_snapshot(session)
                await session.wait_lost(self.settings.ping_interval)
                if not session.paused:
                    await session.action("Ping")
                    self.health.heard_at = self._clock()
        finally:
            self._session = None
            if session.taken_leave:
                self.health.heard_at = self._clock()
            session.close()

    def _greet(self) -> None:
        self.health.connected_since, self.health.last_error = self._clock(), ""
        self._retry.reset()
        self._refused_retry.reset()
        self._log.info("ami.connected", host=self.settings.host, port=self.settings.port)

    def _is_synced(self) -> bool:
        at, longest = self.health.synced_at, timedelta(seconds=self.settings.snapshot_interval)
        return at is not None and self._clock() - at < longest

    async def _take_snapshot(self, session: AmiSession) -> None:
        """Ask which channels live. Where that is refused, go on without, say so, and ask again."""
        action_id = new_action_id()
        self._resync.begin(action_id)
        self._snapshot = asyncio.get_running_loop().create_future()
        reply = await session.action("CoreShowChannels", {"ActionID": action_id})
        if reply.ok:
            await self._until_snapshot_ended(session, self._snapshot)
            return
        self._pass_on(self._resync.release())
        self._note_failure(
            "ami.snapshot_refused",
            f"CoreShowChannels refused ({reply.text}): the account needs write = reporting",
            self.settings.ping_interval,
        )

    async def _until_snapshot_ended(self, session: AmiSession, ended: asyncio.Future[None]) -> None:
        try:
            await session.until(ended)
        except TimeoutError as error:
            raise LinkError("the list of CoreShowChannels did not end") from error

    def _heard(self, block: Block) -> None:
        """Called from the reader for every event: sort it in and return. Never waits, never raises."""
        session = self._session
        if session is None or session.is_lost or block.banner:
            return
        now = self._clock()
        self.health.heard_at = now
        if not block.event and not block.read().suspicious:
            return  # an answer that came after its time-out
        self.health.events += 1
        if block.event == BOOTED:
            self.health.booted_at = now
            return
        received = self._resync.take(now, block)
        self._pass_on(received)
        if block.event == SNAPSHOT_END and received and self._snapshot:
            self.health.synced_at = now
            self._snapshot.set_result(None)
        self._keep_within_room(session)

    def _pass_on(self, received: Iterable[Unread]) -> None:
        for at, unread in received:
            self._queue.put_nowait((at, unread))
            self._waiting += unread.raw_size if isinstance(unread, Block) else 0

    @property
    def _room(self) -> int:
        return self.settings.queue_size * KILOBYTE

    def _keep_within_room(self, session: AmiSession) -> None:
        if self._resync.octets > self._room:  # the end of the snapshot stands behind what we would leave unread
            self.health.dropped += 1
            session.abort("the list of CoreShowChannels does not end, and too much waits behind it")
        elif self._waiting > self._room and not session.paused:
            self.health.paused += 1
            self._log.warning("ami.reading_paused", waiting=self._waiting, again_below=self._room // 2)
            session.pause()

    def _say_lost(self) -> None:
        """Tell the consumer that what follows does not continue what was.

        A link that dies in silence is noticed late: it is lost since it last gave a sign of life.
        """
        since = self.health.connected_since
        if since is None:
            return
        at = max(since, self.health.heard_at or since)
        self.health.connected_since = self.health.synced_at = self.health.booted_at = None
        self.health.reconnects += 1
        self._queue.put_nowait((at, LinkLost(at)))

    def _note_failure(self, event: str, why: str, delay: float) -> None:
        """Once loudly for every new reason, then quietly: the health strip keeps showing it."""
        say = self._log.debug if why == self.health.last_error else self._log.error
        self.health.last_error = why
        say(event, why=why, host=self.settings.host, port=self.settings.port, again_in=round(delay, 1))
