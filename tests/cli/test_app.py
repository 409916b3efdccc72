"""The command as a whole: exit codes, and never a traceback for what a user can mend."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bridge.cli.app import build, rows
from bridge.config import ConfigError, ConfigProblem
from storage.errors import StorageError
from tests.site import process, run


def test_a_process_ends_as_it_does_here(tmp_path: Path) -> None:
    """The other tests run commands in this process; this one holds that it is the same."""
    for arguments in (["nonsense"], ["check-config", "--config", str(tmp_path / "none.toml")]):
        here, there = run(*arguments), process(*arguments)
        assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)


def test_the_version_is_that_of_the_distribution() -> None:
    assert run("--version").stdout == f"textback {version('missed-call-textback')}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["check-config", "--nonsense"], ["check-config", "one", "two"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_a_file_that_is_not_there_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = run("check-config", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No such file" in done.stderr


def test_every_mistake_is_a_line_however_deep_it_was_raised() -> None:
    inner = ConfigError([ConfigProblem("zone", "is missing"), ConfigProblem("smpp.port", "is missing")])
    disk = StorageError(Path("t.db"), "the disk is full")
    assert list(rows(BaseExceptionGroup("", [inner, BaseExceptionGroup("", [disk])]))) == [
        "zone: is missing",
        "smpp.port: is missing",
        "t.db: the disk is full",
    ]


def commands(command: object, *path: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Every command with what was written for its help."""
    written = [getattr(each, "help", None) or "" for each in (command, *getattr(command, "params", ()))]
    yield path, ["".join(text.split()) for text in written]
    for name, verb in getattr(command, "commands", {}).items():
        yield from commands(verb, *path, name)


def test_help_shows_every_word_that_was_written_for_it() -> None:
    """Also what looks like markup: `[[person]]`. Where a line ends does not count."""
    app = build()
    for path, written in commands(typer.main.get_command(app)):
        shown = "".join(CliRunner().invoke(app, [*path, "--help"]).output.split())
        assert [text for text in written if text not in shown] == [], path
