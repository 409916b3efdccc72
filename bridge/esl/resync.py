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
        self._answers: list[str] = []
        self._dumps: list[str] = []
        self._held: list[tuple[datetime | None, Block]] = []
        self.octets = 0
        """Of what is held."""

    @property
    def snapshot(self) -> Snapshot | None:
        """Once everything has been answered."""
        if len(self._answers) < 2 or len(self._dumps) < len(self._uuids()):
            return None
        channels, bridged = self._answers
        return Snapshot(channels, bridged, tuple(self._dumps))

    def answered(self, text: str) -> Sequence[str]:
        """What to ask next, if anything. An answer to another question changes nothing."""
        if len(self._answers) < 2:
            if not text.startswith(ROW_COUNT):
                return ()
            self._answers.append(text)
            return [f"uuid_dump {uuid} json" for uuid in self._uuids()] if len(self._answers) == 2 else ()
        if self.snapshot is None and (text.startswith("-ERR") or read(text).get("Unique-ID")):
            self._dumps.append(text)
        return ()

    def hold(self, at: datetime | None, block: Block) -> None:
        """It came while we asked."""
        self._held.append((at, block))
        self.octets += block.raw_size

    def release(self) -> list[tuple[datetime | None, Block]]:
        """What was held, whether or not all was answered."""
        held, self._held, self.octets = self._held, [], 0
        return held

    def _uuids(self) -> list[str]:
        return [row.get("uuid") for row in rows(self._answers[0])]
