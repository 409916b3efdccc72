"""What `textback doctor` says of the patterns of `[[pbx]] trunks` and `machines`: do they name what the PBX has?"""

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from bridge import pbxs
from bridge.ami import console
from bridge.config import Config, PbxSection
from bridge.doctor.local import Finding, not_looked, ok, problem, warning
from bridge.web.settings import is_loopback
from storage import calls
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import is_current

Ask = Callable[[str], str]

SERIAL = "-0000000a"
WORKING_DAY = timedelta(hours=8)


def trunk_checks(pbx: PbxSection, ask: Ask | None) -> Sequence[Finding]:
    """ask: Asterisk's console, None where it is not on this machine."""
    check = f"trunks {pbx.name}"
    if useless := pbxs.useless_patterns(pbx, pbx.extensions):
        return [problem(check, f"{where}: {why}", "mend it in [[pbx]]") for where, why in useless]
    if not pbx.trunks:
        return [not_looked(check, "there are no patterns, so calls that enter a context such as from-trunk count")]
    if ask is None or not is_loopback(pbx.host):
        remedy = f"on the PBX: asterisk -rx '{console.ENDPOINTS}'"
        return [not_looked(check, "whether the PBX has what they name cannot be seen from here", remedy)]
    shown = ask(console.ENDPOINTS)
    known = {"PJSIP": list(console.endpoints(shown))}
    known |= {tech: list(console.peers(ask(command))) for tech, command in console.PEERS.items()}
    channels = [f"{tech}/{name}{SERIAL}" for tech, names in known.items() for name in names]
    told = {f"{tech}/" for tech, names in known.items() if names}
    found = [*_empty(check, pbx, channels, told), *_forgotten(check, pbx, console.trunks(shown))]
    return found or [ok(check, "every pattern names something that the PBX has")]


def _empty(check: str, pbx: PbxSection, channels: Sequence[str], told: set[str]) -> Iterator[Finding]:
    """Patterns that match nothing of a technology whose endpoints we were told."""
    for setting, patterns in (("trunks", pbx.trunks), ("machines", pbx.machines)):
        for pattern in patterns:
            if pattern.startswith(tuple(told)) and not fnmatch.filter(channels, pattern):
                remedy = f"asterisk -rx '{console.ENDPOINTS}', then mend the {setting} of [[pbx]]"
                yield problem(check, f"{pattern} matches nothing that the PBX has", remedy)


def _forgotten(check: str, pbx: PbxSection, trunks: Iterator[str]) -> Iterator[Finding]:
    for name in trunks:
        patterns = (*pbx.trunks, *pbx.machines)
        if not any(fnmatch.fnmatchcase(f"PJSIP/{name}{SERIAL}", pattern) for pattern in patterns):
            said = f"PJSIP/{name} looks like a trunk, and no pattern names it: its calls are not judged"
            yield warning(check, said, f'trunks = [..., "PJSIP/{name}-*"] in [[pbx]]')


async def silent_pbxs(config: Config, now: datetime) -> Sequence[Finding]:
    """Those that were open for a working day without a call from outside."""
    try:
        if not is_current(config.database):
            return ()
        async with await Database.open(config.database) as database, database.read() as db:
            last = {pbx.name: await calls.last_inbound(db, pbx.name) for pbx in config.pbxs}
    except (StorageError, RejectedError):
        return ()  # which is told elsewhere
    return [_silent(name, at) for name, at in last.items() if at and _open_since(config, at, now) >= WORKING_DAY]


def _silent(name: str, at: datetime) -> Finding:
    said = f"no call from outside was judged since {at:%Y-%m-%d %H:%M} UTC, for a whole working day"
    return warning(f"calls {name}", said, "call in, look at the page, and at the trunks of [[pbx]]")


def _open_since(config: Config, at: datetime, now: datetime) -> timedelta:
    """Of the line that was open longest."""
    return max(line.calendar.office_time_between(at, now) for line in config.office.lines)
