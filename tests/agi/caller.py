"""A scripted Asterisk at the other end of FastAGI: it says who calls, and what was pressed at which prompt."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

SAYING = ("STREAM FILE", "SAY DIGITS", "SAY NUMBER", "GET DATA")
HANG_UP = "hang up"


class Caller:
    """said: the sounds and digits. variables, told: channel variables and UserEvents."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.said: list[str] = []
        self.variables: dict[str, str] = {}
        self.told: list[str] = []

    def head(self, path: str, channel: str = "PJSIP/101-00000001", caller: str = "+12025550199") -> None:
        fields = {"network_script": path, "channel": channel, "uniqueid": "1.1", "callerid": caller}
        lines = [f"agi_{name}: {value}\n" for name, value in fields.items()]
        self._writer.write("".join(["agi_network: yes\n", *lines, "\n"]).encode())

    async def listen(self, presses: Mapping[str, str | Sequence[str]]) -> None:
        """Answer until the script ends. presses: at this sound these keys, one after the other, each time it comes."""
        left = {sound: list(keys) if not isinstance(keys, str) else [keys] for sound, keys in presses.items()}
        while line := await self._reader.readline():
            verb, arguments = self._read(line.decode())
            key = left[arguments[0]].pop(0) if arguments and left.get(arguments[0]) else ""
            if key == HANG_UP:
                return
            self._writer.write(f"200 result={self._result(verb, key)}\n".encode())

    async def asked(self) -> str:
        """The next command, not answered yet."""
        return (await self._reader.readline()).decode()

    async def is_closed(self) -> bool:
        """Did the other end close without a word?"""
        try:
            return not await self._reader.read(1)
        except ConnectionError:
            return True

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    def _read(self, line: str) -> tuple[str, list[str]]:
        verb, _, rest = line.rstrip("\n").partition(' "')
        arguments = rest.removesuffix('"').split('" "') if rest else []
        if verb in SAYING:
            self.said.append(arguments[0])
        if verb == "SET VARIABLE":
            self.variables[arguments[0]] = arguments[1]
        elif verb == "EXEC":
            self.told.append(arguments[1])
        return verb, arguments

    @staticmethod
    def _result(verb: str, key: str) -> str:
        """Typed digits come as they are, a single key as its ASCII code."""
        if verb == "GET DATA":
            return key
        return str(ord(key)) if key else "0"


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()
