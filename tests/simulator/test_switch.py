"""The small FreeSWITCH over TCP: what a client of ours hears of it, and how it breaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bridge.domain.calls.calls import EndedCall, Reason, Verdict
from bridge.domain.calls.events import NobodyDialled
from bridge.domain.calls.tracker import Tracker
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import SUBSCRIPTION
from bridge.esl.protocol import ANSWER, EVENT, GREETING, NOTICE, REJECTION, REPLY, Block, Framer
from bridge.esl.recording import Hearing
from bridge.esl.resync import Resync
from bridge.simulator.switch import SimulatedSwitch
from bridge.simulator.switch_tape import SwitchTape
from tests.esl.recorded import SETTINGS
from tests.recorded import FOLDER

FAST = 1000.0
CALLER, DID = "+31687650001", "0205550199"


def now() -> datetime:
    return datetime.now(UTC)


def tape(name: str) -> SwitchTape:
    return SwitchTape.load(FOLDER / "freeswitch-1.11.1" / f"{name}.esl")


class Client:
    """Asks one thing at a time; what comes between is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._framer = Framer()
        self._hearing = Hearing(ChannelNames(("external",)))
        self._tracker = Tracker(SETTINGS)
        self._blocks: list[Block] = []
        self.ended: list[EndedCall] = []
        self.nobody: list[NobodyDialled] = []

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def let_in(self, password: str = "secret") -> "Client":
        assert (await self.next()).kind == GREETING
        assert (await self.asks(f"auth {password}")).reply == "+OK accepted"
        assert (await self.asks(f"event json {SUBSCRIPTION}")).reply == "+OK event listener enabled json"
        return self

    async def next(self) -> Block:
        while not self._blocks:
            data = await asyncio.wait_for(self._reader.read(1 << 16), 10)
            if not data:
                raise ConnectionResetError
            self._blocks = self._framer.feed(data)
        block = self._blocks.pop(0)
        for event in self._hearing.hear(block, now()):
            self.ended += self._tracker.feed(event)
            if isinstance(event, NobodyDialled):
                self.nobody.append(event)
        return block

    async def asks(self, command: str) -> Block:
        self._writer.write(f"{command}\n\n".encode())
        while (block := await self.next()).kind not in (REPLY, ANSWER):
            pass
        return block

    async def looks_around(self) -> None:
        resync = Resync()
        asks = list(resync.asks)
        while asks:
            asks += resync.answered((await self.asks(f"api {asks.pop(0)}")).text)

    async def call(self) -> EndedCall:
        while not self.ended:
            await self.next()
        return self.ended[0]


Connect = Callable[[SimulatedSwitch], Awaitable[Client]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connected(switch: SimulatedSwitch) -> Client:
        clients.append(Client(*await asyncio.open_connection(switch.host, switch.port)))
        return clients[-1]

    yield connected
    for client in clients:
        await client.close()


@pytest.fixture
async def switch() -> AsyncIterator[SimulatedSwitch]:
    async with SimulatedSwitch(clock=now, password="secret", heartbeat=60) as running:
        yield running


async def test_a_recorded_call_is_played_with_another_caller_and_judged_by_what_was_heard(
    switch: SimulatedSwitch, connect: Connect
) -> None:
    client = await (await connect(switch)).let_in()
    _, call = await asyncio.gather(switch.play(tape("answered"), caller=CALLER, did=DID, speed=FAST), client.call())
    assert (call.verdict, call.answered_by, call.did) == (Verdict.ANSWERED, "101", DID)
    assert str(call.caller.number) == CALLER
    assert call.started_at
    assert abs((now() - call.started_at).total_seconds()) < 60
    assert len(switch.channels) == 0


async def test_whoever_joins_in_the_middle_of_a_talk_finds_both_of_them(
    switch: SimulatedSwitch, connect: Connect
) -> None:
    steps = list(tape("answered").take({}, core=switch.core, began=now().timestamp()))
    ends = next(place for place, (_, said) in enumerate(steps) if said["Event-Name"] == "CHANNEL_UNBRIDGE")
    for _, said in steps[:ends]:
        switch.happens(said)
    client = await (await connect(switch)).let_in()
    await client.looks_around()
    for _, said in steps[ends:]:
        switch.happens(said)
    assert ((await client.call()).verdict, (await client.call()).answered_by) == (Verdict.ANSWERED, "101")


async def test_a_wrong_password_is_refused_and_the_session_ended(switch: SimulatedSwitch, connect: Connect) -> None:
    client = await connect(switch)
    await client.next()
    assert (await client.asks("api status")).reply == "-ERR command not found"
    assert (await client.asks("auth wrong")).reply == "-ERR invalid"
    assert (await client.next()).kind == NOTICE
    with pytest.raises(ConnectionResetError):
        await client.next()


async def test_an_account_is_let_in_by_its_name(connect: Connect) -> None:
    async with SimulatedSwitch(clock=now, password="secret", username="textback@office") as switch:
        client = await connect(switch)
        await client.next()
        let_in = await client.asks("userauth textback@office:secret")
        assert (let_in.reply, let_in.head["Allowed-API"]) == ("+OK accepted", "all")


async def test_a_switch_that_refuses_the_address_says_so_rudely(switch: SimulatedSwitch, connect: Connect) -> None:
    switch.refuses = True
    client = await connect(switch)
    assert (await client.next()).kind == REJECTION


async def test_a_restart_ends_the_sessions_and_leaves_no_channel(switch: SimulatedSwitch, connect: Connect) -> None:
    client, core = await (await connect(switch)).let_in(), switch.core
    _, said = next(iter(tape("answered").take({}, core=core, began=now().timestamp())))
    switch.happens(said)
    assert (await client.next()).kind == EVENT
    switch.restart()
    with pytest.raises(ConnectionError):
        await client.next()
    again = await (await connect(switch)).let_in()
    assert (await again.asks("api show channels as json")).text == '{"row_count": 0}'
    assert switch.core != core


async def test_a_stalled_switch_answers_nothing_until_it_goes_on(switch: SimulatedSwitch, connect: Connect) -> None:
    client = await (await connect(switch)).let_in()
    switch.stalled = True
    asked = asyncio.create_task(client.asks("api version"))
    done, _ = await asyncio.wait({asked}, timeout=0.05)
    assert not done
    asked.cancel()
    await asyncio.wait({asked})
    switch.stalled = False
    assert (await client.asks("api version")).text.startswith("FreeSWITCH Version")


async def test_a_heartbeat_comes_by_itself(connect: Connect) -> None:
    async with SimulatedSwitch(clock=now, password="secret", heartbeat=0.01) as switch:
        client = await (await connect(switch)).let_in()
        assert (await client.next()).event == "HEARTBEAT"


ORIGINATE = (
    "bgapi originate {origination_uuid=attempt-7,originate_timeout=30,textback_did=0205550101}"
    "user/103@office 0687654321 XML textback-callback\nJob-UUID: attempt-7.x"
)


async def test_a_call_that_it_is_asked_to_make_is_played_under_its_name(connect: Connect) -> None:
    steps = tape("originate_taken").steps
    quick = SwitchTape(tuple((after / FAST, said) for after, said in steps))
    async with SimulatedSwitch(clock=now, password="secret", calls_back=quick) as switch:
        client = await (await connect(switch)).let_in()
        assert (await client.asks(ORIGINATE)).reply == "+OK Job-UUID: attempt-7.x"
        call = await client.call()
        assert (call.attempt_id, call.answered_by, call.did) == ("attempt-7", "103", "0687654321")
        assert (call.verdict, client.nobody) == (Verdict.ANSWERED, [])


async def test_where_no_call_is_to_be_made_the_phone_is_not_picked_up(
    switch: SimulatedSwitch, connect: Connect
) -> None:
    client = await (await connect(switch)).let_in()
    await client.asks(ORIGINATE)
    while not client.nobody:
        await client.next()
    assert [(one.attempt_id, one.why) for one in client.nobody] == [("attempt-7", Reason.NO_ANSWER)]
    assert len(switch.originated) == 1


async def test_labels_are_kept_found_and_forgotten(switch: SimulatedSwitch, connect: Connect) -> None:
    client = await (await connect(switch)).let_in()
    for asked, answer in (
        ("hash insert/textback/31612345678/Missed 14:05", "+OK\n"),
        ("hash select/textback/31612345678", "Missed 14:05"),
        ("hash_dump db textback", "D/textback_31612345678/Missed 14:05\n"),
        ("hash delete/textback/31612345678", "+OK\n"),
        ("hash delete/textback/31612345678", "-ERR Not found\n"),
        ("hash select/textback/31612345678", "-ERR no reply\n"),
        ("nonsense", "-ERR nonsense Command not found!\n"),
    ):
        assert (await client.asks(f"api {asked}")).text == answer
