"""The guides name no command and no option that there is not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bridge.cli.app import build
from bridge.cli.verbs import LazyVerb
from tests.lab.asterisk import REPOSITORY

GUIDES = (
    *(REPOSITORY / name for name in ("README.md", "dialplan/README.md", "bridge/deploy/README.md")),
    *(REPOSITORY / "bridge/deploy").glob("*.service"),
    *(REPOSITORY / "bridge/deploy").glob("*.yml"),
)
TYPED = re.compile(r"(?:`|^\s*|&& |sudo )textback ([a-z][a-z-]+)([^`\n]*)", re.MULTILINE)


def typed() -> Iterator[tuple[Path, str, str]]:
    for guide in GUIDES:
        for verb, rest in TYPED.findall(guide.read_text()):
            yield guide, verb, rest


@pytest.fixture(scope="module")
def commands() -> dict[str, set[str]]:
    """Each verb with its options, and those of the verbs under it."""
    group = typer.main.get_group(build())
    return {name: options(verb.loaded()) for name, verb in group.commands.items() if isinstance(verb, LazyVerb)}


def options(command: Any) -> set[str]:
    """command: a click command or group; typer brings its own click along."""
    below = getattr(command, "commands", {}).values()
    own = {option for parameter in command.params for option in parameter.opts}
    return own.union({"--help"}, *map(options, below))


def test_every_verb_in_the_guides_is_a_command(commands: dict[str, set[str]]) -> None:
    found = list(typed())
    assert len(found) > 20
    assert [(guide.name, verb) for guide, verb, _ in found if verb not in commands] == []


def test_every_option_in_the_guides_is_one_of_its_verb(commands: dict[str, set[str]]) -> None:
    wrong = [
        (guide.name, verb, option)
        for guide, verb, rest in typed()
        for option in re.findall(r"(?<=\s)--[a-z-]+", rest.split(" && ")[0])
        if verb in commands and commands[verb] and option not in commands[verb]
    ]
    assert wrong == []
