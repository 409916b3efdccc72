"""Keep-alive of a session (enquire_link): no clock, no socket; time comes in, a verdict goes out."""

from dataclasses import dataclass
from enum import Enum, auto


class WatchAction(Enum):
    WAIT = auto()
    ENQUIRE = auto()
    DROP = auto()


@dataclass(slots=True)
class LinkWatch:
    """Ask the peer after `idle` seconds of silence, give up `patience` seconds after asking."""

    idle: float
    patience: float
    heard_at: float
    asked_at: float | None = None

    def heard(self, now: float) -> None:
        self.heard_at, self.asked_at = now, None

    def check(self, now: float) -> WatchAction:
        if self.asked_at is not None:
            return WatchAction.DROP if now - self.asked_at >= self.patience else WatchAction.WAIT
        if now - self.heard_at < self.idle:
            return WatchAction.WAIT
        self.asked_at = now
        return WatchAction.ENQUIRE
