"""How long to wait before trying again: exponential back-off with jitter, so that not everybody comes back at once."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Seconds before the next attempt: doubling from `first` to `most`, each between half and the whole of that.

    jitter: 0 to 1.
    """

    first: float
    most: float
    jitter: Callable[[], float] = random.random
    _next: float = 0.0

    def delay(self) -> float:
        self._next = min(self._next * 2 or self.first, self.most)
        return self._next * (0.5 + self.jitter() / 2)

    def reset(self) -> None:
        self._next = 0.0
