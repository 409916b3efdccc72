"""A recording holds what came, byte for byte, and says when."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from bridge.ami.client import AmiClient
from bridge.ami.protocol import MessageFramer
from bridge.ami.settings import AmiSettings
from bridge.cli.record import parse_duration, register
from bridge.pbx.record import record
from bridge.pbx.recording import Recording, index_path
from tests.ami.scripted import NOON, ScriptedPbx, event, line_to

HANGUP = event("Hangup", Uniqueid="1.1")
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def recording_of(path: Path, clock: Callable[[], datetime]) -> Recording:
    return Recording(path, MessageFramer, clock)


def recorder(settings: AmiSettings, recording: Recording) -> AmiClient:
    return AmiClient(settings, clock=lambda: NOON, wanted=(), tap=recording)


def index_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in index_path(path).read_text().splitlines()]


async def test_every_byte_and_every_block_is_in_the_recording(tmp_path: Path) -> None:
    out = tmp_path / "office.ami"
    with recording_of(out, lambda: NOON) as recording:
        async with line_to(ScriptedPbx(), tap=recording) as line:
            await line.next()
            line.pbx.write(HANGUP + event("VarSet", Value="José"))
            await line.next()
    raw = out.read_bytes()
    blocks = [entry for entry in index_of(out) if "o" in entry]
    assert raw.startswith(BANNER)
    assert HANGUP in raw
    assert [entry["e"] for entry in blocks[-2:]] == ["Hangup", "VarSet"]
    hangup = blocks[-2]
    assert raw[hangup["o"] : hangup["o"] + hangup["n"]] == HANGUP
    assert hangup["t"] == NOON.timestamp()
    assert sum(entry["n"] for entry in blocks) + len(BANNER) == len(raw)


async def test_a_cut_in_the_middle_of_a_message_is_marked_and_the_offsets_go_on(tmp_path: Path) -> None:
    out = tmp_path / "office.ami"
    with recording_of(out, lambda: NOON) as recording:
        recording.connected()
        recording.received(BANNER + HANGUP + HANGUP[:10])
        recording.disconnected()
        recording.connected()
        recording.received(BANNER + HANGUP)
    raw, index = out.read_bytes(), index_of(out)
    one_connection = ["connected", "banner", "Hangup", "disconnected"]
    assert [entry.get("mark") or entry["e"] for entry in index] == one_connection * 2
    assert index[3]["partial"] == 10
    last = index[-2]
    assert raw[last["o"] : last["o"] + last["n"]] == HANGUP


async def test_an_older_recording_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "office.ami"
    out.write_bytes(b"precious")
    with pytest.raises(FileExistsError), recording_of(out, lambda: NOON):
        pass
    assert out.read_bytes() == b"precious"


async def test_a_full_disk_ends_the_recording_and_not_the_connection(tmp_path: Path) -> None:
    pbx = ScriptedPbx()
    async with line_to(pbx):
        settings = AmiSettings("office", port=pbx.port, secret="s3cret")
        with pytest.raises(OSError, match="No space"), recording_of(tmp_path / "full.ami", lambda: NOON) as recording:  # noqa: PT012  # closing raises as well
            _let_the_disk_be_full(recording)
            await record(recorder(settings, recording), recording, seconds=60)


def _let_the_disk_be_full(recording: Recording) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, recording._raw.fileno())
    os.close(full)


async def test_recording_stops_after_the_time_asked_for(tmp_path: Path) -> None:
    pbx = ScriptedPbx()
    async with line_to(pbx):
        settings = AmiSettings("office", port=pbx.port, secret="s3cret")
        with recording_of(tmp_path / "short.ami", lambda: datetime.now(UTC)) as recording:
            recorded = asyncio.create_task(record(recorder(settings, recording), recording, seconds=0.2))
            await pbx.until("CoreShowChannels", times=2)
            await recorded
    marks = [entry["mark"] for entry in index_of(tmp_path / "short.ami") if "mark" in entry]
    assert marks == ["connected", "banner", "disconnected"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("8h", 28800), ("90m", 5400), ("1h30m", 5400), ("45s", 45), ("1d", 86400)]
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "8", "h", "8 hours", "-8h", "8h?", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


OFFICE = """
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"
[[pbx]]
name = "main office"
port = {port}
secret_file = "ami.secret"
trunks = ["PJSIP/trunk-*"]
[[line]]
dids = ["+12125550100"]
sms_number = "+12125550100"
[smpp]
host = "127.0.0.1"
port = 2775
system_id = "ace"
password_file = "smpp.password"
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """A configuration that names a PBX on this port."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    def write(port: int) -> Path:
        for name in ("ami.secret", "smpp.password"):
            (tmp_path / name).write_text("s3cret\n")
            (tmp_path / name).chmod(0o600)
        path = tmp_path / "textback.toml"
        path.write_text(OFFICE.format(port=port))
        return path

    return write


async def test_the_command_records_the_pbx_that_the_configuration_names(
    tmp_path: Path, office: Callable[[int], Path]
) -> None:
    pbx, out = ScriptedPbx(), tmp_path / "office.ami"
    async with line_to(pbx):
        code, _ = await asyncio.to_thread(run, str(out), "--for", "1s", "--config", str(office(pbx.port)))
    assert code == 0
    assert len(pbx.named("Login")) == 2
    assert out.read_bytes().startswith(BANNER)


def test_a_pbx_that_the_configuration_does_not_name_is_wrong_usage(
    tmp_path: Path, office: Callable[[int], Path]
) -> None:
    code, output = run(str(tmp_path / "x.ami"), "--config", str(office(5038)), "--pbx", "branch")
    assert code == 2
    assert "main office" in output


def run(*arguments: str) -> tuple[int, str]:
    app = Typer()
    register(app)
    result = CliRunner().invoke(app, [*arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


async def test_a_pbx_that_cannot_be_reached_is_a_problem_and_why(
    tmp_path: Path, office: Callable[[int], Path], unused_tcp_port: int
) -> None:
    arguments = [str(tmp_path / "x.ami"), "--for", "1s", "--config", str(office(unused_tcp_port))]
    code, output = await asyncio.to_thread(run, *arguments)
    assert (code, "let us hear nothing: cannot connect" in output) == (1, True)


def test_a_duration_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    code, output = run(str(tmp_path / "x.ami"), "--for", "soon")
    assert code == 2
    assert "'soon' is no duration" in output


async def test_the_command_records_a_pbx_that_is_in_no_configuration(tmp_path: Path) -> None:
    pbx, secret, out = ScriptedPbx(), tmp_path / "secret", tmp_path / "office.ami"
    secret.write_text("s3cret\n")
    arguments = [str(out), "--for", "1s", "--host", "127.0.0.1", "--secret-file", str(secret)]
    async with line_to(pbx):
        code, output = await asyncio.to_thread(run, *arguments, "--port", str(pbx.port))
    assert (code, "messages" in output) == (0, True)
    assert [action["Secret"] for action in pbx.named("Login")][1:] == ["s3cret"]
    assert out.read_bytes().startswith(BANNER)
