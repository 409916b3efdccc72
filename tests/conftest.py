import logging
from asyncio import all_tasks, current_task, gather, get_running_loop
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from pathlib import Path
from threading import Lock
from unittest.mock import patch

import pytest
import structlog
from argon2 import PasswordHasher

import tests.depth  # noqa: F401  registers a profile that can be asked for
from bridge.web import passwords
from storage.files import create_private
from storage.migrate import migrate, newest_version
from tests.desk import database, desk
from tests.lab.fixtures import asterisk, mariadb, office
from tests.ports import reserve
from tests.site import example
from tests.web.chromium import chromium

__all__ = ["asterisk", "chromium", "database", "desk", "example", "mariadb", "office"]

passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashed at once; what a password costs outside tests, `test_sign_in` holds."""

SLOW = ("asterisk", "smsc", "browser", "slow")


LONGEST = ("end_to_end/test_guides", "web/test_browser", "web/test_states", "end_to_end", "agi", "web/test_call_live")
"""Files that take longest, first: a worker takes a whole file, and one that begins late is waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for phones to ring and processes to die goes first, so that the other tests run meanwhile."""
    slow = {item.path for item in items if any(marker in item.keywords for marker in SLOW)}
    items.sort(key=lambda item: _rank(str(item.path)) if item.path in slow else len(LONGEST) + 1)


def _rank(path: str) -> int:
    return next((rank for rank, part in enumerate(LONGEST) if f"tests/{part}" in path), len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def new_databases_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of one that the migrations made, which takes long; a database of a schema before runs the migrations itself."""
    made, one_at_a_time = tmp_path_factory.mktemp("made") / "textback.db", Lock()
    newest = migrate(made)
    whole = made.read_bytes()

    def copied(path: Path) -> int:
        with one_at_a_time:
            if not path.exists() and newest_version() == newest:
                create_private(path)
                path.write_bytes(whole)
        return migrate(path)

    with patch("storage.database.migrate", copied):
        yield


@pytest.fixture(autouse=True)
def runs_alone(request: pytest.FixtureRequest) -> None:
    """What one test leaves running, the next does not meet, though a worker's tests share a loop.

    But for tests with a browser: its driver, which outlives them, has tasks there.
    """
    if iscoroutinefunction(request.function):
        request.getfixturevalue("own_threads")
        if "chromium" not in request.fixturenames:
            request.getfixturevalue("tasks_end")


@pytest.fixture
async def own_threads() -> AsyncIterator[None]:
    """A thread that was begun in another network (`Machine.network`) stays in it."""
    loop, pool = get_running_loop(), ThreadPoolExecutor()
    loop.set_default_executor(pool)
    yield
    loop.set_default_executor(ThreadPoolExecutor())
    pool.shutdown(wait=False)


@pytest.fixture
async def tasks_end() -> AsyncIterator[None]:
    before = all_tasks()
    yield
    left = all_tasks() - before - {current_task()}
    for task in left:
        task.cancel()
    await gather(*left, return_exceptions=True)


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """What one test does to logging, another does not see."""
    root = logging.getLogger()
    before = [*root.handlers], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = before


@pytest.fixture
def unused_tcp_port() -> int:
    """Instead of that of pytest-asyncio, which somebody else may take before we do."""
    return reserve()


@pytest.fixture
def unused_tcp_port_factory() -> Callable[[], int]:
    return reserve
