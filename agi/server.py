"""Takes FastAGI connections: who may, who has the token, which script. Nothing one connection does reaches another.

(panoramisk's own FastAGI server spins for ever on a peer that connects and leaves, so a port scan would freeze us.)
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from agi import protocol
from agi.channel import AgiChannel
from agi.protocol import Environment, HungUpError, ProtocolError
from agi.settings import AgiSettings
from storage.errors import StorageError

HEAD_WITHIN = 2.0  # seconds
SORRY = ("im-sorry", "please-try-call-later")

log = structlog.get_logger()
Script = Callable[[AgiChannel], Awaitable[None]]


@dataclass(slots=True)
class AgiCounters:
    """What came of connections.

    scripts_served: ran to their end or to a hang-up. scripts_refused: peers, tokens, heads and names that we know not.
    """

    scripts_served: int = 0
    scripts_refused: int = 0
    scripts_failed: int = 0


class AgiServer:
    def __init__(self, settings: AgiSettings, scripts: Mapping[str, Script]) -> None:
        self._settings = settings
        self._scripts = scripts
        self._knocking: dict[asyncio.Task[None], None] = {}  # oldest first
        self._talking: set[asyncio.Task[None]] = set()
        self.figures = AgiCounters()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve meanwhile, on the port that comes back. Raises OSError where it is taken."""
        settings = self._settings
        server = await asyncio.start_server(self._accept, settings.host, settings.port, limit=protocol.HEAD_LIMIT)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await self._end_calls()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._let_oldest_go()
        task = asyncio.create_task(self._serve(reader, writer))
        self._knocking[task] = None
        task.add_done_callback(partial(self._forget, writer))

    async def _end_calls(self) -> None:
        running = [*self._knocking, *self._talking]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _let_oldest_go(self) -> None:
        """Asterisk sends its head at once; who takes long over it makes room for who does not."""
        while len(self._knocking) >= self._settings.knocking:
            oldest = next(iter(self._knocking))
            del self._knocking[oldest]
            oldest.cancel()

    def _forget(self, writer: asyncio.StreamWriter, task: asyncio.Task[None]) -> None:
        """It has ended, or was ended before it could begin."""
        writer.close()
        self._knocking.pop(task, None)
        self._talking.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last. Raises nothing."""
        try:
            environment = await self._greet(reader, writer)
            await self._run(self._scripts[environment.script], AgiChannel(environment, reader, writer))
        except ProtocolError as error:
            self.figures.scripts_refused += 1
            log.warning("agi.refused", why=str(error)[:80])
        except (HungUpError, OSError):
            self.figures.scripts_served += 1
        except Exception:
            self.figures.scripts_failed += 1
            log.exception("agi.script_failed")

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Environment:
        """Who is it, and do they know the token? Raises ProtocolError if they may not come in."""
        peer = writer.get_extra_info("peername")
        if not peer or not self._settings.lets_in(peer[0]):
            raise ProtocolError("a peer that is not on the list")
        try:
            async with asyncio.timeout(HEAD_WITHIN):
                head = await reader.readuntil(protocol.HEAD_END)
        except TimeoutError:
            raise ProtocolError("no head within its time") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise ProtocolError("a head that does not end") from None
        environment = protocol.read_environment(head)
        if not hmac.compare_digest(environment.token.encode(), self._settings.token.encode()):
            raise ProtocolError("a wrong token")
        if environment.script not in self._scripts:
            raise ProtocolError("no such script")
        self._let_in()
        return environment

    def _let_in(self) -> None:
        if len(self._talking) >= self._settings.calls:
            raise ProtocolError("too many calls at once")
        task = asyncio.current_task()
        if task is not None:
            self._knocking.pop(task, None)
            self._talking.add(task)

    async def _run(self, script: Script, call: AgiChannel) -> None:
        try:
            await script(call)
        except StorageError as error:
            log.error("agi.no_storage", why=error.advice)
            await call.say(*SORRY)
        self.figures.scripts_served += 1
