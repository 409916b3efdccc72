"""The order of things after a connect: first what lives, then what happened meanwhile. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from bridge.ami.protocol import Message
from bridge.domain.calls.events import LinkLost, SnapshotEnded

SNAPSHOT_ROW = "CoreShowChannel"
SNAPSHOT_END = "CoreShowChannelsComplete"

Heard = Message | SnapshotEnded | LinkLost
Received = tuple[datetime, Heard]


@dataclass(slots=True)
class Resync:
    """Puts what a snapshot shows before what happened while it was taken.

    Rows count only under the ActionID we asked with: anybody who calls can forge the others.
    """

    action_id: str = ""
    _held: list[Received] = field(default_factory=list)

    @property
    def held(self) -> int:
        return len(self._held)

    def begin(self, action_id: str) -> None:
        self.action_id = action_id

    def take(self, at: datetime, message: Message) -> list[Received]:
        """What may go on to the consumer, now that `message` has come."""
        if message.event in (SNAPSHOT_ROW, SNAPSHOT_END):
            return self._take_snapshot(at, message)
        if not self.action_id:
            return [(at, message)]
        self._held.append((at, message))
        return []

    def _take_snapshot(self, at: datetime, message: Message) -> list[Received]:
        if not self.action_id or message.get("ActionID") != self.action_id:
            return []
        if message.event == SNAPSHOT_ROW:
            return [(at, message)]
        return [(at, SnapshotEnded(at)), *self.release()]

    def release(self) -> list[Received]:
        """Let go of what was held, whether or not a snapshot came."""
        held, self._held, self.action_id = self._held, [], ""
        return held
