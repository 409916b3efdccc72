"""The offline archive of this checkout, made once for all tests that install it."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.asterisk import REPOSITORY, LabError
from tests.lab.fixtures import missing

ARCHIVE = REPOSITORY / "dist" / "textback-offline.tar.gz"
MADE_FROM = ("agi", "bridge", "dialplan", "storage", "Makefile", "pyproject.toml", "requirements.txt", "README.md")
MAKE_SECONDS = 280
MAKE = "make dist\n"  # as README.md says it
OURS = {"PYTHONS": f"{sys.version_info.major}.{sys.version_info.minor}"}


@pytest.fixture(scope="session")
def archive() -> Path:
    """For this Python alone, which is quicker to make than all three."""
    try:
        return made()
    except LabError as error:
        missing(str(error))
        raise


def made() -> Path:
    """Raises LabError where it cannot be: wheels come from a registry."""
    lock = REPOSITORY / "build" / "offline.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _is_new():
            done = subprocess.run(
                MAKE,
                shell=True,
                cwd=REPOSITORY,
                env=os.environ | OURS,
                capture_output=True,
                text=True,
                check=False,
                timeout=MAKE_SECONDS,
            )
            if done.returncode:
                raise LabError(f"the archive could not be made: {done.stderr[-500:]}")
    return ARCHIVE


def _is_new() -> bool:
    if not ARCHIVE.exists():
        return False
    since = ARCHIVE.stat().st_mtime
    files = (file for name in MADE_FROM for file in [REPOSITORY / name, *(REPOSITORY / name).rglob("*")])
    return all(file.stat().st_mtime < since for file in files if file.is_file() and "__pycache__" not in file.parts)
