"""Events that came before the one that says that their channel exists: within a moment order means nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.domain.calls.events import ChannelCreated, ChannelEvent, ChannelSeen, Event

MOST = 1_000  # what forged events may make us hold


class UnbornChannels:
    """Of channels that may begin a call. What nothing follows in a moment is taken as it is: we listen since then."""

    def __init__(self, moment: timedelta) -> None:
        self._moment = moment
        self._held: list[tuple[datetime, ChannelEvent]] = []

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, event: ChannelEvent) -> bool:
        exists = isinstance(event, ChannelCreated | ChannelSeen)
        if exists or event.at is None or not event.uniqueid == event.linkedid != "" or len(self) >= MOST:
            return False
        self._held.append((event.at, event))
        return True

    def born(self, uniqueid: str) -> Sequence[Event]:
        """What has been heard of it."""
        return self._take([held for held in self._held if held[1].uniqueid == uniqueid])

    def ripe(self, at: datetime | None, age: timedelta | None = None) -> Sequence[Event]:
        """As `EarlyHangups.ripe`."""
        age = self._moment if age is None else age
        return self._take([held for held in self._held if at is None or at - held[0] >= age])

    def _take(self, taken: Sequence[tuple[datetime, ChannelEvent]]) -> Sequence[Event]:
        self._held = [held for held in self._held if held not in taken]
        return [event for _, event in taken]
