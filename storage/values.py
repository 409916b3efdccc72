"""How Python values stand in the database: UTC milliseconds, days and numbers as text, enums as their word."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, overload

from bridge.domain.phone import E164

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Stored = str | bytes | int | None
Value = Stored | datetime | date | timedelta | E164


_AS_THEY_ARE = frozenset({int, bool, bytes, type(None)})


def all_stored(parameters: dict[str, Value]) -> Mapping[str, Stored]:
    """Each as `stored` has it, in their place: some two hundred a call."""
    for name, value in parameters.items():
        kind = type(value)
        if kind not in _AS_THEY_ARE and not (kind is str and value.isascii()):  # type: ignore[union-attr]
            parameters[name] = stored(value)
    return parameters  # type: ignore[return-value]


def stored(value: Value) -> Stored:
    """As SQLite takes it. A lone surrogate cannot be UTF-8: it becomes U+FFFD, a pair in two halves becomes whole."""
    as_stored = _STORED.get(type(value))
    if as_stored is not None:
        return as_stored(value)
    if isinstance(value, str):  # a member of an enum is its word
        return str(value) if value.isascii() else whole(value)
    return value  # type: ignore[return-value]  # what is left of Value


_STORED: Mapping[type, Callable[[Any], Stored]] = {
    datetime: lambda moment: (moment - EPOCH) // MILLISECOND,
    timedelta: lambda duration: duration // MILLISECOND,
    date: lambda day: day.isoformat(),
    E164: lambda number: number.value,
}


def whole(text: str) -> str:
    """Text without halves of surrogate pairs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@overload
def moment(value: int) -> datetime: ...
@overload
def moment(value: None) -> None: ...
def moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + value * MILLISECOND


def duration(value: int | None) -> timedelta | None:
    return None if value is None else value * MILLISECOND


def number(value: str | None) -> E164 | None:
    return None if value is None else E164(value)
