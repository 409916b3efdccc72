"""What became of a part: answers and delivery receipts (DLR), in any order, early, late or twice. Never a step back.

Receipt matching: by the message id that the gateway answered with, as written first, then in its other base.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.callbacks.queue import TEXTBACK
from bridge.domain.texts.messages import (
    Accepted,
    NotWritten,
    Outcome,
    PartState,
    Receipt,
    ReceiptState,
    Refused,
)
from bridge.texts import failures
from storage import inbound, messages
from storage.audit import Act
from storage.database import Writer
from storage.messages import Part

BACK_OFF = (
    timedelta(seconds=2),
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(seconds=45),
    timedelta(minutes=2),
)
EARLY_RECEIPTS = timedelta(days=1)
INVALID_DESTINATION = 0x0B  # SMPP 3.4, 5.1.3: ESME_RINVDSTADR

RECEIPT_MOVES = {
    ReceiptState.DELIVERED: PartState.DELIVERED,
    ReceiptState.EXPIRED: PartState.FAILED,
    ReceiptState.DELETED: PartState.FAILED,
    ReceiptState.UNDELIVERABLE: PartState.FAILED,
    ReceiptState.REJECTED: PartState.FAILED,
}
"""Everything else (enroute, accepted, unknown) tells nothing new."""

RECEIVES = {
    PartState.DELIVERED: frozenset({PartState.SUBMITTED, PartState.UNKNOWN, PartState.FAILED}),
    PartState.FAILED: frozenset({PartState.SUBMITTED, PartState.UNKNOWN}),
}
"""From which states a receipt moves a part on."""

FOR_GOOD = frozenset({ReceiptState.UNDELIVERABLE, ReceiptState.REJECTED})
"""Nobody was waited for in vain: the number, the text or we ourselves were refused."""


async def answered(tx: Writer, part_id: int, outcome: Outcome, now: datetime) -> None:
    """Record what the gateway made of a part that was being sent, or (late) that we gave up waiting for."""
    part = await messages.get_part(tx, part_id)
    if part.state not in (PartState.SENDING, PartState.UNKNOWN):
        return
    if isinstance(outcome, Accepted):
        await _accepted(tx, part, outcome, now)
    elif isinstance(outcome, Refused):
        await _refused(tx, part, outcome, now)
    elif isinstance(outcome, NotWritten):
        await _put_back(tx, part, outcome.why, now)
    else:
        await _move(tx, part, PartState.UNKNOWN, outcome.why, now)


async def interrupted(tx: Writer, part: Part, now: datetime) -> None:
    """The daemon ended while the part was being sent: it may have been."""
    await _move(tx, part, PartState.UNKNOWN, "interrupted", now)


async def receipt_came(tx: Writer, receipt_id: int, receipt: Receipt, now: datetime) -> Part | None:
    """Match a receipt by any spelling of its id. None: the answer that names the id is still to come; it is kept."""
    for name in receipt.message_ids:
        part = await messages.by_gateway_id(tx, receipt.gateway, name)
        if part is not None:
            await inbound.match_receipt(tx, receipt_id, part.id)
            await _apply(tx, part, receipt, now)
            return part
    return None


async def _accepted(tx: Writer, part: Part, outcome: Accepted, now: datetime) -> None:
    await _move(tx, part, PartState.SUBMITTED, "", now, gateway=outcome.gateway, gateway_id=outcome.message_id)
    if not outcome.message_id:
        return
    early = await inbound.receipts_for(tx, outcome.gateway, outcome.message_id, now - EARLY_RECEIPTS)
    for receipt_id, receipt in early:
        await inbound.match_receipt(tx, receipt_id, part.id)
        await _apply(tx, await messages.get_part(tx, part.id), receipt, now)


async def _refused(tx: Writer, part: Part, outcome: Refused, now: datetime) -> None:
    why = f"status 0x{outcome.status:08x}"
    if part.state is PartState.SENDING and (outcome.gateway_fault or not outcome.permanent):
        await _put_back(tx, part, why, now)
        return
    await _move(tx, part, PartState.FAILED, why, now, ended_at=now)
    await _give_up_the_rest(tx, part, now)
    landline = outcome.status == INVALID_DESTINATION if outcome.landline is None else outcome.landline
    await failures.failed(tx, part, why, now, for_good=outcome.permanent, landline=landline)


async def _put_back(tx: Writer, part: Part, why: str, now: datetime) -> None:
    wait = BACK_OFF[min(part.attempts, len(BACK_OFF)) - 1]
    await _move(tx, part, PartState.QUEUED, why, now, due_at=now + wait)


async def _give_up_the_rest(tx: Writer, part: Part, now: datetime) -> None:
    """Half a text helps nobody."""
    for later in await messages.rest_of(tx, part.message_id):
        await messages.cancel(tx, later, "part_failed", now)


async def _apply(tx: Writer, part: Part, receipt: Receipt, now: datetime) -> None:
    state = RECEIPT_MOVES.get(receipt.state)
    if state is None or part.state not in RECEIVES[state]:
        return
    await _move(tx, part, state, receipt.error, now, ended_at=now)
    if state is PartState.DELIVERED:
        await failures.delivered(tx, part, now)
    else:
        why = f"receipt {receipt.state} {receipt.error}".strip()
        for_good = receipt.final and receipt.state in FOR_GOOD
        await failures.failed(tx, part, why, now, for_good=for_good, landline=receipt.landline)


async def _move(tx: Writer, part: Part, state: PartState, why: str, now: datetime, **changed: Any) -> None:
    await messages.move(
        tx, replace(part, why=why, **changed), state, Act(TEXTBACK, state, now, {"why": why} if why else {})
    )
