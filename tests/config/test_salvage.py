"""What is read of a file with mistakes: where the database is for certain, the rest as far as it goes."""

from pathlib import Path

import pytest

from bridge.config import ConfigError
from bridge.config.salvage import salvage
from tests.site import example

__all__ = ["example"]


def edited(path: Path, *changes: tuple[str, str]) -> Path:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return path


def test_a_file_without_mistakes_is_read_whole(example: Path) -> None:
    found = salvage(example, {})
    assert (found.database, found.texting, found.problems) == (example.parent / "t.db", True, ())
    assert found.office.business == "Ace Plumbing"


@pytest.mark.parametrize(
    "change",
    [
        ("[[line]]", '[[line]]\ncolour = "red"'),
        ("[smpp]", "[smpp]\nport = 'many'"),
        ('country = "US"', 'country = "Utopia"'),
        ('password_file = "smpp.password"', 'password_file = "gone"'),
        ("[[person]]", "[[person]\n"),
        ("[hours]", '[hours]\nmon-fri = "08:00'),
        ("[smpp]", "[smpp]\nhost = [\n"),
        ('business = "Ace Plumbing"', 'business = "Ace Plumbing'),
        ('business = "Ace Plumbing"', 'business = "Ace \udcffPlumbing"'),
    ],
)
def test_a_mistake_elsewhere_leaves_the_database_in_its_place(example: Path, change: tuple[str, str]) -> None:
    text = example.read_text()
    assert change[0] in text
    example.write_bytes(text.replace(*change, 1).encode("utf-8", "surrogateescape"))
    found = salvage(example, {})
    assert (found.database, found.texting) == (example.parent / "t.db", True)
    assert found.problems


def test_what_can_be_read_of_the_office_is(example: Path) -> None:
    found = salvage(edited(example, ("[hours]", '[hours]\nmon-fri = "08:00')), {})
    assert (found.office.business, str(found.office.zone)) == ("Ace Plumbing", "America/New_York")
    assert [person.name for person in found.office.people] == ["Ana"]


def test_an_office_that_cannot_be_read_is_nowhere_in_particular(example: Path) -> None:
    found = salvage(edited(example, ('country = "US"', 'country = "Utopia"')), {})
    assert (found.office.lines, str(found.office.zone)) == ((), "UTC")


def test_nobody_guesses_where_the_page_is(example: Path) -> None:
    text = example.read_text().partition("\n[storage]")[0]
    for broken in ("[web]\nlisten = 'here'", "[web]\nlisten = "):
        example.write_text(f"{text}\n{broken}\n[storage]\npath = 't.db'\n")
        assert salvage(example, {}).web is None


@pytest.mark.parametrize(
    "storage",
    [
        '[storage]\npaht = "t.db"',
        '[storage]\npath = "t.db',
        "[storage\npath = 't.db'",
        "[storage]\npath = 7",
        '[storage]\npath = "nowhere/t.db"',
        '[storage]\npath = "t.db"\n[storage]\npath = "u.db"',
        "[web]\nlisten = \nstorage.x = 1",
    ],
)
def test_nobody_guesses_where_the_database_is(example: Path, storage: str) -> None:
    text = example.read_text()
    example.write_text(text.partition("[storage]")[0] + storage)
    with pytest.raises(ConfigError, match="storage"):
        salvage(example, {})


def test_without_a_file_there_is_nothing_to_say(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        salvage(tmp_path / "none.toml", {})
