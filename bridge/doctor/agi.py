"""The doctor's AGI check: does a PBX reach our scripts, as it sees the network? It calls itself and asks for one."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agi.scripts import reach
from agi.server import AgiServer
from agi.settings import AgiSettings
from bridge.ami.protocol import Block, Message
from bridge.ami.session import AmiSession
from bridge.doctor.firewall import opens
from bridge.doctor.local import Finding, not_looked, ok, problem

CONTEXT = "textback-reach"  # in dialplan/extensions_textback_phones.conf
WITHIN = 10.0  # seconds; Asterisk itself gives a connection two
RENDER = "textback dialplan --out /etc/asterisk, then: asterisk -rx 'dialplan reload'"


class EventWaiter:
    """Keeps what an AMI session hears, for whoever waits for something."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self._more = asyncio.Event()

    def __call__(self, block: Block) -> None:
        self.heard.append(block.read())
        self._more.set()

    async def first(self, wanted: Callable[[Message], bool], within: float) -> Message | None:
        """None where none came in time."""
        try:
            async with asyncio.timeout(within):
                while (found := next(filter(wanted, self.heard), None)) is None:
                    self._more.clear()
                    await self._more.wait()
                return found
        except TimeoutError:
            return None


@asynccontextmanager
async def answering(settings: AgiSettings, *, running: bool) -> AsyncIterator[None]:
    """Somebody serves scripts meanwhile: the running daemon, else we, to try it before the first start."""
    if running:
        yield
        return
    try:
        async with AgiServer(settings, {reach.NAME: reach.run}).serving():
            yield
    except OSError:  # taken: that is a finding of its own, and the PBX reaches whoever has it
        yield


async def reached(
    session: AmiSession, ear: EventWaiter, settings: AgiSettings, check: str, *, within: float = WITHIN
) -> Finding:
    """Have the PBX call its own context, and hear what came of it. Raises LinkError."""
    asked = secrets.token_hex(8)
    reply = await session.action(
        "Originate",
        {
            "Async": "true",
            "Channel": f"Local/s@{CONTEXT}/n",
            "Application": "Hangup",
            "Timeout": str(int(within * 1000)),
            "Variable": f"TEXTBACK_ASKED={asked}",
        },
    )
    if not reply.ok:
        return not_looked(check, f"whether the PBX reaches our scripts: it did not call itself ({reply.text})")
    told = await ear.first(lambda message: message.get("Asked") == asked, within)
    return judged(told, check, f"{settings.host}:{settings.port}", settings.port)


def judged(told: Message | None, check: str, where: str, port: int) -> Finding:
    """told: the UserEvent of that context (AGISTATUS and what the script set), None where none came."""
    if told is None:
        return problem(check, "the PBX did not say whether it reached our scripts", f"{RENDER}, with `manager reload`")
    status = told.get("Status") or "no answer"
    if told.get("Heard") == "yes":
        return ok(check, f"the PBX asked for a script at {where} and got it")
    if status == "FAILURE":
        remedy = f"a firewall? {opens(port, 'ADDRESS-OF-THE-PBX')}; else {RENDER}"
        return problem(check, f"the PBX cannot connect to our scripts at {where}", remedy)
    return problem(check, f"the PBX asks for our scripts and is turned away ({status}): its token is not ours", RENDER)
