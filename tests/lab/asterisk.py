"""A real Asterisk of one's own: its configuration, its ports, its start and its end.

It runs in the chroot that `prepare` has built under .lab/, or, where `asterisk` is on the PATH, from there. Each
instance keeps everything it writes in a directory of its own, so that several can run from one installation.
"""

import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.ami.settings import RecordsSettings
from tests.ports import reserve

REPOSITORY = Path(__file__).parents[2]
CONFIG = Path(__file__).parent / "config"
SHIPPED = tuple((REPOSITORY / "dialplan").glob("*.conf"))
AGI = "agi://127.0.0.1:4574/CHANGE-ME/"  # as shipped
AGI_TOKEN = "lab-token-0123456789"
CHROOT = REPOSITORY / ".lab" / "asterisk"
LIBRARIES = Path("usr/lib", sysconfig.get_config_var("MULTIARCH") or "")
ODBC_DRIVER = "libmaodbc.so"
BOOT_SECONDS = 30
CLI_ATTEMPTS = 5
RTP_PORTS = 4000
_instances = itertools.count(1)


class LabError(Exception):
    """A part of the lab does not work; the text says which and what Asterisk said."""


@dataclass(frozen=True, slots=True)
class Ports:
    """On 127.0.0.1, but for `trunk`: that is the provider's, on 127.0.0.2. answers, rings: phones under load.

    agi: where Asterisk asks for scripts; nobody answers there unless a test does.
    """

    sip: int
    ami: int
    trunk: int
    answers: int
    rings: int
    agi: int
    rtp_first: int
    rtp_last: int

    @classmethod
    def free(cls) -> "Ports":
        """Of our own, so that several checkouts can run their tests side by side."""
        rtp = random.randrange(36_000, 60_000, 2)  # of the range it takes whichever is free when a call needs one
        sip, ami, answers, rings, agi = (reserve() for _ in range(5))
        return cls(sip, ami, reserve(ip="127.0.0.2"), answers, rings, agi, rtp, rtp + RTP_PORTS)


@dataclass(frozen=True, slots=True)
class Installation:
    """Where Asterisk is. root: the chroot's directory, None for one on the PATH."""

    root: Path | None

    def command(self, *arguments: str) -> list[str]:
        return [*(["chroot", str(self.root)] if self.root else []), "asterisk", *arguments]

    @property
    def has_odbc(self) -> bool:
        return ((self.root or Path("/")) / LIBRARIES / ODBC_DRIVER).exists()

    def seen_from_inside(self, path: Path) -> str:
        return f"/{path.relative_to(self.root)}" if self.root else str(path)


def find_installation() -> Installation:
    """Raises LabError, saying what is missing."""
    if (CHROOT / "usr/sbin/asterisk").exists():
        if os.geteuid() != 0:
            raise LabError("the Asterisk in .lab/ is a chroot and needs root")
        return Installation(CHROOT)
    if shutil.which("asterisk"):
        return Installation(None)
    raise LabError("no Asterisk: run `python -m tests.lab.prepare` as root, or install asterisk")


class Asterisk:
    """One instance. `start` and `stop` block until it is up or gone."""

    def __init__(self, installation: Installation, ports: Ports) -> None:
        self.ports = ports
        self._installation = installation
        base = (installation.root or REPOSITORY / ".lab") / "lab"
        self.home = base / f"{os.getpid()}-{next(_instances)}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises LabError where it is not fully booted within half a minute."""
        self._write_config()
        command = self._installation.command("-f", "-C", self._config_file())
        with (self.home / "console").open("wb") as console:
            self._process = subprocess.Popen(
                [*bound_to_us(), *command],
                stdout=console,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while "fully booted" not in self._ask("core waitfullybooted").stdout:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise LabError(f"Asterisk did not start:\n{(self.home / 'console').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """In order, as `systemctl stop` does it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut does it."""
        self._end(signal.SIGKILL)

    def clear(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    def cli(self, command: str) -> str:
        """What `asterisk -rx` prints. Raises LabError where it cannot reach the PBX, also not at a second try."""
        for _ in range(CLI_ATTEMPTS):
            run = self._ask(command)
            if run.returncode == 0:
                return run.stdout
            time.sleep(0.2)
        raise LabError(f"asterisk -rx {command!r}: {run.stdout}{run.stderr}")

    def writes_cel(self, database: RecordsSettings) -> None:
        """From now on into that database, by its own ODBC module, as a FreePBX does it; without a driver nowhere."""
        if not self._installation.has_odbc:
            return
        etc = self.home / "etc"
        where = {"Driver": f"/{LIBRARIES / ODBC_DRIVER}", "SERVER": database.host, "PORT": database.port}
        source = "".join(f"{key}={value}\n" for key, value in {**where, "DATABASE": database.name}.items())
        (etc / "odbc.ini").write_text(f"[cel]\n{source}")
        sources = self._installation.seen_from_inside(etc / "odbc.ini")
        (etc / "res_odbc.conf").write_text(
            f"[ENV]\nODBCINI => {sources}\n[cel]\nenabled=yes\ndsn=cel\nusername=root\npre-connect=yes\n"
        )
        (etc / "cel_odbc.conf").write_text("[cel]\nconnection=cel\nloguniqueid=yes\ntable=cel\nusegmtime=no\n")
        self.cli("module load res_odbc.so")
        self.cli("module load cel_odbc.so")

    def channels(self) -> int:
        return int(self._find(r"^(\d+) active channel", "core show channels count"))

    @property
    def version(self) -> str:
        return self._find(r"Asterisk (\d+\.\d+\.\d+)", "core show version")

    def _find(self, pattern: str, command: str) -> str:
        said = self.cli(command)
        found = re.search(pattern, said, re.MULTILINE)
        if not found:
            raise LabError(f"asterisk -rx {command!r} said: {said!r}")
        return found[1]

    def _ask(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._installation.command("-C", self._config_file(), "-rx", command),
            capture_output=True,
            text=True,
            timeout=BOOT_SECONDS,
            check=False,
        )

    @property
    def cdr_file(self) -> Path:
        """Where cdr_csv writes; there from the first call on."""
        return self.home / "log" / "cdr-csv" / "Master.csv"

    def cdr(self) -> str:
        """The rows of cdr_csv so far."""
        return self.cdr_file.read_text("utf-8", "replace") if self.cdr_file.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._process = None

    def _config_file(self) -> str:
        return self._installation.seen_from_inside(self.home / "etc" / "asterisk.conf")

    def _write_config(self) -> None:
        for name in ("etc", "db", "run", "log/cdr-csv", "spool"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        values = {"home": self._installation.seen_from_inside(self.home), **asdict(self.ports)}
        for source in [*CONFIG.iterdir(), *SHIPPED]:
            filled = re.sub(r"%\((\w+)\)", lambda found: str(values[found[1]]), source.read_text())
            (self.home / "etc" / source.name).write_text(
                filled.replace(AGI, f"agi://127.0.0.1:{self.ports.agi}/{AGI_TOKEN}/")
            )


@contextmanager
def running_asterisk(installation: Installation | None = None) -> Iterator[Asterisk]:
    asterisk = Asterisk(installation or find_installation(), Ports.free())
    try:
        asterisk.start()
        yield asterisk
    finally:
        asterisk.stop()
        asterisk.clear()


def bound_to_us() -> list[str]:
    """Where util-linux can: let the kernel end it when we are killed before we could."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
