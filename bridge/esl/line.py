"""The line to one FreeSWITCH: what its blocks mean."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime

import structlog

from bridge.domain.calls.events import Event, LinkLost
from bridge.esl.channels import ChannelNames
from bridge.esl.client import EslClient
from bridge.esl.decode import WANTED, Decoder
from bridge.esl.protocol import Block
from bridge.esl.resync import Heard
from bridge.esl.snapshot import seen
from bridge.pbx.line import PbxHealth


class EslLine:
    """`pbx.line.Line` over the event socket. Nobody can write an event into it: `injected` is 0."""

    injected = 0

    def __init__(self, client: EslClient, names: ChannelNames) -> None:
        self.client = client
        self._decoder = Decoder(names)
        self._log = structlog.get_logger().bind(pbx=client.settings.name)

    @property
    def name(self) -> str:
        return self.client.settings.name

    @property
    def health(self) -> PbxHealth:
        return self.client.health

    async def events(self) -> AsyncIterator[tuple[datetime, Sequence[Event]]]:
        async for at, heard in self.client.messages():
            yield at, self._hear(heard, at)

    async def run(self) -> None:
        await self.client.run()

    async def drain(self) -> None:
        await self.client.drain()

    def _hear(self, heard: Heard, at: datetime) -> Sequence[Event]:
        """Whatever a switch sends: what cannot be read is logged and skipped."""
        try:
            return list(self._read(heard, at))
        except Exception:
            self._log.exception("esl.undecodable")
            return ()

    def _read(self, heard: Heard, at: datetime) -> Iterator[Event]:
        if isinstance(heard, LinkLost):
            self._decoder.forget()
            yield heard
        elif not isinstance(heard, Block):
            yield from seen(heard, self._decoder, at)
        elif heard.event in WANTED:
            yield from self._decoder.feed(heard.read(), at)
