"""How the daemon does, as the page's strip, `/healthz`, the metrics and `textback status` tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

LONGEST_UNWRITTEN = timedelta(seconds=10)
"""A daemon at rest writes every other second; whoever holds the database is waited for five seconds."""

CALL_MAY_WAIT = timedelta(seconds=10)
TEXT_MAY_WAIT = timedelta(minutes=2)


class LinkKind(StrEnum):
    PBX = "pbx"
    SMS = "sms"


class HealthNote(StrEnum):
    """What works, and could work better. NO_SNIPPET: no call told how its caller wants to be shown."""

    NO_SNIPPET = "no_snippet"


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """A connection that the work depends on. since: None while it is down; error: then why, in words.

    counts: whatever it counts (events, reconnects, ...), by a name without spaces.
    """

    kind: LinkKind
    name: str
    since: datetime | None
    error: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be done. oldest: for how long the first of it has."""

    count: int = 0
    oldest: timedelta = timedelta(0)

    def as_json(self) -> dict[str, float]:
        return {"count": self.count, "oldest": round(self.oldest.total_seconds(), 1)}


@dataclass(frozen=True, slots=True)
class Health:
    """disk_free, disk_total: bytes where the database is. database: what is wrong with it, "" for nothing.

    copied_at: when the newest copy of it was made, None for never. instance: whose health this is, by its database.
    unwritten_for: since the last commit. calls: ended and not on disk. texts: due, held back by nobody, and not sent.
    no_trunk: calls within a day on channels that no setting calls a trunk, by the pattern that would. unreadable: why
    a PBX's own records could not be read, by the PBX.
    """

    links: tuple[LinkHealth, ...] = ()
    disk_free: int = 0
    disk_total: int = 0
    database: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[HealthNote, ...] = ()
    copied_at: datetime | None = None
    instance: str = ""
    unwritten_for: timedelta = timedelta(0)
    calls: Backlog = Backlog()
    texts: Backlog = Backlog()
    no_trunk: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def recording(self) -> bool:
        """What happens is on disk within seconds: told by what was written last, not by what could be read."""
        return not self.database and self.unwritten_for <= LONGEST_UNWRITTEN and self.calls.oldest <= CALL_MAY_WAIT

    @property
    def ready(self) -> bool:
        """Calls of every PBX are seen, texts go out by one gateway, where there is any, and all is recorded."""
        pbxs = [link for link in self.links if link.kind is LinkKind.PBX]
        gateways = [link for link in self.links if link.kind is LinkKind.SMS]
        texting = any(gateway.since for gateway in gateways) or not gateways
        return self.recording and all(pbx.since for pbx in pbxs) and texting and self.texts.oldest <= TEXT_MAY_WAIT

    @property
    def disk_low(self) -> bool:
        return self.disk_total > 0 and self.disk_free < self.disk_total // 20

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": self.ready,
            "instance": self.instance,
            "database": self.database,
            "disk_free": self.disk_free,
            "disk_total": self.disk_total,
            "unwritten_for": round(self.unwritten_for.total_seconds(), 1),
            "calls_waiting": self.calls.as_json(),
            "texts_waiting": self.texts.as_json(),
            "notes": list(self.notes),
            "no_trunk": dict(self.no_trunk),
            "unreadable": dict(self.unreadable),
            "links": [
                {
                    "kind": link.kind,
                    "name": link.name,
                    "since": link.since.isoformat() if link.since else None,
                    "error": link.error,
                }
                for link in self.links
            ],
        }


def instance_of(database: Path) -> str:
    """Tells daemons on one machine apart, and gives no path away."""
    return sha256(str(database.resolve()).encode()).hexdigest()[:12]
