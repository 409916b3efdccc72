"""What is known of a connection to one PBX, whichever it is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge.domain.calls.events import Event


class LinkError(Exception):
    """There is no usable connection, or there is none any more. The text says why, for people."""


class LoginRefusedError(LinkError):
    """The PBX lets us not in, or not hear what we need: trying again soon only feeds fail2ban."""


@dataclass(slots=True)
class PbxHealth:
    """What the health strip shows of one PBX. `connected_since` is None while there is no session.

    reconnects: links that stood and were lost. dropped: times that what waited found no room, and we began anew.
    paused: times that we let the PBX wait, to keep what was heard. suspicious: messages that no PBX writes. booted_at:
    when the PBX said that it has loaded everything; None where the account may not hear that.
    """

    connected_since: datetime | None = None
    synced_at: datetime | None = None
    booted_at: datetime | None = None
    heard_at: datetime | None = None
    last_error: str = ""
    events: int = 0
    dropped: int = 0
    paused: int = 0
    suspicious: int = 0
    reconnects: int = 0


class Line(Protocol):
    """The connection to one PBX, for as long as `run` runs."""

    @property
    def name(self) -> str:
        """What the PBX is called here."""

    @property
    def health(self) -> PbxHealth: ...

    @property
    def injected(self) -> int:
        """Blocks that callers wrote into the stream."""

    def events(self) -> AsyncIterator[tuple[datetime, Sequence[Event]]]:
        """What each message told, and when it came. For one consumer.

        First what lives and a SnapshotEnded, then what happens; a LinkLost when we no longer hear it.
        """

    async def run(self) -> None: ...

    async def drain(self) -> None:
        """Wait until everything that was heard has been read."""


class RawStreamListener:
    """Hears the raw stream of a connection; this one lets it pass."""

    def connected(self) -> None:
        """A new stream begins."""

    def received(self, data: bytes) -> None:
        """As they came from the socket. Must not raise."""

    def disconnected(self) -> None:
        """The stream has ended, perhaps in the middle of a message."""


def refuse_control_characters(named: Mapping[str, str]) -> None:
    """Raises ValueError, naming it and not its value: a line break would begin a header or a command of its own."""
    for key, value in named.items():
        if any(ord(character) < 32 or ord(character) == 127 for character in f"{key}{value}"):
            raise ValueError(f"a control character in {key!r}")
