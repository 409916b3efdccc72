"""`python -m tests.lab.prepare`: install the real parts of the tests, as far as this machine allows.

Debian's tools by apt-get (root), an Asterisk 22 in a chroot under .lab/ (root), and the SMPP server from npm. Says what
it could not do; the tests that need it skip and say why. With TEXTBACK_REQUIRE_REAL_PARTS=1 anything missing is exit 1.
"""

import importlib
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.aloud import run
from tests.lab.asterisk import CHROOT, LIBRARIES, ODBC_DRIVER, LabError, find_installation
from tests.lab.fixtures import REQUIRED

# command on the PATH -> Debian package that brings it
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "sipp": "sip-tester",
    "openssl": "openssl",
    "strace": "strace",
    "chromium-headless-shell": "chromium-headless-shell",
    "node": "nodejs",
    "npm": "npm",
    "systemd-analyze": "systemd",
    "dbus-daemon": "dbus",
    "ip": "iproute2",
    "curl": "curl",
    "mariadbd": "mariadb-server-core",  # the server alone: nothing of it starts by itself
    "unshare": "util-linux",
}
ODBC = {
    "odbc-mariadb": f"odbc/{ODBC_DRIVER}",
    "libmariadb3": "libmariadb.so.3",
    "libodbcinst2": "libodbcinst.so.2",
}
SYSTEM_PYTHON = "/usr/bin/python3"  # of the machine that guides are followed on
SUITE = "forky"  # Debian testing: Asterisk 22
SMSC = "tests.lab.smsc.prepare"
PROMTOOL = CHROOT.with_name("promtool")
NGINX = CHROOT.with_name("nginx")


def install_tools() -> None:
    """Raises LabError naming the packages that are still missing."""
    packages = [package for command, package in TOOLS.items() if not shutil.which(command)]
    packages += [] if _has_venv() else ["python3-venv"]
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabError(f"these Debian packages are missing and only root can install them: {' '.join(packages)}")
    run(["apt-get", "update", "-qq"])
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])


def build_asterisk() -> None:
    """A chroot with Debian's Asterisk, once, in about 20 s; an installed Asterisk serves as well."""
    if _has_asterisk():
        return
    if os.geteuid() != 0:
        raise LabError("building the chroot with Asterisk needs root")
    unfinished = CHROOT.with_name("asterisk.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    CHROOT.parent.mkdir(exist_ok=True)
    options = ['Apt::Install-Recommends "false"', 'Acquire::Check-Valid-Until "false"']
    aptopts = [f"--aptopt={option}" for option in options]
    run(["mmdebstrap", "--quiet", "--variant=apt", *aptopts, "--include=asterisk", SUITE, str(unfinished), _mirror()])
    # Without its own name in hosts, Asterisk asks for it, blocking, on every call.
    (unfinished / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    (unfinished / "etc/resolv.conf").write_text("")
    (unfinished / "etc/nsswitch.conf").write_text("hosts: files\n")
    unfinished.rename(CHROOT)


def take_promtool() -> None:
    _take("prometheus", "usr/bin/promtool", PROMTOOL)


def take_nginx() -> None:
    _take("nginx", "usr/sbin/nginx", NGINX)


def take_odbc_driver() -> None:
    """By which the Asterisk in the chroot writes into a MariaDB, with what it needs beside it."""
    if CHROOT.exists():
        for package, library in ODBC.items():
            _take(package, str(LIBRARIES / library), CHROOT / LIBRARIES / Path(library).name)


def _take(package: str, path: str, into: Path) -> None:
    """Out of Debian's package, which is not installed: its service is nobody's business here."""
    if shutil.which(into.name) or into.exists():
        return
    into.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as place:
        run(["apt-get", "download", package], place=place)
        (found,) = Path(place).glob(f"{package}_*.deb")
        run(["dpkg-deb", "--extract", str(found), place])
        shutil.copy(Path(place, path), into)


def prepare_smsc() -> None:
    if importlib.util.find_spec("tests.lab.smsc") and importlib.util.find_spec(SMSC):
        importlib.import_module(SMSC).prepare()


STEPS: dict[str, Callable[[], None]] = {
    "Debian's tools": install_tools,
    "Asterisk": build_asterisk,
    "the SMPP server": prepare_smsc,
    "promtool": take_promtool,
    "nginx": take_nginx,
    "Asterisk's way to MariaDB": take_odbc_driver,
}


def main() -> int:
    missing = [name for name, step in STEPS.items() if not _succeeds(name, step)]
    if missing and os.environ.get(REQUIRED) == "1":
        print(f"lab: {REQUIRED}=1, so what is missing is a failure")
        return 1
    return 0


def _succeeds(name: str, step: Callable[[], None]) -> bool:
    began = time.monotonic()
    print(f"lab: {name} ...", flush=True)
    try:
        step()
    except Exception as error:  # one missing part must not keep the others away
        print(f"lab: {name}: not available, tests that need it will be skipped: {error}")
        return False
    print(f"lab: {name}: ready ({time.monotonic() - began:.0f} s)", flush=True)
    return True


def _has_asterisk() -> bool:
    try:
        find_installation()
    except LabError:
        return False
    return True


def _has_venv() -> bool:
    try:
        return (
            subprocess.run([SYSTEM_PYTHON, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _mirror() -> str:
    """The Debian mirror that this machine's own apt uses."""
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    listed = run(["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {codename}"])
    found = sorted(set(listed.split()))
    if not found:
        raise LabError("apt knows no Debian mirror")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
