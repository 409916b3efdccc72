"""Was the customer reached? What a talk changes on the customer's rows, in the transaction that stores the call."""

from collections.abc import Sequence
from datetime import datetime

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Attempt, Callback, Verb
from bridge.domain.calls.calls import EndedCall
from bridge.domain.office.office import Office
from bridge.domain.phone import E164
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import ContactKind
from storage import callbacks, contacts, messages
from storage.audit import Act
from storage.database import Writer

SOMEBODY = "somebody"


def who_talked(call: EndedCall, office: Office) -> str:
    """The person whose extension it was, else the extension itself."""
    return office.at_extension(call.answered_by) if call.answered_by else SOMEBODY


async def customer_got_through(tx: Writer, customer: E164, branch: str, who: str, at: datetime) -> None:
    """They called and a person answered: what waits for them in that branch closes as reached."""
    for row in await _waiting(tx, customer, branch):
        await _reached(tx, row, customer, who, at)


async def customer_had_got_through(tx: Writer, customer: E164, branch: str, who: str, at: datetime) -> None:
    """The same, found out late: it tells nothing of a call or a text that came after it."""
    for row in await _waiting(tx, customer, branch):
        if not any(later and later > at for later in (row.last_missed_at, row.last_reply_at)):
            await _reached(tx, row, customer, who, at)


async def _waiting(tx: Writer, customer: E164, branch: str) -> Sequence[Callback]:
    """A shared number tells nothing of who it was, and a row of withheld ones is many people's.

    The second number of a row is one person's, also where they first called from a shared one.
    """
    contact = await contacts.get(tx, customer)
    if contact and contact.kind is ContactKind.SHARED:
        return ()
    rows = await callbacks.unfinished_about(tx, customer)
    theirs = [row for row in rows if row.number and (not row.shared or row.second == customer)]
    return [row for row in theirs if row.branch == branch]


async def _reached(tx: Writer, callback: Callback, customer: E164, who: str, at: datetime) -> None:
    act = Act(TEXTBACK, Verb.TALKED, at, {"by": who, **_where(callback, customer)})
    await callbacks.save(tx, queue.talked(callback, who, at), act)


async def customer_was_called(
    tx: Writer, customer: E164, who: str, call: EndedCall, call_id: int, now: datetime
) -> None:
    """Somebody called them: an attempt on every row they have. Closes nothing, since voicemail answers too."""
    result = Attempt.CALLED if call.talked else Attempt.RANG_OUT
    for row in await callbacks.unfinished_about(tx, customer):
        await callbacks.add_attempt(tx, row.id, result, who, now, talked=call.talked, call_id=call_id)
        seconds = int(call.talked.total_seconds())
        told = {"result": result, "why": call.reason, "seconds": seconds, **_where(row, customer)}
        await callbacks.save(tx, queue.called(row, who, now), Act(who, Verb.CALLED, now, told))


def _where(callback: Callback, number: E164) -> dict[str, str]:
    """For the history: which of the two numbers it was."""
    return {"number": "second"} if number == callback.second else {}


async def first_text_is_moot(tx: Writer, customer: E164, why: str, now: datetime) -> None:
    """We talked, or they wrote: a first text that has not left yet would only be silly."""
    for part in await messages.queued_to(tx, customer):
        if part.kind is MessageKind.FIRST:
            await messages.cancel(tx, part, why, now)
