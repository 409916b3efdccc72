"""Opening the connection to an SMSC: by name, by whichever address answers first, and given up at any moment."""

import asyncio
import gc
import warnings
from contextlib import suppress

from bridge.smpp.link import Streams, connect
from tests.smpp.support import with_settings

LONGEST = 40
"""Steps of the event loop, more than a connection on the loopback takes."""


async def test_no_socket_is_left_over_whenever_the_connecting_is_cancelled() -> None:
    """As when a reload or a stop comes meanwhile."""
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        settings = with_settings(port=server.sockets[0].getsockname()[1])
        with warnings.catch_warnings(record=True) as left_over:
            warnings.simplefilter("always", ResourceWarning)
            for steps in range(LONGEST):
                await _cancelled_after(steps, asyncio.create_task(connect(settings)))
            gc.collect()
    assert not [str(warning.message) for warning in left_over]


async def _cancelled_after(steps: int, connecting: asyncio.Task[Streams]) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    connecting.cancel()
    with suppress(asyncio.CancelledError):
        (await connecting).writer.close()
