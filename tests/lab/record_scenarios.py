"""`python -m tests.lab.record_scenarios [--chroot DIR] [NAME...]`: play scenarios on a real Asterisk, and keep it all.

Each becomes NAME.ami (everything on) and NAME_least.ami (the account that we ask for), with index and expectation, in
tests/recordings/22-own/ (or 16-own/, by the version); of some only the second is kept, for its size. The expectation is
what people did in the call, not what our tracker makes of it. --chroot: another Asterisk than the lab's, as mmdebstrap
makes it from Debian bullseye.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bridge.ami.client import AmiClient
from bridge.ami.protocol import MessageFramer
from bridge.ami.settings import AmiSettings
from bridge.pbx.recording import Recording, index_path
from tests.lab.asterisk import Asterisk, Installation, find_installation, running_asterisk
from tests.lab.office import open_office
from tests.lab.scenario import TRUNKS, Scenario
from tests.lab.scenarios import OWN
from tests.lab.scenarios_elsewhere import ELSEWHERE
from tests.lab.scenarios_filtered import FILTERED
from tests.lab.scenarios_freepbx import FREEPBX
from tests.lab.scenarios_handed import HANDED
from tests.lab.scenarios_moved import MOVED
from tests.lab.scenarios_routes import ROUTES
from tests.lab.scenarios_turns import TURNS

RECORDINGS = Path(__file__).parents[1] / "recordings"
ACCOUNTS = {"": ("recorder", "labsecret"), "_least": ("textback", "CHANGE-ME")}
AT_ONCE = 3


async def main(names: list[str], installation: Installation) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        for one in (*OWN, *MOVED, *TURNS, *ROUTES, *HANDED, *ELSEWHERE, *FILTERED, *FREEPBX):
            if not names or one.name in names:
                tasks.create_task(_record(one, installation, places))


async def _record(scenario: Scenario, installation: Installation, places: asyncio.Semaphore) -> None:
    async with places:
        with running_asterisk(installation) as asterisk:
            async with _recorded(asterisk, scenario), open_office(asterisk) as office:
                async with asyncio.timeout(110):
                    await scenario.play(office)
                await office.idle()
                await asyncio.sleep(0.5)
        print(scenario.name, flush=True)


@asynccontextmanager
async def _recorded(asterisk: Asterisk, scenario: Scenario) -> AsyncIterator[None]:
    """Both accounts listen from before the first call until the last channel is gone."""
    version = asterisk.version
    folder = RECORDINGS / f"{version.partition('.')[0]}-own"
    folder.mkdir(exist_ok=True)
    listening: list[asyncio.Task[None]] = []
    recordings = []
    for suffix, (username, secret) in ACCOUNTS.items():
        path = folder / f"{scenario.name}{suffix}.ami"
        path.unlink(missing_ok=True)
        index_path(path).unlink(missing_ok=True)
        recording = Recording(path, MessageFramer, _now)
        recordings.append(recording.__enter__())
        settings = AmiSettings(username, port=asterisk.ports.ami, username=username, secret=secret)
        client = AmiClient(settings, clock=_now, wanted=(), tap=recording)
        listening.append(asyncio.create_task(client.run()))
        await anext(client.messages())  # the snapshot has ended
        _write_expectation(path, scenario, version)
    try:
        yield
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for recording in recordings:
            recording.__exit__(None, None, None)


def _write_expectation(path: Path, scenario: Scenario, version: str) -> None:
    expected = {
        "scenario": path.stem,
        "description": scenario.description,
        "asterisk": version,
        "trunks": TRUNKS,
        "calls": [call.as_json() for call in scenario.calls],
    }
    path.with_suffix(".expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--chroot", type=Path)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    where = Installation(asked.chroot.resolve()) if asked.chroot else find_installation()
    asyncio.run(main(asked.names, where))
