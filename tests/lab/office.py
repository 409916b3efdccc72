"""A small office: a running Asterisk, four desk phones (101 to 104) and a trunk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.lab.asterisk import Asterisk
from tests.lab.phone import Manners, Phone, only_rings
from tests.lab.trunk import Trunk

EXTENSIONS = ("101", "102", "103", "104")
PASSWORD = "labpass"


@dataclass
class Office:
    asterisk: Asterisk
    phones: dict[str, Phone]
    trunk: Trunk

    def behave(self, **manners: Manners) -> None:
        """`behave(p101=answers_after(1))`: what phone 101 does with the next calls."""
        for name, manner in manners.items():
            self.phones[name.removeprefix("p")].manners = manner

    async def cli(self, command: str) -> str:
        return await asyncio.to_thread(self.asterisk.cli, command)

    async def reset(self) -> None:
        """Every phone registered, ringing only, nothing waiting."""
        for phone in [*self.phones.values(), self.trunk]:
            phone.manners, phone.incoming = only_rings, asyncio.Queue()
        for phone in self.phones.values():
            await phone.register()

    async def idle(self, seconds: float = 40) -> None:
        """Wait until no channel is left. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while await asyncio.to_thread(self.asterisk.channels):  # noqa: ASYNC110  # only asking it tells
                await asyncio.sleep(0.2)


@asynccontextmanager
async def open_office(asterisk: Asterisk) -> AsyncIterator[Office]:
    pbx = ("127.0.0.1", asterisk.ports.sip)
    phones = {extension: Phone(extension, PASSWORD, "127.0.0.1", pbx) for extension in EXTENSIONS}
    trunk = Trunk(pbx)
    try:
        await trunk.open(asterisk.ports.trunk)
        for phone in phones.values():
            await phone.open()
            await phone.register()
        yield Office(asterisk, phones, trunk)
    finally:
        for phone in [*phones.values(), trunk]:
            await phone.close()
