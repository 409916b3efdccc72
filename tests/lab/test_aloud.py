"""A long command says that it is still at it; a failing one says why."""

import sys

import pytest

from tests.lab.aloud import CommandError, run


def test_what_takes_long_is_said_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sh", "-c", "sleep 0.3; echo done"], "waiting", silence=0.05) == "done\n"
    assert "still waiting: 0 s" in capsys.readouterr().out


def test_what_never_ends_is_ended() -> None:
    with pytest.raises(CommandError, match="not done after"):
        run(["sleep", "60"], silence=0.01, limit=0.02)


@pytest.mark.parametrize("command", [[sys.executable, "-c", "raise SystemExit('no disk')"], ["/nowhere/no disk"]])
def test_what_fails_says_why(command: list[str]) -> None:
    with pytest.raises(CommandError, match="no disk"):
        run(command)
