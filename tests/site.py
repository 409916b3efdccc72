"""A site as its administrator has it: a small `textback.toml` in a folder of its own, and the command run on it."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import bridge
from bridge.cli.app import main
from storage import settings
from storage.database import Database
from tests.ports import reserve

EXAMPLE = Path(bridge.__file__).parent / "deploy" / "textback.example.toml"
DID = "+12125550100"
SMALL: Mapping[str, Any] = {
    "business": "Ace Plumbing",
    "country": "US",
    "zone": "America/New_York",
    "pbx": {"secret": "secret", "trunks": ["PJSIP/trunk-*"]},
    "line": {"dids": [DID], "sms_number": DID},
    "smpp": {"host": "127.0.0.1", "port": 2775, "system_id": "textback", "password": "secret"},
    "storage": {"path": "textback.db"},
}
REPEATED = ("pbx", "line", "person", "shift")


def write(folder: Path, **tables: Any) -> Path:
    """A file that only its owner reads. Keys of a table come on top of the small site's; a list is the table repeated;
    None leaves a table out.
    """
    site = {**SMALL, **{name: _over(SMALL.get(name), table) for name, table in tables.items()}}
    path = folder / "textback.toml"
    path.touch(mode=0o600)
    path.write_text("\n".join(toml(site)) + "\n")
    return path


async def texting(folder: Path, ami: int, smpp: int, page: int) -> Path:
    """Between a PBX and a gateway at these ports, with a database in which texts go out at once."""
    config = write(
        folder,
        pbx={"port": ami},
        smpp={"port": smpp},
        rules={"min_ring": "0s"},
        web={"listen": f"127.0.0.1:{page}"},
    )
    async with await Database.open(folder / "textback.db") as database, database.transaction() as tx:
        await settings.resume(tx, "Ann", datetime.now(UTC))
    return config


def _over(below: Any, table: Any) -> Any:
    return {**below, **table} if isinstance(below, dict) and isinstance(table, dict) else table


def toml(site: Mapping[str, Any]) -> Iterator[str]:
    """Strings, numbers, truths and lists of them are written as in JSON."""
    tables = {name: value for name, value in site.items() if isinstance(value, dict) or name in REPEATED}
    yield from (f"{name} = {json.dumps(value)}" for name, value in site.items() if name not in tables)
    for name, value in tables.items():
        for table in value if isinstance(value, list) else [value] if value else []:
            yield f"[[{name}]]" if name in REPEATED else f"[{name}]"
            yield from (f"{key} = {json.dumps(own)}" for key, own in table.items())


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The shipped example, with its secrets, and with nobody at any of its addresses."""
    for name in ("ami.secret", "smpp.password"):
        (tmp_path / name).write_text("hunter2")
        (tmp_path / name).chmod(0o600)
    path = tmp_path / "textback.toml"
    shipped = EXAMPLE.read_text().replace("2775", str(reserve())).replace("[[pbx]]", f"[[pbx]]\nport = {reserve()}")
    more = f'\n[storage]\npath = "{tmp_path / "t.db"}"\n[web]\nlisten = "127.0.0.1:{reserve()}"\n'
    path.write_text(shipped + more)
    return path


def run(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """`textback` with these arguments in this process, as far as a caller can tell; given: its standard input.

    In a thread of its own, so that a test with an event loop can ask too.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, arguments, given).result()


def _run(arguments: tuple[str, ...], given: str) -> "subprocess.CompletedProcess[str]":
    out, err = io.StringIO(), io.StringIO()
    typed = io.TextIOWrapper(io.BytesIO(given.encode()))
    with redirect_stdout(out), redirect_stderr(err), patch.multiple(sys, argv=["textback", *arguments], stdin=typed):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def process(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The same as a process: what only the interpreter's start and end show."""
    command = [sys.executable, "-c", "from bridge.cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
