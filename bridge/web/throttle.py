"""Slows down who guesses passwords (brute force), and nobody else. A value with the time as an argument; bounded.

Tries at one name from one address count tightly, all tries of an address loosely: whoever mistypes Ann's password locks
out neither Bob beside them nor Ann elsewhere, and nobody guesses freely over many names. Who has come in from an
address goes on doing so, whatever others there try: behind a proxy, or a router, many are one address.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TypeVar

from bridge.ops.sockets import household

TRIES = 8
TRIES_OF_ADDRESS = 60
WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000

T = TypeVar("T")
_Key = tuple[str, str]
ANY_NAME = ""


class SignInThrottle:
    """Counts failed tries."""

    def __init__(self, tries: int = TRIES, of_address: int = TRIES_OF_ADDRESS, window: timedelta = WINDOW) -> None:
        self._tries, self._of_address, self._window = tries, of_address, window
        self._failed: OrderedDict[_Key, list[datetime]] = OrderedDict()
        self._came_in: OrderedDict[_Key, None] = OrderedDict()

    def wait(self, address: str, name: str, now: datetime) -> timedelta:
        """How long until the next try is looked at; zero for now."""
        one, everyone = _keys(address, name)
        wait = self._wait(one, self._tries, now)
        return wait if one in self._came_in else max(wait, self._wait(everyone, self._of_address, now))

    def _wait(self, key: _Key, tries: int, now: datetime) -> timedelta:
        recent = [at for at in self._failed.get(key, ()) if now - at < self._window]
        return recent[-tries] + self._window - now if len(recent) >= tries else timedelta(0)

    def failed(self, address: str, name: str, now: datetime) -> None:
        for key in _keys(address, name):
            self._failed[key] = [*self._failed.get(key, ()), now][-2 * self._of_address :]
            self._failed.move_to_end(key)
        _trim(self._failed)

    def passed(self, address: str, name: str) -> None:
        """Its last try was none, which `failed` counted before it was looked at."""
        one, everyone = _keys(address, name)
        self._failed.pop(one, None)
        self._failed.get(everyone, [])[-1:] = []
        self._came_in[one] = None
        self._came_in.move_to_end(one)
        _trim(self._came_in)


def _keys(address: str, name: str) -> tuple[_Key, _Key]:
    who = household(address)
    return (who, f"as {name.casefold()[:100]}"), (who, ANY_NAME)


def _trim(kept: OrderedDict[_Key, T]) -> None:
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
