"""What `textback doctor` says of a PBX's records in a database: can they be read, are they written, by whose clock?"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bridge.ami.records_database import CDR, CEL, DENIED, NO_DATABASE, RecordsError, RecordsFound, look
from bridge.ami.settings import RecordsSettings
from bridge.config import PbxSection
from bridge.doctor.local import Finding, ok, problem, warning
from bridge.doctor.peers import MARIADB, Spoken, remedy_by, remedy_for, spoken_at

READS = re.compile(r"GRANT (?:USAGE|SELECT(?: \([^)]*\))?) ON ", re.IGNORECASE)
MAY_GO_WRONG = timedelta(seconds=60)
OLD = timedelta(days=7)
BEHIND = timedelta(days=1)
CEL_ON = "FreePBX: Settings, Advanced Settings, Enable CEL Reporting; else enable=yes and events=ALL in cel.conf"


async def database_checks(pbx: PbxSection, now: datetime) -> Sequence[Finding]:
    if pbx.database is None:
        return ()
    check = f"records {pbx.name}"
    try:
        found = await look(pbx.database)
    except RecordsError as error:
        return [problem(check, *await why_unreadable(pbx.database, error))]
    return [*_tables(check, pbx.database, found, now), *_clock(check, found, now), *_rights(check, pbx.database, found)]


def grants(settings: RecordsSettings) -> str:
    """What the administrator of the database types."""
    here = settings.host.startswith("/") or settings.host in ("127.0.0.1", "::1", "localhost")
    who = f"'{settings.user}'@'{'localhost' if here else '%'}'"
    rights = [f"GRANT SELECT ON {settings.name}.{table} TO {who};" for table in (CEL, CDR)]
    return "\n".join([f"CREATE USER {who} IDENTIFIED BY 'as in password_file';", *rights])


async def why_unreadable(settings: RecordsSettings, error: RecordsError) -> tuple[str, str]:
    """What is wrong there, and the remedy."""
    by_socket = settings.host.startswith("/")
    where = settings.host if by_socket else f"{settings.host}:{settings.port}"
    said = f"the database {settings.name} at {where} cannot be read: {error}"
    if error.code in DENIED:
        return said, f"on the PBX, in mariadb:\n{grants(settings)}"
    if error.code == NO_DATABASE:
        return said, "its name is CDRDBNAME of FreePBX's Advanced Settings, else asteriskcdrdb"
    if known := remedy_for(MARIADB, str(error), (settings.host, settings.port)):
        return said, known
    spoken = Spoken.NOTHING if by_socket else await spoken_at(settings.host, settings.port)
    if remedy := remedy_by(MARIADB, spoken, tls=False):
        return f"{said}; {spoken}", remedy
    if by_socket:
        return said, f"on the PBX: ls -l {settings.host}; mariadb -e 'SELECT @@socket'"
    listens = f"ss -ltn 'sport = :{settings.port}'"
    return said, f"on the PBX: {listens}; MariaDB listens on its own machine only, unless bind-address says more"


def _tables(check: str, settings: RecordsSettings, found: RecordsFound, now: datetime) -> Iterator[Finding]:
    for table, columns in found.lacking.items():
        yield problem(check, f"the table {table} has no column {', '.join(columns)}", "it is none of Asterisk's")
    if not found.newest:
        if not found.lacking:
            said = f"{settings.user} may read neither the table cel nor cdr of {settings.name}"
            yield problem(check, said, f"on the PBX, in mariadb:\n{grants(settings)}")
        return
    last_cel, last_cdr = found.newest.get(CEL), found.newest.get(CDR)
    newest = max(filter(None, (last_cel, last_cdr)), default=None)
    if newest is None:
        yield warning(check, "there is no row yet of any call", f"call in, then look again. {CEL_ON}")
    elif now - newest > OLD:
        yield warning(check, f"the last row is of {newest:%Y-%m-%d %H:%M} UTC: nothing is written any more", CEL_ON)
    elif last_cel is None or newest - last_cel > BEHIND:
        said = "calls are told by the table cdr alone, which knows less: no row of them is in cel"
        yield warning(check, said, CEL_ON)
    else:
        yield ok(check, f"calls that ended while Textback was away are found in {settings.name}.cel")


def _clock(check: str, found: RecordsFound, now: datetime) -> Iterator[Finding]:
    if abs(found.clock - now) > MAY_GO_WRONG:
        apart = round((found.clock - now).total_seconds())
        yield warning(check, f"the clock of the database's machine is {apart:+d} s from this one's", "timedatectl")
    newest = max(filter(None, found.newest.values()), default=None)
    if newest and newest - now > MAY_GO_WRONG:
        yield warning(check, f"its last call begins in the future, at {newest:%Y-%m-%d %H:%M:%S} UTC", "timedatectl")
    if found.ahead is not None:
        hours = found.ahead.total_seconds() / 3600
        yield ok(f"{check}, times", f"written in UTC{hours:+g} h, which needs no setting")


def _rights(check: str, settings: RecordsSettings, found: RecordsFound) -> Iterator[Finding]:
    if more := [grant for grant in found.grants if not READS.match(grant)]:
        said = f"{settings.user} may do more than read: {re.split(' TO | IDENTIFIED ', more[0])[0]}"
        yield warning(check, said, f"on the PBX, in mariadb: an account of its own\n{grants(settings)}")
