"""`textback replay` as scripts use it: one JSON object for each inbound call, in the order in which they began."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import build
from tests.recorded import FOLDER

RECORDED = FOLDER / "22.10.1"
TRUNK = ("--trunk", "PJSIP/trunk-*")
KEYS = [
    "uniqueid",
    "linkedid",
    "caller",
    "did",
    "started_at",
    "ended_at",
    "verdict",
    "reason",
    "answered_by",
    "after_hours",
    "text",
]

CONFIG = """
business = "Dakwerk"
country = "NL"
zone = "Europe/Amsterdam"
[[pbx]]
secret = "x"
trunks = ["PJSIP/trunk-*"]
[[line]]
dids = ["0205550101"]
sms_number = "+31205550100"
[smpp]
host = "127.0.0.1"
port = 2775
system_id = "x"
password = "x"
[hours]
mon-fri = "08:00-09:00"
[[person]]
name = "Ana"
mobile = "+31687654321"
on_call = true
[storage]
path = "textback.db"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "textback.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIG)
    return path


def replay(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(build(), ["replay", "--json", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_call_is_one_object_with_the_agreed_keys() -> None:
    [call] = replay(RECORDED / "noanswer_one_phone.ami", *TRUNK)
    assert list(call) == KEYS
    assert (call["verdict"], call["reason"], call["answered_by"]) == ("missed", "no_answer", None)
    assert (call["started_at"], call["after_hours"], call["text"]) == ("2026-11-23T13:21:09.700Z", None, None)


def test_calls_come_in_the_order_in_which_they_began_file_after_file() -> None:
    calls = replay(RECORDED / "missed_then_redial_answered.ami", RECORDED / "busy.ami", *TRUNK)
    assert [call["verdict"] for call in calls] == ["short", "answered", "missed"]


def test_without_times_a_short_ring_is_not_told_apart(tmp_path: Path) -> None:
    bare = tmp_path / "bare.ami"
    bare.write_bytes((RECORDED / "hangup_ringing_2s.ami").read_bytes())
    [call] = replay(bare, *TRUNK)
    assert (call["verdict"], call["started_at"], call["ended_at"]) == ("missed", None, None)


def test_a_withheld_caller_is_null() -> None:
    [call] = replay(RECORDED / "anonymous.ami", *TRUNK)
    assert call["caller"] is None


def test_internal_and_outbound_calls_are_not_listed() -> None:
    assert replay(RECORDED / "internal_answered.ami", RECORDED / "outbound_answered.ami", *TRUNK) == []


def test_with_a_configuration_it_says_what_would_be_texted(config: Path) -> None:
    missed, again = replay(*[RECORDED / "hangup_ringing_15s.ami"] * 2, "--config", config)
    assert (missed["after_hours"], missed["text"]) == (True, {"send": True, "why": "closed"})
    assert again["text"] == {"send": False, "why": "cool_down"}


def test_why_tells_what_decided_in_plain_words() -> None:
    [call] = replay(RECORDED / "ringgroup_localopt_one_answers.ami", "--why", *TRUNK)
    assert any("shares media with 101: a person" in fact for fact in call["why"])


def test_people_get_lines_instead_of_objects() -> None:
    arguments = ["replay", "--why", str(RECORDED / "busy.ami"), *TRUNK]
    shown = CliRunner().invoke(build(), arguments, catch_exceptions=False).stdout
    assert "+31612345678 -> 0205550103: missed (busy)" in shown
    assert "101 ended: BUSY" in shown
