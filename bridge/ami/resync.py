"""The order of things after a connect: first what lives, then what happened meanwhile. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from bridge.ami.protocol import Block, Message
from bridge.domain.calls.events import LinkLost, SnapshotEnded

SNAPSHOT_ROW = "CoreShowChannel"
SNAPSHOT_END = "CoreShowChannelsComplete"

Heard = Message | SnapshotEnded | LinkLost
Received = tuple[datetime, Heard]
Unread = tuple[datetime, Block | SnapshotEnded | LinkLost]


@dataclass(slots=True)
class Resync:
    """Puts what a snapshot shows before what happened while it was taken.

    Rows count only under the ActionID we asked with: anybody who calls can forge the others.
    """

    action_id: str = ""
    octets: int = 0
    """Of what is held until the snapshot has ended."""

    _held: list[Unread] = field(default_factory=list)

    def begin(self, action_id: str) -> None:
        self.action_id = action_id

    def take(self, at: datetime, block: Block) -> list[Unread]:
        """What may go on to the consumer, now that `block` has come."""
        if block.event in (SNAPSHOT_ROW, SNAPSHOT_END):
            return self._take_snapshot(at, block)
        if not self.action_id:
            return [(at, block)]
        self._held.append((at, block))
        self.octets += block.raw_size
        return []

    def _take_snapshot(self, at: datetime, block: Block) -> list[Unread]:
        if not self.action_id or block.read().get("ActionID") != self.action_id:
            return []
        if block.event == SNAPSHOT_ROW:
            return [(at, block)]
        return [(at, SnapshotEnded(at)), *self.release()]

    def release(self) -> list[Unread]:
        """Let go of what was held, whether or not a snapshot came."""
        held, self._held, self.octets, self.action_id = self._held, [], 0, ""
        return held
