"""A checkout's packages: uv looks where pip is told to look, and pip does it where uv cannot."""

import pytest

from tests.lab import install
from tests.lab.aloud import CommandError

LISTED = """\
:env:.index-url='https://mirror.example/simple'
:env:.disable-pip-version-check='1'
global.cert='/etc/ssl/ours.pem'
global.index-url='https://elsewhere.example/simple'
global.find-links='/srv/wheels /srv/more'
install.extra-index-url='file:///srv/one file:///srv/two'
"""


def test_uv_looks_where_pip_does() -> None:
    environ = install.uv_environ(install.pip_settings(LISTED), {})
    assert environ == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "file:///srv/one file:///srv/two",
        "UV_FIND_LINKS": "/srv/wheels,/srv/more",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/ssl/ours.pem",
    }


def test_what_uv_itself_was_told_goes_before_pips_settings() -> None:
    told = {"UV_DEFAULT_INDEX": "https://theirs.example/simple", "PATH": "/usr/bin"}
    environ = install.uv_environ(install.pip_settings(LISTED), told)
    assert environ["UV_DEFAULT_INDEX"] == "https://theirs.example/simple"
    assert environ["PATH"] == "/usr/bin"


class Commands:
    """Those that would run; the ones of a program that cannot be had fail."""

    def __init__(self, *broken: str) -> None:
        self.run: list[str] = []
        self._broken = broken

    def __call__(self, command: list[str], *_: object) -> str:
        words = " ".join(command)
        if any(name in words for name in self._broken):
            raise CommandError("no network here")
        self.run.append(words)
        return ""


@pytest.fixture
def commands(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands(*request.param)
    monkeypatch.setattr(install, "run", commands)
    return commands


@pytest.mark.parametrize("commands", [[]], indirect=True)
def test_uv_installs_what_is_locked_and_nothing_else(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main("requirements.txt") == 0
    assert "setup: done by uv" in capsys.readouterr().out
    hashed = [words for words in commands.run if "--require-hashes" in words]
    assert [words.rpartition(" ")[2] for words in hashed] == ["requirements-uv.txt", "requirements.txt"]


@pytest.mark.parametrize("commands", [["requirements-uv.txt"], ["uv pip"]], indirect=True)
def test_without_uv_pip_does_it_and_that_is_said(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main("requirements.txt") == 0
    assert "not by uv (no network here); by pip" in capsys.readouterr().out
    assert "--require-hashes -r requirements.txt" in commands.run[-2]
    assert "--no-deps --editable ." in commands.run[-1]


@pytest.mark.parametrize("commands", [["uv", "requirements.txt"]], indirect=True)
def test_where_neither_can_the_reason_is_said(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main("requirements.txt") == 1
    assert "setup: no network here" in capsys.readouterr().err
