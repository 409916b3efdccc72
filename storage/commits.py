"""Tells followers what was committed: of our own commits what their audit entries say, of other processes' nothing.

So each wakes for what concerns it: of the four commits of a missed call and its text most care for one.
"""

import asyncio
from collections.abc import Set


class Commits:
    """Counts the commits seen, ours and others'."""

    def __init__(self) -> None:
        self.count = 0
        self._last: dict[str, int] = {}
        self._by_others = 0
        self._waiting: dict[asyncio.Future[None], Set[str] | None] = {}

    def tell(self, told: Set[str] | None = None) -> None:
        """told: the subjects and verbs of its audit entries (`part`, `part.queued`); None where it may be anything."""
        self.count += 1
        if told is None:
            self._by_others = self.count
        else:
            self._last |= dict.fromkeys(told, self.count)
        for waiter, of in self._waiting.items():
            if not waiter.done() and (told is None or of is None or not told.isdisjoint(of)):
                waiter.set_result(None)

    def newest(self, of: Set[str] | None = None) -> int:
        """The count at the last commit that was, or may have been, of any of these; None: of anything."""
        if of is None:
            return self.count
        return max(self._by_others, *(self._last.get(what, 0) for what in of))

    async def beyond(self, count: int, of: Set[str] | None = None) -> int:
        """Wait until there were more than `count`, and one `of` these among them; how many there are then."""
        while self.newest(of) <= count:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting[waiter] = of
            try:
                await waiter
            finally:
                del self._waiting[waiter]
        return self.count
