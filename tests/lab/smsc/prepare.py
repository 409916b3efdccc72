"""Install the SMPP server from npm, exactly as locked, for this machine's tests."""

import shutil
from pathlib import Path

from tests.lab.aloud import run
from tests.lab.asterisk import LabError

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules" / ".package-lock.json"
LOCK = HERE / "package-lock.json"


def prepare() -> None:
    """LabError says why it cannot be had."""
    if why := missing_tools():
        raise LabError(why)
    if is_installed():
        return
    run(["npm", "ci", "--no-audit", "--no-fund"], "installing the SMPP server", place=HERE)


def missing_tools() -> str | None:
    absent = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    return f"not on the PATH: {', '.join(absent)} (Debian: nodejs npm)" if absent else None


def is_installed() -> bool:
    return INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime


def why_not() -> str | None:
    """Why a test cannot have the server here and now; None when it can."""
    if why := missing_tools():
        return why
    return None if is_installed() else "npm's smpp is not installed: run `python -m tests.lab.prepare`"
