"""Says that it was reached: `textback doctor` lets each PBX ask for it."""

from agi.channel import Channel

NAME = "reach"
HEARD = "TEXTBACK_HEARD"


async def run(call: Channel) -> None:
    await call.set(HEARD, "yes")
