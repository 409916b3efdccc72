"""The order of things after a connect: what lives is asked for, and what happens meanwhile waits behind it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bridge.domain.calls.events import LinkLost
from bridge.esl.protocol import Block, read
from bridge.esl.snapshot import Snapshot, rows

SHOW_CHANNELS = "show channels as json"
SHOW_BRIDGED = "show bridged_calls as json"
ROW_COUNT = '{"row_count":'

Heard = Block | Snapshot | LinkLost


class Resync:
    """One snapshot. Send what it asks for, as `api`, and hand it the answers in their order."""

    def __init__(self) -> None:
        self.asks: list[str] = [SHOW_CHANNELS, SHOW_BRIDGED]
        self.snapshot: Snapshot | None = None
        """Once everything has been answered."""
        self.octets = 0
        """Of what is held."""
        self._lists: list[str] = []
        self._dumps: list[str] = []
        self._channels = 0
        self._held: list[tuple[datetime | None, Block]] = []

    def answered(self, text: str) -> Sequence[str]:
        """What to ask next, if anything. An answer to another question changes nothing."""
        if self.snapshot:
            return ()
        if len(self._lists) < len(self.asks):
            return self._listed(text) if text.startswith(ROW_COUNT) else ()
        if text.startswith("-ERR") or read(text).get("Unique-ID"):
            self._dumps.append(text)
            self._end_with_the_last()
        return ()

    def _listed(self, text: str) -> Sequence[str]:
        self._lists.append(text)
        if len(self._lists) < len(self.asks):
            return ()
        uuids = [row.get("uuid") for row in rows(self._lists[0])]
        self._channels = len(uuids)
        self._end_with_the_last()
        return [f"uuid_dump {uuid} json" for uuid in uuids]

    def _end_with_the_last(self) -> None:
        if len(self._dumps) == self._channels:
            channels, bridged = self._lists
            self.snapshot = Snapshot(channels, bridged, tuple(self._dumps))

    def hold(self, at: datetime | None, block: Block) -> None:
        """It came while we asked."""
        self._held.append((at, block))
        self.octets += block.raw_size

    def release(self) -> list[tuple[datetime | None, Block]]:
        """What was held, whether or not all was answered."""
        held, self._held, self.octets = self._held, [], 0
        return held
