"""A site as its administrator has it: a small `textback.toml` in a folder of its own, and the command run on it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
