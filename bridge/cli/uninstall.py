"""`textback uninstall`: every line, file and user that it asked for, for a person to remove. It removes nothing."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import CONFIG, ConfigPath
from bridge.cli.service import UNITS, read_raw, secret_files
from bridge.config import Config, ConfigError, load
from storage.backup import FOLDER

ASTERISK = Path("/etc/asterisk")
SYSTEMD = Path("/etc/systemd/system")
LINK = Path("/usr/local/bin/textback")  # made by install.sh
MARK = "textback"


def register(app: typer.Typer) -> None:
    app.command()(uninstall)


def uninstall(
    asterisk: Annotated[Path, typer.Option(help="where Asterisk's configuration is")] = ASTERISK,
    systemd: Annotated[Path, typer.Option(help="where the units were put")] = SYSTEMD,
    user: Annotated[str, typer.Option(help="who it runs as")] = "textback",
    config: ConfigPath = CONFIG,
) -> None:
    """Print what to take away, in order, as commands for a shell; what is not there is left out."""
    for row in rows(asterisk, systemd, user, config):
        print(row)


def rows(asterisk: Path, systemd: Path, user: str, path: Path) -> Iterator[str]:
    yield from _service(systemd)
    yield from _asterisk(asterisk)
    yield from _files(path)
    yield "# the user and the program"
    yield f"userdel {shlex.quote(user)}"
    yield from _program()


def _service(systemd: Path) -> Iterator[str]:
    yield "# stop it; calls never depended on it"
    there = [systemd / name for name in UNITS if (systemd / name).exists()]
    if there:
        yield f"systemctl disable --now {' '.join(unit.name for unit in there)}"
        yield from (_remove(unit) for unit in there)
        yield "systemctl daemon-reload"


def _asterisk(folder: Path) -> Iterator[str]:
    yield "# what was added to Asterisk; FreePBX: first put the trunk's Context field back, then fwconsole reload"
    ours = [file for file in _files_of(folder) if MARK in file.name]
    for file in _files_of(folder):
        if file not in ours:
            yield from _added_lines(file)
    if ours:
        yield from (_remove(file) for file in ours)
        yield "asterisk -rx 'manager reload' && asterisk -rx 'dialplan reload'"
        yield "asterisk -rx 'database deltree textback'"


def _files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.conf")) if folder.is_dir() else []


def _added_lines(file: Path) -> Iterator[str]:
    for number, row in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if MARK in row.casefold() and not row.lstrip().startswith(";"):
            yield f"# {file}, line {number}: take out  {row.strip()}"


def _files(path: Path) -> Iterator[str]:
    """Single files, for the directories may be somebody's; only what is called like us goes as a whole."""
    yield "# the configuration, its secrets, and the database: keep a copy, it is the record of who opted out"
    config = _loaded(path)
    if config is not None and config.database.exists():
        yield shlex.join([str(Path(sys.prefix, "bin/textback")), "backup", "textback-last.db", "--config", str(path)])
        for file in sorted(config.database.parent.glob(f"{config.database.name}*")):
            yield _remove(file, *([] if file == config.database else ["-f"]))  # its log goes when the service stops
        yield _remove(config.database.parent / FOLDER, "-rf")
        yield _if_empty(config.database.parent)
    if path.exists():
        yield from map(_remove, [path, *_secrets(path)])
        yield _if_empty(path.parent)


def _loaded(path: Path) -> Config | None:
    try:
        return load(path, os.environ)
    except ConfigError:
        return None


def _secrets(path: Path) -> list[Path]:
    try:
        return [file for _, file in secret_files(read_raw(path), path.parent) if file.exists()]
    except ConfigError:
        return []


def _program() -> Iterator[str]:
    own = Path(sys.prefix)
    if LINK.is_symlink() and LINK.readlink().is_relative_to(own):
        yield _remove(LINK)
    if sys.prefix != sys.base_prefix:
        yield _remove(own, "-r")
    else:
        yield f"{sys.executable} -m pip uninstall missed-call-textback"


def _if_empty(folder: Path) -> str:
    return shlex.join(["rmdir", "--ignore-fail-on-non-empty", str(folder)])


def _remove(path: Path, *flags: str) -> str:
    return shlex.join(["rm", *flags, str(path)])
