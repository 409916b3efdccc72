"""Asking a PBX to ring a colleague and a customer; and the simulated PBX, which plays recorded calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.pbx import AsteriskPbx
from bridge.ami.protocol import Message
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.events import SnapshotEnded
from bridge.domain.phone import E164
from bridge.ops.backoff import Backoff
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.tape import Tape, names
from tests.ami.scripted import ScriptedPbx, line_to, reply

CUSTOMER = E164("+12025550123")
SECRET = "s3cret"
FAST = 1e6


def now() -> datetime:
    return datetime.now(UTC)


async def call_customer(pbx: AsteriskPbx, **changed: str) -> tuple[bool, str]:
    asked = {"attempt_id": "attempt-7", "extension": "101", "did": "+12025550100", "display": "Roof leak, 12 Elm St"}
    result = await pbx.originate(number=CUSTOMER, **(asked | changed))
    return result.accepted, result.error


async def test_an_originate_says_who_is_rung_what_is_shown_and_who_is_dialled() -> None:
    pbx = ScriptedPbx(answers={"Originate": lambda a: reply(a, Message="Originate successfully queued")})
    async with line_to(pbx) as line:
        await line.next()
        assert await call_customer(AsteriskPbx(line.client)) == (True, "")
    asked = pbx.named("Originate")[0]
    assert asked | {"ActionID": ""} == {
        "Action": "Originate",
        "ActionID": "",
        "Async": "true",
        "Channel": "PJSIP/101",
        "ChannelId": "attempt-7",
        "Context": "textback-callback",
        "Exten": "12025550123",
        "Priority": "1",
        "Timeout": "30000",
        "CallerID": '"Roof leak, 12 Elm St" <+12025550123>',
        "Variable": "__TEXTBACK_DID=+12025550100",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"extension": "101&PJSIP/trunk/900"},
        {"extension": ""},
        {"did": "100,SHELL(x)"},
        {"attempt_id": "a\r\nAction: Command"},
    ],
)
async def test_what_is_no_plain_extension_line_or_attempt_is_refused_unsent(changed: dict[str, str]) -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        accepted, error = await call_customer(AsteriskPbx(line.client), **changed)
        assert not accepted
        assert error
        assert line.pbx.named("Originate") == []


async def test_what_others_wrote_is_shown_without_what_could_end_a_header_or_a_name() -> None:
    pbx = ScriptedPbx(answers={"Originate": lambda a: reply(a)})
    async with line_to(pbx) as line:
        await line.next()
        await call_customer(AsteriskPbx(line.client), display='a"<sip:x>\r\nVariable: X=1' + "y" * 100)
    shown = pbx.named("Originate")[0]["CallerID"]
    assert shown.startswith('"a  sip:x   Variable: X=1yyy')
    assert shown.endswith('" <+12025550123>')
    assert len(shown) < 60


async def test_a_refused_originate_carries_the_pbxs_words() -> None:
    pbx = ScriptedPbx(answers={"Originate": lambda a: reply(a, "Error", Message="Permission denied")})
    async with line_to(pbx) as line:
        await line.next()
        assert await call_customer(AsteriskPbx(line.client)) == (False, "Permission denied")


async def test_without_a_link_an_originate_is_refused_and_never_made_up_for() -> None:
    client = AmiClient(AmiSettings("office"), clock=now, wanted=())
    accepted, _ = await call_customer(AsteriskPbx(client))
    assert not accepted


async def listen(pbx: AsteriskPbx, **changed: str) -> tuple[bool, str]:
    asked = {"attempt_id": "listen-7", "extension": "101", "mailbox": "199@default", "display": 'Voicemail "Ann"'}
    result = await pbx.listen(**(asked | changed))
    return result.accepted, result.error


async def test_listening_rings_the_phone_and_sends_it_to_the_mailbox_in_our_own_context() -> None:
    pbx = ScriptedPbx(answers={"Originate": lambda a: reply(a)})
    async with line_to(pbx) as line:
        await line.next()
        assert await listen(AsteriskPbx(line.client)) == (True, "")
    asked = pbx.named("Originate")[0]
    assert asked | {"ActionID": ""} == {
        "Action": "Originate",
        "ActionID": "",
        "Async": "true",
        "Channel": "PJSIP/101",
        "ChannelId": "listen-7",
        "Context": "textback-listen",
        "Exten": "s",
        "Priority": "1",
        "Timeout": "30000",
        "CallerID": '"Voicemail  Ann " <199>',
        "Variable": "TEXTBACK_MAILBOX=199@default",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"mailbox": "199"},
        {"mailbox": "199@default,s"},
        {"mailbox": "199@default,TEXTBACK_DID=900"},
        {"mailbox": "199@default\r\nAction: Command"},
        {"mailbox": "${SHELL(x)}@default"},
        {"mailbox": "../../199@default"},
        {"extension": "101&PJSIP/trunk/900"},
    ],
)
async def test_what_is_no_plain_mailbox_is_refused_unsent(changed: dict[str, str]) -> None:
    async with line_to(ScriptedPbx()) as line:
        await line.next()
        accepted, error = await listen(AsteriskPbx(line.client), **changed)
        assert not accepted
        assert error
        assert line.pbx.named("Originate") == []


@asynccontextmanager
async def client_of(pbx: SimulatedPbx, secret: str = SECRET) -> AsyncIterator[AmiClient]:
    settings = AmiSettings("office", port=pbx.port, secret=secret)
    client = AmiClient(settings, clock=now, wanted=WANTED, retry=Backoff(0.01, 0.01), refused_retry=Backoff(9, 9))
    running = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        running.cancel()
        await asyncio.wait({running})


async def until_hangups(client: AmiClient, count: int) -> list[Message]:
    """All events up to the n-th Hangup."""
    heard: list[Message] = []
    async for _, what in client.messages():
        if isinstance(what, Message):
            heard.append(what)
        if sum(message.event == "Hangup" for message in heard) == count:
            break
    return heard


async def connected(client: AmiClient) -> None:
    async for _, what in client.messages():
        if isinstance(what, SnapshotEnded):
            return


def test_the_shipped_tapes_are_calls_with_a_caller_and_a_called_number() -> None:
    assert {"answered_one_phone", "noanswer_one_phone", "voicemail_message", "queue_abandoned"} <= set(names())
    for name in names():
        tape = Tape.named(name)
        assert tape.caller
        assert tape.did
        assert tape.seconds > 0


async def test_a_tape_played_twice_is_two_calls_of_two_customers() -> None:
    tape = Tape.named("noanswer_one_phone")
    async with SimulatedPbx(clock=now, secret=SECRET) as pbx, client_of(pbx) as client:
        await connected(client)
        await pbx.play(tape, caller="+12025550123", did="2025550100", speed=FAST)
        await pbx.play(tape, caller="+12025550199", did="2025550100", speed=FAST)
        heard = await until_hangups(client, 4)
    calls = [m for m in heard if m.event == "Newchannel" and m.get("Exten") == "2025550100"]
    assert [call.get("CallerIDNum") for call in calls] == ["+12025550123", "+12025550199"]
    assert len({message.get("Uniqueid") for message in heard if message.get("Uniqueid")}) == 4
    assert len({message.get("Channel") for message in heard if message.get("Channel")}) == 4


async def test_a_snapshot_shows_the_calls_that_are_up() -> None:
    tape = Tape.named("answered_one_phone")
    first = [step for step in tape.steps if dict(step.headers)["Event"] != "Hangup"]
    async with SimulatedPbx(clock=now, secret=SECRET) as pbx:
        await pbx.play(Tape(tuple(first)), speed=FAST)
        async with client_of(pbx) as client:
            rows = []
            async for _, what in client.messages():
                if isinstance(what, SnapshotEnded):
                    break
                rows.append(what)
    assert tape.did in {row.get("Exten") for row in rows if isinstance(row, Message)}
    assert len(rows) == 2
    assert all(isinstance(row, Message) and row.get("Uniqueid") and row.get("Linkedid") for row in rows)


async def test_a_wrong_secret_is_refused_and_a_cut_healed() -> None:
    async with SimulatedPbx(clock=now, secret=SECRET) as pbx:
        async with client_of(pbx, secret="wrong") as client:
            async with asyncio.timeout(5):
                while "refused" not in client.health.last_error:  # noqa: ASYNC110  # health has no event
                    await asyncio.sleep(0.01)
        async with client_of(pbx) as client:
            await connected(client)
            pbx.cut()
            await connected(client)
            assert client.health.reconnects == 1


async def test_an_originate_is_noted() -> None:
    async with SimulatedPbx(clock=now, secret=SECRET) as pbx, client_of(pbx) as client:
        await connected(client)
        assert await call_customer(AsteriskPbx(client)) == (True, "")
        assert [action.get("ChannelId") for action in pbx.originated] == ["attempt-7"]
