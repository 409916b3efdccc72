"""Many calls at once, by sipp on both sides."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.lab.asterisk import LabError, Ports
from tests.lab.trunk import ADDRESS

SCRIPTS = Path(__file__).parent / "sipp"
ANSWERED_DID, RINGING_DID = "0205550220", "0205550221"


@asynccontextmanager
async def phones_under_load(ports: Ports) -> AsyncIterator[None]:
    """One sipp that answers every call and one that only rings."""
    answers = await _sipp("-sn", "uas", "-i", "127.0.0.1", "-p", str(ports.answers))
    rings = await _sipp("-sf", str(SCRIPTS / "rings.xml"), "-i", "127.0.0.1", "-p", str(ports.rings))
    try:
        yield
    finally:
        for process in (answers, rings):
            process.kill()
            await process.wait()


async def call_many(ports: Ports, did: str, *, calls: int, per_second: int) -> None:
    """So many customers call, each with a number of their own (90, 91, ...). Raises LabError where a call fails."""
    pbx = f"127.0.0.1:{ports.sip}"
    amount = ("-m", str(calls), "-r", str(per_second), "-l", str(calls))
    process = await _sipp("-sf", str(SCRIPTS / "calls.xml"), "-i", ADDRESS, "-mi", ADDRESS, "-s", did, *amount, pbx)
    _, error = await process.communicate()
    if process.returncode != 0:
        raise LabError(f"sipp ended with {process.returncode}: {error.decode()[-500:]}")


async def _sipp(*arguments: str) -> asyncio.subprocess.Process:
    if not shutil.which("sipp"):
        raise LabError("sipp is not installed (Debian: sip-tester)")
    return await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        "-nostdin",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
