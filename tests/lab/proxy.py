"""A TCP proxy that can cut what runs through it, and refuse for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Between `open_proxy` and its end it passes `port` on to `target`, unless it is `down`."""

    def __init__(self, target: int) -> None:
        self.target, self.port, self.down = target, 0, False
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Reset every connection and take no new one until `heal`."""
        self.down = True
        for writer in self._writers:
            writer.transport.abort()

    def heal(self) -> None:
        self.down = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_on(reader, onward_writer))
            tasks.create_task(self._pass_on(onward_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def open_proxy(target: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
