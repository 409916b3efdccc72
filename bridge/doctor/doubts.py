"""Settings with which the daemon starts, and which cannot be meant: told by `check-config` and by `doctor`."""

import re
from collections.abc import Iterator

from bridge import pbxs
from bridge.config import Config
from bridge.config.typed import why_fixed_zone, why_no_did
from bridge.domain.calls.robocalls import why_no_warning
from bridge.web.settings import why_never_asked

ENDING = re.compile(r"\d{1,6}")


def doubts(config: Config) -> Iterator[tuple[str, str]]:
    """The dotted path, and what is wrong and what to write. What others match is judged, and served, all the same."""
    yield from of_the_office(config)
    for number, pbx in enumerate(config.pbxs):
        for where, why in pbxs.useless_patterns(pbx, pbx.extensions):
            yield f"pbx[{number}].{where}", why


def of_the_office(config: Config) -> Iterator[tuple[str, str]]:
    """All but the patterns of `[[pbx]]`, which `doctor` holds against what the PBX has."""
    if why := why_fixed_zone(config.office.zone.key):
        yield "zone", f'"{config.office.zone.key}" {why}'
    for number, line in enumerate(config.office.lines):
        for place, did in enumerate(line.dids):
            if why := why_no_did(did, config.office.country):
                yield f"line[{number}].dids[{place}]", f'"{did}" {why}'
        if ENDING.fullmatch(line.sms_number) and any(did.endswith(line.sms_number) for did in line.dids):
            yield (
                f"line[{number}].sms_number",
                f'"{line.sms_number}" is the end of a number; texts come from a whole one',
            )
        if ENDING.fullmatch(line.dids[0]):
            whole = f'dids = ["{line.sms_number}", "{line.dids[0]}"], if that rings here too'
            yield f"line[{number}].dids[0]", f"is the end of a number, and customers are shown the first: {whole}"
    for number, host in enumerate(config.web.hosts):
        if why := why_never_asked(host):
            yield f"web.hosts[{number}]", f'nobody can ask for "{host}": {why}'
    for number, warning in enumerate(config.rules.spam_names):
        if why := why_no_warning(warning):
            yield f"rules.spam_names[{number}]", f'"{warning}" {why}'
