"""Outcome after the call: what came of the row that this person took last.

1 booked, 2 reached, 3 left message, 4 no answer, 5 wrong number.
"""

from datetime import timedelta

from agi.channel import AgiChannel
from agi.desk import Desk
from bridge.callbacks.actions import ConflictError, Seen
from bridge.domain.callbacks.queue import Attempt, Callback, NotPossibleError, Outcome
from storage import phones

LAST_CALL_WITHIN = timedelta(hours=12)

RESULTS: dict[str, Outcome | Attempt] = {
    "1": Outcome.BOOKED,
    "2": Outcome.REACHED,
    "3": Attempt.LEFT_MESSAGE,
    "4": Attempt.NO_ANSWER,
    "5": Outcome.WRONG_NUMBER,
}


async def run(desk: Desk, call: AgiChannel) -> None:
    async with desk.database.read() as db:
        row = await phones.last_dealt_with(db, desk.who(call), desk.clock() - LAST_CALL_WITHIN)
    if row is None:
        await call.say("vm-nomore", "vm-goodbye", keys="")
        return
    try:
        done = await ask(desk, call, row)
    except (ConflictError, NotPossibleError):
        await call.say("is-in-use", keys="")
        return
    if done:
        await call.set("TEXTBACK_DONE", "1")


async def ask(desk: Desk, call: AgiChannel, callback: Callback) -> bool:
    """Ask and record; False if nothing was pressed. Raises ConflictError where somebody else was faster."""
    key = await call.ask("info-about-last-call", *desk.spoken(callback), "beep", keys="".join(RESULTS))
    if not key:
        await call.say("vm-goodbye", keys="")
        return False
    await _record(desk, callback, desk.who(call), RESULTS[key])
    await call.say("auth-thankyou")
    return True


async def _record(desk: Desk, callback: Callback, who: str, result: Outcome | Attempt) -> None:
    """The end of the call itself may have changed the row meanwhile, in this person's name: that is no conflict."""
    try:
        await _once(desk, callback, who, result)
    except ConflictError as error:
        if error.who != who:
            raise
        await _once(desk, error.row, who, result)


async def _once(desk: Desk, callback: Callback, who: str, result: Outcome | Attempt) -> None:
    now = desk.clock()
    if isinstance(result, Outcome):
        await desk.callbacks.finish(Seen.of(callback, who, now), result)
    else:
        await desk.callbacks.attempt(Seen.of(callback, who, now), result)
