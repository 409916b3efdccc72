"""A morning at a contractor's office, for the demo: who calls, what becomes of it, and what they text back.

The calls are recordings of a real Asterisk, played by the simulated PBX; customers and the person on call answer our
texts by the simulated SMSC. It ends once some twenty-five customers have called: more than a screen, less than a storm.
"""

import asyncio
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc, Submitted
from bridge.simulator.tape import Tape

OFFICE = "+12125550100"
ON_CALL = "+19175550190"
SUPPLIER = "+12015550188"
REGULARS = {"supplier": SUPPLIER}
"""Callers of every morning."""

AREAS = (201, 212, 646, 917, 718, 347, 929, 551, 973, 862, 908, 732, 848, 914, 845, 516, 631, 203, 475, 860)
TAKE_IT = re.compile(r"Reply (\d{4}) to claim it")
TIMES = 2
LAST_DIGITS = 70  # 555-0110 to 555-0179: numbers that nobody has


@dataclass(frozen=True, slots=True)
class Scene:
    """One call. who: the same word is the same caller. replies: what they answer to our texts, one to each."""

    who: str
    tape: str
    replies: Sequence[str] = ()


SCENES = (
    Scene("ceiling", "hangup_ringing_15s", ["Water is leaking through the kitchen ceiling, please hurry!"]),
    Scene("served 1", "answered_one_phone"),
    Scene(
        "heater", "noanswer_one_phone", ["Hi, can I get an estimate for a new water heater? 77 Maple St. Not urgent."]
    ),
    Scene("mother", "queue_abandoned", ["no heat since last night, my mother is 84", "1209 Heather Ct"]),
    Scene("supplier", "busy"),
    Scene("panel", "noanswer_one_phone", ["There is a burning smell from the panel at 12 Elm Street"]),
    Scene("fan", "voicemail_message", ["As I said on the voicemail: the AC is making a noise. 52 Oak Lane apt 3"]),
    Scene("ceiling", "noanswer_one_phone", ["418 Birchwood Ave, it is coming down on the stove now"]),
    Scene("served 2", "ringgroup_one_answers"),
    Scene("agua", "ringgroup_noanswer", ["Se esta saliendo el agua del bano, 330 W 45th St, es urgente"]),
    Scene("heater", "answered_one_phone"),
    Scene("silent", "hangup_ringing_15s"),
    Scene("stop", "after_hours_message", ["STOP"]),
    Scene("mother", "busy"),
    Scene("sink", "noanswer_one_phone", ["my sink is clogged"]),
    Scene(
        "cita", "queue_abandoned", ["Necesito una cita para la caldera, 52 Oak Lane. Llame a mi esposa al 212 555 0198"]
    ),
    Scene("wrong", "noanswer_one_phone", ["You have the wrong number, I never called you"]),
    Scene("photo", "noanswer_one_phone", ["You have received a picture message. See https://mms.example.net/8f3a"]),
    Scene("served 3", "queue_answered"),
    Scene("sink", "answered_one_phone"),
    Scene("garage", "ringgroup_noanswer", ["the garage door opener quit, 3 Cedar Ct", "any day next week is fine"]),
    Scene("silent", "noanswer_one_phone"),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """speed: of the calls, as many times as fast as they were. pause, reply_after: seconds."""

    speed: float = 3.0
    pause: float = 3.0
    reply_after: float = 4.0


class Morning:
    """pbx and smsc are the simulated ends that the daemon is connected to."""

    def __init__(self, pbx: SimulatedPbx, pace: Pace = Pace()) -> None:
        self._pbx = pbx
        self._pace = pace
        self._replies: dict[str, list[str]] = {}
        self._texts: asyncio.Queue[Submitted] = asyncio.Queue()

    def on_submit(self, text: Submitted) -> None:
        """For the SMSC: one of our texts reached a phone."""
        self._texts.put_nowait(text)

    async def play(self, smsc: Smsc) -> None:
        """Every scene twice, with other callers."""
        newcomers = callers()
        for _ in range(TIMES):
            await self.play_once(smsc, cast_of(newcomers))

    async def play_once(self, smsc: Smsc, cast: Mapping[str, str]) -> None:
        """Every scene once. cast: who has which number."""
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(smsc, group))
            for scene in SCENES:
                number = cast[scene.who]
                self._replies.setdefault(number, []).extend(scene.replies)
                await self.call(number, scene.tape)
                await asyncio.sleep(self._pace.pause)
            answering.cancel()

    async def call(self, number: str, tape: str) -> None:
        await self._pbx.play(Tape.named(tape), caller=number, did=OFFICE, speed=self._pace.speed)

    async def _answer(self, smsc: Smsc, group: asyncio.TaskGroup) -> None:
        while True:
            text = await self._texts.get()
            if reply := self._reply_to(text):
                group.create_task(self._write(smsc, text, reply))

    def _reply_to(self, text: Submitted) -> str:
        """ "" for none. Whoever is on call takes what they are asked to take."""
        if text.destination == ON_CALL.removeprefix("+"):
            asked = TAKE_IT.search(text.text)
            return asked[1] if asked else ""
        replies = self._replies.get(f"+{text.destination}")
        return replies.pop(0) if replies else ""

    async def _write(self, smsc: Smsc, text: Submitted, reply: str) -> None:
        await asyncio.sleep(self._pace.reply_after)
        await smsc.deliver(text.destination, text.source, reply)


def cast_of(newcomers: Iterator[str]) -> Mapping[str, str]:
    """A number for everybody who calls."""
    strangers = dict.fromkeys(scene.who for scene in SCENES if scene.who not in REGULARS)
    return REGULARS | dict(zip(strangers, newcomers, strict=False))


def callers() -> Iterator[str]:
    """Spread over area codes: many neighbours in a row would trip the breaker."""
    numbers = itertools.count()
    return (f"+1{AREAS[n % len(AREAS)]}55501{10 + n % LAST_DIGITS}" for n in numbers)
