"""What Asterisk's console tells where it runs on this machine (`asterisk -rx`); it widens no right of our account."""

import re
import shutil
import subprocess
from collections.abc import Iterator

ENDPOINTS = "pjsip show endpoints"
PEERS = {"SIP": "sip show peers", "IAX2": "iax2 show peers"}
"""By the technology of the channels that they have."""


def installed() -> bool:
    return shutil.which("asterisk") is not None


def ask(command: str) -> str:
    """What it prints; "" where there is no Asterisk here, or it does not run."""
    asterisk = shutil.which("asterisk")
    if asterisk is None:
        return ""
    try:
        done = subprocess.run([asterisk, "-rx", command], capture_output=True, text=True, check=False, timeout=5)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def endpoints(shown: str) -> Iterator[str]:
    """The names in `pjsip show endpoints`."""
    for name, _ in _blocks(shown):
        yield name


def trunks(shown: str) -> Iterator[str]:
    """Those of them that are known by their address, or that we log in at: not phones."""
    for name, block in _blocks(shown):
        if re.search(r"^\s+(Identify|OutAuth):", block, re.MULTILINE):
            yield name


def fixed_sip_peers(shown: str) -> Iterator[str]:
    """Those of `sip show peers` that do not register here (column Dyn): trunks, not phones."""
    at = shown.find("Dyn ")
    for row in shown.splitlines():
        if at >= 0 and row[at : at + 3].strip() == "":
            yield from peers(f"\n{row}")


def fixed_iax_peers(shown: str) -> Iterator[str]:
    """Those of `iax2 show peers` at a static address, marked (S)."""
    for row in shown.splitlines():
        if "(S)" in row:
            yield from peers(f"\n{row}")


def includes(context: str, shown: str) -> frozenset[str]:
    """The contexts that `dialplan show CONTEXT` says it includes."""
    return frozenset(re.findall(r"^\s+Include =>\s+'([^']+)'", shown, re.MULTILINE)) - {context}


def has_no_context(shown: str) -> bool:
    return "There is no existence of" in shown


def _blocks(shown: str) -> Iterator[tuple[str, str]]:
    for block in re.split(r"^ Endpoint:  ", shown, flags=re.MULTILINE)[1:]:
        name = re.split(r"[/\s]", block, maxsplit=1)[0]
        if not name.startswith("<"):
            yield name, block


def peers(shown: str) -> Iterator[str]:
    """The names in `sip show peers` and `iax2 show peers`, between a line of headings and one of counts."""
    for row in shown.splitlines()[1:]:
        if re.match(r"\S", row) and not re.match(r"\d+ (?:sip|iax2) peers", row):
            yield re.split(r"[/\s]", row, maxsplit=1)[0]
