"""The line to one Asterisk: what its messages mean, mended and decoded."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import structlog

from bridge.ami.channels import ChannelNames
from bridge.ami.client import AmiClient
from bridge.ami.decode import Decoder
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import Message
from bridge.ami.resync import Heard
from bridge.domain.calls.events import Event, LinkLost
from bridge.pbx.line import PbxHealth


class Hearing:
    """What is heard on one line, in its order."""

    def __init__(self, pbx: str, names: ChannelNames) -> None:
        self._decoder = Decoder(names)
        self._repair = InjectionRepair()
        self._log = structlog.get_logger().bind(pbx=pbx)

    @property
    def injected(self) -> int:
        return self._repair.injected

    def hear(self, heard: Heard, at: datetime) -> Sequence[Event]:
        """Whatever a PBX or a caller sends: what cannot be read is logged and skipped."""
        if not isinstance(heard, Message):
            if isinstance(heard, LinkLost):
                self._repair.forget()
            return (heard,)
        try:
            decoded = [self._decoder.decode(message, at) for message in self._repair.feed(heard)]
        except Exception:
            self._log.exception("ami.undecodable")
            return ()
        return [event for event in decoded if event]


class AmiLine:
    """`pbx.line.Line` over AMI."""

    def __init__(self, client: AmiClient, names: ChannelNames) -> None:
        self.client = client
        self._hearing = Hearing(client.settings.name, names)

    @property
    def name(self) -> str:
        return self.client.settings.name

    @property
    def health(self) -> PbxHealth:
        return self.client.health

    @property
    def injected(self) -> int:
        return self._hearing.injected

    async def events(self) -> AsyncIterator[tuple[datetime, Sequence[Event]]]:
        async for at, heard in self.client.messages():
            yield at, self._hearing.hear(heard, at)

    async def run(self) -> None:
        await self.client.run()

    async def drain(self) -> None:
        await self.client.drain()
