"""Call a customer from their row: the person's own desk phone rings first, then the customer, who sees the line."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.callbacks import Callbacks
from bridge.domain import display
from bridge.domain.office import Office
from bridge.domain.queue import Callback, State
from bridge.ports import Originated, Pbx


class CannotCallError(Exception):
    """There is nobody to ring, or nothing to dial; the text says which. Nothing was changed."""


class Calling:
    """pbxs: those that can be asked now, by their names."""

    def __init__(self, office: Office, callbacks: Callbacks, pbxs: Callable[[], Mapping[str, Pbx]]) -> None:
        self._office = office
        self._callbacks = callbacks
        self._pbxs = pbxs

    async def call(self, row: Callback, who: str, now: datetime, *, second: bool = False) -> Originated:
        """Claim the row as this person saw it, and have them connected; second: with the row's second number.

        One sight of a row makes at most one call: ConflictError for a second click, CannotCallError where it cannot
        be. What becomes of the call is recorded when it ends, as of any other.
        """
        extension = next((person.extension for person in self._office.people if person.name == who), None)
        line = self._office.line_named(row.line)
        pbx = self._pbxs().get(line.pbx)
        if row.state is State.CLOSED:
            raise CannotCallError("this row is closed")
        number = row.second if second else row.number
        if number is None:
            raise CannotCallError("the caller's number is not known")
        if not extension:
            raise CannotCallError(f"{who} has no extension in the configuration")
        if pbx is None:
            raise CannotCallError("the PBX is not connected")
        await self._callbacks.claim(row.id, row.version, who, now)
        return await pbx.originate(
            attempt_id=f"textback-{row.id}-{row.version}",
            extension=extension,
            number=number,
            did=line.dids[0],
            display=f"{display.label([row])} {display.shown(row.name)}".strip(),
        )
