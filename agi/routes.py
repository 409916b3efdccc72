"""The scripts by the names that the dialplan asks for."""

from collections.abc import Mapping
from functools import partial

from agi.desk import Desk
from agi.scripts import acknowledge, next_callback, outcome, reach, switch, text_me
from agi.server import Script

SCRIPTS = {
    "next": next_callback.run,
    "outcome": outcome.run,
    "acknowledge": acknowledge.run,
    "switch": switch.run,
    "text-me": text_me.run,
}


def routes(desk: Desk) -> Mapping[str, Script]:
    return {name: partial(script, desk) for name, script in SCRIPTS.items()} | {reach.NAME: reach.run}
