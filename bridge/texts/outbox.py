"""The outbox: each due part is handed to the gateway at most once (no resend), and what came of it is written down.

The intent is committed before the first byte; where there is room, in the very commit that queues the part, so that a
missed call's text costs no commit more. Nothing is polled: what is committed and may send or stop a part (by
whatever process) wakes the loop, and so do the gateway, a slot that somebody waits for and the next part's time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bridge.domain.phone import E164
from bridge.domain.texts.messages import MessageKind, Outcome, Submission
from bridge.ops.health import Backlog
from bridge.ops.seldom_log import SeldomLog
from bridge.ports import Gateway, LiveNumbers
from bridge.texts import delivery
from storage import messages, settings
from storage.audit import Subject
from storage.database import Companion, Database, Reader, Ride, Writer
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
HELD_BY = {settings.PAUSED: HELD_BY_PAUSE, settings.BREAKER: HELD_BY_BREAKER}
NO_TIME = timedelta(0)
LOOKED_AT = 200
"""Parts at the head of the queue, remembered until they have gone."""

LOOKED_FOR = timedelta(seconds=1)
"""So long, in a storm, they are taken one after the other; only what is urgent has the queue looked at before."""

FRESH = timedelta(milliseconds=50)
"""What was claimed so lately is not asked after again, as long as nothing that stops it was committed."""

STOPS = frozenset({Subject.SETTING, Subject.OPT_OUT})
MAY_SEND_OR_STOP = frozenset({"part.queued", Subject.SETTING, Subject.OPT_OUT, Subject.CALLBACK, Subject.CALL})
"""What commits must tell to be looked at: a call that ended may have kept its customer's text waiting."""

NOT_DURING_A_CALL = frozenset({MessageKind.FIRST, MessageKind.RECEIPT})


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """window: parts at the gateway at one time. look_again: at least so often, should anything be missed.

    may_text: may this number get what goes out by itself? What it may not get waits, as it does while paused.
    stop_within: so long a stop waits for what the gateway answers.
    """

    window: int = 10
    look_again: timedelta = timedelta(seconds=30)
    storage_retry: timedelta = timedelta(seconds=1)
    may_text: Callable[[E164], bool] = lambda _: True
    stop_within: timedelta = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class _Queue:
    """What one look at the queue found. ahead: parts that may go, in their order. until: when to look again.

    is_all: there are no others, as far as is known. commits: how many there were before the look.
    """

    ahead: Sequence[Part]
    is_all: bool
    until: datetime | None
    at: datetime
    commits: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """Parts that are `sending` since `at`, after so many commits, and what is left of the queue."""

    parts: Sequence[Part]
    queue: _Queue
    at: datetime
    commits: int


class Outbox:
    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        live: LiveNumbers,
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
        self._queue: _Queue | None = None
        self._claiming = False  # one at a time: each takes what room there is
        self._turned_away = False  # somebody wanted to claim meanwhile
        self._until: datetime | None = None
        self._under_way = 0  # claims, and parts of which the outcome is not written down yet
        self._rested = asyncio.Event()
        self._serving = self._stopping = False
        self._gateway_was_away = asyncio.Event()
        self._log = structlog.get_logger().bind()  # once, and not with every line
        self._storage_fails = SeldomLog("outbox.storage", tell=self._log.error)

    async def run(self) -> None:
        """Until cancelled; what is at the gateway then is waited for, and what it answers is written down.

        What is not answered in time stays `sending`, and is `unknown` at the next start.
        """
        serving = asyncio.create_task(self._serve())
        try:
            await asyncio.shield(serving)
        finally:
            self._stopping = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.stop_within.total_seconds()):
                    await self._at_rest()
            serving.cancel()
            await asyncio.wait([serving])

    async def _at_rest(self) -> None:
        while self._under_way:
            self._rested.clear()
            await self._rested.wait()

    async def _serve(self) -> None:
        await self._trying(self._give_up_interrupted)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_commits())
            group.create_task(self._watch_gateway())
            with self._riding_along(group):
                while True:
                    self._wake.clear()
                    with self._something_under_way():
                        self._until = await self._trying(partial(self._fill, group))
                    await self._sleep(self._until)

    @contextmanager
    def _riding_along(self, group: asyncio.TaskGroup) -> Iterator[None]:
        self._database.companion = Companion(self._offer, partial(self._rode, group))
        self._serving = True
        try:
            yield
        finally:
            self._database.companion, self._serving = None, False

    @contextmanager
    def _something_under_way(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._over()

    def _over(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._rested.set()

    async def _trying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Until the disk lets us. Meanwhile nothing is sent: what cannot be written down does not happen."""
        while True:
            try:
                return await work()
            except StorageError as error:
                self._storage_fails(error=str(error))
                await asyncio.sleep(self._limits.storage_retry.total_seconds())

    async def _watch_commits(self) -> None:
        seen = self._database.commits.count
        while True:
            seen = await self._database.commits.beyond(seen, MAY_SEND_OR_STOP)
            if self._has_news:
                self._wake.set()

    @property
    def _has_news(self) -> bool:
        """Was anything committed since the look at the queue that may send or stop a part?"""
        return self._queue is None or self._database.commits.newest(MAY_SEND_OR_STOP) > self._queue.commits

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

    async def _give_up_interrupted(self) -> None:
        for part in await self._database.write(partial(_interrupted, self._clock())):
            self._log.warning("text.interrupted", part=part.id, to=part.number.masked)

    async def _fill(self, group: asyncio.TaskGroup) -> datetime | None:
        """Have what may go now sent, as far as there are slots; when to look again if nothing happens before."""
        ready, room = self._gateway.ready, self._room
        if self._claiming or (ready and not room):
            self._turned_away = self._claiming
            return None  # the end of that, or whatever is answered next, wakes us
        if not ready:
            self._gateway_was_away.set()
            if self._was_just_looked_at():
                return self._queue.at + LOOKED_FOR if self._queue else None
        self._claiming = True
        try:
            claim = await self._database.write(self._claim(room if ready else 0))
        finally:
            self._claiming = False
        self._send_all(claim, group)
        return claim.queue.until if claim.queue.is_all or not ready else claim.at

    def _was_just_looked_at(self) -> bool:
        """While nothing can be sent, what became hopeless is looked for once a second, but for STOP, at once."""
        queue, stopped = self._queue, self._database.commits.newest(STOPS)
        return queue is not None and stopped <= queue.commits and NO_TIME <= self._clock() - queue.at < LOOKED_FOR

    @property
    def _room(self) -> int:
        return 0 if self._stopping else self._limits.window - self._at_gateway

    def _claim(self, room: int) -> Callable[[Writer], Coroutine[Any, Any, _Claim]]:
        """Commit `sending` for so many parts; in a storm, of those that were found before."""
        now, commits = self._clock(), self._database.commits.count
        known = self._queue if self._is_still_good(self._queue, room, now) else None
        return partial(self._take, known, room, commits, now)

    def _send_all(self, claim: _Claim, group: asyncio.TaskGroup) -> None:
        self._queue = claim.queue
        for part in claim.parts:
            self._at_gateway += 1
            self._under_way += 1
            group.create_task(self._send(part, claim))

    def _offer(self) -> Ride[_Claim] | None:
        """As `storage.database.Companion`: a claim for what the others in that commit queue."""
        if self._claiming or not self._room or not self._gateway.ready:
            return None
        self._claiming = True
        self._under_way += 1
        claim = self._claim(self._room)

        async def ride(tx: Writer, told: Set[str]) -> _Claim | None:
            return None if told.isdisjoint(MAY_SEND_OR_STOP) else await claim(tx)

        return ride

    def _rode(self, group: asyncio.TaskGroup, claim: _Claim | None) -> None:
        self._claiming, again = False, self._turned_away
        self._turned_away = False
        if claim is not None and self._serving:  # else it is found interrupted at the next start
            if claim.queue.commits == claim.commits:  # it looked, and saw what it rode with
                claim = replace(claim, queue=replace(claim.queue, commits=self._database.commits.count))
            self._send_all(claim, group)
            until = claim.queue.until
            again = again or not claim.queue.is_all or (until is not None and (not self._until or until < self._until))
        if again:
            self._wake.set()
        self._over()

    def _is_still_good(self, queue: _Queue | None, room: int, now: datetime) -> bool:
        if queue is None or not 0 < room <= len(queue.ahead) or not NO_TIME <= now - queue.at < LOOKED_FOR:
            return False
        return self._database.commits.newest({messages.URGENT}) <= queue.commits

    async def _take(self, known: _Queue | None, room: int, commits: int, now: datetime, tx: Writer) -> _Claim:
        """Where there is nothing to do, nothing is committed."""
        queue, going = known, await self._still_going(tx, known, room, now) if known else ()
        if queue is None or len(going) < room:
            queue = await self._look(tx, commits, now, LOOKED_AT if room else 0)
            going = queue.ahead[:room]
        claims = [await messages.claim(tx, part, now) for part in going]
        parts = [part for part in claims if part is not None]
        return _Claim(parts, replace(queue, ahead=queue.ahead[room:]), now, commits)

    async def _still_going(self, db: Reader, known: _Queue, room: int, now: datetime) -> Sequence[Part]:
        parts = await messages.still_due(db, known.ahead[:room], now, but=await _held(db))
        return [part for part in parts if self._may_go(part)]

    async def _look(self, tx: Writer, commits: int, now: datetime, most: int) -> _Queue:
        for part, why in await messages.hopeless(tx, now):
            await messages.cancel(tx, part, why, now)
            tx.once_stored(self._log.info, "text.cancelled", part=part.id, to=part.number.masked, why=why)
        due = await _due(now, most, tx) if most else ()
        ahead = [part for part in due if self._may_go(part)]
        until = await messages.next_moment(tx, now)
        return _Queue(ahead, bool(most) and (not ahead or len(due) < most), until, now, commits)

    async def overdue(self, now: datetime) -> Backlog:
        """What is due and held back by nobody, and has not left; counted as far as one look at the queue goes."""
        due = await self._database.query(partial(_due, now, LOOKED_AT))
        waiting = [now - part.due_at for part in due if self._may_go(part)]
        return Backlog(len(waiting), max(waiting, default=NO_TIME))

    def _may_go(self, part: Part) -> bool:
        if part.kind in NOT_DURING_A_CALL and self._live.is_live(part.number):
            return False
        return part.kind not in HELD_BY_PAUSE or self._limits.may_text(part.number)

    async def _send(self, part: Part, claim: _Claim) -> None:
        try:
            wanted = partial(self._still_wanted, part, claim)
            outcome = await self._gateway.submit(_submission(part, self._clock()), wanted)
            await self._trying(lambda: self._record(part, outcome))
        finally:
            self._at_gateway -= 1
            self._over()
            queue = self._queue
            if queue is None or queue.ahead or not queue.is_all or part.sequence < part.total or self._has_news:
                self._wake.set()

    async def _still_wanted(self, part: Part, claim: _Claim) -> bool:
        """It may have waited for window and rate: STOP, a call, a pause or its age may have come since."""
        now = self._clock()
        if not self._may_go(part):
            return False
        if NO_TIME <= now - claim.at < FRESH and self._database.commits.newest(STOPS) <= claim.commits:
            return now < part.expires_at
        return not await self._database.query(partial(_is_forbidden, part, now))

    async def _record(self, part: Part, outcome: Outcome) -> None:
        now = self._clock()
        await self._database.write(lambda tx: delivery.answered(tx, part.id, outcome, now))
        self._log.info(
            "text.answered", part=part.id, to=part.number.masked, kind=part.kind, outcome=type(outcome).__name__
        )


async def _interrupted(now: datetime, tx: Writer) -> Sequence[Part]:
    parts = await messages.interrupted(tx)
    for part in parts:
        await delivery.interrupted(tx, part, now)
    return parts


async def _due(now: datetime, most: int, db: Reader) -> Sequence[Part]:
    """What is due and not held back."""
    return await messages.due(db, now, but=await _held(db), limit=most)


async def _is_forbidden(part: Part, now: datetime, db: Reader) -> bool:
    return part.kind in await _held(db) or await messages.is_forbidden(db, part.id, now)


async def _held(db: Reader) -> Set[MessageKind]:
    on = await settings.those_on(db, HELD_BY)
    return frozenset[MessageKind]().union(*(HELD_BY[setting] for setting in on))


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
