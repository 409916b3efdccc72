"""What scripts work with: the queue and its verbs, as the person at this phone."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hmac import compare_digest

from agi.channel import AgiChannel, Digits, Spoken
from bridge.callbacks.actions import Callbacks
from bridge.domain import phone
from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.office import Office
from bridge.ops.seldom_log import SeldomLog
from storage.database import Database

SOME_PHONE = "desk phone"
WRONG_PINS = 5
WRONG_PINS_IN_ALL = 20
LOCKED_FOR = timedelta(minutes=15)


@dataclass(slots=True)
class PinLock:
    """Opens for the PIN. Five wrong ones from one phone shut it to that phone for a quarter of an hour, twenty from
    whatever phones to all: who can call from many extensions has no more tries for that."""

    pin: str
    _wrong: defaultdict[str, deque[datetime]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=WRONG_PINS))
    )
    _all_wrong: deque[datetime] = field(default_factory=lambda: deque(maxlen=WRONG_PINS_IN_ALL))
    _wrong_pin: SeldomLog = field(default_factory=lambda: SeldomLog("desk.wrong_pin"))

    def opens(self, pin: str, extension: str, now: datetime) -> bool:
        wrong = self._wrong[extension]
        locked = _is_full(wrong, now) or _is_full(self._all_wrong, now)
        if not locked and self.pin and compare_digest(pin.encode(), self.pin.encode()):
            wrong.clear()
            return True
        if not locked:
            wrong.append(now)
            self._all_wrong.append(now)
        self._wrong_pin(phone=extension, shut=locked)
        return False


def _is_full(wrong: deque[datetime], now: datetime) -> bool:
    return len(wrong) == wrong.maxlen and now - wrong[0] < LOCKED_FOR


@dataclass(frozen=True, slots=True)
class Desk:
    """trunks: patterns of the channels on which callers from outside come. clock: aware UTC."""

    database: Database
    office: Office
    callbacks: Callbacks
    lock: PinLock
    clock: Callable[[], datetime]
    trunks: Sequence[str] = ()

    def is_outside(self, call: AgiChannel) -> bool:
        """Is this a caller on a trunk, who got to a code for staff through a menu or a mistake in the dialplan?"""
        return any(fnmatchcase(call.environment.channel, trunk) for trunk in self.trunks)

    def who(self, call: AgiChannel) -> str:
        """The person whose phone it is, else the extension itself."""
        extension = call.environment.extension or SOME_PHONE
        return next((person.name for person in self.office.people if person.extension == extension), extension)

    def spoken(self, callback: Callback) -> tuple[Spoken, ...]:
        """`the number I have is` and its digits."""
        if callback.number is None:
            return ("vm-unknown-caller",)
        return "vm-num-i-have", Digits(digits(phone.national(callback.number, self.office.country)))


def digits(written: str) -> str:
    return "".join(character for character in written if character.isascii() and character.isdigit())
