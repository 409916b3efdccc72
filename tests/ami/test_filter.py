"""What the account that we ask for hears of a real call, by either syntax of Asterisk's `eventfilter`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.protocol import Message
from bridge.ami.settings import AmiSettings
from tests.lab.asterisk import Asterisk
from tests.lab.judge import EVERYTHING, LEAST
from tests.lab.office import Office
from tests.lab.scenario import talk

pytestmark = pytest.mark.asterisk
APPLICATIONS = ("VoiceMail", "Queue", "Busy", "Transfer", "ReceiveFAX", "AlarmReceiver", "DISA", "AppDial", "AppQueue")


def told(message: Message) -> tuple[str, str, str]:
    return message.event, message.get("Channel"), message.get("Application")


@asynccontextmanager
async def hearing(pbx: Asterisk, account: tuple[str, str]) -> AsyncIterator[list[tuple[str, str, str]]]:
    heard: list[tuple[str, str, str]] = []
    settings = AmiSettings(account[0], port=pbx.ports.ami, username=account[0], secret=account[1])
    client = AmiClient(settings, clock=lambda: datetime.now(UTC), wanted=WANTED)

    async def listen() -> None:
        async for _, what in client.messages():
            if isinstance(what, Message):
                heard.append(told(what))

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()), tasks.create_task(listen())]
        while client.health.synced_at is None:  # noqa: ASYNC110  # health has no event
            await asyncio.sleep(0.02)
        try:
            yield heard
        finally:
            for task in running:
                task.cancel()


@pytest.fixture
def advanced(asterisk: Asterisk) -> tuple[str, str]:
    """A second account, with the lines that the shipped file has as comments for newer versions."""
    file = asterisk.home / "etc" / "manager_textback.conf"
    shipped = file.read_text("utf-8")
    section = shipped[shipped.index("[textback]") :].replace("[textback]", "[advanced]")
    lines = (line for line in section.splitlines() if not line.startswith("eventfilter"))
    newer = [line.removeprefix(";") if line.startswith(";eventfilter(") else line for line in lines]
    assert sum(line.startswith("eventfilter(") for line in newer) > 20
    file.write_text("\n".join([shipped, *newer, ""]), "utf-8")
    asterisk.cli("manager reload")
    return "advanced", LEAST[1]


async def test_both_syntaxes_let_the_same_through_and_all_that_we_read_of_it(
    office: Office, asterisk: Asterisk, advanced: tuple[str, str]
) -> None:
    async with (
        hearing(asterisk, EVERYTHING) as everything,
        hearing(asterisk, LEAST) as legacy,
        hearing(asterisk, advanced) as newer,
    ):
        await talk(office.trunk.customer_calls("0205550133"), 3)
        await office.idle()
        await asyncio.sleep(0.3)
    assert newer == legacy
    assert legacy == [one for one in everything if one[0] != "Newexten" or one[2].startswith(APPLICATIONS)]
    assert {"Newchannel", "DialEnd", "Newexten", "Hangup"} <= {event for event, _, _ in legacy}
