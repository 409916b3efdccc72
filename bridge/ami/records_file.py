"""A PBX's own records in a file: its CDR as `cdr_csv` writes it, or its CEL as `cel_custom` does."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bridge.ami import cel
from bridge.ami.cdr import Ledger, ToldCall, records
from bridge.ami.cel_rows import from_csv, is_cel
from bridge.ami.channels import ChannelNames
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings

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

    async def read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        await asyncio.to_thread(self._refresh)
        return [one.call for one in self._calls if one.is_of(since, now)]

    def _refresh(self) -> None:
        """Read again what changed since."""
        paths = [path for path in self._paths if path is self._paths[-1] or path.exists()]
        states = [(path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        if states != self._seen:
            text = "\n".join(end_of(path, self._most) for path in paths)
            self._seen, self._calls = states, told(text, self._settings, self._names)


def told(text: str, settings: TrackerSettings, names: ChannelNames) -> list[ToldCall]:
    """The calls of such a file."""
    if is_cel(text):
        return cel.calls(from_csv(text), settings, names)
    ledger = Ledger(settings, names)
    ledger.add(records(text))
    return ledger.calls()


def end_of(path: Path, most: int = LOOKED_AT) -> str:
    """The last of a file, from the beginning of a line."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - most))
        data = file.read(most)
    whole = data if size <= most else data[data.find(b"\n") + 1 :]
    return whole.decode("utf-8", "replace")
