"""What tests ask of the simulated SMSC: to be waited for, and to behave as only a broken one does."""

from bridge.simulator.smsc import Smsc, Submitted
from bridge.smpp.codec import CommandId, encode


async def until_submitted(smsc: Smsc, count: int) -> list[Submitted]:
    await smsc.until(lambda now: len(now.submitted) >= count)
    return smsc.submitted


async def deliver_octets(smsc: Smsc, octets: bytes) -> None:
    await smsc._bound_receiver().write(octets)


async def unbind_all(smsc: Smsc) -> None:
    for connection in tuple(smsc._connections):
        await connection.request(lambda number: encode(CommandId.UNBIND, number))
