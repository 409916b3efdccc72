"""`textback doctor` about records in a database: a real MariaDB, in which one thing after the other is wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.config import PbxSection
from bridge.config.sections import RecordsSection
from bridge.doctor.local import CheckResult, Finding
from bridge.doctor.records import OLD, database_checks
from tests.ami.test_cel import UNANSWERED, moved
from tests.ami.test_records_database import ENDED, LEG
from tests.lab.mariadb import MariaDb, Records

NOW = ENDED + timedelta(hours=1)
HERE = timedelta(minutes=1)
Change = Callable[[RecordsSection], RecordsSection]


async def checks(records: Records, now: datetime = NOW, changed: Change = lambda right: right) -> list[Finding]:
    told = records.settings
    right = RecordsSection(port=told.port, name=told.name, user=told.user, password=told.password)
    return list(await database_checks(PbxSection("office", secret="secret", database=changed(right)), now))


async def finding(records: Records, now: datetime = NOW, changed: Change = lambda right: right) -> Finding:
    """The one that is not right; the lab's server has the clock of today, not of its rows."""
    found = await checks(records, now, changed)
    [one] = [one for one in found if one.level is not CheckResult.OK and "clock of the database" not in one.said]
    return one


async def test_rows_of_today_that_may_only_be_read_are_right_and_their_zone_is_told(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    await records.insert("cel", moved(UNANSWERED, timedelta(hours=-5)))
    tables, clock, times = await checks(records)
    assert (tables.level, times.level, "UTC-5 h" in times.said) == (CheckResult.OK, CheckResult.OK, True)
    assert "clock of the database" in clock.said


async def test_a_wrong_password_says_what_the_administrator_of_the_database_types(mariadb: MariaDb) -> None:
    found = await finding(await mariadb.new("cel"), changed=lambda right: replace(right, password="wrong"))
    assert (found.level, "Access denied" in found.said) == (CheckResult.PROBLEM, True)
    assert "GRANT SELECT ON asteriskcdrdb" in found.remedy
    assert "'@'localhost'" in found.remedy


async def test_where_nobody_listens_it_says_how_to_look(mariadb: MariaDb) -> None:
    found = await finding(await mariadb.new("cel"), changed=lambda right: replace(right, host="127.0.0.9"))
    assert (found.level, "ss -ltn" in found.remedy) == (CheckResult.PROBLEM, True)


async def test_an_account_that_may_read_neither_table_is_a_problem(mariadb: MariaDb) -> None:
    found = await finding(await mariadb.new())
    assert (found.level, "GRANT SELECT" in found.remedy) == (CheckResult.PROBLEM, True)


async def test_a_table_that_lacks_a_column_is_a_problem(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    await records.run("ALTER TABLE cel DROP COLUMN linkedid")
    assert (await finding(records)).said == "the table cel has no column linkedid"


async def test_records_that_have_gone_stale_or_never_began_are_told(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    assert "no row yet" in (await finding(records)).said
    await records.insert("cel", UNANSWERED)
    assert "nothing is written any more" in (await finding(records, ENDED + OLD + HERE)).said


async def test_calls_that_stand_in_cdr_alone_are_told(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    await records.insert("cdr", [LEG])
    found = await finding(records)
    assert (found.level, "Enable CEL" in found.remedy) == (CheckResult.WARNING, True)


async def test_a_pbx_whose_clock_is_ahead_is_told(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    await records.insert("cel", UNANSWERED)
    assert "in the future" in (await finding(records, ENDED - timedelta(hours=1))).said


async def test_a_clock_that_is_apart_from_ours_is_told(mariadb: MariaDb) -> None:
    found = await checks(await mariadb.new("cel"), datetime.now(UTC) + timedelta(hours=1))
    assert any("clock of the database's machine is -3" in one.said for one in found)


@pytest.mark.parametrize("grant", ["INSERT, SELECT ON {0}.cel", "ALL PRIVILEGES ON *.*"])
async def test_an_account_that_may_do_more_than_read_is_told(mariadb: MariaDb, grant: str) -> None:
    records = await mariadb.new("cel")
    await records.insert("cel", UNANSWERED)
    account = f"'{records.settings.user}'@'127.0.0.1'"
    await records.run(f"GRANT {grant.format(records.settings.name)} TO {account}")
    found = await finding(records)
    assert (found.level, "may do more than read" in found.said) == (CheckResult.WARNING, True)
    assert "IDENTIFIED BY" not in found.said
