"""The line to a FreeSWITCH: what is heard over a connection that breaks, stalls, refuses and comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge.cli.app import build
from bridge.domain.calls.calls import EndedCall, Verdict
from bridge.domain.calls.events import Event, LinkLost, SnapshotEnded
from bridge.domain.calls.tracker import Tracker
from bridge.esl.channels import ChannelNames
from bridge.esl.client import EslClient
from bridge.esl.decode import SUBSCRIPTION
from bridge.esl.line import EslLine
from bridge.esl.session import EslSession
from bridge.esl.settings import EslSettings
from bridge.ops.backoff import Backoff
from bridge.pbx.line import LinkError, LoginRefusedError
from bridge.simulator.switch import SimulatedSwitch
from bridge.simulator.switch_tape import SwitchTape
from tests.esl.recorded import SETTINGS
from tests.recorded import FOLDER
from tests.smpp.support import eventually

FAST = 1000.0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), arguments)


def now() -> datetime:
    return datetime.now(UTC)


def tape(name: str) -> SwitchTape:
    return SwitchTape.load(FOLDER / "freeswitch-1.11.1" / f"{name}.esl")


class Office:
    """Follows one line."""

    def __init__(self, line: EslLine) -> None:
        self.line, self.health = line, line.health
        self.ended: list[EndedCall] = []
        self.told: list[Event] = []
        self._tracker = Tracker(SETTINGS)

    async def follow(self) -> None:
        async for _, events in self.line.events():
            self.told += events
            for event in events:
                self.ended += self._tracker.feed(event)

    def told_of(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.told)


def settings(switch: SimulatedSwitch, **changes: object) -> EslSettings:
    one = EslSettings("office", port=switch.port, secret="secret", trunks=("external",))
    return replace(one, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def listening(settings: EslSettings) -> AsyncIterator[Office]:
    quick = Backoff(0.01, 0.01)
    client = EslClient(settings, clock=now, retry=quick, refused_retry=Backoff(0.01, 0.01))
    office = Office(EslLine(client, ChannelNames(settings.trunks)))
    tasks = [asyncio.create_task(office.line.run()), asyncio.create_task(office.follow())]
    try:
        yield office
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def switch() -> AsyncIterator[SimulatedSwitch]:
    async with SimulatedSwitch(clock=now, password="secret", heartbeat=60) as running:
        yield running


async def test_a_call_is_heard_and_judged(switch: SimulatedSwitch) -> None:
    async with listening(settings(switch)) as office:
        await eventually(lambda: office.told_of(SnapshotEnded) == 1)
        await switch.play(tape("no_answer"), speed=FAST)
        await eventually(lambda: len(office.ended) == 1)
        assert office.ended[0].verdict is Verdict.MISSED
        assert office.health.connected_since


def steps_of(
    switch: SimulatedSwitch, name: str, until: str
) -> tuple[Sequence[dict[str, str]], Sequence[dict[str, str]]]:
    said = [dict(values) for _, values in tape(name).take({}, core=switch.core, began=now().timestamp())]
    at = next(place for place, one in enumerate(said) if one["Event-Name"] == until)
    return said[:at], said[at:]


async def test_a_cut_line_is_lost_once_and_the_call_found_again(switch: SimulatedSwitch) -> None:
    before, after = steps_of(switch, "answered", "CHANNEL_UNBRIDGE")
    async with listening(settings(switch)) as office:
        await eventually(lambda: office.told_of(SnapshotEnded) == 1)
        for one in before:
            switch.happens(one)
        switch.cut()
        await eventually(lambda: office.told_of(SnapshotEnded) == 2)
        for one in after:
            switch.happens(one)
        await eventually(lambda: len(office.ended) == 1)
        assert (office.ended[0].verdict, office.ended[0].answered_by) == (Verdict.ANSWERED, "101")
        assert (office.told_of(LinkLost), office.health.reconnects) == (1, 1)


async def test_a_restarted_switch_has_none_of_the_calls(switch: SimulatedSwitch) -> None:
    before, _ = steps_of(switch, "answered", "CHANNEL_ANSWER")
    async with listening(settings(switch)) as office:
        await eventually(lambda: office.told_of(SnapshotEnded) == 1)
        for one in before:
            switch.happens(one)
        switch.restart()
        await eventually(lambda: len(office.ended) == 1)
        assert office.ended[0].verdict is not Verdict.ANSWERED


async def test_a_switch_that_says_nothing_any_more_is_given_up(switch: SimulatedSwitch) -> None:
    async with listening(settings(switch, silence=0.05)) as office:
        await eventually(lambda: office.told_of(SnapshotEnded) >= 1)
        switch.stalled = True
        await eventually(lambda: office.told_of(LinkLost) >= 1)
        assert "said nothing" in office.health.last_error or "greeting" in office.health.last_error


async def test_where_more_is_told_than_there_is_room_for_we_begin_anew(switch: SimulatedSwitch) -> None:
    async with listening(settings(switch, queue_size=1)) as office:
        await eventually(lambda: office.told_of(SnapshotEnded) == 1)
        for one in steps_of(switch, "answered", "CHANNEL_UNBRIDGE")[0]:
            switch.happens(one)
        await eventually(lambda: office.health.dropped >= 1 and office.told_of(LinkLost) >= 1)
        assert "asked for anew" in office.health.last_error


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ({"secret": "wrong"}, "login refused: -ERR invalid"),
        ({"username": "textback@office"}, "login refused: -ERR invalid"),
    ],
)
async def test_a_refused_login_says_so(switch: SimulatedSwitch, account: dict[str, str], why: str) -> None:
    session = EslSession(settings(switch, **account), lambda _: None)
    with pytest.raises(LoginRefusedError, match=why):
        await session.open()


async def test_a_refused_address_says_so(switch: SimulatedSwitch) -> None:
    switch.refuses = True
    with pytest.raises(LoginRefusedError, match="apply-inbound-acl"):
        await EslSession(settings(switch), lambda _: None).open()


async def test_answers_come_in_the_order_of_what_was_asked(switch: SimulatedSwitch) -> None:
    session = EslSession(settings(switch), lambda _: None)
    await session.open()
    answers = await asyncio.gather(
        *(session.api(asked) for asked in ("version", "nonsense", "status", "module_exists x"))
    )
    assert [answer.split()[0] for answer in answers] == ["FreeSWITCH", "-ERR", "UP", "true"]
    session.close()


async def test_no_value_can_add_a_command_of_its_own(switch: SimulatedSwitch) -> None:
    with pytest.raises(ValueError, match="secret"):
        settings(switch, secret="x\n\napi version")
    session = EslSession(settings(switch), lambda _: None)
    await session.open()
    with pytest.raises(ValueError, match="control character"):
        await session.api("version\n\nexit")
    session.close()
    with pytest.raises(LinkError):
        await session.api("version")


async def test_the_command_records_a_switch_for_replay(switch: SimulatedSwitch, tmp_path: Path) -> None:
    out, secret = tmp_path / "office.esl", tmp_path / "secret"
    secret.write_text("secret\n")
    arguments = ["record", str(out), "--for", "1s", "--freeswitch", "--host", "127.0.0.1", "--secret-file", str(secret)]
    recorded = asyncio.create_task(asyncio.to_thread(run, *arguments, "--port", str(switch.port)))
    await eventually(lambda: b"row_count" in (out.read_bytes() if out.exists() else b""))
    await switch.play(tape("no_answer"), speed=FAST)
    assert (await recorded).exit_code == 0
    judged = await asyncio.to_thread(run, "replay", "--json", str(out), "--trunk", "external")
    assert [json.loads(line)["verdict"] for line in judged.stdout.splitlines()] == ["missed"]


async def test_a_switch_that_lets_nobody_in_says_why(switch: SimulatedSwitch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    arguments = ["record", str(tmp_path / "x.esl"), "--for", "1s", "--freeswitch", "--host", "127.0.0.1"]
    refused = await asyncio.to_thread(run, *arguments, "--secret-file", str(secret), "--port", str(switch.port))
    assert refused.exit_code == 1
    assert "let us hear nothing: login refused: -ERR invalid" in refused.output


async def logged_in(*lists: str) -> None:
    """Into a switch that answers `userauth` as a real one does, with what the account may."""

    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Content-Type: auth/request\n\n")
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\n\n")
            writer.write("\n".join(("Content-Type: command/reply", "Reply-Text: +OK accepted", *lists, "\n")).encode())
            await reader.readuntil(b"\n\n")
            writer.write(b"Content-Type: command/reply\nReply-Text: +OK event listener enabled json\n\n")
        writer.close()
        over.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        session = EslSession(EslSettings("office", port=port, username="textback@office", secret="s"), lambda _: None)
        try:
            await session.open()
        finally:
            session.close()
            await over.wait()


@pytest.mark.parametrize("between", [",", " "])
async def test_an_account_that_may_just_what_is_needed_is_let_in(between: str) -> None:
    await logged_in(f"Allowed-Events: {between.join(SUBSCRIPTION.split())}", "Allowed-API: show,uuid_dump")


@pytest.mark.parametrize(
    ("hears", "asks", "why"),
    [
        (SUBSCRIPTION.replace("CHANNEL_BRIDGE ", ""), "all", "does not hear CHANNEL_BRIDGE: add"),
        ("CUSTOM", "all", "vm::maintenance"),
        ("all", "show status", "may not ask uuid_dump: add"),
    ],
)
async def test_an_account_that_may_too_little_is_told_what_it_lacks(hears: str, asks: str, why: str) -> None:
    with pytest.raises(LoginRefusedError, match=why):
        await logged_in(f"Allowed-Events: {hears}", f"Allowed-API: {asks}")
