"""Rows and dataclasses, by name: a column stands for the field of that name, its type says how it is read."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from bridge.domain.phone import E164
from storage.values import duration, moment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
Read = Callable[[Any], Any]

_READ: Mapping[object, Read] = {
    datetime: moment,
    date: date.fromisoformat,
    timedelta: duration,
    E164: E164,
    bool: bool,
    tuple: lambda written: tuple(json.loads(written)),
    Mapping: json.loads,
}


def record(kind: type[R], row: sqlite3.Row, **given: object) -> R:
    """A value out of the columns of its fields' names. given: fields that the row does not tell by itself.

    NULL is None. IndexError where a field has no column, no default and was not given.
    """
    told = {
        name: None if (value := row[at]) is None else read(value) if read else value
        for name, at, read in _reading(kind, tuple(row.keys()), frozenset(given))
    }
    return kind(**told, **given)


def columns(value: "DataclassInstance", *but: str) -> dict[str, Any]:
    """A value's fields by name, to be handed to a statement; `but` those that are no columns."""
    return {name: getattr(value, name) for name in _names(type(value)) if name not in but}


@cache
def _names(kind: type["DataclassInstance"]) -> Sequence[str]:
    return [one.name for one in fields(kind)]


def read_as(reads: Mapping[str, Read], name: str, stored: object) -> object:
    return None if stored is None else reads[name](stored)


@cache
def readers(kind: type) -> Mapping[str, Read]:
    """How each field is read from what is stored."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


@cache
def _reading(
    kind: type["DataclassInstance"], there: tuple[str, ...], given: frozenset[str]
) -> Sequence[tuple[str, int, Read | None]]:
    """Which column tells each field, and how it is read; asked once a kind of row, for every list comes by here."""
    reads = readers(kind)
    told = [name for name in reads if name not in given and name in there]
    required = {one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING}
    if nowhere := required - {*told, *given}:
        raise IndexError(f"{kind.__name__}: no column {', '.join(sorted(nowhere))}")
    return [(name, there.index(name), None if reads[name] is _as_it_is else reads[name]) for name in told]


def _reader(hint: Any) -> Read:
    if NoneType in get_args(hint):  # X | None
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    kind = get_origin(hint) or hint
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return _READ.get(kind, _as_it_is)


def _as_it_is(stored: object) -> object:
    return stored
