"""`python -m tests.benchmarks.bench_display`: what the words in front of a name add to the set-up of a call.

A real Asterisk, 50 calls a second: from the trunk's channel to the dialling of the phone, by Asterisk's own clock, with
the display and without, turn about.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median, quantiles

from bridge.ami.client import AmiClient
from bridge.ami.protocol import Message
from bridge.ami.settings import AmiSettings
from tests.agi.phones import now
from tests.lab.asterisk import running_asterisk
from tests.lab.judge import EVERYTHING
from tests.lab.load import call_many, phones_under_load

WITH, WITHOUT = "0205550244", "0205550245"
PER_SECOND, CALLS, ROUNDS = 50, 500, 2


class SetUps:
    """Milliseconds from the channel to its first dial, by the number that was called."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {WITH: [], WITHOUT: []}
        self._began: dict[str, tuple[str, float]] = {}

    def note(self, message: Message) -> None:
        at = float(message.get("Timestamp") or 0)
        if message.event == "Newchannel" and message.get("Exten") in self.took:
            self._began[message.get("Uniqueid")] = (message.get("Exten"), at)
        elif message.event == "DialBegin" and (known := self._began.pop(message.get("Uniqueid"), None)):
            self.took[known[0]].append((at - known[1]) * 1000)

    async def until(self, did: str, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.took[did]) < count:  # noqa: ASYNC110  # the last are on their way
                await asyncio.sleep(0.1)


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[SetUps]:
    setups = SetUps()
    username, secret = EVERYTHING
    settings = AmiSettings("bench", port=port, username=username, secret=secret)
    client = AmiClient(settings, clock=now, wanted={"Newchannel", "DialBegin"})

    async def read() -> None:
        async for _, heard in client.messages():
            if isinstance(heard, Message):
                setups.note(heard)

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(client.run()), group.create_task(read())]
        while client.health.synced_at is None:  # noqa: ASYNC110  # health has no event
            await asyncio.sleep(0.02)
        yield setups
        for task in running:
            task.cancel()


async def measure() -> SetUps:
    with running_asterisk() as asterisk:
        asterisk.cli('database put textback 0612345678 "URGENT leak 418 Birchwood"')
        async with listening(asterisk.ports.ami) as setups, phones_under_load(asterisk.ports):
            for played in range(1, ROUNDS + 1):
                for did in (WITHOUT, WITH):
                    await call_many(asterisk.ports, did, calls=CALLS, per_second=PER_SECOND)
                    await setups.until(did, played * CALLS)
        return setups


def main() -> None:
    took = asyncio.run(measure()).took
    print(f"{ROUNDS * CALLS} calls each, {PER_SECOND} a second: milliseconds from the channel to the dialling")
    for name, did in (("without display", WITHOUT), ("with display", WITH)):
        print(f"{name:16} median {median(took[did]):6.2f}   p99 {quantiles(took[did], n=100)[98]:6.2f}")
    added = [quantiles(took[did], n=100)[98] for did in (WITH, WITHOUT)]
    print(f"added            median {median(took[WITH]) - median(took[WITHOUT]):6.2f}   p99 {added[0] - added[1]:6.2f}")


if __name__ == "__main__":
    main()
