"""Tells systemd and its watchdog how the service does, over the datagram socket it names (sd_notify(3))."""

import socket
from collections.abc import Mapping
from datetime import timedelta

READY = "READY=1"
STOPPING = "STOPPING=1"
RELOADING = "RELOADING=1"
WATCHDOG = "WATCHDOG=1"


def notify(environ: Mapping[str, str], *states: str) -> bool:
    """Send these states; False where nobody listens (not started by systemd, or its socket is gone)."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux' abstract namespace
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
        try:
            speaker.sendto("\n".join(states).encode(), address)
        except OSError:
            return False
    return True


def status(text: str) -> str:
    """The line that `systemctl status` shows."""
    return "STATUS=" + " ".join(text.split())


def watchdog_interval(environ: Mapping[str, str]) -> timedelta | None:
    """How often WATCHDOG should be sent: half of WatchdogSec=. None if systemd watches nothing."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    return timedelta(microseconds=int(microseconds)) / 2 if microseconds.isdigit() else None
