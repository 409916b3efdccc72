"""Doctor tells whether the page can play what callers leave, and what to do where it cannot."""

from pathlib import Path

import pytest

from bridge.config import PbxSection
from bridge.doctor.voicemail import voicemail
from tests.pbx.test_voicemail_spool import leave


def said(spool: Path | None) -> str:
    pbx = PbxSection(name="office", username="textback", secret="s", voicemail=spool)
    found = voicemail(pbx)
    return f"{found.level} {found.check}: {found.said} -> {found.remedy}"


def test_a_pbx_without_the_setting_is_not_looked_at() -> None:
    assert "the page cannot play voicemail" in said(None)


@pytest.mark.parametrize(
    ("sounds", "words"),
    [
        ({"wav": b"", "gsm": b""}, "the page plays what is left in"),
        ({"WAV": b"", "gsm": b""}, "messages are kept as .WAV, .gsm, which no browser plays -> format=wav49|gsm|wav"),
        ({"txt": b""}, "messages are kept as no sound"),
    ],
)
def test_messages_that_no_browser_plays_are_told(tmp_path: Path, sounds: dict[str, bytes], words: str) -> None:
    leave(tmp_path, sounds=sounds)
    assert words in said(tmp_path)


def test_a_folder_that_is_none_or_closed_to_us_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no folder" in said(tmp_path / "nowhere")
    monkeypatch.setattr("bridge.doctor.voicemail.reader", lambda: (12345, {12345}))
    tmp_path.chmod(0o750)
    assert "cannot be read by textback -> usermod -aG asterisk textback" in said(tmp_path)
