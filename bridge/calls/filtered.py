"""A filtered call that is a customer's after all ("not this one"): it gets its row, and its contact is a customer."""

from dataclasses import replace
from datetime import datetime

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import UNDO_WINDOW, Callback, Verb
from bridge.domain.calls.calls import FilterReason
from bridge.domain.i18n import N_, UserError
from bridge.domain.texts.policy import ContactKind
from storage import callbacks, calls, contacts
from storage.audit import Act, Subject, of_version
from storage.calls import CallRow
from storage.contacts import Contact
from storage.database import Database, Reader, Writer

Before = dict[str, object]
"""What a row was, see `storage.callbacks.mutable`."""

REFILED = "refiled"
BY_CONTACT = (FilterReason.STAFF, FilterReason.BLOCKED)
FILTERED_KINDS = (ContactKind.STAFF, ContactKind.BLOCKED)


class FilteredError(UserError):
    """Nothing was changed, for the reason that the words say."""


class FilteredCalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_out(self, call_id: int, who: str, now: datetime) -> CallRow:
        """The call stands on its caller's row, and a contact who was filtered is a customer. Nobody is texted."""
        async with self._database.transaction() as tx:
            row = await _call(tx, call_id)
            why = row.filing.filtered
            if why is None:
                raise FilteredError(N_("That call stands on a row already."))
            known = await self._filtered_contact(tx, row, why)
            before = await self._make_customer(tx, known, who, now) if known else None
            callback, was = await self._row(tx, row, who, now)
            detail = {"filtered": why, "contact": before, "row": was}
            return await calls.refile(tx, row, None, callback.id, Act(who, REFILED, now, detail))

    async def put_back(self, call_id: int, version: int, who: str, now: datetime) -> CallRow:
        """Undo: as it was. FilteredError once somebody did something with the row, or the undo window has gone by."""
        async with self._database.transaction() as tx:
            row = await _call(tx, call_id)
            last = await of_version(tx, Subject.CALL, call_id, version)
            if row.version != version or last is None or last.what != f"call.{REFILED}" or last.who != who:
                raise FilteredError(N_("Somebody has changed this call since. Nothing was changed."))
            if now - last.at > UNDO_WINDOW:
                raise FilteredError(N_("It is too late to undo that."))
            callback_id, why = row.filing.callback_id, FilterReason(last.detail["filtered"])
            put_back = await calls.refile(tx, row, why, None, Act(who, "put_back", now))
            await _leave(tx, callback_id or 0, last.detail["row"], who, now)
            if (kind := last.detail["contact"]) and row.filing.number:
                known = await contacts.get(tx, row.filing.number)
                name = known.name if known else ""
                await contacts.put(tx, Contact(row.filing.number, name, ContactKind(kind)), who, now)
            return put_back

    async def _filtered_contact(self, db: Reader, row: CallRow, why: FilterReason) -> Contact | None:
        """None where no contact was the reason."""
        known = await contacts.get(db, row.filing.number) if row.filing.number else None
        return known if known and why in BY_CONTACT and known.kind in FILTERED_KINDS else None

    async def _make_customer(self, tx: Writer, known: Contact, who: str, now: datetime) -> ContactKind:
        """What the contact was."""
        await contacts.put(tx, Contact(known.number, known.name, ContactKind.CUSTOMER), who, now)
        return known.kind

    async def _row(self, tx: Writer, row: CallRow, who: str, now: datetime) -> tuple[Callback, Before | None]:
        """The caller's open row with this call on it, and what it was before; a new one was nothing."""
        filing, caller = row.filing, row.call.caller
        known = await callbacks.unfinished(tx, filing.branch, filing.number, caller.unread)
        if known is not None:
            missed = queue.missed(known, filing.line, row.ended_at)
            return await callbacks.save(tx, missed, Act(who, Verb.MISSED, now)), dict(callbacks.mutable(known))
        opened = Callback(
            id=0,
            branch=filing.branch,
            number=filing.number,
            digits=caller.unread,
            line=filing.line,
            opened_at=row.ended_at,
            version=0,
            name=caller.name,
            missed=1,
            last_missed_at=row.ended_at,
        )
        return await callbacks.insert(tx, opened, Act(who, "opened", now)), None


async def _call(db: Reader, call_id: int) -> CallRow:
    try:
        return await calls.get(db, call_id)
    except LookupError:
        raise FilteredError(N_("There is no such call any more.")) from None


async def _leave(tx: Writer, callback_id: int, was: Before | None, who: str, now: datetime) -> None:
    row = await callbacks.get(tx, callback_id)
    if was is None:
        if row.version != 1:
            raise FilteredError(N_("Somebody has changed this row since. Nothing was changed."))
        await callbacks.remove_untouched(tx, callback_id)
    else:
        await callbacks.save(tx, replace(row, **callbacks.from_mutable(was)), Act(who, "unmissed", now))
