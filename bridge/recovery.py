"""Was the customer reached? What a talk changes on the customer's rows, in the transaction that stores the call."""

from datetime import datetime

from bridge.domain import queue
from bridge.domain.calls import EndedCall
from bridge.domain.messages import Kind
from bridge.domain.office import Office
from bridge.domain.phone import E164
from bridge.domain.policy import ContactKind
from bridge.domain.queue import TEXTBACK, Attempt, Verb
from storage import callbacks, contacts, messages
from storage.audit import Act
from storage.database import Writer

SOMEBODY = "somebody"


def who_talked(call: EndedCall, office: Office) -> str:
    """The person whose extension it was, else the extension itself."""
    return office.at_extension(call.answered_by) if call.answered_by else SOMEBODY


async def customer_got_through(tx: Writer, customer: E164, branch: str, who: str, now: datetime) -> None:
    """They called and a person answered: their row closes as reached. A shared number tells nothing of who it was."""
    contact = await contacts.get(tx, customer)
    row = await callbacks.unfinished(tx, branch, customer)
    if row is None or row.shared or (contact and contact.kind is ContactKind.SHARED):
        return
    await callbacks.save(tx, queue.talked(row, who, now), Act(TEXTBACK, Verb.TALKED, now, {"by": who}))


async def customer_was_called(
    tx: Writer, customer: E164, who: str, call: EndedCall, call_id: int, now: datetime
) -> None:
    """Somebody called them: an attempt on every row they have. Closes nothing, since voicemail answers too."""
    result = Attempt.CALLED if call.talked else Attempt.RANG_OUT
    for row in await callbacks.unfinished_of(tx, customer):
        await callbacks.add_attempt(tx, row.id, result, who, now, talked=call.talked, call_id=call_id)
        detail = {"result": result, "why": call.reason, "seconds": int(call.talked.total_seconds())}
        await callbacks.save(tx, queue.called(row, who, now), Act(who, Verb.CALLED, now, detail))


async def first_text_is_moot(tx: Writer, customer: E164, why: str, now: datetime) -> None:
    """We talked, or they wrote: a first text that has not left yet would only be silly."""
    for part in await messages.queued_to(tx, customer):
        if part.kind is Kind.FIRST:
            await messages.cancel(tx, part, why, now)
