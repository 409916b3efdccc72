"""What one PBX tells, from its messages to its judged calls: whose clock counts, and what no message can break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.ami.line import Hearing
from bridge.ami.protocol import Message, MessageFramer
from bridge.ami.resync import Heard, Received
from bridge.domain.calls.calls import EndedCall, Verdict
from bridge.domain.calls.events import Event
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.pbx.line import PbxHealth
from bridge.pbx.listener import Listener
from storage.errors import StorageError
from tests.desk import MONDAY_NOON
from tests.recorded import NAMES

TRUNK = "PJSIP/trunk-00000001"
NONE = timedelta(0)


class Told:
    """A line on which everything has been said already."""

    injected = 0

    def __init__(self, name: str, received: Sequence[Received]) -> None:
        self.name = name
        self.health = PbxHealth()
        self._received = received
        self._hearing = Hearing(name, NAMES)
        self._read = asyncio.Event()

    async def events(self) -> AsyncIterator[tuple[datetime, Sequence[Event]]]:
        for at, heard in self._received:
            yield at, self._hearing.hear(heard, at)
        self._read.set()

    @property
    def is_read(self) -> bool:
        return self._read.is_set()

    async def run(self) -> None:
        """There is nothing to connect to."""

    async def drain(self) -> None:
        await self._read.wait()


def event(name: str, second: float, apart: timedelta = timedelta(0), **headers: str) -> list[Received]:
    """Heard so many seconds after noon; the PBX's own clock is `apart` from ours."""
    heard = MONDAY_NOON + timedelta(seconds=second)
    told = {"Timestamp": f"{(heard + apart).timestamp():.6f}", "Channel": TRUNK, "Uniqueid": "1.1", "Linkedid": "1.1"}
    lines = [f"{key}: {value}\r\n" for key, value in {"Event": name, **told, **headers}.items()]
    return [(heard, message) for message in MessageFramer().feed("".join([*lines, "\r\n"]).encode())]


def a_missed_call(apart: timedelta) -> list[Received]:
    began = {"ChannelState": "4", "CallerIDNum": "+12025550123", "Exten": "2025550100", "Context": "from-trunk"}
    return [
        *event("Newchannel", 0, apart, **began),
        *event("HangupRequest", 20, apart),
        *event("Hangup", 20, apart, Cause="16"),
    ]


Store = Callable[[EndedCall, datetime], Awaitable[None]]


async def listened(received: Sequence[Received], store: Store, pbx: str = "office") -> Listener:
    """Until every call that ended was handed over."""
    tracker = Tracker(TrackerSettings(pbx, "US"))
    told = Told(pbx, received)
    listener = Listener(told, tracker, store, lambda: MONDAY_NOON)
    running = asyncio.create_task(listener.run())
    await told.drain()
    await listener.drain()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return listener


async def judged(received: Sequence[Received], pbx: str = "office") -> list[EndedCall]:
    calls: list[EndedCall] = []

    async def ended(call: EndedCall, _now: datetime) -> None:
        calls.append(call)

    await listened(received, ended, pbx)
    return calls


async def test_in_a_storm_others_have_their_turn_before_all_is_heard() -> None:
    told = Told("office", a_missed_call(NONE) * 200)
    listener = Listener(told, Tracker(TrackerSettings("office", "US")), never, lambda: MONDAY_NOON)
    async with asyncio.timeout(10):
        running = asyncio.create_task(listener.run())
        turns = 0
        while not told.is_read:
            await asyncio.sleep(0)
            turns += 1
        running.cancel()
    assert turns > 10


async def never(_call: EndedCall, _now: datetime) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("apart", [timedelta(minutes=-20), timedelta(hours=1), timedelta(days=-400)])
async def test_a_pbx_whose_clock_is_wrong_is_told_in_our_time(apart: timedelta) -> None:
    [call] = await judged(a_missed_call(apart))
    assert (call.started_at, call.ended_at) == (MONDAY_NOON, MONDAY_NOON + timedelta(seconds=20))


async def test_a_clock_that_nearly_agrees_keeps_its_own_time() -> None:
    """What it tells apart by milliseconds, a busy connection may bring in one piece."""
    [call] = await judged(a_missed_call(timedelta(seconds=-1)))
    assert call.ended_at == MONDAY_NOON + timedelta(seconds=19)


async def test_a_clock_that_is_set_in_mid_call_moves_no_end() -> None:
    wrong, right = a_missed_call(timedelta(hours=-3)), a_missed_call(timedelta(0))
    [call] = await judged([*wrong[:1], *right[1:]])
    assert (call.started_at, call.ended_at) == (MONDAY_NOON, MONDAY_NOON + timedelta(seconds=20))


async def test_two_pbxs_that_give_the_same_uniqueid_have_two_calls() -> None:
    [one], [other] = [await judged(a_missed_call(timedelta(0)), pbx) for pbx in ("north", "south")]
    assert one.key != other.key
    assert {one.verdict, other.verdict} == {Verdict.MISSED}


async def test_a_call_that_the_disk_does_not_take_is_tried_again_and_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bridge.pbx.listener.STORAGE_RETRY", 0.01)
    tries: list[EndedCall] = []

    async def ended(call: EndedCall, _now: datetime) -> None:
        tries.append(call)
        if len(tries) < 3:
            raise StorageError(Path("textback.db"), "the disk is full")

    listener = await listened(a_missed_call(timedelta(0)), ended)
    assert len(tries) == 3
    assert listener.waiting == 0
    assert capsys.readouterr().out.count("call.not_stored") == 1


def as_another(message: Heard) -> Heard:
    assert isinstance(message, Message)
    return Message(message.event, tuple((key, "1.2" if value == "1.1" else value) for key, value in message.headers))


async def test_a_call_that_our_own_code_cannot_digest_takes_no_other_with_it() -> None:
    taken: list[EndedCall] = []

    async def ended(call: EndedCall, _now: datetime) -> None:
        if call.key.uniqueid == "1.1":
            raise ValueError("a mistake of ours")
        taken.append(call)

    other = [(heard, as_another(message)) for heard, message in a_missed_call(timedelta(0))]
    await listened([*a_missed_call(timedelta(0)), *other], ended)
    assert [call.key.uniqueid for call in taken] == ["1.2"]


async def test_a_channel_that_no_setting_calls_a_trunk_is_named_in_the_log_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = {"ChannelState": "4", "CallerIDNum": "+12025550123", "Exten": "2025550100", "Context": "from-pstn"}
    calls = [
        *event("Newchannel", 0, NONE, **began, Channel="PJSIP/telnyx-00000001"),
        *event("Newchannel", 9, NONE, **began, Channel="PJSIP/telnyx-00000002", Uniqueid="1.2", Linkedid="1.2"),
    ]
    listener = await listened(calls, nobody)
    assert listener.unmatched(MONDAY_NOON) == {"PJSIP/telnyx-*": 2}
    assert capsys.readouterr().out.count("call.on_no_trunk") == 1


async def nobody(_call: EndedCall, _now: datetime) -> None:
    """No call ends."""
