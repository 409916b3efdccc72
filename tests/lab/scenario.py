"""What a scenario is: a call that people make in the office, and what it must come to because of what they did."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.lab.office import Office
from tests.lab.phone import Call
from tests.lab.trunk import CUSTOMER

EXTRA = ("also_ok", "filtered", "attestation")
TRUNKS = ("PJSIP/trunk-*",)


@dataclass(frozen=True)
class Expected:
    """One inbound call. also_ok: other answers that would be right too, by field."""

    did: str
    verdict: str
    reason: str | None = None
    answered_by: str | None = None
    caller: str = CUSTOMER
    filtered: str | None = None
    attestation: str | None = None
    also_ok: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key not in EXTRA or value}


@dataclass(frozen=True)
class Scenario:
    name: str
    description: str
    play: Callable[[Office], Awaitable[None]]
    calls: tuple[Expected, ...]


def scenario(description: str, *calls: Expected) -> Callable[[Callable[[Office], Awaitable[None]]], Scenario]:
    return lambda play: Scenario(play.__name__, description, play, calls)


async def ended(call: Call, seconds: float = 45) -> None:
    async with asyncio.timeout(seconds):
        await call.ended.wait()


async def talk(call: Call, seconds: float) -> None:
    """From when the caller hears somebody or something, for that long; then the caller hangs up."""
    async with asyncio.timeout(30):
        await call.answered.wait()
    await asyncio.sleep(seconds)
    call.hang_up()


async def give_up(call: Call, seconds: float) -> None:
    """The caller hears it ring for that long, and hangs up."""
    async with asyncio.timeout(30):
        await call.ringing.wait()
    await asyncio.sleep(seconds)
    call.hang_up()
    await ended(call)
