"""Slows down who guesses passwords (brute force), and nobody else. A value with the time as an argument; bounded.

Tries at one name count tightly: by the browser, where that user has signed in before (a device cookie, OWASP), else by
the address. So nobody at another address locks Ann out, and nobody behind her own proxy locks out her own browser.

All tries of an address count loosely, for behind a proxy, or a router, many are one. Beyond that nobody is turned away:
each answer takes its time, the same for every name, and names that nobody has are not even looked at.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.ops.sockets import household

TRIES = 8
TRIES_OF_ADDRESS = 30
WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SignInTry:
    """exists: is there a user of that name? browser: the mark of one in which they have signed in, "" for none."""

    address: str
    name: str
    exists: bool = False
    browser: str = ""

    @property
    def key(self) -> _Key:
        return self.browser or household(self.address), f"as {self.name.casefold()[:100]}"


class SignInThrottle:
    """Counts failed tries."""

    def __init__(self, tries: int = TRIES, window: timedelta = WINDOW) -> None:
        self._tries, self._window = tries, window
        self._at_users, self._at_nobody, self._by_address = (_Failures(window) for _ in range(3))

    def wait(self, one: SignInTry, now: datetime) -> timedelta:
        """How long until the next try is looked at; zero for now."""
        recent = self._of(one).recent(one.key, now)
        return recent[-self._tries] + self._window - now if len(recent) >= self._tries else timedelta(0)

    def is_slowed(self, one: SignInTry, now: datetime) -> bool:
        """Was so much tried from there that answers take their time?"""
        return not one.browser and len(self._by_address.recent(_everyone(one), now)) >= TRIES_OF_ADDRESS

    def failed(self, one: SignInTry, now: datetime) -> None:
        self._of(one).add(one.key, now, keep=2 * self._tries)
        if not one.browser:
            self._by_address.add(_everyone(one), now, keep=2 * TRIES_OF_ADDRESS)

    def passed(self, one: SignInTry) -> None:
        """Its last try was none, which `failed` counted before it was looked at."""
        self._of(one).forget(one.key)
        if not one.browser:
            self._by_address.take_back(_everyone(one))

    def _of(self, one: SignInTry) -> "_Failures":
        """Apart, so that made-up names do not push out what is known of those that can be guessed at."""
        return self._at_users if one.exists else self._at_nobody


class _Failures:
    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._known: OrderedDict[_Key, list[datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def recent(self, key: _Key, now: datetime) -> list[datetime]:
        return [at for at in self._known.get(key, ()) if now - at < self._window]

    def add(self, key: _Key, now: datetime, keep: int) -> None:
        self._known[key] = [*self._known.get(key, ()), now][-keep:]
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, key: _Key) -> None:
        self._known.pop(key, None)

    def take_back(self, key: _Key) -> None:
        self._known.get(key, [])[-1:] = []


def _everyone(one: SignInTry) -> _Key:
    return household(one.address), ""
