"""One AMI connection on panoramisk, without those of its habits that lose calls.

panoramisk writes the login and the actions and matches their responses. Framing is ours (`protocol`), so are the pings,
the reconnecting and what becomes of events: panoramisk decodes each TCP read by itself, closes the link when a callback
raises or when any event calls itself Shutdown, never notices a silent peer, and sends an unanswered Originate again
after a reconnect. Where more is told than there is room for, we stop reading (backpressure).
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message as PanoramiskMessage

from bridge.ami.protocol import Block, MessageFramer
from bridge.ami.settings import AmiSettings
from bridge.pbx.line import LinkError, LoginRefusedError, RawStreamListener, refuse_control_characters

UNSENT_ACTIONS = ("login", "ping", "originate", "coreshowchannels")  # never sent again behind our back
IN_USE = "login already in use"  # manager.c, where allowmultiplelogin = no
NO_TIMER = 10**9  # seconds: panoramisk's own ping stays away

Result = TypeVar("Result")
Answer = asyncio.Future[PanoramiskMessage]


class AccountInUseError(LinkError):
    """Another session has our account, and the PBX lets only one in: mostly our own old one, half dead."""


@dataclass(frozen=True, slots=True)
class AmiResponse:
    """What the PBX answered to an action."""

    ok: bool
    text: str


def new_action_id() -> str:
    """Not to be guessed: a caller can forge events, and must not be able to forge an answer."""
    return f"textback-{secrets.token_hex(8)}"


class _AmiProtocol(AMIProtocol):
    """Hands responses of pending actions to panoramisk and every other message to `heard`."""

    def __init__(
        self,
        framer: MessageFramer,
        heard: Callable[[Block], None],
        lost: Callable[[str, bool], None],
        tap: RawStreamListener,
    ) -> None:
        self._framer, self._heard, self._lost, self._tap = framer, heard, lost, tap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._tap.connected()

    def data_received(self, data: bytes) -> None:
        self._tap.received(data)
        for block in self._framer.cut(data):
            message = None if block.event else block.read()
            if message and message.get("ActionID") in self.responses:
                self.handle_message(PanoramiskMessage(dict(message.headers)))
            else:
                self._heard(block)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._tap.disconnected()
        self._lost(f"the connection broke ({exc})" if exc else "the PBX closed the connection", exc is None)


class AmiSession(Manager):
    """One connection from connect to close; a new one is a new object.

    heard: called, in order, with every message that answers no action. It must not block and not raise. taken_leave:
    the PBX closed it, so that nothing was lost before.
    """

    def __init__(
        self,
        settings: AmiSettings,
        wanted: Iterable[str],
        heard: Callable[[Block], None],
        tap: RawStreamListener | None = None,
    ) -> None:
        super().__init__(
            username=settings.username,
            secret=settings.secret,
            loop=asyncio.get_running_loop(),
            forgetable_actions=UNSENT_ACTIONS,
            ping_delay=NO_TIMER,
        )
        self._settings = settings
        self._framer = MessageFramer(wanted)
        self._heard = heard
        self._tap = tap or RawStreamListener()
        self._lost: asyncio.Future[str] = self.loop.create_future()
        self.taken_leave = False
        self.paused = False

    @property
    def is_lost(self) -> bool:
        return self._lost.done()

    async def open(self) -> None:
        """Connect and log in. Raises LoginRefusedError, AccountInUseError, or LinkError for anything else."""
        connected = self.loop.create_future()
        try:
            async with asyncio.timeout(self._settings.answer_timeout):
                connected.set_result(await self._connect())
        except (OSError, TimeoutError) as error:
            raise LinkError(f"cannot connect: {str(error) or 'no answer'}") from error
        self.connection_made(connected)
        try:
            login = await self._answer(cast("Answer", self.authenticated_future))
        except TimeoutError as error:
            raise LinkError("no answer to the login: is this an AMI port?") from error
        if login.text.casefold() == IN_USE:
            raise AccountInUseError(f"another session is logged in as {self._settings.username}")
        if not login.ok:
            raise LoginRefusedError(f"login refused: {login.text or 'no reason given'}")

    async def action(self, name: str, headers: Mapping[str, str] | None = None) -> AmiResponse:
        """Send one action and wait for its response. Raises LinkError, also when none comes in time.

        Raises ValueError, and sends nothing, where a value holds a control character.
        """
        action = Action({"Action": name, "ActionID": new_action_id(), **(headers or {})})
        future = self.send_action(action, as_list=False)
        try:
            return await self._answer(future)
        except TimeoutError as error:
            raise LinkError(f"no answer to {name} within {self._settings.answer_timeout:g} s") from error
        finally:
            self.responses.pop(action.id, None)

    def send_action(self, action: Mapping[str, str], as_list: bool | None = None, **kwargs: str) -> Answer:
        """Every action passes here, so no value of any can add a line of its own."""
        refuse_control_characters(action)
        if self.is_lost:
            raise LinkError(self._lost.result())
        future: Answer = super().send_action(action, as_list=as_list, **kwargs)
        return future

    async def wait_lost(self, seconds: float) -> None:
        """Sit on the connection for that long. Raises LinkError as soon as it is lost."""
        await asyncio.wait({self._lost}, timeout=seconds)
        if self._lost.done():
            raise LinkError(self._lost.result())

    def pause(self) -> None:
        """Read no more for now: TCP and the PBX hold what comes (backpressure)."""
        if not self.paused and not self.is_lost and self.protocol is not None:
            self.paused = True
            self.protocol.transport.pause_reading()

    def read_on(self) -> None:
        if self.paused and self.protocol is not None:
            self.paused = False
            self.protocol.transport.resume_reading()

    def abort(self, why: str) -> None:
        """Drop the connection now, without waiting for what is still to be written."""
        self._note_lost(why)
        if self.protocol is not None:
            self.protocol.transport.abort()

    def close(self) -> None:
        """End the connection; what was written before still goes out."""
        self._note_lost("closed")
        super().close()

    async def until(self, future: asyncio.Future[Result]) -> Result:
        """Wait for what the PBX is to say. Raises TimeoutError; LinkError where the connection goes first.

        While we do not read, no answer says nothing.
        """
        either: set[asyncio.Future[Any]] = {future, self._lost}
        while True:
            unread = self.paused
            await asyncio.wait(either, timeout=self._settings.answer_timeout, return_when=asyncio.FIRST_COMPLETED)
            if future.done():
                return future.result()
            if self._lost.done():
                raise LinkError(self._lost.result())
            if not (unread or self.paused):
                raise TimeoutError

    async def _answer(self, future: Answer) -> AmiResponse:
        response = await self.until(future)
        return AmiResponse(response.response.casefold() == "success", response.message)

    async def _connect(self) -> Any:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file) if settings.tls else None
        return await self.loop.create_connection(
            lambda: _AmiProtocol(self._framer, self._heard, self._note_lost, self._tap),
            settings.host,
            settings.port,
            ssl=context,
        )

    def _note_lost(self, why: str, taken_leave: bool = False) -> None:
        if not self._lost.done():
            self._lost.set_result(why)
            self.taken_leave = taken_leave
