"""Settings with which the daemon starts, and which cannot be meant: told by `check-config` and by `doctor`."""

import re
from collections.abc import Iterator

from bridge import pbxs
from bridge.config import Config
from bridge.config.typed import why_fixed_zone, why_no_did
from bridge.domain import phone
from bridge.domain.calls.robocalls import why_no_warning
from bridge.domain.office.office import Line, Office
from bridge.domain.phone import E164
from bridge.web.settings import why_never_asked

ENDING = re.compile(r"\d{1,6}")
OTHERS_PORTS = {
    22: "SSH",
    80: "a web server",
    443: "a web server",
    2775: "an SMS gateway",
    3306: "MariaDB",
    4569: "IAX2",
    4573: "FastAGI",
    5060: "SIP",
    5061: "SIP over TLS",
    8088: "Asterisk's own web server",
    8089: "Asterisk's own web server",
}


def doubts(config: Config) -> Iterator[tuple[str, str]]:
    """The dotted path, and what is wrong and what to write. What others match is judged, and served, all the same."""
    yield from of_the_office(config)
    for number, pbx in enumerate(config.pbxs):
        if other := OTHERS_PORTS.get(pbx.port):
            yield f"pbx[{number}].port", f"{pbx.port} is mostly that of {other}; the Manager (AMI) has 5038"
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
        yield from _of_numbers(f"line[{number}]", line, config.office)
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


def _of_numbers(where: str, line: Line, office: Office) -> Iterator[tuple[str, str]]:
    """Numbers that stand there twice, in two forms, and one that texts from another country."""
    first: dict[E164, str] = {}
    for place, did in enumerate(line.dids):
        number = phone.parse(did, office.country)
        if number and (same := first.setdefault(number, did)) is not did:
            yield f"{where}.dids[{place}]", f'"{did}" is "{same}" again; one of the two is enough'
    sender, regions = phone.parse(line.sms_number, office.country), sorted({office.country, *office.regions})
    if sender and not any(sender.value.startswith(f"+{phone.dialling_prefixes(one).code}") for one in regions):
        said = f'"{line.sms_number}" is of another country than texts go to ({", ".join(regions)})'
        yield f"{where}.sms_number", f"{said}: is it the number of this office?"
