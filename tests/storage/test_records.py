"""Rows become values by the names of their fields, and values rows."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from bridge.domain.phone import E164
from storage.records import columns, record


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    id: int
    at: datetime
    until: datetime | None
    number: E164 | None
    colour: Colour
    loud: bool
    why: tuple[str, ...]
    lasted: timedelta = timedelta(0)
    more: str = ""


MOMENT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
THING = Thing(3, MOMENT, None, E164("+12025550123"), Colour.RED, True, ("leak",), timedelta(seconds=2))


def row(**columns: object) -> sqlite3.Row:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    names = ", ".join(f":{name} AS {name}" for name in columns)
    try:
        found: sqlite3.Row = database.execute(f"SELECT {names}", columns).fetchone()
    finally:
        database.close()
    return found


TOLD = {
    "id": 3,
    "at": 1796025600000,
    "until": None,
    "number": "+12025550123",
    "colour": "red",
    "loud": 1,
    "why": '["leak"]',
    "lasted": 2000,
    "of_nobody": "left alone",
}


def test_columns_are_read_as_their_fields_are_declared() -> None:
    assert record(Thing, row(**TOLD)) == THING


def test_a_column_that_is_missing_is_named() -> None:
    without = {name: value for name, value in TOLD.items() if name != "loud"}
    with pytest.raises(IndexError, match="Thing: no column loud"):
        record(Thing, row(**without))
    assert record(Thing, row(**without), loud=True) == THING


def test_a_word_that_is_none_of_the_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="blue"):
        record(Thing, row(**TOLD | {"colour": "blue"}))


def test_a_value_gives_its_fields_but_those_that_are_no_columns() -> None:
    assert columns(THING, "why", "lasted", "more", "until") == {
        "id": 3,
        "at": MOMENT,
        "number": E164("+12025550123"),
        "colour": Colour.RED,
        "loud": True,
    }
