"""A PBX's own records in a file: its CDR as `cdr_csv` writes it, or its CEL as `cel_custom` does."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bridge.ami import cel
from bridge.ami.cdr import Ledger, ToldCall, records
from bridge.ami.cel_rows import from_csv, is_cel
from bridge.ami.channels import ChannelNames
from bridge.ami.strange_channels import strange_channels
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.ports import RecordsCoverage

LOOKED_AT = 2 * 1024 * 1024
"""Bytes at the end of a file: some 8,000 rows."""
WHOLE = 256 * 1024 * 1024


class RecordsFile:
    """`ports.CallRecords` over `Master.csv` and what was rotated away from it last."""

    def __init__(self, path: Path, settings: TrackerSettings, names: ChannelNames, most: int = LOOKED_AT) -> None:
        rotated = path.with_name(f"{path.name}.1")
        self._paths = (rotated, path)
        self._settings, self._names, self._most = settings, names, most
        self._seen: Sequence[object] = ()
        self._calls: Sequence[ToldCall] = ()
        self.coverage = RecordsCoverage()

    async def read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        await asyncio.to_thread(self._refresh)
        return [one.call for one in self._calls if one.is_of(since, now)]

    def _refresh(self) -> None:
        """Read again what changed since."""
        paths = [path for path in self._paths if path is self._paths[-1] or path.exists()]
        states = [(path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        if states != self._seen:
            text = "\n".join(end_of(path, self._most) for path in paths)
            self._calls, rows, strange = told(text, self._settings, self._names)
            cut = any(size > self._most for _, size, _ in states)
            self._seen, self.coverage = states, RecordsCoverage(rows, cut=cut, strange=strange)


def told(text: str, settings: TrackerSettings, names: ChannelNames) -> tuple[list[ToldCall], int, Mapping[str, int]]:
    """The calls of such a file, how many rows it has, and the channels that may be trunks."""
    if is_cel(text):
        rows = list(from_csv(text))
        return cel.calls(rows, settings, names), len(rows), strange_channels(names, rows, ())
    legs, ledger = list(records(text)), Ledger(settings, names)
    ledger.add(legs)
    return ledger.calls(), len(legs), strange_channels(names, (), legs)


def end_of(path: Path, most: int = LOOKED_AT) -> str:
    """The last of a file, from the beginning of a line."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - most))
        data = file.read(most)
    whole = data if size <= most else data[data.find(b"\n") + 1 :]
    return whole.decode("utf-8", "replace")
