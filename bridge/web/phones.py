"""The phones behind the page: whom it can have called, and who is on the phone with a customer right now."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bridge.domain.callbacks.queue import Callback
from bridge.domain.calls.calls import Talk
from bridge.domain.phone import E164
from bridge.ports import PbxActions
from storage import callbacks
from storage.database import Database
from storage.errors import StorageError

LOOK_EVERY = 1.0  # seconds
NO_ROW = -1
"""Of no row: what stands around them changed, as who is on the phone."""

RINGS_FOR = timedelta(seconds=40)  # a desk phone, before its customer is dialled


@dataclass(frozen=True, slots=True)
class Phones:
    """pbxs: those connected, by name. talks: the calls that go on, by the customer's number. spools: of each PBX, where
    its voicemail lies."""

    pbxs: Callable[[], Mapping[str, PbxActions]] = dict
    talks: Callable[[], Mapping[E164, Talk]] = dict
    spools: Mapping[str, Path] = field(default_factory=dict)


class Ringing:
    """Calls asked for on the page, until the PBX tells of them: the desk phone rings, the customer's does not yet."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[int, str, datetime]] = {}  # callback id -> its version then, who, when

    def began(self, callback: Callback, who: str, now: datetime) -> None:
        self._asked = {id_: asked for id_, asked in self._asked.items() if now - asked[2] < RINGS_FOR}
        self._asked[callback.id] = (callback.version, who, now)

    def whose(self, callback: Callback, now: datetime) -> str:
        """Whose phone rings for this row, "" for nobody's: over once anything happened to the row."""
        version, who, at = self._asked.get(callback.id, (0, "", now))
        return who if version == callback.version and now - at < RINGS_FOR else ""


async def follow(database: Database, phones: Phones, tell: Callable[[int], None]) -> None:
    """Until cancelled: tell which rows look different because a call began, was answered or ended, or `NO_ROW`."""
    before: Mapping[E164, Talk] = {}
    while True:
        await asyncio.sleep(LOOK_EVERY)
        now = dict(phones.talks())
        changed = [number for number in before.keys() | now.keys() if before.get(number) != now.get(number)]
        try:
            for row_id in await _rows_of(database, changed) or [NO_ROW] * bool(changed):
                tell(row_id)
        except StorageError:
            continue  # told once the disk works again
        before = now


async def _rows_of(database: Database, numbers: Iterable[E164]) -> list[int]:
    numbers = list(numbers)
    if not numbers:
        return []
    async with database.read() as db:
        return [row.id for number in numbers for row in await callbacks.unfinished_about(db, number)]
