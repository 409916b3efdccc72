"""Next callback: says how many wait, then one after the other, urgent first.

1 dials the customer (the dialplan does, as TEXTBACK_TO and TEXTBACK_DID say), 2 goes on to the next, 3 snoozes for two
office hours, 4 asks what came of it without a call.
"""

from collections.abc import AsyncIterator

from agi.channel import AgiChannel, Number
from agi.desk import Desk
from agi.scripts import outcome
from bridge.callbacks.actions import ConflictError, Seen
from bridge.domain.callbacks.queue import Callback, NotPossibleError, Urgency
from storage import callbacks, phones
from storage.callbacks import Key

DIAL, SKIP, SNOOZE, CLOSE = "1234"


async def run(desk: Desk, call: AgiChannel) -> None:
    async with desk.database.read() as db:
        waiting = await phones.waiting(db)
    await call.say("vm-youhave", Number(waiting.rows), "vm-messages")
    async for row in _free_for(desk, desk.who(call)):
        if not await _offer(desk, call, row):
            return
    await call.say("vm-nomore", "vm-goodbye", keys="")


async def _free_for(desk: Desk, who: str) -> AsyncIterator[Callback]:
    """The queue as it is while we go down it, without the rows that others have taken."""
    after: Key | None = None
    while True:
        async with desk.database.read() as db:
            rows = await callbacks.to_call(db, after=after, limit=1)
        if not rows:
            return
        after = Key.of(rows[0])
        if rows[0].owner in (None, who):
            yield rows[0]


async def _offer(desk: Desk, call: AgiChannel, callback: Callback) -> bool:
    """Is the next row to be offered? Not when this one is dialled, nor when nobody presses anything."""
    urgent = ("vm-Urgent",) if callback.urgency is Urgency.URGENT else ()
    dial = ("vm-tocallnum",) if callback.number else ()
    keys = DIAL + SKIP + SNOOZE + CLOSE if callback.number else SKIP + SNOOZE + CLOSE
    key = await call.ask(*urgent, *desk.spoken(callback), *dial, "beep", keys=keys)
    if not key:
        await call.say("vm-goodbye", keys="")
        return False
    if key == SKIP:
        return True
    try:
        return await _do(desk, call, callback, key)
    except (ConflictError, NotPossibleError):
        await call.say("is-in-use")
        return True


async def _do(desk: Desk, call: AgiChannel, callback: Callback, key: str) -> bool:
    if key == CLOSE:
        return await outcome.ask(desk, call, callback)
    who, now = desk.who(call), desk.clock()
    if key == SNOOZE:
        await desk.callbacks.snooze(Seen.of(callback, who, now), await desk.callbacks.try_again_at(callback, now))
        await call.say("auth-thankyou")
        return True
    await desk.callbacks.claim(Seen.of(callback, who, now))
    await call.say("vm-dialout", keys="")
    await call.set("TEXTBACK_DID", desk.office.line_named(callback.line).dids[0])
    await call.set("TEXTBACK_TO", callback.number.digits if callback.number else "")
    return False
