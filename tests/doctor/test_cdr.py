"""`textback doctor` about the PBX's own call records: what keeps us from finding calls there, and what to type."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.config import PbxSection
from bridge.doctor.cdr import call_records, may_read
from bridge.doctor.local import CheckResult
from tests.ami.test_cdr import row

SOMEBODY = 54321


def pbx(cdr: Path | None) -> PbxSection:
    return PbxSection("office", secret="secret", cdr=cdr)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "Master.csv"
    path.write_text(row())
    return path


def test_records_that_can_be_read_are_right(records: Path) -> None:
    assert call_records(pbx(records)).level is CheckResult.OK


def test_without_records_it_says_what_is_lost_and_what_to_set() -> None:
    found = call_records(pbx(None))
    assert (found.level, "cdr = " in found.remedy) == (CheckResult.NOT_LOOKED, True)


def test_a_file_that_is_not_there_is_a_problem(records: Path) -> None:
    records.unlink()
    found = call_records(pbx(records))
    assert found.is_problem
    assert "cdr.conf" in found.remedy


def test_records_that_do_not_name_their_call_are_a_problem(records: Path) -> None:
    records.write_text(row(uniqueid=""))
    found = call_records(pbx(records))
    assert found.is_problem
    assert "loguniqueid=yes" in found.remedy


def test_records_that_end_before_the_last_call_are_not_written(records: Path) -> None:
    """As on a FreePBX, whose cdr.conf has no [csv]: the file is of the time before."""
    old = datetime(2026, 11, 1, tzinfo=UTC)
    os.utime(records, (old.timestamp(),) * 2)
    assert call_records(pbx(records), old + timedelta(minutes=5)).level is CheckResult.OK
    found = call_records(pbx(records), old + timedelta(days=3))
    assert (found.level, "is not written" in found.said, "[pbx.database]" in found.remedy) == (
        CheckResult.WARNING,
        True,
        True,
    )


def test_records_without_a_call_yet_are_right(records: Path) -> None:
    records.write_text("")
    assert call_records(pbx(records)).level is CheckResult.OK


@pytest.mark.parametrize(
    ("file", "folder", "mine", "readable"),
    [
        (0o640, 0o755, True, True),
        (0o640, 0o755, False, False),
        (0o644, 0o755, False, True),
        (0o644, 0o750, False, False),
        (0o644, 0o750, True, True),
        (0o600, 0o755, True, False),
    ],
)
def test_who_may_read_them_is_told_by_modes_and_groups(
    records: Path, file: int, folder: int, mine: bool, readable: bool
) -> None:
    for above in list(records.parents)[1:4]:  # pytest keeps its directories to itself
        if above.stat().st_mode & 0o1 == 0:
            above.chmod(0o755)
    records.parent.chmod(folder)
    records.chmod(file)
    groups = {records.stat().st_gid} if mine else set()
    assert may_read(records, SOMEBODY, groups) is readable
