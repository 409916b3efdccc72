"""What `textback doctor` looks at on this machine and in the configuration: each check a function, each finding a line.

What it asks of the PBX and of the gateway is in `links`.
"""

import errno
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agi.settings import AgiSettings
from bridge.config import Config, PbxSection
from bridge.doctor.firewall import opens
from bridge.domain import phone
from bridge.ops.sockets import own_address, try_listening
from bridge.web.settings import is_loopback
from storage import files, migrate
from storage.errors import RejectedError, StorageError

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
NETWORK = frozenset(
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs", "fuse.sshfs", "fuse.glusterfs"]
)
"""File systems on which SQLite's locks, and so its WAL, cannot be trusted (sqlite.org/wal.html)."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  what a listener may say; nothing is bound here
NOBODY = "192.0.2.1"
"""TEST-NET-1 (RFC 5737): the way there shows this machine's address in its network."""

LEAST_FREE = 200_000_000  # bytes


class CheckResult(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_LOOKED = "not looked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. remedy: what to type, or where to change what; "" where nothing is to be done."""

    check: str
    level: CheckResult
    said: str
    remedy: str = ""

    @property
    def is_problem(self) -> bool:
        return self.level is CheckResult.PROBLEM


def ok(check: str, said: str) -> Finding:
    return Finding(check, CheckResult.OK, said)


def warning(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, CheckResult.WARNING, said, remedy)


def problem(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, CheckResult.PROBLEM, said, remedy)


def not_looked(check: str, said: str, remedy: str = "") -> Finding:
    return Finding(check, CheckResult.NOT_LOOKED, said, remedy)


# --- this machine ---------------------------------------------------------------------------------------------------


def sqlite_version(version: tuple[int, ...] = files.ENGINE) -> Finding:
    written = ".".join(map(str, version))
    if version < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        return problem("sqlite", f"{written} is too old; {wanted} is needed", "install a Python with a newer SQLite")
    return ok("sqlite", written)


def clock(said: str) -> Finding:
    """said: what `timedatectl show --property=NTPSynchronized` printed, "" where there is no such command."""
    if said.strip() == "NTPSynchronized=no":
        return warning("clock", "it is not kept right over the network", "timedatectl set-ntp true")
    return ok("clock", "kept right over the network") if said else not_looked("clock", "there is no timedatectl here")


def synchronised() -> str:
    command = shutil.which("timedatectl")
    if command is None:
        return ""
    asked = [command, "show", "--property=NTPSynchronized"]
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=5).stdout  # noqa: S603


# --- the database -----------------------------------------------------------------------------------------------------


def file_system(database: Path, mounts: str) -> Finding:
    """mounts: /proc/self/mountinfo (proc_pid_mountinfo(5))."""
    kind = _mounted(database.parent.resolve(), mounts)
    if kind in NETWORK:
        return problem(
            "file system",
            f"{database.parent} is on {kind}, where SQLite's locks cannot be trusted",
            "[storage] path = a directory on a disk of this machine",
        )
    return ok("file system", f"{database.parent} is on {kind or 'a local disk'}")


def _mounted(directory: Path, mounts: str) -> str:
    """The type of the file system that the directory is on: that of the longest mount point above it."""
    found = [
        (row.split(" - ")[0].split()[4], row.split(" - ")[1].split()[0]) for row in mounts.splitlines() if " - " in row
    ]
    above = [(len(point), kind) for point, kind in found if directory.is_relative_to(point.replace(r"\040", " "))]
    return max(above, default=(0, ""))[1]


def disk(free: int, total: int, where: Path) -> Finding:
    said = f"{free / 1e9:.1f} GB free where the database is"
    if free < LEAST_FREE or free * 20 < total:
        return warning("disk", said, f"df -h {where}; old copies are in {where / 'backups'}")
    return ok("disk", said)


def database_file(database: Path) -> Iterator[Finding]:
    yield _database(database)
    for aside in sorted(database.parent.glob(f"{database.name}.aside-*Z")):
        yield warning(
            "database", f"one was set aside: {aside}", "textback restore brings a copy back; else move it away"
        )


def _database(database: Path) -> Finding:
    to_be_made = ok("database", f"{database} will be made at the first start, paused")
    if not database.exists():
        return to_be_made
    found = database.stat()
    if stat.S_IMODE(found.st_mode) & 0o077:
        return problem("database", f"others on this machine can read {database}", f"chmod 600 {database}")
    if found.st_uid != database.parent.stat().st_uid:
        owner = f"chown --reference={database.parent} {database}*"
        return warning("database", f"{database} belongs to somebody else than its directory", owner)
    if not files.is_there(database):
        return to_be_made
    return _content(database) or ok("database", f"{database}, {found.st_size / 1e6:.1f} MB")


def _content(database: Path) -> Finding | None:
    """What is wrong inside it, which the daemon would find at its start."""
    try:
        if found := files.damage(database):
            remedy = "systemctl stop textback, textback restore, systemctl start textback (a start alone sets it aside)"
            return problem("database", f"{database} is damaged: {found}", remedy)
        migrate.check(database)
    except StorageError as error:
        said, _, remedy = error.advice.partition(": ")
        return problem("database", f"{database}: {said}", remedy)
    except RejectedError as error:
        return problem("database", f"{database} cannot be read: {error}", f"fuser {database} names who holds it")
    return None


def config_file(path: Path) -> Finding:
    """Whoever can write it decides who is texted."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o022:
        return problem("configuration", f"others than its owner can write {path}", f"chmod go-w {path}")
    return ok("configuration", f"{path} has no mistakes")


# --- the configuration ------------------------------------------------------------------------------------------------


def senders(config: Config) -> Iterator[Finding]:
    """A customer calls back the number that texted: it should ring here."""
    country = config.office.country
    ringing = {phone.parse(did, country) for line in config.office.lines for did in line.dids}
    for line in config.office.lines:
        if phone.parse(line.sms_number, country) in ringing:
            yield ok("sender", f"{line.sms_number} rings this office")
        else:
            yield warning(
                "sender",
                f"texts of the line {line.name} come from {line.sms_number}, which rings nowhere here",
                "let it ring a line and name it in that line's dids, or text from a number that does",
            )


def live_only(config: Config) -> Finding:
    if not config.rules.live_only:
        return ok("live_only", "everybody may be texted")
    count = len(config.rules.live_only)
    who = "one number gets" if count == 1 else f"{count} numbers get"
    return warning("live_only", f"only {who} texts, as on trial", "take live_only out of [rules] when ready")


def port(check: str, host: str, number: int, *, answers: bool) -> Finding:
    """answers: the running daemon has said that it serves there."""
    where = f"{host}:{number}"
    if answers:
        return ok(check, f"textback serves {where}")
    try:
        try_listening(host, number)
    except OSError as error:
        return problem(check, f"{where} cannot be used: {error.strerror}", _to_listen(check, number, error))
    return ok(check, f"{where} is free; textback does not run now")


def _to_listen(check: str, number: int, error: OSError) -> str:
    table = "phones" if check == "phones" else "web"
    if error.errno == errno.EADDRNOTAVAIL:
        return f'[{table}] listen = "ADDRESS:{number}" with one of this machine: ip -brief address; or 0.0.0.0 for all'
    if error.errno == errno.EACCES:
        return f'[{table}] listen = "...:8080": ports below 1024 are for root; a proxy in front can have {number}'
    return f"ss -ltnp 'sport = :{number}' shows who has it; stop that, or another port in listen of [{table}]"


def from_the_lan(host: str, number: int, ours: str) -> Finding:
    """Can colleagues open the page? ours: the address of this machine in its network, "" for none."""
    if is_loopback(host):
        remedy = f'textback users add NAME --role admin; [web] listen = "{ours or "ADDRESS"}:{number}"'
        return not_looked("page", f"only this machine can open it at {host}:{number}", remedy)
    address = ours if host in EVERYWHERE else host
    if not address:
        return not_looked("page", "this machine has no address in a network")
    try:
        socket.create_connection((address, number), timeout=3).close()
    except OSError as error:
        remedy = f"textback users add NAME --role admin (until then it is for this machine only), or: {opens(number)}"
        return problem("page", f"{address}:{number} does not answer: {error}", remedy)
    return ok("page", f"{address}:{number} answers")


def phones_reach(settings: AgiSettings, pbx: PbxSection, address: str) -> Finding:
    """May this PBX ask for our scripts, and can it get there? address: of the PBX."""
    check = f"phones {pbx.name}"
    if not is_loopback(address) and is_loopback(settings.host):
        said = f"the PBX at {address} cannot reach {settings.host}:{settings.port}"
        return problem(check, said, "[phones] listen = this machine's address, and peers = that of the PBX")
    if not settings.lets_in(address):
        return problem(check, f"the PBX at {address} would be turned away", f'[phones] peers = ["{address}"]')
    return ok(check, f"the PBX at {address} may ask for scripts")


def local_checks(config: Config, *, running: bool) -> Sequence[Finding]:
    """Everything that needs no PBX and no gateway. running: the daemon answers on its page."""
    folder = config.database.parent
    usage = shutil.disk_usage(folder)
    checks: Iterable[Callable[[], Finding | Iterable[Finding]]] = (
        sqlite_version,
        lambda: clock(synchronised()),
        lambda: file_system(config.database, _mountinfo()),
        lambda: disk(usage.free, usage.total, folder),
        lambda: database_file(config.database),
        lambda: senders(config),
        lambda: live_only(config),
        lambda: port("page", config.web.host, config.web.port, answers=running),
        lambda: _lan(config, running=running),
        lambda: _phones(config, running=running),
    )
    return [finding for check in checks for finding in _listed(check())]


def _lan(config: Config, *, running: bool) -> Iterator[Finding]:
    if running:
        yield from_the_lan(config.web.host, config.web.port, own_address(NOBODY))


def _phones(config: Config, *, running: bool) -> Iterator[Finding]:
    if config.phones is None:
        return
    yield port("phones", config.phones.host, config.phones.port, answers=running)
    for pbx in config.pbxs:
        try:
            yield phones_reach(config.phones, pbx, socket.gethostbyname(pbx.host))
        except OSError:
            yield problem(f"phones {pbx.name}", f"{pbx.host} has no address", "host under [[pbx]]")


def _listed(found: Finding | Iterable[Finding]) -> Iterable[Finding]:
    return [found] if isinstance(found, Finding) else found


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
