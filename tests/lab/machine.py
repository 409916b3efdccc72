"""A machine of its own: a real systemd as its first process, a network with nobody in it, an installed Asterisk.

Linux namespaces over this machine's disk (`machine.sh`), so that guides can be followed word by word, as root, without
a trace: users, units, /etc and /usr are its own.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from tests.lab.asterisk import CHROOT, CONFIG, REPOSITORY, LabError, bound_to_us

BUILD = Path(__file__).with_name("machine.sh")
CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
UNSHARE = ("unshare", "--fork", "--kill-child", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")
NEW_NETWORK = 0x40000000  # CLONE_NEWNET (setns(2))
BOOT_SECONDS = 30
COMMAND_SECONDS = 200
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
SIP, TRUNK = 5060, 5062
PORTS = {"sip": SIP, "trunk": TRUNK, "answers": 5064, "rings": 5066}


class Machine:
    """Booted, as root. A `LabError` says what a command printed before it failed."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        (self._first,) = _children(process.pid)

    def types(self, script: str, *, stdin: bytes = b"") -> str:
        """What this shell script prints; it ends at the first command that fails. Raises LabError."""
        done = subprocess.run(
            self.entering("bash", "-euc", f"cd\n{script}"),
            input=stdin,
            env=ENVIRON,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise LabError(f"exit {done.returncode}: {script}\n{said}")
        return said

    def writes(self, path: str, content: bytes) -> None:
        self.types(f"cat > '{path}'", stdin=content)

    def entering(self, *command: str) -> list[str]:
        return ["nsenter", "--target", str(self._first), "--all", *command]

    @contextmanager
    def network(self) -> Iterator[None]:
        """Meanwhile this thread, and whatever it starts, is in the machine's network."""
        with Path("/proc/self/ns/net").open() as ours, Path(f"/proc/{self._first}/ns/net").open() as theirs:
            _enter(theirs.fileno())
            try:
                yield
            finally:
                _enter(ours.fileno())


@contextmanager
def booted() -> Iterator[Machine]:
    """Raises LabError where there can be none."""
    if why := why_not():
        raise LabError(why)
    group = _cgroup() / f"textback-lab-{os.getpid()}"
    group.mkdir(exist_ok=True)
    place = Path(mkdtemp(prefix="textback-machine-"))
    process = _unshared(group, place)
    try:
        _wait_for_systemd(process, place)
        yield Machine(process)
    finally:
        for first in _children(process.pid):  # with a namespace's first process all others end
            os.kill(first, signal.SIGKILL)
        process.wait(BOOT_SECONDS)
        _remove(group)
        shutil.rmtree(place)


def why_not() -> str:
    """Why there can be no machine here, "" if there can."""
    if os.geteuid() != 0:
        return "a machine of its own needs root"
    if not (CHROOT / "usr/sbin/asterisk").exists():
        return "no Asterisk in .lab/: run `python -m tests.lab.prepare` as root"
    tools = ("unshare", "nsenter", "ip", "curl", "dbus-daemon", "systemd-analyze")
    if lacking := [tool for tool in tools if not shutil.which(tool)]:
        return f"a machine of its own needs {', '.join(lacking)}"
    if not any((place / "cgroup.procs").exists() for place in CGROUPS):
        return "systemd needs control groups, version 2"
    return ""


def with_pbx(machine: Machine, dialplan: str) -> None:
    """Give its Asterisk, which is as Debian ships it, this office's phones, trunk and dialplan; and start it."""
    pjsip = (CONFIG / "pjsip.conf").read_text()
    for name, port in PORTS.items():
        pjsip = pjsip.replace(f"%({name})", str(port))
    for name, text in (("pjsip.conf", pjsip), ("extensions.conf", dialplan)):
        machine.writes(f"/etc/asterisk/{name}", text.encode())
    machine.types("systemctl start asterisk")
    deadline = time.monotonic() + BOOT_SECONDS
    while "fully booted" not in _said(machine, "asterisk -rx 'core waitfullybooted'"):
        if time.monotonic() > deadline:
            raise LabError(machine.types("journalctl --no-pager -u asterisk"))
        time.sleep(0.1)


def _said(machine: Machine, script: str) -> str:
    try:
        return machine.types(script)
    except LabError as error:
        return str(error)


def _unshared(group: Path, place: Path) -> "subprocess.Popen[bytes]":
    script = [str(BUILD), str(place), str(CHROOT.resolve()), str(REPOSITORY)]
    with place.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            # in a group of its own before it has namespaces: all that its systemd may see and change
            [*bound_to_us(), "sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(group), *UNSHARE, *script],
            env=ENVIRON,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def _wait_for_systemd(process: "subprocess.Popen[bytes]", place: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    log = place.with_suffix(".log")
    try:
        while not _is_up(process):
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the machine did not boot: {log.read_text()[-2000:]}")
            time.sleep(0.1)
    finally:
        log.unlink()


def _is_up(process: "subprocess.Popen[bytes]") -> bool:
    for first in _children(process.pid):
        asked = ["nsenter", "--target", str(first), "--all", "systemctl", "is-system-running"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return done.stdout.strip() in ("running", "degraded")
    return False


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _cgroup() -> Path:
    return next(place for place in CGROUPS if (place / "cgroup.procs").exists())


def _remove(group: Path) -> None:
    """Its groups, the innermost first, as soon as their last process is gone."""
    deadline = time.monotonic() + 10
    while group.exists() and time.monotonic() < deadline:
        for one in sorted((path for path in [group, *group.rglob("*")] if path.is_dir()), reverse=True):
            with suppress(OSError):
                one.rmdir()
        time.sleep(0.02)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, NEW_NETWORK):
        raise LabError(f"the network of the machine: {os.strerror(ctypes.get_errno())}")
