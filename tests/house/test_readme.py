"""What the pages for contributors say of the tree is so: layers, files, and where a word is found."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.lab.asterisk import REPOSITORY

BRIDGE = REPOSITORY / "bridge"
ARCHITECTURE = BRIDGE / "README.md"
CONTRIBUTING = REPOSITORY / ".github" / "CONTRIBUTING.md"
PAGES = (REPOSITORY / "README.md", ARCHITECTURE, CONTRIBUTING, REPOSITORY / ".github" / "SECURITY.md")
FILE = re.compile(r"`([\w./-]+(?:\.(?:py|md|toml|conf|po|cfg|yaml)|/))`")
BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| ([^|]+) \| `([\w/]+\.py)` \| `(\w+)` \|$", re.MULTILINE)
ANOTHER = re.compile(r"\bES\b|[\"']es[\"']|\bes: ")
"""How the code says Spanish."""


NOT_IN_THE_TREE = {"textback.toml", ".lab/"}
"""The office's own file, and what the tests install."""


def where_is() -> list[tuple[str, str, str]]:
    return ROW.findall(ARCHITECTURE.read_text())


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = set(FILE.findall(page.read_text())) - NOT_IN_THE_TREE
    assert [name for name in named if not any((root / name).exists() for root in (REPOSITORY, BRIDGE))] == []


def test_the_layers_are_those_of_the_contracts() -> None:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    exhaustive = [contract["layers"] for contract in contracts if contract.get("exhaustive")]
    told = [" ".join(block.split()).split(" -> ") for block in BLOCK.findall(ARCHITECTURE.read_text())]
    assert told == exhaustive


@pytest.mark.parametrize(("words", "module", "name"), where_is())
def test_a_word_that_people_search_for_stands_in_the_docstring_of_its_module(
    words: str, module: str, name: str
) -> None:
    text = (BRIDGE / module).read_text()
    docstring = " ".join(text.split('"""')[1].split()).casefold()
    assert [word for word in words.casefold().split(", ") if word not in docstring] == []
    assert re.search(rf"^(?:class |(?:async )?def )?{name}\b", text, re.MULTILINE)


def test_the_way_to_a_third_language_names_every_file_that_knows_the_second() -> None:
    knows = {
        str(file.relative_to(REPOSITORY))
        for file in BRIDGE.rglob("*.py")
        if ANOTHER.search(file.read_text(encoding="utf-8"))
    }
    knows |= {str(file.relative_to(REPOSITORY)) for file in BRIDGE.rglob("*.es.*")}
    assert {name for name in knows if f"`{name}`" not in CONTRIBUTING.read_text()} == set()
