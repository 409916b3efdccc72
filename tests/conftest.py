from collections.abc import Iterator

import pytest
import structlog

import tests.depth  # noqa: F401  registers a profile that can be asked for
from tests.desk import database, desk
from tests.lab.fixtures import asterisk, office

__all__ = ["asterisk", "database", "desk", "office"]


SLOW = ("asterisk", "smsc", "browser", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for phones to ring and processes to die goes first, so that the other tests run meanwhile."""
    items.sort(key=lambda item: not any(marker in item.keywords for marker in SLOW))


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """What one test does to logging, another does not see."""
    yield
    structlog.reset_defaults()
