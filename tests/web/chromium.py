"""One Chromium for all tests of a worker: each test opens windows of its own in it (contexts, over CDP)."""

import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.lab.asterisk import bound_to_us
from tests.lab.fixtures import missing

CHROMIUM = "/usr/lib/chromium/chromium-headless-shell"
"""The same engine without the windows of a desktop, at two thirds of the cost.

Not by the script in /usr/bin: ended in its place, it would leave the browser behind.
"""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-startup-window",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
STARTS_WITHIN = 60  # seconds


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """With Playwright's driver, a process that takes a second to start."""
    with _started() as address:
        async with async_playwright() as playwright:
            yield await playwright.chromium.connect_over_cdp(address)


@contextmanager
def _started() -> Iterator[str]:
    """Where it can be reached."""
    if not os.access(CHROMIUM, os.X_OK):
        missing(f"there is no {CHROMIUM}: apt-get install chromium-headless-shell")
    with tempfile.TemporaryDirectory(prefix="textback-chromium-", ignore_cleanup_errors=True) as profile:
        command = [*bound_to_us(), CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _address(process, Path(profile) / "DevToolsActivePort")
        finally:
            process.terminate()
            process.wait()


def _address(process: "subprocess.Popen[bytes]", written: Path) -> str:
    """It writes its port into its profile when it can be asked."""
    until = time.monotonic() + STARTS_WITHIN
    while not (written.exists() and len(lines := written.read_text().split()) == 2):
        assert process.poll() is None, "Chromium ended by itself"
        assert time.monotonic() < until, "Chromium does not start"
        time.sleep(0.02)
    port, path = lines
    return f"ws://127.0.0.1:{port}{path}"


@asynccontextmanager
async def windows_in(chromium: Browser) -> AsyncIterator[Browser]:
    """What a test opens there is closed after it."""
    before = set(chromium.contexts)  # its own first one, with which it would close itself
    yield chromium
    for window in chromium.contexts:
        if window not in before:
            await window.close()
