"""`textback pause | resume | status` against a real database, with and without a daemon to ask."""

import asyncio
import json
import re
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bridge.cli.control import NagiosState, Queue, daemon_health, looked, summary
from bridge.cli.doctor import examine
from bridge.ops.health import instance_of
from bridge.web.settings import WebSettings
from storage.callbacks import QueueLengths
from storage.database import Database
from tests.site import run
from tests.web.test_listener import certificate, made_in

__all__ = ["certificate"]

FIGURES = "to_call=3 snoozed=1 paused=0 breaker=0"
AT_REST = "disk_free=50B calls_waiting=0 texts_due=0 unwritten=0s"
QUIET = Queue(QueueLengths(to_call=3, snoozed=1, urgent=0), paused=False, breaker=False)
UP = {"kind": "pbx", "name": "pbx", "since": "2026-11-23T08:00:00+00:00", "error": ""}
NO_DATABASE = Path("/nowhere/textback.db")
FINE = {"links": [UP], "database": "", "disk_free": 50, "disk_total": 100}


@pytest.fixture
def database(example: Path) -> Path:
    async def make() -> None:
        await (await Database.open(example.parent / "t.db")).close()

    asyncio.run(make())
    return example


READS = [
    ("queue",),
    ("digest",),
    ("backup",),
    ("report",),
    ("hours",),
    ("on-call",),
    ("opt-outs",),
    ("contacts", "list"),
    ("export", "+12025550123"),
    ("users", "list"),
    ("page-link",),
]
CHANGES_OR_READS = [*READS, ("pause",), ("resume",)]


def test_what_only_reads_makes_no_database_where_none_ever_was(example: Path) -> None:
    for verb in READS:
        done = run(*verb, "--config", str(example))
        assert (done.returncode, done.stdout) == (1, ""), verb
        assert "there is no" in done.stderr
    assert not list(example.parent.glob("t.db*"))


@pytest.mark.parametrize("beside", [".lock", "-wal"])
def test_no_command_makes_a_database_in_the_place_of_one_that_was_moved_away(example: Path, beside: str) -> None:
    kept = example.parent / f"t.db{beside}"
    kept.write_bytes(b"in use")
    for verb in CHANGES_OR_READS:
        done = run(*verb, "--config", str(example))
        assert (done.returncode, done.stdout) == (1, ""), verb
        assert "there is no" in done.stderr
    assert "there is no database yet" in run("status", "--config", str(example)).stdout
    assert {path.name for path in example.parent.glob("t.db*")} == {kept.name}
    assert kept.read_bytes() == b"in use"


def test_a_database_without_content_is_none_yet(example: Path) -> None:
    emptied, log = example.parent / "t.db", example.parent / "t.db-wal"
    emptied.touch()
    log.write_bytes(b"in use")
    for verb in ("queue", "resume", "backup", "status"):
        assert run(verb, "--config", str(example)).returncode
    assert (emptied.read_bytes(), log.read_bytes()) == (b"", b"in use")


def test_a_new_install_is_paused_until_somebody_resumes_it(database: Path) -> None:
    config = ("--config", str(database))
    assert run("pause", *config).stdout == "it was paused already\n"
    assert run("resume", *config).stdout == "texts go out\n"
    assert run("resume", *config).stdout == "texts were going out already\n"
    assert run("pause", *config).stdout.startswith("paused:")


def test_status_says_that_the_daemon_does_not_answer(database: Path) -> None:
    done = run("status", "--config", str(database))
    assert done.returncode == NagiosState.CRITICAL
    assert done.stdout.startswith("TEXTBACK CRITICAL - paused")
    assert "the daemon does not answer | to_call=0 snoozed=0 paused=1" in done.stdout


@pytest.mark.parametrize(
    ("old", "new"), [("[smpp]", "[smpp]\ncolour = 'red'"), ("[hours]", "[hours]\nmon-fri = '08:00")]
)
def test_a_mistake_elsewhere_stops_nobody_who_wants_to_stop_texts(database: Path, old: str, new: str) -> None:
    database.write_text(database.read_text().replace(old, new))
    config = ("--config", str(database))
    switched = run("resume", *config), run("pause", *config)
    assert [done.stdout.partition(":")[0] for done in switched] == ["texts go out\n", "paused"]
    assert all("has mistakes (textback check-config names them)" in done.stderr for done in switched)
    assert "bytes, checked" in run("backup", str(database.parent / "copy.db"), *config).stdout
    assert run("queue", *config).returncode == 0
    assert "the configuration has mistakes: textback check-config" in run("status", *config).stdout


def test_status_is_unknown_where_it_cannot_look(example: Path) -> None:
    for arguments in (("--config", str(example)), ("--config", str(example.parent / "none.toml"))):
        done = run("status", *arguments)
        assert done.returncode == NagiosState.UNKNOWN
        assert done.stdout.startswith("TEXTBACK UNKNOWN - ")


def test_all_well_is_one_line_with_performance_data() -> None:
    assert summary(QUIET, FINE) == (
        NagiosState.OK,
        f"TEXTBACK OK - 3 to call, everything connected | {FIGURES} {AT_REST}",
    )


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        (
            {"links": [UP, UP | {"name": "two", "since": None, "error": "refused"}]},
            NagiosState.CRITICAL,
            "pbx two is down: refused",
        ),
        ({"database": "the disk is full"}, NagiosState.CRITICAL, "the database: the disk is full"),
        ({"disk_free": 4}, NagiosState.WARNING, "the disk is nearly full"),
        (
            {"unreadable": {"pbx": "Access denied"}},
            NagiosState.WARNING,
            "the records of pbx cannot be read: Access denied",
        ),
        (
            {"no_trunk": {"PJSIP/telnyx-*": 17}},
            NagiosState.WARNING,
            "17 calls within a day came in on PJSIP/telnyx-*, which is no trunk",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_level(changes: dict[str, Any], level: NagiosState, said: str) -> None:
    found, row = summary(QUIET, FINE | changes)
    assert found is level
    assert said in row


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"calls_waiting": {"count": 7, "oldest": 12.0}}, "7 calls wait to be stored, the oldest for 12 s"),
        ({"texts_waiting": {"count": 3, "oldest": 130.0}}, "3 texts are due and not sent, the oldest for 130 s"),
        ({"unwritten_for": 31.0}, "nothing was written for 31 s"),
    ],
)
def test_what_is_late_is_critical_and_counted(changes: dict[str, Any], said: str) -> None:
    level, row = summary(QUIET, FINE | changes)
    assert (level, said in row) == (NagiosState.CRITICAL, True)


def test_what_waits_for_a_moment_is_only_a_figure() -> None:
    level, row = summary(QUIET, FINE | {"calls_waiting": {"count": 7, "oldest": 0.4}, "unwritten_for": 1.6})
    assert (level, row.partition(" | ")[2]) == (
        NagiosState.OK,
        f"{FIGURES} disk_free=50B calls_waiting=7 texts_due=0 unwritten=2s",
    )


def test_a_tripped_breaker_is_a_warning() -> None:
    level, row = summary(Queue(QUIET.waiting, paused=False, breaker=True), FINE)
    assert level is NagiosState.WARNING
    assert "breaker=1" in row


def test_texts_that_fail_one_after_the_other_are_a_warning() -> None:
    level, row = summary(Queue(QUIET.waiting, paused=False, breaker=False, failing=7), FINE)
    assert level is NagiosState.WARNING
    assert "texts to 7 numbers failed in a row" in row


def test_a_stop_from_staff_is_critical() -> None:
    level, row = summary(Queue(QUIET.waiting, paused=False, breaker=False, stopped=["Ann"]), FINE)
    assert level is NagiosState.CRITICAL
    assert "Ann texted STOP, alerts may not arrive there" in row


def test_status_can_wait_for_a_service_that_starts(database: Path) -> None:
    began = time.monotonic()
    done = run("status", "--wait", "2", "--config", str(database))
    assert time.monotonic() - began >= 2
    assert done.returncode == NagiosState.CRITICAL


class Healthz(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def daemon() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Healthz) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("body", "expected"), [(json.dumps(FINE).encode(), FINE), (b"[]", None), (b"<html>", None), (b"\xff", None)]
)
def test_the_running_daemon_is_asked_and_nonsense_is_no_answer(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch, body: bytes, expected: dict[str, Any] | None
) -> None:
    monkeypatch.setattr(Healthz, "body", body)
    assert daemon_health(WebSettings("127.0.0.1", daemon.server_port), NO_DATABASE) == expected


def test_what_another_textback_on_that_port_says_is_not_believed(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    path = database.parent / "t.db"
    listen = re.compile(r'(?<=listen = "127.0.0.1:)\d+')
    database.write_text(listen.sub(str(daemon.server_port), database.read_text()))
    for theirs in (FINE, FINE | {"instance": instance_of(path.with_name("other.db"))}):
        monkeypatch.setattr(Healthz, "body", json.dumps(theirs).encode())
        level, row = looked(database)
        assert (level, "is another textback" in row) == (NagiosState.CRITICAL, True)
        page = next(finding for finding in examine(database, {}) if finding.check == "page")
        assert (page.is_problem, "cannot be used" in page.said) == (True, True)
    monkeypatch.setattr(Healthz, "body", json.dumps(FINE | {"instance": instance_of(path)}).encode())
    assert looked(database)[0] is NagiosState.WARNING  # paused


def test_a_daemon_that_still_serves_this_machine_only_is_found(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Healthz, "body", json.dumps(FINE).encode())
    assert daemon_health(WebSettings("127.0.0.2", daemon.server_port), NO_DATABASE) == FINE


def test_behind_a_certificate_it_is_asked_over_tls_and_only_who_shows_that_one_is_believed(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch, certificate: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(Healthz, "body", json.dumps(FINE).encode())
    speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaking.load_cert_chain(certificate)
    daemon.socket = speaking.wrap_socket(daemon.socket, server_side=True)
    assert daemon_health(WebSettings("127.0.0.1", daemon.server_port, certificate=certificate), NO_DATABASE) == FINE
    other = tmp_path / "other"
    other.mkdir()
    unknown = WebSettings("127.0.0.1", daemon.server_port, certificate=made_in(other))
    assert daemon_health(unknown, NO_DATABASE) is None
