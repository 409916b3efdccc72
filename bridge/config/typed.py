"""What people type that cannot be meant, with what to write instead: hosts, zones, countries, TOML in curly quotes."""

import re
from importlib import resources
from ipaddress import ip_address

PORTED = re.compile(r"\[?([^\[\]/]*?)\]?:(\d{1,5})")
NAME = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")
CURLY = re.compile("[\u2018-\u201f\u2032\u2033\u00ab\u00bb]")

ABBREVIATED = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage",
    "HST": "Pacific/Honolulu",
    "AST": "America/Puerto_Rico",
    "EASTERN": "America/New_York",
    "CENTRAL": "America/Chicago",
    "MOUNTAIN": "America/Denver",
    "PACIFIC": "America/Los_Angeles",
    "GMT": "Europe/London",
    "BST": "Europe/London",
    "WET": "Europe/Lisbon",
    "CET": "Europe/Amsterdam",
    "CEST": "Europe/Amsterdam",
    "MET": "Europe/Amsterdam",
    "EET": "Europe/Athens",
}
"""What people call their time by, and a place that has it."""

FIXED = re.compile(r"(?:Etc/)?(?:UTC|GMT|Zulu|UCT|Universal|Greenwich)?[+-]?\d{0,2}|EST|MST|HST", re.IGNORECASE)
PLACELESS = frozenset({"UTC", "Etc/UTC"})


def why_no_host(written: str) -> str:
    """Why that can be the address of no machine, and what may have been meant; "" where it can."""
    meant = written.strip().strip("\ufeff\"'<>").partition("://")[2] or written.strip().strip("\ufeff\"'<>")
    meant = meant.rpartition("@")[2].partition("/")[0].strip()
    if (ported := PORTED.fullmatch(meant)) and not _is_address(meant):
        return f'is a host and a port; write host = "{ported[1]}" and port = {ported[2]}'
    bare = meant.strip("[]")
    if not bare:
        return 'should be a name or an address, such as "pbx.example.com" or "192.0.2.10"'
    if not _is_address(bare) and not NAME.fullmatch(bare):
        return f'"{written}" is no name of a machine; one is written like "pbx.example.com" or "192.0.2.10"'
    if re.fullmatch(r"[\d.]+", bare) and not _is_address(bare):
        return f'"{written}" is no address: four numbers up to 255, such as "192.0.2.10"'
    return f'should be the name or the address alone: "{bare}"' if bare != written else ""


def _is_address(written: str) -> bool:
    try:
        ip_address(written.partition("%")[0])
    except ValueError:
        return False
    return True


def zone_meant(written: str) -> str:
    """Of who writes `EST`, `Eastern`, `new york`: a zone with a place, "" where none comes to mind."""
    tidy = written.strip().replace(" ", "_")
    if known := ABBREVIATED.get(tidy.upper().removesuffix("_TIME").removeprefix("US/")):
        return known
    wanted = tidy.casefold()
    return next((zone for zone in _places() if wanted in (zone.casefold(), zone.rpartition("/")[2].casefold())), "")


def _places() -> list[str]:
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    return [row.split("\t")[2] for row in table.splitlines() if not row.startswith("#")]


def why_fixed_zone(zone: str) -> str:
    """Why that time is an office's for half of the year at most; "" where it is that of a place."""
    if "/" in zone and not zone.startswith("Etc/"):
        return ""
    if zone in PLACELESS or not (FIXED.fullmatch(zone) or zone in ABBREVIATED):
        return ""
    meant = zone_meant(zone) or "America/New_York"
    return f'knows no summer time; write a place such as "{meant}"'


def country_meant(written: str) -> str:
    """`US` of USA or United States, `GB` of UK; "" where none comes to mind."""
    from babel import Locale
    from babel.core import get_global  # where somebody was wrong, half a second is no matter

    tidy = written.strip().replace(".", "")
    if len(aliases := get_global("territory_aliases").get(tidy.upper(), ())) == 1:
        return str(aliases[0])
    named = Locale("en").territories
    return next((code for code, name in named.items() if len(code) == 2 and name.casefold() == tidy.casefold()), "")


def why_no_toml(text: str, line: int) -> str:
    """What may be wrong in that line, counted from 1: "" where nothing comes to mind."""
    rows = text.splitlines()
    row = rows[line - 1] if 0 < line <= len(rows) else ""
    if CURLY.search(row):
        return f"line {line} has quotes of a word processor; type plain ones: {CURLY.sub(chr(34), row).strip()}"
    if found := re.fullmatch(r"\s*([\w.-]+)\s*=\s*([^\"'\[{\s#][^#]*?)\s*(#.*)?", row):
        return f'text stands in quotes: {found[1]} = "{found[2]}"'
    if found := re.fullmatch(r"\s*([\w.-]+)\s*:\s*(\S.*)", row):
        return f"a value stands behind an equals sign: {found[1]} = {found[2]}"
    if row.count('"') % 2:
        return f"a quote is missing in line {line}"
    return ""
