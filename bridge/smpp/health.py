"""How a gateway stands, for the health strip and `status`."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum


class BindState(StrEnum):
    STOPPED = "stopped"
    CONNECTING = "connecting"
    BOUND = "bound"
    DOWN = "down"  # until the next try


class BindHealth:
    """state, since when, and what went wrong last; `last_error` stays when things go well again."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.state = BindState.STOPPED
        self.since = clock()
        self.last_error = ""

    def now(self, state: BindState, error: str = "") -> None:
        self.last_error = error or self.last_error
        if state is not self.state:
            self.state, self.since = state, self._clock()
