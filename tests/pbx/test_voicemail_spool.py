"""A voicemail's file is found by the call that left it, and nothing else is ever read."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.phone import E164
from bridge.pbx.voicemail_spool import LARGEST, LeftBy, Unplayable, read

START = datetime(2026, 11, 23, 17, tzinfo=UTC)
LEFT = LeftBy("101@default", "PJSIP/trunk-00000001", E164("+12025550123"), START, START + timedelta(seconds=40))


def wav(tag: int = 1, length: int = 800) -> bytes:
    form = b"fmt " + (16).to_bytes(4, "little") + tag.to_bytes(2, "little") + (1).to_bytes(2, "little")
    form += (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little") + b"\x02\x00\x10\x00"
    body = b"WAVE" + form + b"data" + length.to_bytes(4, "little") + bytes(length)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def leave(
    spool: Path,
    name: str = "msg0000",
    *,
    folder: str = "INBOX",
    channel: str = LEFT.channel,
    callerid: str = '"Mary" <+12025550123>',
    at: datetime = START + timedelta(seconds=12),
    sounds: Mapping[str, bytes] | None = None,
) -> Path:
    """As app_voicemail writes it; sounds: by suffix."""
    box = spool / "default" / "101" / folder
    box.mkdir(parents=True, exist_ok=True)
    said = f"[message]\ncallerchan={channel}\ncallerid={callerid}\norigtime={at.timestamp():.0f}\nduration=20\n"
    (box / f"{name}.txt").write_text(said)
    for suffix, octets in (sounds or {"wav": wav()}).items():
        (box / f"{name}.{suffix}").write_bytes(octets)
    return box


@pytest.mark.parametrize("folder", ["INBOX", "Urgent", "Old"])
def test_the_message_of_that_call_is_found_among_others_wherever_it_was_moved(tmp_path: Path, folder: str) -> None:
    leave(tmp_path, "msg0000", channel="PJSIP/trunk-00000000", callerid="<5>", sounds={"wav": wav(length=10)})
    leave(tmp_path, "msg0001", folder=folder)
    leave(tmp_path, "msg0002", at=START - timedelta(hours=1), sounds={"wav": wav(length=20)})
    assert read(tmp_path, LEFT) == wav()


def test_it_is_found_by_its_caller_where_another_channel_left_it(tmp_path: Path) -> None:
    leave(tmp_path, channel="Local/101@vm-00000002;2", callerid='"x" <2025550123>')
    assert read(tmp_path, LEFT) == wav()
    assert read(tmp_path, replace(LEFT, number=E164("+12025557788"))) is Unplayable.GONE


@pytest.mark.parametrize(
    ("sounds", "why"),
    [
        ({"WAV": wav(0x31)}, Unplayable.COMPRESSED),
        ({"gsm": b"\xd2" * 66}, Unplayable.COMPRESSED),
        ({"wav": wav(0x31)}, Unplayable.COMPRESSED),
        ({"wav": b""}, Unplayable.NOT_AUDIO),
        ({"wav": b"<html>" * 100}, Unplayable.NOT_AUDIO),
        ({"txt": b"[message]\n"}, Unplayable.GONE),
    ],
)
def test_what_no_browser_plays_is_said(tmp_path: Path, sounds: dict[str, bytes], why: Unplayable) -> None:
    leave(tmp_path, sounds=sounds)
    assert read(tmp_path, LEFT) is why


def test_a_huge_message_is_not_read_into_memory(tmp_path: Path) -> None:
    box = leave(tmp_path)
    os.truncate(box / "msg0000.wav", LARGEST + 1)
    assert read(tmp_path, LEFT) is Unplayable.TOO_LARGE


@pytest.mark.parametrize("mailbox", ["..@..", ".@default", "101@..", "101/../102@default", "@", "", "a\x00b@default"])
def test_a_mailbox_that_leads_elsewhere_leads_nowhere(tmp_path: Path, mailbox: str) -> None:
    leave(tmp_path)
    assert read(tmp_path / "default", replace(LEFT, mailbox=mailbox)) is Unplayable.GONE


def test_no_link_no_pipe_and_no_folder_outside_is_followed(tmp_path: Path) -> None:
    spool, elsewhere = tmp_path / "spool", tmp_path / "elsewhere"
    box = leave(spool)
    (elsewhere / "secret").mkdir(parents=True)
    (elsewhere / "secret" / "key.wav").write_bytes(wav(length=4))
    (box / "msg0000.wav").unlink()
    (box / "msg0000.wav").symlink_to(elsewhere / "secret" / "key.wav")
    assert read(spool, LEFT) is Unplayable.UNREADABLE
    (box / "msg0000.wav").unlink()
    os.mkfifo(box / "msg0000.wav")
    assert read(spool, LEFT) is Unplayable.UNREADABLE
    leave(elsewhere)
    (spool / "default" / "102").symlink_to(elsewhere / "default" / "101")
    assert read(spool, replace(LEFT, mailbox="102@default")) is Unplayable.GONE


def test_a_spool_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere", LEFT) is Unplayable.GONE
