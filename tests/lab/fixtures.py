"""pytest fixtures over the lab: import them into a conftest.py."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.lab.asterisk import Asterisk, LabError, running_asterisk
from tests.lab.mariadb import MariaDb, running_mariadb
from tests.lab.office import Office, open_office

REQUIRED = "TEXTBACK_REQUIRE_REAL_PARTS"


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """A running Asterisk 22 for the whole session; the test is skipped, with the reason, where there can be none."""
    try:
        running = running_asterisk()
        with running as instance:
            yield instance
    except LabError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A running MariaDB for the whole session."""
    try:
        with running_mariadb(tmp_path_factory.mktemp("mariadb")) as running:
            yield running
    except LabError as error:
        missing(str(error))


@pytest_asyncio.fixture
async def office(asterisk: Asterisk) -> AsyncIterator[Office]:
    """Desk phones 101 to 104, registered, and a trunk."""
    async with open_office(asterisk) as opened:
        yield opened


def missing(why: str) -> None:
    """A real part is not here: a failure where real parts are required (CI), otherwise a skip that says why."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {why}", pytrace=False)
    pytest.skip(why)
