"""One connection to FreeSWITCH's event socket (ESL), from connect to close.

The reader waits for nothing but the socket: a switch that cannot get rid of its events holds up new calls after some
100,000 of them (`mod_event_socket`). Commands are answered in their order, events come in between.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from bridge.esl.decode import SUBSCRIPTION
from bridge.esl.protocol import ANSWER, EVENT, GREETING, NOTICE, REJECTION, REPLY, Block, Framer
from bridge.esl.settings import EslSettings
from bridge.pbx.line import LinkError, LoginRefusedError, RawStreamListener, refuse_control_characters

ACCEPTED = "+OK"
ALL = "all"
NEEDED_API = ("show", "uuid_dump")
CUSTOM = "CUSTOM"

Answer = asyncio.Future[Block]


class EslSession(asyncio.Protocol):
    """heard: called, in order, with every event. It must not block and not raise. A new connection is a new object."""

    def __init__(
        self, settings: EslSettings, heard: Callable[[Block], None], tap: RawStreamListener | None = None
    ) -> None:
        self._settings, self._heard, self._tap = settings, heard, tap or RawStreamListener()
        self._framer = Framer()
        self._pending: deque[Answer] = deque()
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self._greeted: Answer = loop.create_future()
        self._lost: asyncio.Future[str] = loop.create_future()
        self.heard_at = loop.time()

    @property
    def is_lost(self) -> bool:
        return self._lost.done()

    async def open(self) -> None:
        """Connect, log in and subscribe. Raises LoginRefusedError, or LinkError for anything else."""
        loop, settings = asyncio.get_running_loop(), self._settings
        try:
            async with asyncio.timeout(settings.answer_timeout):
                await loop.create_connection(lambda: self, settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            raise LinkError(f"cannot connect: {str(error) or 'no answer'}") from error
        greeting = await self._until(self._greeted, "no greeting: is this the event socket of a FreeSWITCH?")
        if greeting.kind == REJECTION:
            raise LoginRefusedError("this address is refused: it is not in the switch's apply-inbound-acl")
        login = await self.command(settings.login, "the login")
        if not login.reply.startswith(ACCEPTED):
            raise LoginRefusedError(f"login refused: {login.reply or 'no reason given'}")
        _refuse_too_little(login)
        subscribed = await self.command(f"event json {SUBSCRIPTION}")
        if not subscribed.reply.startswith(ACCEPTED):
            raise LoginRefusedError(f"the account may not hear the events that are needed: {subscribed.reply}")

    async def api(self, asked: str) -> str:
        """Ask the switch. Raises LinkError, also where no answer comes in time; ValueError for a control character."""
        return (await self.command(f"api {asked}")).text

    async def command(self, text: str, called: str = "") -> Block:
        """called: what it is called in an error; the text itself may hold a secret then."""
        refuse_control_characters({called or "a command": text})
        if self._lost.done():
            raise LinkError(self._lost.result())
        if self._transport is None:
            raise LinkError("not connected yet")
        answer: Answer = asyncio.get_running_loop().create_future()
        self._pending.append(answer)
        self._transport.write(f"{text}\n\n".encode())
        return await self._until(answer, f"no answer to {called or text} within {self._settings.answer_timeout:g} s")

    async def wait_lost(self, seconds: float) -> None:
        """Sit on the connection for that long. Raises LinkError as soon as it is lost, or silent for too long."""
        await asyncio.wait({self._lost}, timeout=seconds)
        if not self._lost.done() and asyncio.get_running_loop().time() - self.heard_at > self._settings.silence:
            self.abort(f"the switch has said nothing for {self._settings.silence:g} s, not even a HEARTBEAT")
        if self._lost.done():
            raise LinkError(self._lost.result())

    def abort(self, why: str) -> None:
        """Drop the connection now, without waiting for what is still to be written."""
        self._note_lost(why)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection; what was written before still goes out."""
        self._note_lost("closed")
        if self._transport is not None:
            self._transport.close()

    async def _until(self, answer: Answer, otherwise: str) -> Block:
        either: set[asyncio.Future[Any]] = {answer, self._lost}
        await asyncio.wait(either, timeout=self._settings.answer_timeout, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        if self._lost.done():
            raise LinkError(self._lost.result())
        self.abort(otherwise)  # an answer that came later would be taken for the next one's
        raise LinkError(otherwise)

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._tap.connected()

    def data_received(self, data: bytes) -> None:
        self._tap.received(data)
        self.heard_at = asyncio.get_running_loop().time()
        for block in self._framer.feed(data):
            self._take(block)

    def connection_lost(self, exc: Exception | None) -> None:
        self._tap.disconnected()
        self._note_lost(f"the connection broke ({exc})" if exc else "the switch closed the connection")

    def _take(self, block: Block) -> None:
        if block.kind in (REPLY, ANSWER):
            if self._pending:
                answer = self._pending.popleft()
                if not answer.done():
                    answer.set_result(block)
        elif block.kind in (GREETING, REJECTION):
            if not self._greeted.done():
                self._greeted.set_result(block)
        elif block.kind == NOTICE:
            said = block.text.partition("\n")[0].strip() or "goodbye"
            self._note_lost(f"the switch took its leave: {said}")
        elif block.kind == EVENT or block.suspicious:
            self._heard(block)

    def _note_lost(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(why)


def _refuse_too_little(login: Block) -> None:
    """`userauth` answers with what the account may; `auth` may all and says nothing."""
    hears, asks = _listed(login, "Allowed-Events"), _listed(login, "Allowed-API")
    deaf = [name for name in SUBSCRIPTION.split() if hears and ALL not in hears and name not in hears]
    mute = [name for name in NEEDED_API if asks and ALL not in asks and name not in asks]
    if deaf:
        raise LoginRefusedError(f"the account does not hear {', '.join(deaf)}: add to its esl-allowed-events")
    if mute:
        raise LoginRefusedError(f"the account may not ask {', '.join(mute)}: add to its esl-allowed-api")


def _listed(login: Block, name: str) -> frozenset[str]:
    return frozenset(login.head.get(name, "").replace(",", " ").split())
