"""Hangups that came before what led to them: what one thing sets off may come in any order within a moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.domain.calls.events import HungUp

SETTLE = timedelta(milliseconds=200)  # how long a Hangup waits at most for what should have come before it


class EarlyHangups:
    """One a channel, the first that came. moment: within this, order means nothing."""

    def __init__(self, moment: timedelta) -> None:
        self._moment = moment
        self._waiting: dict[str, HungUp] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def hold(self, event: HungUp) -> None:
        self._waiting.setdefault(event.uniqueid, event)

    def of(self, uniqueid: str) -> HungUp | None:
        return self._waiting.get(uniqueid)

    def drop(self, uniqueid: str) -> None:
        self._waiting.pop(uniqueid, None)

    def ripe(self, at: datetime | None, age: timedelta | None = None) -> Sequence[HungUp]:
        """Those that have waited for so long by then, else for a moment; all of them where no time is known."""
        age = self._moment if age is None else age
        return [one for one in self._waiting.values() if at is None or one.at is None or at - one.at >= age]
