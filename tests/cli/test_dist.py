"""`make dist`: one archive that installs on a machine without a network."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.lab.archive import archive
from tests.lab.asterisk import REPOSITORY

__all__ = ["archive"]

pytestmark = pytest.mark.slow

QUICK = {"PIP_NO_COMPILE": "1"}
OFFLINE = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []


def done(command: Sequence[str | Path], **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run it, without a network where this machine lets us take it away."""
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environ, timeout=240)


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    return tmp_path / "textback"


@pytest.mark.timeout(300)
def test_the_archive_installs_without_a_network_and_runs(unpacked: Path, tmp_path: Path) -> None:
    place = tmp_path / "opt"
    installed = done([*OFFLINE, unpacked / "install.sh", place], TEXTBACK_USER="", PYTHON=sys.executable, **QUICK)
    assert installed.returncode == 0, installed.stderr
    assert f"textback {version('missed-call-textback')}\n" in installed.stdout
    config = ["init", "--yes", "--business", "Ace", "--zone", "America/New_York", "--number", "2125550100"]
    asked = done([*OFFLINE, place / "bin/textback", *config, "--dir", tmp_path / "etc"])
    assert "textback.toml" in asked.stdout


def test_every_wheel_fits_debian_12_and_el9(unpacked: Path) -> None:
    """glibc 2.28 or older is asked for (PEP 600); Debian 12 has 2.36, EL9 2.34."""
    wheels = [path.name for path in unpacked.rglob("*.whl")]
    assert len(wheels) > 30
    assert [name for name in wheels if not _fits(name.removesuffix(".whl").rsplit("-", 1)[1])] == []


def _fits(platforms: str) -> bool:
    """platforms: the last part of a wheel's name; any of them is enough."""
    older = {"any", "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64"}
    glibc = [re.fullmatch(r"manylinux_2_(\d+)_x86_64", one) for one in platforms.split(".")]
    return not older.isdisjoint(platforms.split(".")) or any(int(found[1]) <= 28 for found in glibc if found)


def test_the_installer_speaks_the_shell_that_every_system_has() -> None:
    script = REPOSITORY / "bridge/deploy/install.sh"
    assert done(["dash", "-n", script]).returncode == 0
    words = set(re.findall(r"^\s*([a-z-]+) ", script.read_text(), re.MULTILINE))
    assert words.isdisjoint({"apt-get", "apt", "dpkg", "adduser", "addgroup", "dnf", "rpm"})


def test_an_old_python_is_refused_in_words(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = done([REPOSITORY / "bridge/deploy/install.sh", tmp_path / "opt"], PYTHON=str(old))
    assert refused.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is missing" in refused.stderr
    assert not (tmp_path / "opt").exists()
