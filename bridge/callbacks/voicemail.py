"""Listen to the voicemail of a row: their own desk phone rings, then the PBX plays what is in the mailbox (MWI)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.domain.callbacks import desk_label as display
from bridge.domain.callbacks.queue import Callback
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.office import Office
from bridge.ports import Originated, PbxActions
from storage import calls
from storage.audit import Act
from storage.calls import CallRow
from storage.database import Transactions

LISTEN = "listen"


class CannotListenError(UserError):
    """There is nobody to ring, or nothing to play; the text says which. Nothing was changed."""


class Voicemails:
    """pbxs: those that can be asked now, by their names."""

    def __init__(self, office: Office, database: Transactions, pbxs: Callable[[], Mapping[str, PbxActions]]) -> None:
        self._office = office
        self._database = database
        self._pbxs = pbxs

    async def listen(self, callback: Callback, left: CallRow, version: int, who: str, now: datetime) -> Originated:
        """Have the mailbox of that call played to this person, and note who asked. The row stays as it is.

        One sight of the call (its version) rings at most once. CannotListenError where it cannot be.
        """
        person, pbx = self._office.person(who), self._pbxs().get(left.call.key.pbx)
        if left.call.mailbox is None:
            raise CannotListenError(N_("the PBX did not tell which mailbox it is in"))
        if person is None or not person.extension:
            raise CannotListenError(N_("%(name)s has no extension in the configuration"), name=who)
        if pbx is None:
            raise CannotListenError(N_("the PBX is not connected"))
        async with self._database.transaction() as tx:
            if await calls.heard(tx, left.id, version, Act(who, LISTEN, now)) is None:
                raise CannotListenError(N_("a phone was rung with it meanwhile"))
        return await pbx.listen(
            attempt_id=f"textback-listen-{left.id}-{version}",
            extension=person.extension,
            mailbox=left.call.mailbox,
            display=f"Voicemail {display.shown(callback.name) or (callback.number or '')}".strip(),
        )
