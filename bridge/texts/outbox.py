"""The outbox: each due part is handed to the gateway at most once (no resend), and what came of it is written down.

The intent is committed before the first byte. Nothing is polled: whatever commits (a call, a reply, a verb, another
process) wakes the loop, and so do the gateway, a free slot and the next part's time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bridge.domain.phone import E164
from bridge.domain.texts.messages import MessageKind, Outcome, Submission
from bridge.ops.health import Backlog
from bridge.ports import Gateway, LiveCalls
from bridge.texts import delivery
from storage import messages, settings
from storage.database import Database, Reader
from storage.errors import StorageError
from storage.messages import Part

T = TypeVar("T")

HELD_BY_PAUSE = frozenset(
    {
        MessageKind.FIRST,
        MessageKind.RECEIPT,
        MessageKind.HELP,
        MessageKind.OPT_IN_CONFIRMATION,
        MessageKind.OPT_OUT_CONFIRMATION,
    }
)
"""What goes out by itself. A person's own words, a test and staff alerts are not held."""

HELD_BY_BREAKER = frozenset({MessageKind.FIRST})
NO_TIME = timedelta(0)
NOT_DURING_A_CALL = frozenset({MessageKind.FIRST, MessageKind.RECEIPT})


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """window: parts at the gateway at one time. look_again: at least so often, should anything be missed.

    may_text: may this number get what goes out by itself? What it may not get waits, as it does while paused.
    """

    window: int = 10
    look_again: timedelta = timedelta(seconds=30)
    storage_retry: timedelta = timedelta(seconds=1)
    may_text: Callable[[E164], bool] = lambda _: True


class Outbox:
    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        live: LiveCalls,
        limits: OutboxSettings,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._live = live
        self._limits = limits
        self._clock = clock
        self._wake = asyncio.Event()
        self._at_gateway = 0
        self._gateway_was_away = asyncio.Event()
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled. What is at the gateway then stays `sending`, and is `unknown` at the next start."""
        await self._trying(self._give_up_interrupted)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_commits())
            group.create_task(self._watch_gateway())
            while True:
                self._wake.clear()
                for part in await self._trying(self._claim):
                    self._at_gateway += 1
                    group.create_task(self._send(part))
                await self._sleep(await self._trying(self._next_moment))

    async def _trying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Until the disk lets us. Meanwhile nothing is sent: what cannot be written down does not happen."""
        while True:
            try:
                return await work()
            except StorageError as error:
                self._log.error("outbox.storage", error=str(error))
                await asyncio.sleep(self._limits.storage_retry.total_seconds())

    async def _watch_commits(self) -> None:
        seen = self._database.commits.count
        while True:
            seen = await self._database.commits.beyond(seen)
            self._wake.set()

    async def _watch_gateway(self) -> None:
        """Whoever was turned away looks again, also where the gateway came back before they had gone to sleep."""
        while True:
            await self._gateway_was_away.wait()
            self._gateway_was_away.clear()
            await self._gateway.wait_ready()
            self._wake.set()

    async def _sleep(self, until: datetime | None) -> None:
        longest = self._limits.look_again
        wait = min(until - self._clock(), longest) if until else longest
        try:
            async with asyncio.timeout(max(wait.total_seconds(), 0)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _next_moment(self) -> datetime | None:
        async with self._database.read() as db:
            return await messages.next_moment(db, self._clock())

    async def _give_up_interrupted(self) -> None:
        async with self._database.transaction() as tx:
            for part in await messages.interrupted(tx):
                await delivery.interrupted(tx, part, self._clock())
                self._log.warning("text.interrupted", part=part.id, to=part.number.masked)

    async def _claim(self) -> Sequence[Part]:
        """Commit `sending` for the parts that go now. Looks first: a transaction for nothing would wake us again."""
        now = self._clock()
        async with self._database.read() as db:
            idle = not await messages.hopeless(db, now) and not await self._sendable(db, now)
        if idle:
            return []
        async with self._database.transaction() as tx:
            for part, why in await messages.hopeless(tx, now):
                await messages.cancel(tx, part, why, now)
                self._log.info("text.cancelled", part=part.id, to=part.number.masked, why=why)
            claims = [await messages.claim(tx, part, now) for part in await self._sendable(tx, now)]
        return [part for part in claims if part is not None]

    async def _sendable(self, db: Reader, now: datetime) -> Sequence[Part]:
        """What is due and not held back, as much as the window has room for."""
        if not self._gateway.ready:
            self._gateway_was_away.set()
            return []
        due = await self._due(db, now)
        return due[: self._limits.window - self._at_gateway]

    async def _due(self, db: Reader, now: datetime) -> Sequence[Part]:
        held = await _held(db)
        return [part for part in await messages.due(db, now) if part.kind not in held and self._may_go(part)]

    async def overdue(self, now: datetime) -> Backlog:
        """What is due and held back by nobody, and has not left; counted as far as one look at the queue goes."""
        async with self._database.read() as db:
            due = await self._due(db, now)
        return Backlog(len(due), max([NO_TIME, *(now - part.due_at for part in due)]))

    def _may_go(self, part: Part) -> bool:
        if part.kind in NOT_DURING_A_CALL and self._live.is_live(part.number):
            return False
        return part.kind not in HELD_BY_PAUSE or self._limits.may_text(part.number)

    async def _send(self, part: Part) -> None:
        outcome = await self._gateway.submit(_submission(part, self._clock()), lambda: self._still_wanted(part))
        await self._trying(lambda: self._record(part, outcome))
        self._at_gateway -= 1
        self._wake.set()

    async def _still_wanted(self, part: Part) -> bool:
        """It may have waited for window and rate: STOP, a call, a pause or its age may have come since."""
        async with self._database.read() as db:
            if part.kind in await _held(db) or await messages.is_forbidden(db, part.id, self._clock()):
                return False
        return self._may_go(part)

    async def _record(self, part: Part, outcome: Outcome) -> None:
        async with self._database.transaction() as tx:
            await delivery.answered(tx, await messages.get_part(tx, part.id), outcome, self._clock())
        self._log.info(
            "text.answered", part=part.id, to=part.number.masked, kind=part.kind, outcome=type(outcome).__name__
        )


async def _held(db: Reader) -> Set[MessageKind]:
    held: set[MessageKind] = set()
    if await settings.is_on(db, settings.PAUSED):
        held |= HELD_BY_PAUSE
    if await settings.is_on(db, settings.BREAKER):
        held |= HELD_BY_BREAKER
    return held


def _submission(part: Part, now: datetime) -> Submission:
    return Submission(
        part_id=part.id,
        source=part.source,
        destination=part.number,
        text=part.text,
        encoding=part.encoding,
        reference=part.reference,
        sequence=part.sequence,
        total=part.total,
        valid_for=part.expires_at - now,
        urgent=part.urgent or part.kind is MessageKind.STAFF,
    )
