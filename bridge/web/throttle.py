"""Slows down who guesses passwords (brute force). A value with the time as an argument; bounded, whatever comes."""

from collections import OrderedDict
from datetime import datetime, timedelta

TRIES = 8
WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000


class SignInThrottle:
    """Counts failed tries by key (an address, a name)."""

    def __init__(self, tries: int = TRIES, window: timedelta = WINDOW) -> None:
        self._tries, self._window = tries, window
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()

    def wait(self, key: str, now: datetime) -> timedelta:
        """How long until the next try is looked at; zero for now."""
        recent = [at for at in self._failed.get(key, ()) if now - at < self._window]
        if len(recent) < self._tries:
            return timedelta(0)
        return recent[-self._tries] + self._window - now

    def failed(self, *keys: str, now: datetime) -> None:
        for key in keys:
            self._failed[key] = [*self._failed.get(key, ()), now][-self._tries :]
            self._failed.move_to_end(key)
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def passed(self, *keys: str) -> None:
        for key in keys:
            self._failed.pop(key, None)
