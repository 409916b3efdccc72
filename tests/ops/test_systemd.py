"""Talking to systemd over a real datagram socket."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.ops import systemd


@pytest.mark.parametrize("abstract", [False, True])
def test_states_arrive_at_the_socket_that_systemd_names(tmp_path: Path, abstract: bool) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + path if abstract else path)
        assert systemd.notify(
            {"NOTIFY_SOCKET": "@" + path if abstract else path}, systemd.READY, systemd.status("a\nb")
        )
        assert listener.recv(1024) == b"READY=1\nSTATUS=a b"


def test_without_systemd_nothing_is_said_and_nothing_fails(tmp_path: Path) -> None:
    assert not systemd.notify({}, systemd.READY)
    assert not systemd.notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, systemd.READY)


def test_the_watchdog_is_fed_twice_per_period() -> None:
    assert systemd.watchdog_interval({"WATCHDOG_USEC": "30000000"}) == timedelta(seconds=15)
    assert systemd.watchdog_interval({}) is None
