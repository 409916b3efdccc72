"""The simulated gateway itself, spoken to octet by octet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.simulator.smsc import Smsc
from bridge.smpp.codec import Address, CommandId, Pdu, PduFramer, ShortMessage, encode, encode_message

OFFICE, CUSTOMER = "12025550100", "12025550123"


class Link:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._framer = reader, writer, PduFramer()

    def send(self, octets: bytes) -> None:
        self._writer.write(octets)

    async def heard(self, command: int) -> Pdu:
        while True:
            while pdu := self._framer.next():
                if pdu.command_id == command:
                    return pdu
            data = await self._reader.read(4096)
            assert data, "the link has ended"
            self._framer.feed(data)

    def cut(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def bound(smsc: Smsc) -> AsyncIterator[Link]:
    link = Link(*await asyncio.open_connection("127.0.0.1", smsc.port))
    try:
        link.send(encode(CommandId.BIND_TRANSCEIVER, 1, system_id="textback", password="secret"))
        await link.heard(CommandId.BIND_TRANSCEIVER.response)
        yield link
    finally:
        link.cut()


@pytest.mark.timeout(20)
async def test_a_link_that_died_over_an_unanswered_receipt_is_forgotten_and_the_next_one_is_told() -> None:
    message = ShortMessage(source=Address(OFFICE), destination=Address(CUSTOMER), short_message=b"hello")
    async with Smsc().serve() as smsc:
        async with bound(smsc) as first:
            first.send(encode_message(CommandId.SUBMIT_SM, 2, message))
            await first.heard(CommandId.DELIVER_SM)
        await smsc.until(lambda smsc: smsc.links == 0)
        async with bound(smsc) as second:
            told = asyncio.create_task(smsc.deliver(CUSTOMER, OFFICE, "are you there?"))
            asked = await second.heard(CommandId.DELIVER_SM)
            second.send(encode(CommandId.DELIVER_SM.response, asked.sequence))
            assert await told == [0]
