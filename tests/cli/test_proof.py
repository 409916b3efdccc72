"""`textback proof`: one page out of the PBX's own records, with nothing installed there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.ami.test_cdr import row
from tests.ami.test_cel import as_csv
from tests.calls.test_late_records import everything
from tests.lab.mariadb import PASSWORD, MariaDb
from tests.site import SMALL, run, write

DUTCH = ("--trunk", "PJSIP/trunk-*", "--country", "NL", "--zone", "Europe/Amsterdam")
NOW = datetime.now(UTC)
HOSTILE = "<script>alert(1)</script>=HYPERLINK(1)\x1b[2J\r\n"


def leg(uniqueid: str, **values: str) -> str:
    began = datetime.fromtimestamp(int(uniqueid), UTC)
    times = {"start": f"{began:%Y-%m-%d %H:%M:%S}", "end": f"{began + timedelta(seconds=6):%Y-%m-%d %H:%M:%S}"}
    return row(uniqueid=f"{uniqueid}.1", **times | values)


def hours_ago(hours: float) -> str:
    return str(int((NOW - timedelta(hours=hours)).timestamp()))


def first_numbers(page: str) -> list[int]:
    """Of the lines above the first empty one but its title."""
    return [int(line.split()[0]) for line in page.split("\n\n")[1].splitlines()]


def proof(*arguments: str | Path) -> CompletedProcess[str]:
    return run("proof", *map(str, arguments))


@pytest.fixture
def master(tmp_path: Path) -> Path:
    path = tmp_path / "Master.csv"
    path.write_text(
        leg(hours_ago(40), src="0612345678", clid=f'"{HOSTILE}" <0612345678>'.replace('"', "'"))
        + leg(hours_ago(30), src="0687654321", disposition="BUSY", dstchannel="PJSIP/102-00000001")
        + leg(hours_ago(29), src="0687654321", disposition="ANSWERED", billsec="5")
        + leg(hours_ago(24 * 9), src="0611111111")
    )
    return path


def test_a_file_of_cdr_is_enough(master: Path) -> None:
    told = proof(master, *DUTCH)
    assert (told.returncode, told.stderr) == (0, "")
    assert first_numbers(told.stdout) == [3, 2, 1, 1, 0, 1]
    assert "06 12345678" in told.stdout
    assert "11111111" not in told.stdout


def test_it_looks_as_far_back_as_it_is_told(master: Path) -> None:
    assert first_numbers(proof(master, "--last", "10d", *DUTCH).stdout)[0] == 4
    assert first_numbers(proof(master, "--last", "35h", *DUTCH).stdout)[0] == 2


def test_what_a_caller_wrote_into_the_name_is_words_on_the_page_and_nothing_else(master: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    told = proof(master, *DUTCH, "--html", page)
    assert "\x1b" not in told.stdout
    assert "<script>" in told.stdout
    assert ("<script" in page.read_text(), "&lt;script&gt;" in page.read_text()) == (False, True)


def test_a_file_of_cel_is_read_as_well(tmp_path: Path) -> None:
    rows, wanted = everything(NOW - timedelta(hours=2))
    path = tmp_path / "cel.csv"
    path.write_text(as_csv([dict(one) for one in rows]))
    told = proof(path, *DUTCH)
    missed = sum(count for (_, verdict), count in wanted.items() if verdict in ("missed", "short"))
    assert first_numbers(told.stdout)[:2] == [wanted.total(), missed]


async def test_a_mariadb_is_read_with_no_configuration_and_by_one(mariadb: MariaDb, tmp_path: Path) -> None:
    rows, wanted = everything(NOW - timedelta(hours=2))
    records = await mariadb.new("cel", "cdr")
    await records.insert("cel", rows)
    password, there = tmp_path / "password", records.settings
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    told = proof("--database", f"{there.user}@127.0.0.1:{there.port}/{there.name}", "--password-file", password, *DUTCH)
    assert first_numbers(told.stdout)[0] == wanted.total()
    config = write(tmp_path, country="NL", zone="Europe/Amsterdam")
    keys = f'port = {there.port}\nname = "{there.name}"\nuser = "{there.user}"\npassword_file = "password"\n'
    config.write_text(config.read_text().replace("[[line]]", f"[pbx.database]\n{keys}\n[[line]]"))
    configured = proof("--config", config)
    assert (first_numbers(configured.stdout)[0], SMALL["business"] in configured.stdout) == (wanted.total(), True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--database", "textback@pbx/asteriskcdrdb"], 2, "--password-file"),
        (["--last", "soon"], 2, "should be a duration"),
        (["--zone", "Eastern"], 2, "no time zone"),
        (["--zone", "New_York"], 2, "America/New_York"),
        (["--zone", "../x"], 2, "no time zone"),
        (["--zone", "EST"], 2, "no summer time"),
        (["--country", "USA"], 2, '"US"'),
        (["--last", "0d"], 2, "some minutes"),
        (["--database", "u@h:99999/x"], 2, "99999"),
        (["--html", "/nowhere/page.html"], 2, "mkdir /nowhere"),
    ],
)
def test_what_cannot_be_meant_is_said(master: Path, arguments: Sequence[str], code: int, said: str) -> None:
    told = proof(master, *arguments)
    assert (told.returncode, said in told.stderr) == (code, True), told.stderr


def test_records_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("x")
    told = proof("--database", "textback@127.0.0.9:9/asteriskcdrdb", "--password-file", password)
    assert (told.returncode, "cannot be read" in told.stderr) == (1, True)


def test_records_without_a_call_ask_for_the_trunks(master: Path) -> None:
    told = proof(master, "--trunk", "SIP/other-*")
    assert (told.returncode, "--trunk" in told.stderr) == (1, True)


def test_a_file_that_is_none_of_records_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    told = proof(path)
    assert (told.returncode, "no row here is CDR or CEL" in told.stderr) == (1, True)


def test_a_channel_that_may_be_a_trunk_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(
        leg(hours_ago(4), context="from-pstn") + leg(hours_ago(3), channel="PJSIP/my-odd-00000001", context="in")
    )
    told = proof(path, "--country", "NL")
    assert first_numbers(told.stdout)[0] == 1
    assert "Not counted: 1 call on PJSIP/my-odd-*" in told.stdout


def test_a_configuration_that_names_no_records_says_so(tmp_path: Path) -> None:
    told = proof("--config", write(tmp_path))
    assert (told.returncode, "[pbx.database]" in told.stderr) == (2, True)
