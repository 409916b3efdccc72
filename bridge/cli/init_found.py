"""What this machine tells by itself: its zone and country, and, where Asterisk runs here, its version and trunks."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

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
        asterisk=version(_cli("core show version")),
        trunks=tuple(trunks(_cli("pjsip show endpoints"))),
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


def trunks(shown: str) -> Iterator[str]:
    """Endpoints of `pjsip show endpoints` that are known by their address, or that we log in at: not phones."""
    for block in re.split(r"^ Endpoint:  ", shown, flags=re.MULTILINE)[1:]:
        name = re.split(r"[/\s]", block, maxsplit=1)[0]
        if re.search(r"^\s+(Identify|OutAuth):", block, re.MULTILINE) and not name.startswith("<"):
            yield f"PJSIP/{name}-*"


def _cli(command: str) -> str:
    asterisk = shutil.which("asterisk")
    if asterisk is None:
        return ""
    try:
        done = subprocess.run([asterisk, "-rx", command], capture_output=True, text=True, check=False, timeout=5)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
