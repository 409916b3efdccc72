"""How fast, and when again: three small values that know no clock. Times in seconds."""

from dataclasses import dataclass

from bridge.ops.backoff import Backoff


@dataclass(slots=True)
class TokenBucket:
    """The contract's rate, evenly: a burst is what strict gateways throttle."""

    rate: float
    next_at: float = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.next_at - now)

    def take(self, now: float) -> None:
        self.next_at = max(now, self.next_at) + 1 / self.rate


@dataclass(slots=True)
class SubmitThrottle:
    """The bind rests when the SMSC says "too fast", twice as long each time, until it accepts something again."""

    shortest: float = 1.0
    longest: float = 60.0
    rest: float = 0.0
    until: float = 0.0

    def refused(self, now: float) -> None:
        if now >= self.until:
            self.rest = min(max(self.shortest, self.rest * 2), self.longest)
            self.until = now + self.rest

    def accepted(self) -> None:
        self.rest = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.until - now)


@dataclass(slots=True)
class Reconnect:
    """How long until the next bind. `refused`: trying again makes it worse (an account locks)."""

    lost: Backoff
    refused: Backoff
    stable: float = 30.0

    def was_up(self, seconds: float) -> None:
        """A link that is lost soon after each bind is no success."""
        if seconds >= self.stable:
            self.lost.reset()
            self.refused.reset()
