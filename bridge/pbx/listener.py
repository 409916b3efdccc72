"""One PBX from its events to its judged calls: tells them in our time, follows the calls, hands over what ended.

Following never waits for the disk: ended calls stand in a queue of their own, and one that cannot be stored is tried
again until it can.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bridge.domain.calls.calls import EndedCall, Talk
from bridge.domain.calls.early_hangups import SETTLE
from bridge.domain.calls.events import Event, NobodyDialled
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from bridge.ops.seldom_log import SeldomLog
from bridge.pbx.clock import PbxClock
from bridge.pbx.line import Line
from storage.errors import StorageError

REAP_EVERY = timedelta(hours=1)
STORAGE_RETRY = 1.0
TOGETHER = 25
"""Calls handed over at one time: a reply that comes meanwhile waits for so many, not for all."""

WITHOUT_A_BREATH = 20
"""Messages read in one go: in a storm of calls the page and the texts have their turn after so many."""


class Listener:
    """ended: stores one call. nobody_dialled: one that came to none. Both raise StorageError where the disk fails."""

    def __init__(
        self,
        line: Line,
        tracker: Tracker,
        ended: Callable[[EndedCall, datetime], Awaitable[None]],
        clock: Callable[[], datetime],
        nobody_dialled: Callable[[NobodyDialled, datetime], Awaitable[None]] | None = None,
    ) -> None:
        self._line = line
        self._tracker = tracker
        self._ended = ended
        self._clock = clock
        self._nobody_dialled = nobody_dialled
        self._pbx_clock = PbxClock()
        self._calls: asyncio.Queue[tuple[float, EndedCall | NobodyDialled]] = asyncio.Queue()
        self._in_hand: list[tuple[float, EndedCall | NobodyDialled]] = []
        self._log = structlog.get_logger().bind(pbx=line.name)
        self._not_stored = SeldomLog("call.not_stored", tell=self._log.error)
        self._named = 0
        self.judged = 0

    @property
    def waiting(self) -> int:
        """Calls that have ended and are not on disk yet."""
        return self._calls.qsize() + len(self._in_hand)

    @property
    def waits_for(self) -> timedelta:
        """How long the oldest of them has waited."""
        return timedelta(seconds=_monotonic() - self._in_hand[0][0]) if self._in_hand else timedelta(0)

    @property
    def injected(self) -> int:
        """Blocks that callers wrote into the stream."""
        return self._line.injected

    @property
    def presentation_told(self) -> bool:
        """Has the dialplan snippet ever said how a caller wants to be shown?"""
        return self._tracker.presentation_told

    def unmatched(self, since: datetime) -> Mapping[str, int]:
        """Calls that came in on no trunk, by the pattern that would make one of their channels."""
        return self._tracker.unmatched.since(since)

    def is_live(self, number: E164) -> bool:
        return self._tracker.is_live(number)

    def talks(self) -> dict[E164, Talk]:
        return self._tracker.talks()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._store())
            group.create_task(self._reap())
            read = 0
            async for at, events in self._line.events():
                self._hear(at, events)
                read += 1
                if read % WITHOUT_A_BREATH == 0:  # a full queue never waits by itself
                    await asyncio.sleep(0)

    async def drain(self) -> None:
        """Wait until every call that ended is on disk; nothing more will be heard that a Hangup could wait for."""
        self._pass_on(self._tracker.settle(self._clock() + SETTLE))
        await self._calls.join()

    def _hear(self, at: datetime, events: Sequence[Event]) -> None:
        for event in (self._in_our_time(event, at) for event in events):
            if isinstance(event, NobodyDialled):
                self._wait(self._tracker.nobody_dialled(event))
            else:
                self._pass_on(self._tracker.feed(event))
        if len(self._tracker.unmatched) > self._named:
            self._named = len(self._tracker.unmatched)
            self._log.warning("call.on_no_trunk", channels=self._tracker.unmatched.newest, remedy="trunks of [[pbx]]")
        if self._tracker.settling:
            asyncio.get_running_loop().call_later(SETTLE.total_seconds(), self._settle)

    def _in_our_time(self, event: Event, heard: datetime) -> Event:
        ours = self._pbx_clock.in_ours(event.at, heard) if event.at else heard
        return event if ours == event.at else replace(event, at=ours)

    def _settle(self) -> None:
        self._pass_on(self._tracker.settle(self._clock()))

    def _pass_on(self, calls: list[EndedCall]) -> None:
        self.judged += len(calls)
        for call in calls:
            self._wait(call)

    def _wait(self, call: EndedCall | NobodyDialled) -> None:
        self._calls.put_nowait((_monotonic(), call))

    async def _store(self) -> None:
        """All that wait, in their order: what is handed over at one time shares a commit."""
        while True:
            self._in_hand = [await self._calls.get()]
            while len(self._in_hand) < TOGETHER and not self._calls.empty():
                self._in_hand.append(self._calls.get_nowait())
            taken = len(self._in_hand)
            while self._in_hand:
                await self._store_in_hand()
            for _ in range(taken):
                self._calls.task_done()

    async def _store_in_hand(self) -> None:
        """What the disk refused stays in hand for a second; a mistake of ours must not take other calls with it."""
        tried = self._in_hand
        results = await asyncio.gather(*(self._hand_over(call) for _, call in tried), return_exceptions=True)
        refused = [error for error in results if isinstance(error, StorageError)]
        self._in_hand = [one for one, error in zip(tried, results, strict=True) if isinstance(error, StorageError)]
        for (_, call), error in zip(tried, results, strict=True):
            if error is not None and not isinstance(error, StorageError):
                what = call.key.uniqueid if isinstance(call, EndedCall) else call.attempt_id
                self._log.error("call.undigested", what=what, exc_info=error)
        if refused:
            self._not_stored(why=str(refused[0]), waiting=self.waiting)
            await asyncio.sleep(STORAGE_RETRY)

    async def _hand_over(self, call: EndedCall | NobodyDialled) -> None:
        if isinstance(call, EndedCall):
            await self._ended(call, self._clock())
        elif self._nobody_dialled:
            await self._nobody_dialled(call, self._clock())

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(REAP_EVERY.total_seconds())
            self._pass_on(self._tracker.reap(self._clock()))


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
