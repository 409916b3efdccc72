"""A call as a script sees it: say this, wait for a key (DTMF), set a variable. Spoken with the PBX's own sounds."""

import asyncio
from dataclasses import dataclass

from agi import protocol
from agi.protocol import AgiResult, Environment, HungUpError

ANSWER_WITHIN = 120.0  # seconds; the longest thing asked for is a prompt or a wait for keys
KEY_WITHIN = 6000  # milliseconds
TRIES = 3
ANY_KEY = "0123456789*#"
NOT_UNDERSTOOD = "vm-sorry"


@dataclass(frozen=True, slots=True)
class Digits:
    """Said one by one."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """Said as a number."""

    value: int


Spoken = str | Digits | Number
"""A plain string names a sound of Asterisk's, which plays in the channel's language."""


class AgiChannel:
    """Every method raises HungUpError once nobody is there any more."""

    def __init__(self, environment: Environment, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.environment = environment
        self._reader = reader
        self._writer = writer

    async def answer(self) -> None:
        await self._ask("ANSWER")

    async def say(self, *what: Spoken, keys: str = ANY_KEY) -> str:
        """Say it all; the key that cut it short, or ""."""
        for one in what:
            key = _key(await self._ask(*_saying(one, keys)))
            if key:
                return key
        return ""

    async def ask(self, *prompt: Spoken, keys: str) -> str:
        """One of `keys`, after saying the prompt up to three times; "" if none was pressed."""
        for _ in range(TRIES):
            key = await self.say(*prompt) or await self._next_key()
            if key and key in keys:
                return key
            if key:
                await self.say(NOT_UNDERSTOOD, keys="")
        return ""

    async def digits(self, prompt: str, most: int) -> str:
        """What is typed, up to `most` digits or `#`."""
        return (await self._ask("GET DATA", prompt, KEY_WITHIN, most)).result

    async def set(self, name: str, value: str) -> None:
        await self._ask("SET VARIABLE", name, value)

    async def tell(self, **fields: str) -> None:
        """Send the UserEvent that Textback's listener knows, about this channel."""
        said = ",".join(f"{name}: {value}" for name, value in fields.items())
        await self._ask("EXEC", "UserEvent", f"Textback,{said}")

    async def _next_key(self) -> str:
        return _key(await self._ask("WAIT FOR DIGIT", KEY_WITHIN))

    async def _ask(self, *words: str | int) -> AgiResult:
        try:
            self._writer.write(protocol.command(*words))
            await self._writer.drain()
            async with asyncio.timeout(ANSWER_WITHIN):
                reply = await self._answer()
        except (OSError, TimeoutError) as error:
            raise HungUpError(str(error)) from error
        if reply.result == "-1":
            raise HungUpError("the channel is gone")
        return reply

    async def _answer(self) -> AgiResult:
        while True:
            reply = protocol.read_reply(await self._line())
            if reply is not None:
                return reply

    async def _line(self) -> bytes:
        """One line, of which the stream's limit is kept: a variable's value may be of any length."""
        kept = b""
        while True:
            try:
                end = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                more = await self._reader.readexactly(error.consumed)
                kept = kept or more
            except asyncio.IncompleteReadError as error:
                raise HungUpError("the connection ended") from error
            else:
                return kept or end


def _saying(what: Spoken, keys: str) -> tuple[str | int, ...]:
    if isinstance(what, Digits):
        return "SAY DIGITS", what.text, keys
    if isinstance(what, Number):
        return "SAY NUMBER", what.value, keys
    return "STREAM FILE", what, keys


def _key(reply: AgiResult) -> str:
    """The result is the key's ASCII code, 0 for none."""
    code = int(reply.result[:4]) if reply.result.isdigit() else 0
    return chr(code) if 0 < code < 128 else ""
