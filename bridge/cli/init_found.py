"""What this machine tells by itself: its zone and country, and, where Asterisk runs here, its version and trunks."""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bridge.ami import console

LOCALTIME = Path("/etc/localtime")
FREEPBX = Path("/etc/freepbx.conf")
ZONES = "zoneinfo/"


@dataclass(frozen=True, slots=True)
class FoundHere:
    """asterisk: its version; trunks: channel patterns; "" and none where it cannot be told. freepbx: it is there."""

    zone: str = ""
    asterisk: str = ""
    trunks: tuple[str, ...] = ()
    freepbx: bool = False


def look() -> FoundHere:
    return FoundHere(
        zone=zone_of(str(LOCALTIME.resolve())),
        asterisk=version(console.ask("core show version")),
        trunks=tuple(f"PJSIP/{name}-*" for name in console.trunks(console.ask(console.ENDPOINTS))),
        freepbx=FREEPBX.exists(),
    )


def zone_of(localtime: str) -> str:
    """`/usr/share/zoneinfo/America/New_York` as its zone; one that belongs to no place is no office's."""
    zone = localtime.partition(ZONES)[2]
    return zone if "/" in zone and not zone.startswith("Etc/") else ""


def country_of(zone: str) -> str:
    """The country that the zone is in (tz database: zone.tab)."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (row.split("\t") for row in table.splitlines() if not row.startswith("#"))
    return next((row[0] for row in rows if row[2] == zone), "")


def version(shown: str) -> str:
    found = re.search(r"^Asterisk \S+", shown, re.MULTILINE)
    return found[0] if found else ""
