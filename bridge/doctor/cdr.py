"""What `textback doctor` says of the PBX's own call records: can calls be found there that ended while we were away?"""

import os
import pwd
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from bridge.ami.cdr import records
from bridge.ami.cel_rows import is_cel
from bridge.ami.records_file import end_of
from bridge.config import PbxSection
from bridge.config.records import USUAL_CDR
from bridge.doctor.local import Finding, not_looked, ok, problem, warning

ACCOUNT = "textback"
PATIENCE = timedelta(minutes=15)
RELOAD = "asterisk -rx 'module reload cdr_csv.so'"


def call_records(pbx: PbxSection, last: datetime | None = None) -> Finding:
    """last: when the last call from outside ended that was heard."""
    check = f"records {pbx.name}"
    if pbx.cdr is None:
        said = "calls that end while Textback is stopped or cut off stay unknown"
        remedy = f'[[pbx]] cdr = "{USUAL_CDR}", where Asterisk runs on this machine; of a FreePBX: [pbx.database]'
        return not_looked(check, said, remedy)
    if not pbx.cdr.exists():
        return problem(check, f"{pbx.cdr} is not there", f"enable=yes and a [csv] in cdr.conf, then {RELOAD}")
    uid, groups = reader()
    if not may_read(pbx.cdr, uid, groups):
        remedy = f"usermod -aG {pbx.cdr.group()} {ACCOUNT} && systemctl restart textback"
        return problem(check, f"{pbx.cdr} cannot be read by {ACCOUNT}", remedy)
    written = end_of(pbx.cdr)
    if written.strip() and not any(islice(records(written), 1)) and not is_cel(written):
        return problem(
            check, f"no row of {pbx.cdr} names its call", f"loguniqueid=yes in [csv] of cdr.conf, then {RELOAD}"
        )
    wrote = datetime.fromtimestamp(pbx.cdr.stat().st_mtime, UTC)
    if last and last - wrote > PATIENCE:
        said = f"{pbx.cdr} is not written: its last row is of {wrote:%Y-%m-%d %H:%M} UTC, the last call of {last:%H:%M}"
        remedy = f"asterisk -rx 'cdr show status' names where it writes; of a FreePBX: [pbx.database]; else {RELOAD}"
        return warning(check, said, remedy)  # of a call without a talk or a ring Asterisk writes none either
    return ok(check, f"calls that ended while Textback was away are found in {pbx.cdr}")


def reader() -> tuple[int, Collection[int]]:
    """Who will read it: root looks for the account that the daemon has."""
    if os.geteuid() == 0:
        try:
            account = pwd.getpwnam(ACCOUNT)
        except KeyError:
            pass
        else:
            return account.pw_uid, os.getgrouplist(ACCOUNT, account.pw_gid)
    return os.geteuid(), {os.getegid(), *os.getgroups()}


def may_read(path: Path, uid: int, groups: Collection[int]) -> bool:
    """By the modes of the file and of the directories above it; access lists are not looked at."""
    return _lets(path, 0o4, uid, groups) and all(_lets(above, 0o1, uid, groups) for above in path.resolve().parents)


def _lets(path: Path, right: int, uid: int, groups: Collection[int]) -> bool:
    found = path.stat()
    if uid == 0:
        return True
    if found.st_uid == uid:
        return bool(found.st_mode & (right << 6))
    if found.st_gid in groups:
        return bool(found.st_mode & (right << 3))
    return bool(found.st_mode & right)
