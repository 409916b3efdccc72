"""The import contracts of pyproject.toml: each breach that matters fails `lint-imports`, and the contract is named."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.asterisk import REPOSITORY

PACKAGES = ("agi", "bridge", "dialplan", "storage")
BROKEN = re.compile(r"^(.+) BROKEN$", re.MULTILINE)

ONE_WAY = "Imports run one way"
DOMAIN = "The domain's own order"
STORAGE = "Storage sees only the domain"
ENGINE = "Only storage knows which database it is"
NO_IO = "The domain and the protocol cores do no I/O"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of this checkout, without its data."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    for package in PACKAGES:
        for file in (REPOSITORY / package).rglob("*.py"):
            place = copy / file.relative_to(REPOSITORY)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    return copy


def lint(tree: Path) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), "--cache-dir", tree / ".cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=60)


def test_the_house_as_it_stands_keeps_every_contract(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "imports", "contract"),
    [
        pytest.param("bridge/calls/planted.py", "bridge.web", ONE_WAY, id="use case -> web"),
        pytest.param("agi/planted.py", "bridge.web", "No adapter knows another", id="agi -> web"),
        pytest.param("bridge/web/planted.py", "agi", "Only daemon and doctor know the desk phones", id="web -> agi"),
        pytest.param("bridge/smpp/planted.py", "bridge.ami", ONE_WAY, id="smpp -> ami"),
        pytest.param("storage/planted.py", "bridge.ops", STORAGE, id="storage -> ops"),
        pytest.param("storage/planted.py", "bridge.ports", STORAGE, id="storage -> ports"),
        pytest.param(
            "bridge/texts/planted.py", "sqlite3", "Only storage knows which database it is", id="SQLite above"
        ),
        pytest.param("bridge/domain/calls/planted.py", "asyncio", NO_IO, id="asyncio in the domain"),
        pytest.param("bridge/domain/planted.py", "datetime", DOMAIN, id="a module that nobody placed in the domain"),
        pytest.param("bridge/planted.py", "datetime", ONE_WAY, id="a module that nobody placed in bridge"),
    ],
)
def test_a_breach_fails_and_names_the_contract(tree: Path, module: str, imports: str, contract: str) -> None:
    planted = tree / module
    planted.write_text(f"import {imports}\n")
    try:
        done = lint(tree)
    finally:
        planted.unlink()
    assert done.returncode == 1
    assert BROKEN.findall(done.stdout) == [contract]
    assert planted.stem in done.stdout
