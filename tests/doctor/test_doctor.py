"""`textback doctor` on this machine and with the gateway: each broken set-up is named, with what to type."""

import json
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from agi.settings import LOOPBACK, AgiSettings
from bridge.config import PbxSection, load
from bridge.doctor import local as doctor
from bridge.doctor.gateway import sms_checks
from bridge.doctor.links import link_checks
from bridge.doctor.local import CheckResult, Finding
from bridge.simulator.smsc import Smsc
from storage import files, migrate
from tests.site import run
from tests.smpp.support import with_settings

MOUNTS = """\
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
40 22 0:35 / /srv rw,relatime shared:9 - nfs4 store:/srv rw,vers=4.2
41 40 259:2 / /srv/fast\\040disk rw - xfs /dev/sdb rw
42 22 0:36 / /media/x - rw - cifs //nas/x rw
"""


def levels(found: Iterable[Finding]) -> list[CheckResult]:
    return [finding.level for finding in found]


# --- this machine ---------------------------------------------------------------------------------------------------


def test_an_old_sqlite_is_a_problem() -> None:
    assert doctor.sqlite_version((3, 36, 1)).is_problem
    assert doctor.sqlite_version((3, 40, 1)) == Finding("sqlite", CheckResult.OK, "3.40.1")


@pytest.mark.parametrize(
    ("database", "level"),
    [
        ("/var/lib/textback/textback.db", CheckResult.OK),
        ("/srv/textback/textback.db", CheckResult.PROBLEM),
        ("/srv/fast disk/textback.db", CheckResult.OK),
        ("/srvother/textback.db", CheckResult.OK),
    ],
)
def test_a_database_on_a_network_mount_is_a_problem(database: str, level: CheckResult) -> None:
    assert doctor.file_system(Path(database), MOUNTS).level is level


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [(50_000, 100_000, CheckResult.WARNING), (10**9, 10**10, CheckResult.OK), (10**9, 10**12, CheckResult.WARNING)],
)
def test_a_disk_that_is_nearly_full_is_a_warning(free: int, total: int, level: CheckResult) -> None:
    assert doctor.disk(free, total, Path("/var/lib/textback")).level is level


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("NTPSynchronized=no\n", CheckResult.WARNING),
        ("NTPSynchronized=yes\n", CheckResult.OK),
        ("", CheckResult.NOT_LOOKED),
    ],
)
def test_a_clock_that_nobody_keeps_right_is_a_warning(said: str, level: CheckResult) -> None:
    assert doctor.clock(said).level is level


def test_a_database_that_others_can_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    path.touch(mode=0o600)
    assert levels(doctor.database_file(path)) == [CheckResult.OK]
    path.chmod(0o644)
    (found,) = doctor.database_file(path)
    assert (found.is_problem, found.remedy) == (True, f"chmod 600 {path}")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "textback.db"
    migrate.migrate(path)
    return path


def test_a_sound_database_is_fine(database: Path) -> None:
    assert levels(doctor.database_file(database)) == [CheckResult.OK]


def test_a_damaged_database_is_told_with_how_to_bring_a_copy_back(database: Path) -> None:
    content = bytearray(database.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    database.write_bytes(content)
    (found,) = doctor.database_file(database)
    assert (found.is_problem, "is damaged" in found.said, "textback restore" in found.remedy) == (True, True, True)


def test_a_database_of_the_future_is_told_with_the_copy_that_this_version_can_read(database: Path) -> None:
    copy = database.with_name(f"textback.db.v{migrate.newest_version()}.backup")
    copy.touch()
    with closing(files.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    (found,) = doctor.database_file(database)
    assert (found.is_problem, "newer Textback (schema 99" in found.said) == (True, True)
    assert f"textback restore {copy}" in found.remedy


def test_a_file_that_is_no_database_of_ours_is_told(tmp_path: Path) -> None:
    path = tmp_path / "textback.db"
    path.touch(mode=0o600)
    path.write_bytes(b"Dear Sir or Madam" * 400)
    (found,) = doctor.database_file(path)
    assert (found.is_problem, "check the path" in found.remedy) == (True, True)


def test_a_database_that_was_set_aside_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "textback.db.aside-20261123T170000Z").touch()
    assert levels(doctor.database_file(tmp_path / "textback.db")) == [CheckResult.OK, CheckResult.WARNING]


def test_a_port_that_another_program_has_is_a_problem(unused_tcp_port: int) -> None:
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        found = doctor.port("page", "127.0.0.1", unused_tcp_port, answers=False)
        assert found.is_problem
        assert f"sport = :{unused_tcp_port}" in found.remedy
        assert not doctor.port("page", "127.0.0.1", unused_tcp_port, answers=True).is_problem
    assert not doctor.port("page", "127.0.0.1", unused_tcp_port, answers=False).is_problem


def test_a_page_for_this_machine_only_is_said_to_be_so(unused_tcp_port: int) -> None:
    assert doctor.from_the_lan("127.0.0.1", unused_tcp_port, "192.0.2.7").level is CheckResult.NOT_LOOKED


def test_a_machine_in_no_network_has_nobody_to_reach_its_page(unused_tcp_port: int) -> None:
    assert doctor.from_the_lan("0.0.0.0", unused_tcp_port, "").level is CheckResult.NOT_LOOKED


def test_a_page_that_the_network_cannot_reach_is_a_problem(unused_tcp_port: int) -> None:
    """127.0.0.2 stands in for the address in the network: a listener on another address does not answer there."""
    assert doctor.from_the_lan("0.0.0.0", unused_tcp_port, "127.0.0.2").is_problem
    with socket.create_server(("0.0.0.0", unused_tcp_port)):
        assert doctor.from_the_lan("0.0.0.0", unused_tcp_port, "127.0.0.2").level is CheckResult.OK


@pytest.mark.parametrize(
    ("listen", "address", "level"),
    [
        ("127.0.0.1", "127.0.0.1", CheckResult.OK),
        ("127.0.0.1", "192.0.2.10", CheckResult.PROBLEM),
        ("192.0.2.7", "192.0.2.10", CheckResult.OK),
        ("192.0.2.7", "192.0.2.11", CheckResult.PROBLEM),
    ],
)
def test_a_pbx_that_cannot_ask_for_scripts_is_a_problem(listen: str, address: str, level: CheckResult) -> None:
    settings = AgiSettings("0123456789abcdef", listen, peers=(*LOOPBACK, ip_network("192.0.2.10/32")))
    assert doctor.phones_reach(settings, PbxSection(name="one"), address).level is level


# --- the configuration ----------------------------------------------------------------------------------------------


def test_a_configuration_that_others_can_write_is_a_problem(example: Path) -> None:
    example.chmod(0o644)
    assert doctor.config_file(example).level is CheckResult.OK
    example.chmod(0o664)
    assert doctor.config_file(example).remedy == f"chmod go-w {example}"


def test_a_sender_that_rings_nowhere_here_is_a_warning(example: Path) -> None:
    config = load(example, {})
    assert levels(doctor.senders(config)) == [CheckResult.OK]
    example.write_text(example.read_text().replace('sms_number = "+12125550100"', 'sms_number = "+12125550177"'))
    (found,) = doctor.senders(load(example, {}))
    assert found.level is CheckResult.WARNING
    assert "+12125550177" in found.said


def test_a_trial_that_goes_on_is_not_forgotten(example: Path) -> None:
    example.write_text(example.read_text() + '\n[rules]\nlive_only = ["+12125550142"]\n')
    assert doctor.live_only(load(example, {})).level is CheckResult.WARNING


# --- the gateway ----------------------------------------------------------------------------------------------------


async def test_a_gateway_that_takes_us_is_left_again() -> None:
    async with Smsc().serve() as smsc:
        found = await sms_checks(with_settings(port=smsc.port))
        assert found.level is CheckResult.OK
        assert smsc.links == 0


async def test_a_wrong_password_is_told_from_a_closed_port(unused_tcp_port: int) -> None:
    async with Smsc().serve() as smsc:
        wrong = await sms_checks(with_settings(port=smsc.port, password="wrong"))
    closed = await sms_checks(with_settings(port=unused_tcp_port))
    assert (wrong.is_problem, "password is wrong" in wrong.remedy) == (True, True)
    assert (closed.is_problem, "host and port" in closed.remedy) == (True, True)


async def test_a_gateway_that_the_running_daemon_holds_is_left_alone(example: Path) -> None:
    config = replace(load(example, {}), pbxs=())
    (found,) = await link_checks(config, bound=["smpp"], running=True)
    assert found == Finding("sms smpp", CheckResult.OK, "the running textback is bound")


# --- the command ----------------------------------------------------------------------------------------------------


def test_mistakes_in_the_configuration_are_findings_and_json(example: Path) -> None:
    example.write_text(example.read_text().replace('"US"', '"XX"'))
    (example.parent / "ami.secret").chmod(0o644)
    done = run("doctor", "--json", "--config", str(example))
    assert done.returncode == 1
    said = {finding["said"].split(":")[0] for finding in json.loads(done.stdout) if finding["level"] == "problem"}
    assert said == {"country", "pbx[0].secret_file"}


def test_json_stands_alone_on_standard_output_where_nothing_answers(example: Path) -> None:
    findings = json.loads(run("doctor", "--json", "--config", str(example)).stdout)
    assert {"pbx pbx", "sms smpp"} <= {finding["check"] for finding in findings if finding["level"] == "problem"}


def test_nothing_there_is_told_line_by_line_with_what_to_type(example: Path) -> None:
    done = run("doctor", "--config", str(example))
    assert done.returncode == 1
    assert f"[FAIL] pbx pbx: 127.0.0.1:{load(example, {}).pbxs[0].port}: cannot connect" in done.stdout
    assert "[FAIL] sms smpp: not bound" in done.stdout
    failed = [n for n, row in enumerate(done.stdout.splitlines()) if row.startswith("[FAIL]")]
    assert all(done.stdout.splitlines()[n + 1].lstrip().startswith("->") for n in failed)
