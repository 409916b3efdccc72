"""Promise 15: nobody outside can use up the connections that PBX, gateway and page need (slowloris, EMFILE).

The daemon as its own process, with as many descriptors as a system gives by default.
"""

import asyncio
import resource
import select
import socket
import sys
import threading
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bridge.daemon.daemon import wall_clock
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from tests import site
from tests.ports import reserve
from tests.smpp.support import eventually

TEXTBACK = Path(sys.executable).with_name("textback")
DESCRIPTORS = 1024
HALF_REQUESTS = 1500
ATTACKER, COLLEAGUE = "127.0.0.66", "127.0.0.7"


def half_requests(port: int, over: threading.Event) -> None:
    """That many connections that never end their question; whoever is sent away begins anew."""
    with ExitStack() as closed:
        crowd: list[socket.socket] = []
        while not over.is_set():
            crowd = [one for one in crowd if not is_sent_away(one)]
            with suppress(OSError):
                while len(crowd) < HALF_REQUESTS and not over.is_set():
                    one = closed.enter_context(
                        socket.create_connection(("127.0.0.1", port), source_address=(ATTACKER, 0))
                    )
                    crowd.append(one)
                    one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            over.wait(0.5)


def is_sent_away(one: socket.socket) -> bool:
    asked = select.poll()
    asked.register(one, select.POLLIN)
    if gone := bool(asked.poll(0)):
        one.close()
    return gone


async def texted(pbx: SimulatedPbx, smsc: Smsc, caller: str) -> None:
    """A missed call, until its text is at the gateway."""
    await pbx.play(Tape.named("noanswer_one_phone"), caller=caller, did=site.DID, speed=50)
    await smsc.until(lambda smsc: any(caller.endswith(text.destination) for text in smsc.submitted))


async def opens(port: int) -> None:
    """Somebody at another address gets an answer."""
    connector = aiohttp.TCPConnector(local_addr=(COLLEAGUE, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(f"http://127.0.0.1:{port}/readyz") as answer,
    ):
        assert answer.status == 200


async def stopped(daemon: asyncio.subprocess.Process) -> None:
    daemon.terminate()
    assert await daemon.wait() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_half_asked_pages_by_the_thousand_hold_up_no_text_and_no_colleague(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * HALF_REQUESTS), hard))
    async with AsyncExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        pbx = await stack.enter_async_context(SimulatedPbx(clock=wall_clock, secret="secret"))
        smsc = await stack.enter_async_context(Smsc().serve())
        port = reserve()
        config = await site.texting(tmp_path, pbx.port, smsc.port, port)
        few = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        log = stack.enter_context((tmp_path / "log").open("wb"))
        daemon = await asyncio.create_subprocess_exec(
            TEXTBACK, "run", "--config", config, stdout=log, stderr=log, preexec_fn=few
        )
        stack.push_async_callback(stopped, daemon)
        await smsc.until_bound()
        crowd = asyncio.create_task(asyncio.to_thread(half_requests, port, over := threading.Event()))
        stack.push_async_callback(asyncio.wait, [crowd])
        stack.callback(over.set)
        await eventually(lambda: "page.crowded" in (tmp_path / "log").read_text())
        for n in range(3):
            await texted(pbx, smsc, f"+1201555010{n}")
            await opens(port)
    said = (tmp_path / "log").read_text()
    assert f"The page, for one browser: http://127.0.0.1:{port}/link/" in said
    assert "Traceback" not in said
