"""Says that it was reached: `textback doctor` lets each PBX ask for it."""

from agi.channel import AgiChannel

NAME = "reach"
HEARD = "TEXTBACK_HEARD"


async def run(call: AgiChannel) -> None:
    await call.set(HEARD, "yes")
