"""A morning at a contractor's office, for the demo: who calls, what becomes of it, and what they text back.

The calls are recordings of a real Asterisk, played by the simulated PBX; customers answer our texts by the simulated
SMSC. It goes on, with new callers, until it is stopped.
"""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc, Submitted
from bridge.simulator.tape import Tape

OFFICE = "+12125550100"
SPEED = 3.0  # a call that took 15 s takes 5
REPLY_AFTER = 4.0
PAUSE = 3.0
AREAS = (201, 212, 646, 917, 718, 347, 929, 551, 973, 862, 908, 732, 848, 914, 845, 516, 631, 203, 475, 860)
LAST_DIGITS = 90  # 555-0110 to 555-0199: numbers that nobody has


@dataclass(frozen=True, slots=True)
class Scene:
    """One call by the tape's name, and what the caller replies to our text ("": nothing)."""

    tape: str
    reply: str = ""


SCENES = (
    Scene("hangup_ringing_15s", "Water is leaking through the kitchen ceiling at 418 Birchwood Ave, please hurry!"),
    Scene("answered_one_phone"),
    Scene("noanswer_one_phone", "Hi, can I get an estimate for a new water heater? 77 Maple St. Not urgent."),
    Scene("queue_abandoned", "no heat since last night, my mother is 84. 1209 Heather Ct"),
    Scene("voicemail_message", "As I said on the voicemail: the AC is making a noise. 52 Oak Lane apt 3"),
    Scene("ringgroup_noanswer"),
    Scene("busy", "Se esta saliendo el agua del bano, 330 W 45th St, es urgente"),
    Scene("ringgroup_one_answers"),
    Scene("after_hours_message", "STOP"),
)


class Morning:
    """pbx and smsc are the simulated ends that the daemon is connected to."""

    def __init__(self, pbx: SimulatedPbx) -> None:
        self._pbx = pbx
        self._replies: dict[str, str] = {}
        self._texts: asyncio.Queue[Submitted] = asyncio.Queue()

    def on_submit(self, text: Submitted) -> None:
        """For the SMSC: one of our texts reached a phone."""
        self._texts.put_nowait(text)

    async def play(self, smsc: Smsc) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reply(smsc, group))
            for caller, scene in zip(callers(), itertools.cycle(SCENES)):
                self._replies[caller.removeprefix("+")] = scene.reply
                await self._pbx.play(Tape.named(scene.tape), caller=caller, did=OFFICE, speed=SPEED)
                await asyncio.sleep(PAUSE)

    async def _reply(self, smsc: Smsc, group: asyncio.TaskGroup) -> None:
        while True:
            text = await self._texts.get()
            reply = self._replies.pop(text.destination.removeprefix("+"), "")
            if reply:
                group.create_task(self._write(smsc, text, reply))

    async def _write(self, smsc: Smsc, text: Submitted, reply: str) -> None:
        await asyncio.sleep(REPLY_AFTER)
        await smsc.deliver(text.destination, text.source, reply)


def callers() -> Iterator[str]:
    """Spread over area codes: many neighbours in a row would trip the breaker."""
    numbers = itertools.count()
    return (f"+1{AREAS[n % len(AREAS)]}55501{10 + n % LAST_DIGITS}" for n in numbers)
