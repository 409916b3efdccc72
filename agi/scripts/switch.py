"""Text-back on or off: behind a PIN, says how it stands, then 1 turns it on and 2 off."""

from agi.channel import TRIES, AgiChannel
from agi.desk import Desk
from storage import settings

ON, OFF = "12"
MOST_PIN = 12
STATES = {True: "activated", False: "de-activated"}


async def run(desk: Desk, call: AgiChannel) -> None:
    if not desk.lock.pin:
        await call.say("feature-not-avail-line", keys="")
        return
    if not await _knows_pin(desk, call):
        await call.say("vm-goodbye", keys="")
        return
    async with desk.database.read() as db:
        stopped = await settings.is_on(db, settings.PAUSED) or await settings.is_on(db, settings.BREAKER)
    key = await call.ask("is-set-to", STATES[not stopped], "beep", keys=ON + OFF)
    if not key:
        return
    who, now = desk.who(call), desk.clock()
    async with desk.database.transaction() as tx:
        if key == ON:
            await settings.resume(tx, who, now)
        else:
            await settings.turn(tx, settings.PAUSED, True, who, now)
    await call.say(STATES[key == ON], keys="")


async def _knows_pin(desk: Desk, call: AgiChannel) -> bool:
    prompt = "agent-pass"
    for _ in range(TRIES):
        pin = await call.digits(prompt, MOST_PIN)
        if desk.lock.opens(pin, call.environment.extension, desk.clock()):
            return True
        prompt = "auth-incorrect"
    return False
