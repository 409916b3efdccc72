"""What is read of a file with mistakes: where the database is for certain, the rest as far as it goes."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle, product
from pathlib import Path

import pytest

from bridge.config import ConfigError
from bridge.config.salvage import salvage
from storage.files import APPLICATION_ID, create_private
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
    assert (found.office.lines, str(found.office.zone)) == ((), "America/New_York")


@pytest.mark.parametrize(
    ("change", "zone"),
    [
        (('country = "US"', ""), "America/New_York"),
        (('business = "Ace Plumbing"', 'business = "Ace Plumbing'), "America/New_York"),
        (('zone = "America/New_York"', 'zone = "Mars/Base"'), "UTC"),
        (('zone = "America/New_York"', "zone = 5"), "UTC"),
        (('zone = "America/New_York"', 'zone = "../etc/passwd"'), "UTC"),
    ],
)
def test_times_are_of_the_offices_zone_wherever_it_can_be_read(
    example: Path, change: tuple[str, str], zone: str
) -> None:
    assert str(salvage(edited(example, change), {}).office.zone) == zone


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
        "[storage]\npath = 7",
        '[storage]\npath = "nowhere/t.db"',
        '[storage]\npath = "t.db"\n[storage]\npath = "u.db"',
        "[web]\nlisten = \nstorage.x = 1",
        '[storae]\npath = "t.db"',
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


WHOLE = """\
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"

[[pbx]]
secret = "hunter2"
trunks = [
    "PJSIP/trunk-*",
]

[[line]]
sms_number = "+12125550100"
dids = ["+12125550100"]

[line.hours]
mon-fri = "08:00-17:00"

[[person]]
name = "Ana"

[[shift]]
people = ["Ana"]

[on_call]
owner = "Ana"

[email]
host = "mail.example"
sender = "office@ace.example"

[digest]
at = "07:30"

[retention]
texts = "90d"

[smpp]
host = "127.0.0.1"
password = "hunter2"

[smpp_backup]
host = "127.0.0.2"
password = "hunter2"

[texts]
hint = '''
[no table] of "ours"
'''

[rules]
min_ring = "4s"

[words]
urgent = ["no heat"]

[web]
listen = "127.0.0.1:8081"

[phones]
pin = "2468"

[storage]
path = "t.db"

[log]
level = "info"
"""
TABLES = re.findall(r"(?m)^\[+([a-z_.]+)\]+$", WHOLE)
SLIPS = {
    "unknown key": 'colour = "red"',
    "wrong type": "{key} = {{}}",
    "duplicate key": '{key} = 7\n{key} = "eight"',
    "no value": "{key} =",
    "no quote": 'colour = "red',
    "no equals": 'colour "red"',
    "bare word": "colour = dark red",
    "open list": 'colour = ["red",',
    "open text": 'colour = """red',
}
BYTES: dict[str, Callable[[bytes], bytes]] = {
    "BOM": lambda text: b"\xef\xbb\xbf" + text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "tabs": lambda text: text.replace(b" = ", b"\t=\t").replace(b"\n[", b"\n\t["),
    "Latin-1": lambda text: text.replace(b"Ace", b"Caf\xe9"),
    "Latin-1 in a comment": lambda text: text.replace(b"[web]", b"# caf\xe9\n[web]"),
    "no bracket": lambda text: text.replace(b"[storage]", b"[storage"),
    "no bracket before": lambda text: text.replace(b"[storage]", b"storage]"),
    "no header at the place": lambda text: text.replace(b"[storage]\n", b""),
    "a slip in the header of the place": lambda text: text.replace(b"[storage]", b"[storae]"),
    "NUL": lambda text: text.replace(b"[web]", b"\0[web]"),
    "twice": lambda text: text + b'\n[web]\nlisten = "127.0.0.1:8082"\n',
    "deep": lambda text: text.replace(b"[words]", b"[words]\nx = " + b"[" * 5000),
    "no quote at the place": lambda text: text.replace(b'path = "t.db"', b'path = "t.db'),
    "no quotes at the place": lambda text: text.replace(b'path = "t.db"', b"path = t.db # here"),
    "no equals at the place": lambda text: text.replace(b'path = "t.db"', b'path "t.db"'),
    "a slip in the name of the place": lambda text: text.replace(b"path =", b"paht ="),
}


def slipped() -> Iterator[tuple[str, bytes]]:
    """A slip in each table, every slip in those that matter most, and what befalls a file as a whole."""
    for table, slip in dict.fromkeys([*zip(TABLES, cycle(SLIPS)), *product(("web", "storage"), SLIPS)]):
        header = re.search(rf"(?m)^\[+{re.escape(table)}\]+\n(\S+) =", WHOLE)
        assert header
        written = SLIPS[slip].format(key="path2" if table == "storage" else header[1])
        yield (
            f"{slip} in {table}",
            WHOLE.replace(header[0], f"{header[0].rpartition(header[1])[0]}{written}\n{header[1]} =").encode(),
        )
    for name, befall in BYTES.items():
        yield name, befall(WHOLE.encode())


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in slipped()])
def test_whatever_slip_of_the_pen_the_database_and_the_gateway_are_found(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "textback.toml"
    path.touch(mode=0o600)
    path.write_bytes(text)
    create_private(tmp_path / "t.db")
    mark_as_ours(tmp_path / "t.db")
    found = salvage(path, {})
    assert (found.database, found.texting) == (tmp_path / "t.db", True)


def mark_as_ours(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
