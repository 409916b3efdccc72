from collections.abc import Iterator

import pytest
import structlog

from tests.desk import database, desk
from tests.lab.fixtures import asterisk, office

__all__ = ["asterisk", "database", "desk", "office"]


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """What one test does to logging, another does not see."""
    yield
    structlog.reset_defaults()
