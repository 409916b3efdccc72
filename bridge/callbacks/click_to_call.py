"""Click-to-call from a row: the person's own desk phone rings first, then the customer, who sees the line."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.callbacks.actions import Callbacks, Seen
from bridge.domain.callbacks import desk_label as display
from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import Callback, CallbackState, Verb
from bridge.domain.calls.events import NobodyDialled
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.office import Office
from bridge.ports import Originated, PbxActions
from storage import audit, callbacks
from storage.audit import Act, Entry, Subject
from storage.database import Transactions

ATTEMPT = re.compile(r"textback-([0-9]{1,15})-([0-9]{1,9})")
"""The row's id, and its version as the person saw it; their claim is the version after."""

CALL_OVER = tuple(f"{Subject.CALLBACK}.{verb}" for verb in (Verb.CALLED, Verb.NOT_CALLED))


class CannotCallError(UserError):
    """There is nobody to ring, or nothing to dial; the text says which. Nothing was changed."""


class ClickToCall:
    """pbxs: those that can be asked now, by their names."""

    def __init__(self, office: Office, callbacks: Callbacks, pbxs: Callable[[], Mapping[str, PbxActions]]) -> None:
        self._office = office
        self._callbacks = callbacks
        self._pbxs = pbxs

    async def call(
        self, callback: Callback, who: str, now: datetime, *, second: bool = False, heads_up: str = ""
    ) -> Originated:
        """Claim the row as this person saw it, and have them connected; second: with the row's second number.

        heads_up: texted to them first, since many phones do not ring for a number that they do not know.

        One sight of a row makes at most one call: ConflictError for a second click, CannotCallError where it cannot
        be. What becomes of the call is recorded when it ends, as of any other.
        """
        extension = next((person.extension for person in self._office.people if person.name == who), None)
        line = self._office.line_named(callback.line)
        pbx = self._pbxs().get(line.pbx)
        if callback.state is CallbackState.CLOSED:
            raise CannotCallError(N_("this row is done"))
        number = callback.second if second else callback.number
        if number is None:
            raise CannotCallError(N_("the caller's number is not known"))
        if not extension:
            raise CannotCallError(N_("%(name)s has no extension in the configuration"), name=who)
        if pbx is None:
            raise CannotCallError(N_("the PBX is not connected"))
        await self._callbacks.claim(Seen.of(callback, who, now), heads_up)
        return await pbx.originate(
            attempt_id=f"textback-{callback.id}-{callback.version}",
            extension=extension,
            number=number,
            did=line.dids[0],
            display=f"{display.label([callback])} {display.shown(callback.name)}".strip(),
        )


async def nobody_dialled(database: Transactions, attempt: NobodyDialled, now: datetime) -> None:
    """The caller's own phone was not picked up, or no trunk took the call: told on the row, unless that is closed or
    the call over by now.

    An attempt that we never made changes nothing: callers can make a PBX say anything.
    """
    named = ATTEMPT.fullmatch(attempt.attempt_id)
    if named is None:
        return
    row_id, version = int(named[1]), int(named[2]) + 1
    async with database.transaction() as tx:
        claim = await audit.of_version(tx, Subject.CALLBACK, row_id, version)
        since = [entry for entry in await audit.of_callback(tx, row_id) if _is_after(entry, version)]
        if claim is None or claim.what != f"{Subject.CALLBACK}.{Verb.CLAIM}" or any(e.what in CALL_OVER for e in since):
            return
        row = await callbacks.get(tx, row_id)
        if row.state is not CallbackState.CLOSED:
            act = Act(claim.who, Verb.NOT_CALLED, now, {"why": attempt.why})
            await callbacks.save(tx, queue.not_called(row), act)


def _is_after(entry: Entry, version: int) -> bool:
    return entry.subject is Subject.CALLBACK and entry.version > version
