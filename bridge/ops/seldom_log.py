"""What may happen a thousand times a second, and stands in the log once a minute (flooding, rate limit)."""

import time
from collections.abc import Callable

import structlog

SAID_EVERY = 60.0  # seconds

log = structlog.get_logger()


class SeldomLog:
    """A line a minute at most, with how often it was meant since. tell: a logger's method, else a warning."""

    def __init__(
        self, event: str, clock: Callable[[], float] = time.monotonic, tell: Callable[..., object] | None = None
    ) -> None:
        self._event = event
        self._clock = clock
        self._tell = tell
        self._again = 0.0
        self._count = 0

    def __call__(self, **fields: object) -> None:
        self._count += 1
        if (now := self._clock()) >= self._again:
            (self._tell or log.warning)(self._event, times=self._count, **fields)
            self._again, self._count = now + SAID_EVERY, 0
