"""What a gateway did since the daemon started, as plain numbers for `/metrics` and `status`."""

from collections import Counter
from dataclasses import dataclass, field

from bridge.domain.texts.messages import Inbound, Outcome

LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class SmppCounters:
    """outcomes and arrivals by the name of their class. latency: cumulative counts by upper bound in seconds."""

    outcomes: dict[str, int]
    arrivals: dict[str, int]
    late: int
    put_off: int
    odd: int
    binds: int
    latency: dict[float, int]
    latency_sum: float
    latency_count: int
    window_used: int
    waiting: int
    backlog: int


@dataclass(slots=True)
class Counters:
    """put_off: deliveries answered with a temporary error, so that the SMSC keeps them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    arrivals: Counter[str] = field(default_factory=Counter)
    late: int = 0
    put_off: int = 0
    odd: int = 0
    binds: int = 0
    latency: Counter[float] = field(default_factory=Counter)
    latency_sum: float = 0.0
    latency_count: int = 0

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes[type(outcome).__name__] += 1

    def arrived(self, what: Inbound) -> None:
        self.arrivals[type(what).__name__] += 1

    def took(self, seconds: float) -> None:
        self.latency_sum += seconds
        self.latency_count += 1
        self.latency.update(bound for bound in LATENCY_BUCKETS if seconds <= bound)

    def snapshot(self, *, window_used: int, waiting: int, backlog: int) -> SmppCounters:
        return SmppCounters(
            outcomes=dict(self.outcomes),
            arrivals=dict(self.arrivals),
            late=self.late,
            put_off=self.put_off,
            odd=self.odd,
            binds=self.binds,
            latency={bound: self.latency[bound] for bound in LATENCY_BUCKETS},
            latency_sum=self.latency_sum,
            latency_count=self.latency_count,
            window_used=window_used,
            waiting=waiting,
            backlog=backlog,
        )
