"""Who may in, and that nothing one connection does reaches another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from agi import server
from agi.channel import AgiChannel
from agi.server import AgiServer
from agi.settings import AgiSettings
from storage.errors import StorageError
from tests.agi.caller import HANG_UP, Caller, calling

TOKEN = "a-token-of-our-own"


async def greets(call: AgiChannel) -> None:
    await call.say("hello")


async def breaks(call: AgiChannel) -> None:
    raise RuntimeError("a script that is wrong")


async def finds_the_disk_full(call: AgiChannel) -> None:
    raise StorageError(Path("textback.db"), "the disk is full")


SCRIPTS = {"greet": greets, "break": breaks, "full": finds_the_disk_full}


@asynccontextmanager
async def serving(**settings: object) -> AsyncIterator[tuple[AgiServer, int]]:
    served = AgiServer(AgiSettings(TOKEN, port=0, **settings), SCRIPTS)  # type: ignore[arg-type]
    async with served.serving() as port:
        yield served, port


async def is_greeted(port: int) -> bool:
    async with asyncio.timeout(10), calling(port) as caller:
        caller.head(f"{TOKEN}/greet")
        await caller.listen({})
        return caller.said == ["hello"]


@pytest.mark.parametrize(
    "answer",
    [
        b"200 result=1 (" + b"a" * 100_000 + b")\n",
        b"200 result=" + b"4" * 6_000 + b"\n",
        b"520-Invalid command syntax.  Proper usage follows:\n" + b"a " * 50_000 + b"\n200 result=0\n",
    ],
)
async def test_an_answer_may_be_of_any_length(answer: bytes) -> None:
    async with serving() as (served, port), asyncio.timeout(10), calling(port) as caller:
        caller.head(f"{TOKEN}/greet")
        await caller.asked()
        caller.send(answer)
        assert await caller.is_closed()
        assert (served.figures.scripts_served, served.figures.scripts_failed) == (1, 0)


async def test_who_has_the_token_gets_the_script() -> None:
    async with serving() as (_, port):
        assert await is_greeted(port)


@pytest.mark.parametrize(
    "path", ["wrong/greet", "greet", "", "/greet", f"{TOKEN}", f"{TOKEN}/no-such", f"{TOKEN}/../x"]
)
async def test_who_has_not_is_sent_away_without_a_word(path: str) -> None:
    async with serving() as (served, port):
        async with calling(port) as caller:
            caller.head(path)
            assert await caller.is_closed()
        assert served.figures.scripts_refused == 1
        assert await is_greeted(port)


async def test_a_peer_that_is_not_on_the_list_is_sent_away() -> None:
    async with serving(peers=(ip_network("192.0.2.0/24"),)) as (_, port), calling(port) as caller:
        caller.head(f"{TOKEN}/greet")
        assert await caller.is_closed()


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n\n\n", b"agi_x: " + b"a" * 9000, b"\x00" * 9000, b"\xff\n\n", b"nonsense\n\n"]
)
async def test_what_is_no_agi_is_sent_away(data: bytes) -> None:
    async with serving() as (_, port):
        async with calling(port) as caller:
            caller.send(data)
            assert await caller.is_closed()
        assert await is_greeted(port)


async def test_a_port_scan_changes_nothing_for_others() -> None:
    async with serving() as (served, port):
        for _ in range(200):
            async with calling(port):
                pass
        assert await is_greeted(port)
        assert served.figures.scripts_failed == 0


async def test_one_that_dawdles_over_its_head_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.05)
    async with serving() as (_, port), calling(port) as caller:
        caller.send(b"agi_network: yes\n")
        assert await caller.is_closed()


async def test_many_that_dawdle_keep_nobody_out() -> None:
    async with serving(knocking=5) as (_, port), AsyncExitStack() as stack:
        for _ in range(30):
            slow = await stack.enter_async_context(calling(port))
            slow.send(b"agi_network: yes\n")
            await slow.drain()
        assert await is_greeted(port)


async def test_of_many_that_come_at_once_the_first_make_room_for_the_last() -> None:
    async with serving(knocking=3) as (_, port), AsyncExitStack() as stack:
        callers = await asyncio.gather(*(stack.enter_async_context(calling(port)) for _ in range(60)))
        assert await is_greeted(port)
        closed = [asyncio.create_task(caller.is_closed()) for caller in callers]
        async with asyncio.timeout(10):
            assert all(await asyncio.gather(*closed))


async def test_more_calls_than_may_be_are_sent_away_and_those_that_run_go_on() -> None:
    async with serving(calls=1) as (_, port), calling(port) as first:
        first.head(f"{TOKEN}/greet")
        assert "hello" in await first.asked()
        async with calling(port) as second:
            second.head(f"{TOKEN}/greet")
            assert await second.is_closed()
        first.send(b"200 result=0\n")
        assert await first.is_closed()


async def test_a_script_that_breaks_breaks_alone() -> None:
    async with serving() as (served, port):
        async with calling(port) as caller:
            caller.head(f"{TOKEN}/break")
            assert await caller.is_closed()
        assert served.figures.scripts_failed == 1
        assert await is_greeted(port)


async def test_a_full_disk_is_said_to_whoever_is_on_the_phone() -> None:
    async with serving() as (_, port), calling(port) as caller:
        caller.head(f"{TOKEN}/full")
        await caller.listen({})
        assert caller.said == ["im-sorry", "please-try-call-later"]


@pytest.mark.parametrize(
    "answer", [b"HANGUP\n", b"511 Command Not Permitted on a dead channel\n", b"200 result=-1\n", b""]
)
async def test_a_hang_up_in_mid_script_ends_that_script(answer: bytes) -> None:
    async with serving() as (served, port):
        async with calling(port) as caller:
            caller.head(f"{TOKEN}/greet")
            if answer:
                caller.send(answer)
                await caller.listen({})
            else:
                await caller.listen({"hello": HANG_UP})
        assert await is_greeted(port)
        assert (served.figures.scripts_failed, served.figures.scripts_refused) == (0, 0)


async def test_a_port_that_is_taken_is_said_so() -> None:
    async with serving() as (_, port):
        second = AgiServer(AgiSettings(TOKEN, port=port), SCRIPTS)
        with pytest.raises(OSError, match="in use"):
            async with second.serving():
                pass


async def test_stopping_ends_the_calls_that_run() -> None:
    async with AsyncExitStack() as stack:
        async with serving() as (_, port):
            caller: Caller = await stack.enter_async_context(calling(port))
            caller.head(f"{TOKEN}/greet")
            await caller.asked()
        assert await caller.is_closed()
