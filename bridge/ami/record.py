"""Writing down what Asterisk says over AMI."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bridge.ami.client import AmiClient
from bridge.ami.protocol import MessageFramer
from bridge.ami.session import LinkError
from bridge.ami.settings import AmiSettings
from bridge.pbx.recording import Recording


def recording(path: Path, clock: Callable[[], datetime]) -> Recording:
    return Recording(path, MessageFramer, clock)


async def record(settings: AmiSettings, recording: Recording, *, clock: Callable[[], datetime], seconds: float) -> None:
    """Write down what the PBX says for so long, over reconnects. Raises OSError where it cannot be written, LinkError
    where all the while nothing came of our asking to be let in.
    """
    client = AmiClient(settings, clock=clock, wanted=(), tap=recording)
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


async def _drain(client: AmiClient) -> None:
    async for _ in client.messages():
        pass
