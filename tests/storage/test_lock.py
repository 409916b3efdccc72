"""One daemon to a database, told apart by a lock that no crash can leave behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage import lock
from storage.errors import StorageError
from tests.desk import MONDAY_NOON

HOLDER = """
import sys
from datetime import datetime
from pathlib import Path
from storage import lock

with lock.held(Path(sys.argv[1]), datetime.fromisoformat("2026-11-23T08:00:00+00:00")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_told_who_has_it_and_since_when(tmp_path: Path) -> None:
    database = tmp_path / "textback.db"
    with (
        lock.held(database, MONDAY_NOON),
        pytest.raises(
            StorageError, match=rf"another textback \(pid {os.getpid()}, since 2026-11-23T1\d:00:00\+00:00\)"
        ),
        lock.held(database, MONDAY_NOON),
    ):
        pytest.fail("two had it")
    with lock.held(database, MONDAY_NOON):
        pass


def test_a_holder_that_is_killed_lets_go(tmp_path: Path) -> None:
    database = tmp_path / "textback.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(StorageError, match=f"pid {holder.pid}, since 2026-11-23T08:00:00"),
            lock.held(database, MONDAY_NOON),
        ):
            pytest.fail("two had it")
        holder.kill()
    with lock.held(database, MONDAY_NOON):
        assert str(os.getpid()) in database.with_name("textback.db.lock").read_text()


def test_a_file_that_says_nothing_useful_is_no_obstacle(tmp_path: Path) -> None:
    database = tmp_path / "textback.db"
    database.with_name("textback.db.lock").write_text("a" * 4000)
    with lock.held(database, MONDAY_NOON):
        assert database.with_name("textback.db.lock").read_text().count("pid") == 1


def test_a_database_has_one_writer_by_whatever_name_it_goes(tmp_path: Path) -> None:
    database, second = tmp_path / "textback.db", tmp_path / "again" / "textback.db"
    second.parent.mkdir()
    with lock.held(database, MONDAY_NOON):
        second.hardlink_to(database)
        with pytest.raises(StorageError, match="by another name of the file"), lock.held(second, MONDAY_NOON):
            pytest.fail("two had it")
    with lock.held(second, MONDAY_NOON):
        pass


def test_whoever_has_it_says_where_and_how_it_is_asked(tmp_path: Path) -> None:
    database = tmp_path / "textback.db"
    assert lock.holder(database) is None
    with lock.held(database, MONDAY_NOON) as held:
        held.serves("https://127.0.0.1:8443/", tmp_path / "page.pem")
        known = lock.holder(database)
    assert known
    assert (known.pid, known.page, known.token) == (os.getpid(), "https://127.0.0.1:8443/", held.token)
    assert known.certificate == str(tmp_path / "page.pem")
    assert database.with_name("textback.db.lock").stat().st_mode & 0o077 == 0
