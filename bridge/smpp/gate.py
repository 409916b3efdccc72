"""Who may write the next submit: urgent first, within the window and the rate limit, not while throttled."""

import asyncio
import heapq
from itertools import count

from bridge.smpp.pacing import SubmitThrottle, TokenBucket


class GateClosedError(Exception):
    """Nothing was written, and nothing will be for now."""


class Gate:
    """One for each bind that sends. Closed until somebody opens it."""

    def __init__(self, window: int, rate: float) -> None:
        self._window = window
        self._bucket = TokenBucket(rate)
        self._throttle = SubmitThrottle()
        self._inside = 0
        self._closed: str | None = "not bound"
        self._shut = False
        self._order = count()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._watching: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Would somebody who comes now go straight through?"""
        return self._closed is None and not self._waiting and self._wait() == 0

    @property
    def throttled(self) -> bool:
        return self._throttle.wait(_now()) > 0

    @property
    def inside(self) -> int:
        return self._inside

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def wait_open(self) -> None:
        while not self.is_open:
            watcher = asyncio.get_running_loop().create_future()
            self._watching.add(watcher)
            try:
                self._let_in()
                await watcher
            finally:
                self._watching.discard(watcher)

    async def enter(self, *, urgent: bool) -> None:
        """Wait for one's turn; `leave` gives it back. GateClosedError when the bind ends or is throttled meanwhile."""
        if self.is_open:
            self._take_turn()
        elif self._closed is None and not self.throttled:
            turn = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (not urgent, next(self._order), turn))
            self._let_in()
            await self._turn(turn)
        else:
            raise GateClosedError(self._closed or "throttled")

    async def _turn(self, turn: asyncio.Future[None]) -> None:
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():
                self.leave()
            raise

    def leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def open(self) -> None:
        if not self._shut:
            self._closed = None
            self._let_in()

    def shut(self, why: str) -> None:
        """For good: a bind that comes about now opens nothing."""
        self._shut = True
        self.close(why)

    def close(self, why: str) -> None:
        self._closed = why
        if self._timer:
            self._timer.cancel()
        self._turn_away(why)

    def throttle(self) -> None:
        self._throttle.refused(_now())
        self._turn_away("throttled")
        self._let_in()

    def accepted(self) -> None:
        self._throttle.accepted()

    def _turn_away(self, why: str) -> None:
        for _, _, turn in self._waiting:
            if not turn.done():
                turn.set_exception(GateClosedError(why))
        self._waiting.clear()

    def _let_in(self) -> None:
        while self._waiting and self._closed is None and self._wait() == 0:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._take_turn()
                turn.set_result(None)
        if self.is_open:
            self._tell_watchers()
        elif self._closed is None and self._inside < self._window and (self._waiting or self._watching):
            self._look_again_in(self._wait())

    def _take_turn(self) -> None:
        self._inside += 1
        self._bucket.take(_now())

    def _wait(self) -> float:
        """Seconds until the next one may go in; infinite while the window is full."""
        if self._inside >= self._window:
            return float("inf")
        now = _now()
        return max(self._bucket.wait(now), self._throttle.wait(now))

    def _tell_watchers(self) -> None:
        for watcher in self._watching:
            if not watcher.done():
                watcher.set_result(None)

    def _look_again_in(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._let_in)


def _now() -> float:
    return asyncio.get_running_loop().time()
