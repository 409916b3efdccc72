"""What this machine tells by itself: its zone and country, and, where Asterisk runs here, its version and trunks."""

import re
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bridge.ami import console
from bridge.ami.contexts import is_ours
from bridge.ami.found_trunks import FoundTrunk, found_trunks

LOCALTIME = Path("/etc/localtime")
FREEPBX, FREEPBX_CONSOLE = Path("/etc/freepbx.conf"), "fwconsole"
ZONES = "zoneinfo/"


@dataclass(frozen=True, slots=True)
class FoundHere:
    """asterisk: its version; "" and no trunks where it cannot be told. freepbx: it is there."""

    zone: str = ""
    asterisk: str = ""
    trunks: tuple[FoundTrunk, ...] = ()
    freepbx: bool = False

    @property
    def patterns(self) -> tuple[str, ...]:
        return tuple(trunk.pattern for trunk in self.trunks)

    @property
    def contexts(self) -> tuple[str, ...]:
        """That their calls enter now, each once; ours stand in front of these already."""
        return tuple(dict.fromkeys(one.context for one in self.trunks if one.context and not is_ours(one.context)))


def look() -> FoundHere:
    return FoundHere(
        zone=zone_of(str(LOCALTIME.resolve())),
        asterisk=version(console.ask("core show version")),
        trunks=tuple(found_trunks(console.ask)),
        freepbx=FREEPBX.exists() or shutil.which(FREEPBX_CONSOLE) is not None,
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
