"""`textback pause | resume | status` against a real database, with and without a daemon to ask."""

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bridge.cli.control import NagiosState, Queue, daemon_health, summary
from bridge.web.settings import WebSettings
from storage.callbacks import QueueLengths
from storage.database import Database
from tests.site import run
from tests.web.test_listener import certificate, made_in

__all__ = ["certificate"]

FIGURES = "to_call=3 snoozed=1 paused=0 breaker=0"
QUIET = Queue(QueueLengths(to_call=3, snoozed=1, urgent=0), paused=False, breaker=False)
UP = {"kind": "pbx", "name": "pbx", "since": "2026-11-23T08:00:00+00:00", "error": ""}
FINE = {"links": [UP], "database": "", "disk_free": 50, "disk_total": 100}


@pytest.fixture
def database(example: Path) -> Path:
    async def make() -> None:
        await (await Database.open(example.parent / "t.db")).close()

    asyncio.run(make())
    return example


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


def test_status_is_unknown_where_it_cannot_look(example: Path) -> None:
    for arguments in (("--config", str(example)), ("--config", str(example.parent / "none.toml"))):
        done = run("status", *arguments)
        assert done.returncode == NagiosState.UNKNOWN
        assert done.stdout.startswith("TEXTBACK UNKNOWN - ")


def test_all_well_is_one_line_with_performance_data() -> None:
    assert summary(QUIET, FINE) == (
        NagiosState.OK,
        f"TEXTBACK OK - 3 to call, everything connected | {FIGURES} disk_free=50B",
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
    ],
)
def test_what_is_wrong_is_said_with_its_level(changes: dict[str, Any], level: NagiosState, said: str) -> None:
    found, row = summary(QUIET, FINE | changes)
    assert found is level
    assert said in row


def test_a_tripped_breaker_is_a_warning() -> None:
    level, row = summary(Queue(QUIET.waiting, paused=False, breaker=True), FINE)
    assert level is NagiosState.WARNING
    assert "breaker=1" in row


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
    assert daemon_health(WebSettings("127.0.0.1", daemon.server_port)) == expected


def test_a_daemon_that_still_serves_this_machine_only_is_found(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Healthz, "body", json.dumps(FINE).encode())
    assert daemon_health(WebSettings("127.0.0.2", daemon.server_port)) == FINE


def test_behind_a_certificate_it_is_asked_over_tls_and_only_who_shows_that_one_is_believed(
    daemon: HTTPServer, monkeypatch: pytest.MonkeyPatch, certificate: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(Healthz, "body", json.dumps(FINE).encode())
    speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaking.load_cert_chain(certificate)
    daemon.socket = speaking.wrap_socket(daemon.socket, server_side=True)
    assert daemon_health(WebSettings("127.0.0.1", daemon.server_port, certificate=certificate)) == FINE
    other = tmp_path / "other"
    other.mkdir()
    assert daemon_health(WebSettings("127.0.0.1", daemon.server_port, certificate=made_in(other))) is None
