"""Calls of a running Asterisk as Textback judges them: the real client, listener and tracker, without the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bridge.ami.channels import ChannelNames
from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.line import AmiLine
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.ops.backoff import Backoff
from bridge.pbx.listener import Listener
from tests.lab.scenario import TRUNKS

EVERYTHING = ("recorder", "labsecret")
LEAST = ("textback", "CHANGE-ME")  # dialplan/manager_textback.conf, as shipped


@dataclass
class Judge:
    client: AmiClient
    tracker: Tracker
    calls: list[EndedCall] = field(default_factory=list)
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ended(self, call: EndedCall, _now: datetime) -> None:
        async with self._heard:
            self.calls.append(call)
            self._heard.notify_all()

    async def until(self, count: int, seconds: float = 30) -> None:
        """Wait until so many calls have been judged. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._heard:
            await self._heard.wait_for(lambda: len(self.calls) >= count)

    async def following(self, seconds: float = 20) -> None:
        """Wait until a call that lives is followed. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not self.tracker.live_calls:  # noqa: ASYNC110  # the tracker has no event
                await asyncio.sleep(0.02)

    async def synced(self, seconds: float = 20) -> None:
        """Wait until the link is up and what lives has been shown. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.client.health.synced_at is None:  # noqa: ASYNC110  # health has no event
                await asyncio.sleep(0.02)


@asynccontextmanager
async def judging(
    port: int, account: tuple[str, str] = LEAST, trunks: tuple[str, ...] = TRUNKS
) -> AsyncIterator[Judge]:
    """Judge what the PBX on this AMI port does, from the first snapshot on."""
    username, secret = account
    settings = AmiSettings("lab", port=port, username=username, secret=secret)
    client = AmiClient(settings, clock=_now, wanted=WANTED, retry=Backoff(0.1, 0.5))
    tracker = Tracker(TrackerSettings(country="NL"))
    judge = Judge(client, tracker)
    listener = Listener(AmiLine(client, ChannelNames(trunks)), tracker, judge.ended, _now)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()), tasks.create_task(listener.run())]
        try:
            await judge.synced()
            yield judge
            await listener.drain()
        finally:
            for task in running:
                task.cancel()


def _now() -> datetime:
    return datetime.now(UTC)
