"""What `textback doctor` says of voicemail: can the page play what callers leave?"""

import os
from pathlib import Path

from bridge.config import PbxSection
from bridge.doctor.cdr import ACCOUNT, may_read, reader
from bridge.doctor.local import Finding, not_looked, ok, problem, warning

USUAL = Path("/var/spool/asterisk/voicemail")
LOOKED_AT = 2000  # files


def voicemail(pbx: PbxSection) -> Finding:
    check = f"voicemail {pbx.name}"
    if pbx.voicemail is None:
        said = "the page cannot play voicemail; Listen rings a phone with it"
        return not_looked(check, said, f'[[pbx]] voicemail = "{USUAL}", where Asterisk runs on this machine')
    try:
        return _found(check, pbx.voicemail)
    except OSError:
        return _unreadable(check, pbx.voicemail)


def _found(check: str, spool: Path) -> Finding:
    if not spool.is_dir():
        return problem(check, f"{spool} is no folder", "name the folder in which app_voicemail keeps its contexts")
    uid, groups = reader()
    if not may_read(spool, uid, groups) or not os.access(spool, os.X_OK):
        return _unreadable(check, spool)
    found = {path.suffix for path, _ in zip(spool.glob("*/*/*/msg*"), range(LOOKED_AT), strict=False)}
    if found and ".wav" not in found:
        kinds = ", ".join(sorted(suffix for suffix in found if suffix != ".txt")) or "no sound"
        remedy = "format=wav49|gsm|wav in voicemail.conf: browsers play the last of them"
        return warning(check, f"messages are kept as {kinds}, which no browser plays", remedy)
    return ok(check, f"the page plays what is left in {spool}")


def _unreadable(check: str, spool: Path) -> Finding:
    remedy = f"usermod -aG asterisk {ACCOUNT} && systemctl restart textback"
    return problem(check, f"{spool} cannot be read by {ACCOUNT}", remedy)
