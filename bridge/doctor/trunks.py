"""What `textback doctor` says of the patterns of `[[pbx]] trunks` and `machines`: do they name what the PBX has?"""

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from bridge import pbxs
from bridge.ami import console
from bridge.ami.contexts import is_from_outside
from bridge.ami.found_trunks import Ask, FoundTrunk, found_trunks
from bridge.config import Config, PbxSection
from bridge.doctor.local import Finding, not_looked, ok, problem, warning
from bridge.web.settings import is_loopback
from storage import calls
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import is_current

SERIAL = "-0000000a"
NO_PATTERNS = "there are no patterns, so calls that enter a context such as from-trunk count"
MOST_CONTEXTS = 30
TELLS = re.compile(r"textback-say|Textback,Pres")
WORKING_DAY = timedelta(hours=8)


def trunk_checks(pbx: PbxSection, ask: Ask | None) -> Sequence[Finding]:
    """ask: Asterisk's console, None where it is not on this machine."""
    check = f"trunks {pbx.name}"
    if useless := pbxs.useless_patterns(pbx, pbx.extensions):
        return [problem(check, f"{where}: {why}", "mend it in [[pbx]]") for where, why in useless]
    if ask is None or not is_loopback(pbx.host):
        if not pbx.trunks:
            return [not_looked(check, NO_PATTERNS)]
        remedy = f"on the PBX: asterisk -rx '{console.ENDPOINTS}'"
        return [not_looked(check, "whether the PBX has what they name cannot be seen from here", remedy)]
    ask = cache(ask)  # each question starts a program
    trunks = found_trunks(ask)
    found = [*_empty(check, pbx, ask), *_forgotten(check, pbx, trunks), *_entered(check, pbx, trunks, ask)]
    fine = ok(check, "every pattern names something that the PBX has") if pbx.trunks else not_looked(check, NO_PATTERNS)
    return found or [fine]


def _empty(check: str, pbx: PbxSection, ask: Ask) -> Iterator[Finding]:
    """Patterns that match nothing of a technology whose endpoints we were told."""
    known = {"PJSIP": list(console.endpoints(ask(console.ENDPOINTS)))}
    known |= {tech: list(console.peers(ask(command))) for tech, command in console.PEERS.items()}
    channels = [f"{tech}/{name}{SERIAL}" for tech, names in known.items() for name in names]
    told = {f"{tech}/" for tech, names in known.items() if names}
    for setting, patterns in (("trunks", pbx.trunks), ("machines", pbx.machines)):
        for pattern in patterns:
            if pattern.startswith(tuple(told)) and not fnmatch.filter(channels, pattern):
                remedy = f"asterisk -rx '{console.ENDPOINTS}', then mend the {setting} of [[pbx]]"
                yield problem(check, f"{pattern} matches nothing that the PBX has", remedy)


def _forgotten(check: str, pbx: PbxSection, trunks: Sequence[FoundTrunk]) -> Iterator[Finding]:
    """Trunks whose calls nobody judges: that no pattern names, or, without patterns, that enter no usual context."""
    for trunk in trunks:
        if _is_named(trunk, (*pbx.trunks, *pbx.machines)) or (not pbx.trunks and is_from_outside(trunk.context)):
            continue
        why = "no pattern names it" if pbx.trunks else f"it enters {trunk.context or 'no context that is told'}"
        said = f"{trunk.name} looks like a trunk, and {why}: its calls are not judged"
        yield warning(check, said, f'trunks = [..., "{trunk.pattern}"] in [[pbx]]')


def _is_named(trunk: FoundTrunk, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(trunk.channel, pattern) for pattern in patterns)


def _entered(check: str, pbx: PbxSection, trunks: Sequence[FoundTrunk], ask: Ask) -> Iterator[Finding]:
    """Contexts that nobody has, and those in which nobody tells who hides the number."""
    judged = [trunk for trunk in trunks if trunk.context and (not pbx.trunks or _is_named(trunk, pbx.trunks))]
    for context in dict.fromkeys(trunk.context for trunk in judged):
        names = ", ".join(trunk.name for trunk in judged if trunk.context == context)
        shown = ask(f"dialplan show {context}")
        if console.has_no_context(shown):
            remedy = f"textback dialplan --out /etc/asterisk; or the context that {names} entered before"
            yield problem(
                check, f"{names} enters [{context}], which is not in the dialplan: no call gets through", remedy
            )
        elif shown and not _tells(context, ask):
            said = f"{names} enters [{context}], where nobody tells who hides the number: they could be texted"
            remedy = (
                f"textback dialplan --trunk-context {context} --out /etc/asterisk, then do what it says of {context}"
            )
            yield warning(check, said, remedy)


def _tells(context: str, ask: Ask) -> bool:
    """There, or in what it includes."""
    looked: list[str] = []
    ahead = [context]
    while ahead and len(looked) < MOST_CONTEXTS:
        looked.append(ahead.pop(0))
        shown = ask(f"dialplan show {looked[-1]}")
        if TELLS.search(shown):
            return True
        ahead += sorted(console.includes(looked[-1], shown).difference(looked, ahead))
    return False


async def last_calls(config: Config) -> Mapping[str, datetime | None]:
    """When the last call from outside ended, by the PBX; nothing where that cannot be read, which is told elsewhere."""
    try:
        if not is_current(config.database):
            return {}
        async with await Database.open(config.database) as database, database.read() as db:
            return {pbx.name: await calls.last_inbound(db, pbx.name) for pbx in config.pbxs}
    except (StorageError, RejectedError):
        return {}


async def silent_pbxs(config: Config, now: datetime) -> Sequence[Finding]:
    """Those that were open for a working day without a call from outside."""
    last = await last_calls(config)
    return [_silent(name, at) for name, at in last.items() if at and _open_since(config, at, now) >= WORKING_DAY]


def _silent(name: str, at: datetime) -> Finding:
    said = f"no call from outside was judged since {at:%Y-%m-%d %H:%M} UTC, for a whole working day"
    return warning(f"calls {name}", said, "call in, look at the page, and at the trunks of [[pbx]]")


def _open_since(config: Config, at: datetime, now: datetime) -> timedelta:
    """Of the line that was open longest."""
    return max(line.calendar.office_time_between(at, now) for line in config.office.lines)
