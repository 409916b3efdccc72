"""What scripts work with: the queue and its verbs, as the person at this phone."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from agi.channel import AgiChannel, Digits, Spoken
from bridge.callbacks.actions import Callbacks
from bridge.domain import phone
from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.office import Office
from storage.database import Database

SOME_PHONE = "desk phone"
WRONG_PINS = 5
LOCKED_FOR = timedelta(minutes=15)


@dataclass(slots=True)
class PinLock:
    """Opens for the PIN; five wrong ones from one phone shut it to that phone for a quarter of an hour."""

    pin: str
    _wrong: defaultdict[str, deque[datetime]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=WRONG_PINS))
    )

    def opens(self, pin: str, extension: str, now: datetime) -> bool:
        wrong = self._wrong[extension]
        locked = len(wrong) == WRONG_PINS and now - wrong[0] < LOCKED_FOR
        if not locked and self.pin and compare_digest(pin.encode(), self.pin.encode()):
            wrong.clear()
            return True
        if not locked:
            wrong.append(now)
        return False


@dataclass(frozen=True, slots=True)
class Desk:
    """clock: aware UTC."""

    database: Database
    office: Office
    callbacks: Callbacks
    lock: PinLock
    clock: Callable[[], datetime]

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
