"""A gateway client bound to a small real SMSC, and a receiver that remembers what it was given."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from bridge.domain.phone import E164
from bridge.domain.texts.gsm import Encoding
from bridge.domain.texts.messages import Inbound, LateAnswer, Stored, Submission
from bridge.smpp.client import SmppClient
from bridge.smpp.settings import SmppSettings

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OFFICE = "+12025550100"
CUSTOMER = E164("+12025550123")

SETTINGS = SmppSettings(
    host="127.0.0.1",
    port=2775,
    system_id="textback",
    password="secret",
    rate=10_000.0,
    reconnect_after=0.01,
    reconnect_longest=0.05,
    drain_timeout=2.0,
)


class Receiver:
    """Stores in memory; `verdicts` are given first, then always OK. `block` holds storing up until it is set."""

    def __init__(self, *verdicts: Stored | Exception) -> None:
        self.inbound: list[Inbound] = []
        self.late: list[LateAnswer] = []
        self.block: asyncio.Event | None = None
        self.asked = 0
        self._verdicts = list(verdicts)
        self._changed = asyncio.Condition()

    async def received(self, what: Inbound) -> Stored:
        self.asked += 1
        if self.block:
            await self.block.wait()
        verdict = self._verdicts.pop(0) if self._verdicts else Stored.OK
        if isinstance(verdict, Exception):
            raise verdict
        if verdict is Stored.OK:
            self.inbound.append(what)
        await self._tell()
        return verdict

    async def answered_late(self, answer: LateAnswer) -> None:
        self.late.append(answer)
        await self._tell()

    async def until(self, condition: Callable[["Receiver"], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def running(client: SmppClient) -> AsyncIterator[SmppClient]:
    """The client, running; stopped in its orderly way at the end."""
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def with_settings(**changes: object) -> SmppSettings:
    return replace(SETTINGS, **changes)  # type: ignore[arg-type]


async def eventually(condition: Callable[[], bool]) -> None:
    """For what the client tells nobody about; the test's own time-out is the limit."""
    while not condition():  # noqa: ASYNC110  there is no event to wait for
        await asyncio.sleep(0.005)


@asynccontextmanager
async def bound(port: int, receiver: Receiver | None = None, **changes: object) -> AsyncIterator[SmppClient]:
    settings = with_settings(port=port, **changes)
    client = SmppClient(settings, receiver or Receiver(), clock=lambda: NOON, jitter=lambda: 0.0)
    async with running(client):
        await client.wait_ready()
        yield client


def a_part(part_id: int = 1, text: str = "Sorry we missed you.", **changes: object) -> Submission:
    part = Submission(part_id, OFFICE, CUSTOMER, text, Encoding.GSM7)
    return replace(part, **changes)  # type: ignore[arg-type]
