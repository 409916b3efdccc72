"""What the use cases need from outside. `daemon` hands the real ones in, tests hand in theirs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bridge.domain.callbacks.desk_label import Lamp
from bridge.domain.calls.calls import EndedCall
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Inbound, LateAnswer, Outcome, Stored, Submission

Wanted = Callable[[], Awaitable[bool]]


async def always() -> bool:
    return True


class Gateway(Protocol):
    """An SMSC, seen from the outbox."""

    @property
    def ready(self) -> bool:
        """Bound and not throttled: a submit now would be written now."""

    async def wait_ready(self) -> None: ...

    async def submit(self, part: Submission, wanted: Wanted = always) -> Outcome:
        """Write one part and wait for its answer. Never raises for anything the network or the SMSC does.

        wanted: asked when the part's turn has come, right before its first byte; a no makes it `NotWritten`.
        """


class TextReceiver(Protocol):
    """Who takes what a gateway delivers. Returning `Stored.OK` means: it is on disk."""

    async def received(self, what: Inbound) -> Stored: ...

    async def answered_late(self, answer: LateAnswer) -> None: ...


class LiveNumbers(Protocol):
    """Who is on the line right now."""

    def is_live(self, number: E164) -> bool: ...


@dataclass(frozen=True, slots=True)
class Originated:
    """The PBX took (or refused) the request; what became of the call is told by its events."""

    accepted: bool
    error: str = ""


class PbxActions(Protocol):
    """The actions we take on a PBX; each needs `write=originate` and nothing wider."""

    async def originate(
        self, *, attempt_id: str, extension: str, number: E164, did: str, display: str
    ) -> Originated: ...

    async def listen(self, *, attempt_id: str, extension: str, mailbox: str, display: str) -> Originated:
        """Ring `extension` showing `display`, then play what is in `mailbox`."""


class Display(Protocol):
    """What one PBX shows on desk phones. It holds it itself: a call never waits for us."""

    @property
    def connected_since(self) -> datetime | None:
        """None while it cannot be reached; another moment after every new connection."""

    async def show(
        self, lamp: Lamp, labels: Sequence[tuple[Sequence[str], str]], *, forget: bool = False
    ) -> Originated:
        """Set the lamp, and the words in front of a name for each number, spelled in all its ways; "" for none.

        forget: of what was shown before, nothing holds.
        """


@dataclass(frozen=True, slots=True)
class RecordsCoverage:
    """How far records tell. rows: of them, 0 where nothing is one. events_since, events_until: between these moments
    channel events tell of calls, before and after them only records; None where there is no such call. cut: there is
    more than is looked at. strange: patterns of channels that somebody with a whole number called on, and that are
    counted as no trunk's; and how often.
    """

    rows: int = 0
    events_since: datetime | None = None
    events_until: datetime | None = None
    cut: bool = False
    strange: Mapping[str, int] = field(default_factory=dict)


class CallRecords(Protocol):
    """What a PBX wrote down itself of the calls it had."""

    @property
    def coverage(self) -> RecordsCoverage:
        """Of what was read last."""

    async def read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        """Calls that ended since then and whose records are complete by `now`, in the order in which they ended.

        Raises OSError where the records cannot be read.
        """
