"""The documents that are made from the code say what the code does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.config.load import TABLES
from tests.house import endpoints, settings
from tests.house.docs import DOCUMENTS


@pytest.mark.parametrize(("path", "document"), DOCUMENTS.items(), ids=[path.name for path in DOCUMENTS])
def test_the_document_is_current(path: Path, document: Callable[[], str]) -> None:
    assert path.read_text(encoding="utf-8") == document(), "run `make docs`"


def test_every_table_of_the_file_is_in_the_reference() -> None:
    told = {title.strip("[]") for title in settings.TABLES if title and "." not in title} | set(settings.OTHER_TABLES)
    assert told == set(TABLES)


@pytest.mark.parametrize("title", settings.TABLES)
def test_every_setting_says_what_it_sets(title: str) -> None:
    kind = settings.TABLES[title]
    told = settings.meanings(kind)
    assert [field.name for field in settings.of(kind, title) if not told.get(field.name)] == []


def test_every_endpoint_says_what_it_is_for_and_for_whom() -> None:
    found = endpoints.endpoints()
    assert [one.path for one in found if not one.meaning] == []
    roles = {one.path: one.role for one in found}
    assert {roles[path] for path in ("/healthz", "/", "/hours", "/users")} == {"all", "staff", "lead", "admin"}
