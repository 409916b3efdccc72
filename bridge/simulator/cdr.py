"""What the simulated PBX writes down itself of a call it played (CDR): `Master.csv`, as the recorded Asterisk wrote it.

The rows are those of the recording, with the identities, numbers and times of this playing.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

TIMES = (9, 10, 11)
SECONDS = (12, 13)
PLAIN = frozenset(SECONDS)
"""Columns that cdr_csv does not put between quotes."""


def played(recorded: str, rewrite: Callable[[str], str], began: datetime, speed: float) -> str:
    """rewrite: says a recorded identity or number as this playing has it."""
    rows = list(csv.reader(io.StringIO(rewrite(recorded), newline="")))
    first = min((_moment(row[TIMES[0]]) for row in rows), default=began)

    def now(recorded_at: str) -> str:
        at = began + (_moment(recorded_at) - first) / speed
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    return "".join(f"{','.join(_fields(row, now, speed))}\n" for row in rows)


def _fields(row: Sequence[str], now: Callable[[str], str], speed: float) -> Iterator[str]:
    for column, field in enumerate(row):
        if column in PLAIN:
            yield str(-(-int(field) // max(int(speed), 1)))
        elif column in TIMES:
            yield f'"{now(field)}"' if field else ""
        else:
            quoted = field.replace('"', '""')
            yield f'"{quoted}"'


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
