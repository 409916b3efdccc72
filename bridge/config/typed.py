"""What people type that cannot be meant, with what to write instead: hosts, zones, countries, TOML in curly quotes."""

import re
from collections.abc import Sequence
from importlib import resources
from ipaddress import ip_address

from phonenumbers import region_code_for_country_code

from bridge.domain import phone

PORTED = re.compile(r"\[?([^\[\]/]*?)\]?:(\d{1,5})")
NAME = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")
YES = frozenset(("true", "yes", "on"))
BLANKS = re.compile("[\u00a0\u2000-\u200b\u202f\u3000]")
CURLY = re.compile("[\u2018-\u201f\u2032\u2033\u00ab\u00bb]")

ABBREVIATED = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
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
    tidy = written.strip().replace(" ", "_").replace("\\", "/")
    if known := ABBREVIATED.get(tidy.upper().removesuffix("_TIME").removeprefix("US/").removesuffix("_STANDARD")):
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
    """`US` of USA or United States, `GB` of UK or +44; "" where none comes to mind."""
    from babel import Locale
    from babel.core import get_global  # where somebody was wrong, half a second is no matter

    tidy = written.strip().replace(".", "")
    if re.fullmatch(r"\+?\d{1,3}", tidy):
        region = str(region_code_for_country_code(int(tidy)))
        return region if region.isalpha() and len(region) == 2 and region != "ZZ" else ""
    if len(aliases := get_global("territory_aliases").get(tidy.upper(), ())) == 1:
        return str(aliases[0])
    named = Locale("en").territories
    return next((code for code, name in named.items() if len(code) == 2 and name.casefold() == tidy.casefold()), "")


def why_no_did(written: str, country: str) -> str:
    """What a number that rings cannot be, and what to write; "" for names and endings, which a PBX may send as well."""
    parts = [part for part in re.split(r"\s*[,;/]\s*", written.strip()) if part]
    if len(parts) > 1 and all(re.fullmatch(r"[+\d\s().-]{3,}", part) for part in parts):
        apart = '", "'.join(parts)
        return f'each number stands in quotes of its own: "{apart}"'
    if re.fullmatch(r"\+?\d{4,}\s*[-–—]\s*\+?\d{4,}", written) and phone.parse(written, country) is None:
        return "is no range here; write every number that rings"
    if re.fullmatch(r"_?[+\dXNZxnz]*[XNZxnz.!*?]+[+\dXNZxnz.!*?]*", written) and not written.isalpha():
        return "is a pattern; write every number that rings"
    digits = re.sub(r"\D", "", written)
    if re.fullmatch(r"[+\d\s().-]+", written) and len(digits) > 7 and phone.parse(written, country) is None:
        return f"is no number that there can be in {country}; has it a digit too few or too many?"
    return ""


def why_no_toml(error: str, text: str) -> str:
    """What may be meant where TOML says that: "" where nothing comes to mind."""
    found = re.search(r"at line (\d+)", error)
    line, rows = int(found[1]) if found else 0, text.splitlines()
    row = rows[line - 1] if 0 < line <= len(rows) else ""
    if CURLY.search(row):
        return f"line {line} has quotes of a word processor; type plain ones: {CURLY.sub(chr(34), row).strip()}"
    if unseen := BLANKS.search(row):
        return f"line {line} has a blank that only looks like one (U+{ord(unseen[0]):04X}); type it anew"
    if above := _stands_above(rows[:line]):
        return above
    if "twice" in error or "overwrite" in error:
        return f"line {line} says again what stands above; take one of the two out"
    if "Unescaped" in error:
        return "a backslash stands in single quotes: path = 'C:\\...'"
    return _of_the_row(row, line)


def _stands_above(rows: Sequence[str]) -> str:
    """A part of a table that may be repeated, before there is one."""
    table = re.fullmatch(r"\s*\[\[([\w-]+)\]\]\s*(?:#.*)?", rows[-1]) if rows else None
    part = table and next((row.strip() for row in rows if re.match(rf"\s*\[{table[1]}\.", row)), "")
    return f"{part} stands above its [[{table[1]}]]; move it below" if table and part else ""


def _of_the_row(row: str, line: int) -> str:
    if re.match(r"\s*(?:;|//)", row):
        return f"a comment begins with #: # {row.strip().lstrip(';/').strip()}"
    if found := re.fullmatch(r"\s*([\w.-]+)\s*=\s*(true|false|yes|no|on|off)\s*(?:#.*)?", row, re.IGNORECASE):
        return f"yes and no are written true and false: {found[1]} = {str(found[2].lower() in YES).lower()}"
    if found := re.fullmatch(r"\s*([\w.-]+)\s*=\s*([^\"'\[{\s#][^#]*?)\s*(#.*)?", row):
        return f'text stands in quotes: {found[1]} = "{found[2]}"'
    if found := re.fullmatch(r"\s*([\w.-]+)\s*:\s*(\S.*)", row):
        return f"a value stands behind an equals sign: {found[1]} = {found[2]}"
    if row.count('"') % 2:
        return f"a quote is missing in line {line}"
    return ""
