"""`textback replay` as scripts use it: one JSON object for each inbound call, in the order in which they began."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bridge.cli.app import build
from bridge.pbx.recording import index_path
from tests import site
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


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return site.write(
        tmp_path,
        business="Dakwerk",
        country="NL",
        zone="Europe/Amsterdam",
        line={"dids": ["0205550101"], "sms_number": "+31205550100"},
        hours={"mon-fri": "08:00-09:00"},
        person={"name": "Ana", "mobile": "+31687654321", "on_call": True},
    )


def replay(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(build(), ["replay", "--json", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_call_is_one_object_with_the_agreed_keys() -> None:
    [call] = replay(RECORDED / "noanswer_one_phone.ami", *TRUNK)
    assert list(call) == KEYS
    assert (call["verdict"], call["reason"], call["answered_by"]) == ("missed", "no_answer", None)
    assert (call["started_at"], call["after_hours"], call["text"]) == ("2026-11-23T13:21:09.700Z", None, None)


def test_a_recording_of_a_freeswitch_is_told_by_its_first_bytes() -> None:
    switch = FOLDER / "freeswitch-1.11.1"
    answered, missed = replay(switch / "answered.esl", switch / "no_answer.esl", "--trunk", "external", "--why")
    assert list(answered) == [*KEYS, "why"]
    assert (answered["verdict"], answered["answered_by"], answered["did"]) == ("answered", "101", "0205550101")
    assert any("shares media with 101: a person" in fact for fact in answered["why"])
    assert (missed["verdict"], missed["reason"]) == ("missed", "no_answer")


def test_a_recording_of_a_freeswitch_in_which_no_call_came_in_asks_for_its_kind_of_trunk() -> None:
    file = FOLDER / "freeswitch-1.11.1" / "answered.esl"
    result = CliRunner().invoke(build(), ["replay", str(file), "--trunk", "PJSIP/trunk-*"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "--trunk external" in result.stderr


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


# --- what is no recording, or not all of one


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build(), ["replay", "--json", *map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (gzip.compress(b"Event: Hangup\r\n\r\n", mtime=0), "it is compressed"),
        (b"PK\x03\x04 and so on", "it is compressed"),
        (bytes(range(256)) * 40, "it is no AMI recording"),
        (b'{"o":30,"n":74,"t":1795440121.7,"e":"Hangup"}\n', "it is no AMI recording"),
    ],
)
def test_what_is_no_recording_is_named_and_the_others_are_judged(tmp_path: Path, content: bytes, said: str) -> None:
    other = tmp_path / "other.ami"
    other.write_bytes(content)
    result = run(other, RECORDED / "busy.ami", *TRUNK)
    assert result.exit_code == 1
    assert f"{other}: {said}" in result.stderr
    assert [json.loads(line)["reason"] for line in result.stdout.splitlines()] == ["busy"]


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing.ami").exit_code == 2
    assert run(tmp_path).exit_code == 2


def test_a_recording_that_breaks_off_tells_of_a_call_whose_end_is_not_in_it(tmp_path: Path) -> None:
    torn = tmp_path / "torn.ami"
    torn.write_bytes((RECORDED / "busy.ami").read_bytes()[:3000])
    [call] = replay(torn, *TRUNK)
    assert (call["verdict"], call["reason"], call["ended_at"]) == ("unknown", None, None)


def test_a_copy_with_line_ends_of_unix_is_read_as_well(tmp_path: Path) -> None:
    copy = tmp_path / "copy.ami"
    copy.write_bytes((RECORDED / "busy.ami").read_bytes().replace(b"\r\n", b"\n"))
    [call] = replay(copy, *TRUNK)
    assert call["reason"] == "busy"


def test_an_index_that_breaks_off_tells_no_times_behind_its_end(tmp_path: Path) -> None:
    [whole] = replay(RECORDED / "busy.ami", *TRUNK)
    torn = _with_index(tmp_path, (RECORDED / "busy.idx.jsonl").read_bytes()[:1000])
    [call] = replay(torn, *TRUNK)
    assert (call["started_at"], call["ended_at"]) == (whole["started_at"], None)


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[]",
        b'"o"',
        b'{"o": 1}',
        b'{"o": -1, "n": 2, "t": 1}',
        b'{"o": 1, "n": 2, "t": 1e300}',
        b'{"o": 1, "n": 2, "t": NaN}',
        b'{"o": 1e400, "n": 2, "t": 1}',
        b"\xff\xfe",
    ],
)
def test_a_line_of_an_index_that_cannot_be_read_is_told_and_the_call_is_judged(tmp_path: Path, line: bytes) -> None:
    odd = _with_index(tmp_path, line + b"\n" + (RECORDED / "busy.idx.jsonl").read_bytes())
    result = run(odd, *TRUNK)
    [call] = [json.loads(row) for row in result.stdout.splitlines()]
    assert (result.exit_code, call["reason"]) == (1, "busy")
    assert call["ended_at"] is not None
    assert "lines of its index that cannot be read: 1" in result.stderr


@pytest.mark.parametrize("stamp", ["-62135596800", "253402300799.5", "-1", "nan", "inf", "1e300", "0", "noon", "-0.0"])
def test_times_that_no_clock_shows_are_counted_and_the_call_is_judged(tmp_path: Path, config: Path, stamp: str) -> None:
    """`timestampevents = yes` puts one into every event; that of the index is used then."""
    odd = tmp_path / "odd.ami"
    written = (
        (RECORDED / "busy.ami")
        .read_bytes()
        .replace(b"\r\nPrivilege:", f"\r\nTimestamp: {stamp}\r\nPrivilege:".encode())
    )
    odd.write_bytes(written)
    result = run(odd, "--config", config, *TRUNK)
    [call] = [json.loads(row) for row in result.stdout.splitlines()]
    assert (result.exit_code, call["reason"]) == (1, "busy")
    assert "times in it that no clock shows: " in result.stderr


def test_no_place_for_a_database_is_needed(config: Path) -> None:
    elsewhere = config.read_text().replace('[storage]\npath = "', '[storage]\npath = "/nowhere')
    assert "/nowhere" in elsewhere
    config.write_text(elsewhere)
    assert [call["reason"] for call in replay(RECORDED / "busy.ami", "--config", config)] == ["busy"]


def test_the_index_is_the_one_that_record_wrote_whatever_the_recording_is_called(tmp_path: Path) -> None:
    dated = tmp_path / "monday.1"
    dated.write_bytes((RECORDED / "busy.ami").read_bytes())
    index_path(dated).write_bytes((RECORDED / "busy.idx.jsonl").read_bytes())
    [call] = replay(dated, *TRUNK)
    assert call["started_at"] is not None


def test_calls_without_times_are_still_told_what_would_be_texted(tmp_path: Path, config: Path) -> None:
    bare = tmp_path / "bare.ami"
    bare.write_bytes((RECORDED / "hangup_ringing_15s.ami").read_bytes())
    first, second = replay(bare, bare, "--config", config)
    assert (first["after_hours"], first["text"]["send"]) == (None, True)
    assert second["text"] == {"send": False, "why": "cool_down"}


def _with_index(folder: Path, index: bytes) -> Path:
    copy = folder / "copy.ami"
    copy.write_bytes((RECORDED / "busy.ami").read_bytes())
    index_path(copy).write_bytes(index)
    return copy


def test_where_no_call_came_in_it_asks_for_the_trunks() -> None:
    result = run(RECORDED / "busy.ami", "--trunk", "SIP/elsewhere-*")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no call came in" in result.stderr


def test_a_recording_of_any_of_the_configured_pbxs_is_judged(config: Path) -> None:
    other = (
        '[[pbx]]\nname = "north"\nhost = "10.0.0.1"\nsecret = "x"\ntrunks = ["SIP/north-*"]\n[[pbx]]\nname = "south"\n'
    )
    two = config.read_text().replace("[[pbx]]\n", other, 1).replace("[[line]]\n", '[[line]]\npbx = "south"\n')
    config.write_text(two)
    [call] = replay(RECORDED / "busy.ami", "--config", config)
    assert call["reason"] == "busy"
