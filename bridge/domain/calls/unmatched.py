"""Calls that came in on channels which no setting calls a trunk: nobody judges them, so they are counted and named."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime

MAX_PATTERNS, MAX_CALLS = 20, 1000


class UnmatchedCalls:
    """By the pattern that would make a trunk of such channels; the latest calls of each."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = {}

    def __len__(self) -> int:
        """How many patterns."""
        return len(self._calls)

    def add(self, pattern: str, at: datetime | None) -> None:
        if at is None or (pattern not in self._calls and len(self._calls) >= MAX_PATTERNS):
            return
        self._calls.setdefault(pattern, deque(maxlen=MAX_CALLS)).append(at)

    def since(self, moment: datetime) -> Mapping[str, int]:
        counted = {pattern: sum(at >= moment for at in tuple(calls)) for pattern, calls in tuple(self._calls.items())}
        return {pattern: count for pattern, count in counted.items() if count}

    @property
    def newest(self) -> str:
        """The pattern that was added last."""
        return next(reversed(self._calls), "")
