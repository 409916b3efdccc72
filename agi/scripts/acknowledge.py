"""Acknowledge: the newest urgent row that nobody has seen yet is read out, and is seen from now on."""

from agi.channel import AgiChannel
from agi.desk import Desk
from bridge.callbacks.actions import ConflictError, Seen
from storage import phones


async def run(desk: Desk, call: AgiChannel) -> None:
    async with desk.database.read() as db:
        row = await phones.newest_unseen(db)
    if row is None:
        await call.say("vm-youhave", "vm-no", "vm-Urgent", "vm-messages", "vm-goodbye", keys="")
        return
    try:
        await desk.callbacks.acknowledge(Seen.of(row, desk.who(call), desk.clock()))
    except ConflictError:
        await call.say("is-in-use", keys="")
        return
    await call.say("vm-Urgent", *desk.spoken(row), "auth-thankyou", keys="")
