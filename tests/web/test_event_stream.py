"""The stream of changes: prompt, bounded, and over when the daemon stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientResponse, ClientSession, TCPConnector

from bridge.web.changes import Changes
from bridge.web.event_stream import EVERYTHING, REMEMBERED, EventStream
from storage import settings
from tests.desk import OTHER, Desk, missed_call
from tests.web.served import COOKIES, Client, served


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with served(desk) as made:
        yield made


async def told(answer: ClientResponse) -> tuple[str, list[int]]:
    """The next event of a stream, and the rows that it names."""
    lines: dict[str, str] = {}
    async for line in answer.content:
        key, _, value = line.decode().rstrip("\r\n").partition(": ")
        if not key and "event" in lines:
            break
        lines[key.rstrip(":")] = value
    return lines["event"], json.loads(lines.get("data") or "[]")


async def told_of(answer: ClientResponse, row_id: int) -> None:
    """Wait until the stream names this row."""
    while True:
        _, rows = await told(answer)
        if row_id in rows:
            return


async def test_a_page_is_told_of_a_row_as_soon_as_it_is_committed(client: Client, desk: Desk) -> None:
    async with client.get("/events") as stream:
        assert await told(stream) == ("beat", [])
        await desk.call(missed_call())
        await told_of(stream, (await desk.row()).id)


async def test_every_page_is_told(client: Client, desk: Desk) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(client.get("/events")) for _ in range(100)]
        await asyncio.gather(*(told(stream) for stream in streams))
        await desk.call(missed_call(OTHER))
        await asyncio.gather(*(told_of(stream, 1) for stream in streams))


async def test_pause_and_resume_make_every_page_load_again(client: Client, desk: Desk) -> None:
    async with client.get("/events") as stream:
        await told(stream)
        async with desk.database.transaction() as tx:
            await settings.turn(tx, settings.PAUSED, True, "Ann", desk.clock())
        await told_of(stream, EVERYTHING)


async def test_streams_end_when_the_daemon_stops(desk: Desk) -> None:
    async with served(desk) as client:
        stream = await client.get("/events")
        await told(stream)
        await client.server.close()
        assert await stream.content.read() == b""


async def test_a_page_that_fell_far_behind_loads_everything(desk: Desk) -> None:
    live = EventStream(Changes(desk.database))
    for row_id in range(1, REMEMBERED + 2):
        live.tell(row_id)
    assert live.since(0) == [EVERYTHING]
    assert live.since(REMEMBERED) == [REMEMBERED + 1]


async def test_many_changes_of_one_row_are_told_once(desk: Desk) -> None:
    live = EventStream(Changes(desk.database))
    for _ in range(50):
        live.tell(7)
    assert live.since(0) == [7]


async def test_silence_is_broken_by_a_beat(desk: Desk) -> None:
    async with served(desk, heartbeat=0.01) as client, client.get("/events") as stream:
        assert [await told(stream) for _ in range(3)] == [("beat", [])] * 3


async def test_five_hundred_pages_are_told_and_slow_ones_hold_nobody_up(client: Client, desk: Desk) -> None:
    """Half of them read nothing, as a browser that sleeps does."""
    async with AsyncExitStack() as stack:
        connector = await stack.enter_async_context(TCPConnector(limit=0))
        session = await stack.enter_async_context(ClientSession(connector=connector, cookies=COOKIES))
        address = client.make_url("/events")
        streams = [await stack.enter_async_context(session.get(address)) for _ in range(500)]
        awake = streams[::2]
        await asyncio.gather(*(told(stream) for stream in awake))
        await desk.call(missed_call(OTHER))
        await asyncio.gather(*(told_of(stream, 1) for stream in awake))
        async with client.get("/count") as answer:
            assert (await answer.json())["to_call"] == 1


async def test_a_client_that_never_ends_its_request_holds_nobody_up(client: Client) -> None:
    url = client.make_url("/")
    dripping = [await asyncio.open_connection(url.host, url.port) for _ in range(50)]
    for _, writer in dripping:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    async with client.get("/") as answer:
        assert answer.status == 200
    for _, writer in dripping:
        writer.close()


async def test_too_many_streams_are_sent_away_and_told_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.event_stream.MOST_STREAMS", 1)
    async with client.get("/events") as stream:
        await told(stream)
        async with client.get("/events") as refused:
            assert refused.status == 503
