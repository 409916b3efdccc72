"""[phones]: what it means, and what is refused."""

import stat
from pathlib import Path

import pytest

from agi.settings import PORT, AgiSettings
from bridge.config.phones import phones
from bridge.config.problems import Problems
from bridge.config.secrets import Secrets

TOKEN = "0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "textback.toml").touch(mode=stat.S_IRUSR)
    return tmp_path


def read(folder: Path, raw: object) -> tuple[AgiSettings | None, list[str]]:
    problems = Problems()
    settings = phones(problems, Secrets(folder / "textback.toml", {}, problems), raw)
    return settings, [problem.path for problem in problems.found]


def test_without_the_table_there_are_no_phones(folder: Path) -> None:
    assert read(folder, None) == (None, [])


def test_a_token_is_all_it_takes(folder: Path) -> None:
    settings, problems = read(folder, {"token": TOKEN})
    assert problems == []
    assert settings == AgiSettings(TOKEN, "127.0.0.1", PORT)
    assert settings.lets_in("127.0.0.1")
    assert not settings.lets_in("192.0.2.1")


def test_token_and_pin_may_stand_in_files(folder: Path) -> None:
    for name, secret in (("token", TOKEN), ("pin", "2468")):
        (folder / name).write_text(f"{secret}\n")
        (folder / name).chmod(0o600)
    settings, problems = read(folder, {"token_file": "token", "pin_file": "pin"})
    assert problems == []
    assert settings is not None
    assert (settings.token, settings.pin) == (TOKEN, "2468")
    assert TOKEN not in repr(settings)


def test_a_pbx_elsewhere_is_named(folder: Path) -> None:
    settings, problems = read(folder, {"token": TOKEN, "listen": "0.0.0.0:4574", "peers": ["192.0.2.0/24"]})
    assert problems == []
    assert settings is not None
    assert settings.lets_in("192.0.2.9")


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ({}, "phones.token_file"),
        ({"token": "CHANGE-ME"}, "phones.token"),
        ({"token": "short"}, "phones.token"),
        ({"token": "with/slash/in/it"}, "phones.token"),
        ({"token": TOKEN, "pin": "12"}, "phones.pin"),
        ({"token": TOKEN, "listen": "4574"}, "phones.listen"),
        ({"token": TOKEN, "listen": "0.0.0.0:4574"}, "phones.peers"),
        ({"token": TOKEN, "peers": ["pbx.example"]}, "phones.peers[0]"),
        ({"token": TOKEN, "port": 1}, "phones.port"),
        ("yes", "phones"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, raw: object, wrong: str) -> None:
    assert wrong in read(folder, raw)[1]
