"""Writing down what a PBX says, for as long as somebody wants."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from bridge.pbx.line import LinkError, PbxHealth
from bridge.pbx.recording import Recording


class Client(Protocol):
    """What holds the line to a PBX; the recording is its tap."""

    @property
    def health(self) -> PbxHealth: ...

    def messages(self) -> AsyncIterator[object]: ...

    async def run(self) -> None: ...


async def record(client: Client, recording: Recording, *, seconds: float) -> None:
    """Write down what the PBX says for so long, over reconnects. Raises OSError where it cannot be written, LinkError
    where all the while nothing came of our asking to be let in.
    """
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()), tasks.create_task(_drain(client))]
        await asyncio.wait({recording.failed}, timeout=seconds)
        never = client.health.connected_since is None and not client.health.reconnects
        for task in running:
            task.cancel()
    if recording.failed.done():
        recording.failed.result()
    if never and client.health.last_error:
        raise LinkError(client.health.last_error)


async def _drain(client: Client) -> None:
    async for _ in client.messages():
        pass
