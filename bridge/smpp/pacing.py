"""How fast, and when again: three small values that know no clock. Times in seconds."""

from dataclasses import dataclass


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
class Backoff:
    """How long until the next bind. `slow` for refusals that trying again makes worse (an account locks)."""

    shortest: float = 1.0
    longest: float = 60.0
    slow_shortest: float = 30.0
    slow_longest: float = 600.0
    stable: float = 30.0
    failures: int = 0

    def failed(self, jitter: float, *, slow: bool) -> float:
        """jitter: 0 to 1; the result lies between half and the whole of what is due."""
        shortest, longest = (self.slow_shortest, self.slow_longest) if slow else (self.shortest, self.longest)
        due: float = min(shortest * 2.0 ** min(self.failures, 30), longest)
        self.failures += 1
        return due * (0.5 + jitter / 2)

    def was_up(self, seconds: float) -> None:
        """A link that is lost soon after each bind is no success."""
        if seconds >= self.stable:
            self.failures = 0
