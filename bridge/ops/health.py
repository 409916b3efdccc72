"""How the daemon does, as the page's strip, `/healthz`, the metrics and `textback status` tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
class Health:
    """disk_free, disk_total: bytes where the database is. database: what is wrong with it, "" for nothing.

    copied_at: when the newest copy of it was made, None for never.
    """

    links: tuple[LinkHealth, ...] = ()
    disk_free: int = 0
    disk_total: int = 0
    database: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[HealthNote, ...] = ()
    copied_at: datetime | None = None

    @property
    def ready(self) -> bool:
        """Calls of every PBX are seen, texts go out by one gateway, where there is any, and all is recorded."""
        pbxs = [link for link in self.links if link.kind is LinkKind.PBX]
        gateways = [link for link in self.links if link.kind is LinkKind.SMS]
        texting = any(gateway.since for gateway in gateways) or not gateways
        return not self.database and all(pbx.since for pbx in pbxs) and texting

    @property
    def disk_low(self) -> bool:
        return self.disk_total > 0 and self.disk_free < self.disk_total // 20

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": self.ready,
            "database": self.database,
            "disk_free": self.disk_free,
            "disk_total": self.disk_total,
            "notes": list(self.notes),
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
