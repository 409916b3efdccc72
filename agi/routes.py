"""The scripts by the names that the dialplan asks for."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from agi.channel import AgiChannel
from agi.desk import Desk
from agi.scripts import acknowledge, next_callback, outcome, reach, switch, text_me
from agi.server import Script

DeskScript = Callable[[Desk, AgiChannel], Awaitable[None]]

FOR_STAFF: Mapping[str, DeskScript] = {
    "next": next_callback.run,
    "outcome": outcome.run,
    "acknowledge": acknowledge.run,
    "switch": switch.run,
}
FOR_CALLERS: Mapping[str, DeskScript] = {"text-me": text_me.run}

log = structlog.get_logger()


def routes(desk: Desk) -> Mapping[str, Script]:
    staff = {name: partial(_from_inside, script, desk) for name, script in FOR_STAFF.items()}
    return staff | {name: partial(script, desk) for name, script in FOR_CALLERS.items()} | {reach.NAME: reach.run}


async def _from_inside(script: DeskScript, desk: Desk, call: AgiChannel) -> None:
    """No code for staff works on a trunk, wherever the dialplan lets its callers get to."""
    if desk.is_outside(call):
        log.warning("agi.from_a_trunk", script=call.environment.script, channel=call.environment.channel)
        await call.say("feature-not-avail-line", keys="")
        return
    await script(desk, call)
