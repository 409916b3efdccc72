"""`[pbx.database]`: where a PBX keeps its own records, beside what its settings say one by one."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from bridge.config.problems import Problems
from bridge.config.secrets import Secrets
from bridge.config.sections import PbxSection

USUAL_CDR = "/var/log/asterisk/cdr-csv/Master.csv"
DRIVER = "asyncmy"


def with_password(secrets: Secrets, table: Mapping[str, Any], where: str, pbx: str) -> Mapping[str, Any]:
    """Its credential is called `pbx.database_password`, or with the PBX's name in front."""
    database = table.get("database")
    if not isinstance(database, dict):
        return table
    filled = secrets.filled(database, "password", f"{where}.database", f"{pbx}.database_password")
    return {**table, "database": filled}


def check_records(problems: Problems, where: str, pbx: PbxSection) -> None:
    if pbx.cdr is not None and not pbx.cdr.is_absolute():
        problems.add(f"{where}.cdr", f"is not the whole path; mostly {USUAL_CDR}")
    if pbx.database is None:
        return
    at = f"{where}.database"
    if pbx.cdr is not None:
        problems.add(f"{where}.cdr", "stands beside [pbx.database]: calls are looked for in one of the two")
    if pbx.database.tls and pbx.database.host.startswith("/"):
        problems.add(f"{at}.tls", "is for a host; a socket never leaves the machine")
    if find_spec(DRIVER) is None:
        problems.add(at, "needs a driver that is not installed: pip install 'missed-call-textback[mariadb]'")
