"""`textback unit`: the systemd units for this installation and this configuration."""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import ConfigError, ConfigProblem
from bridge.config.links import STATE_DIRECTORY

SERVICE = "textback.service"
UNITS = (SERVICE, "textback-backup.service", "textback-backup.timer")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
NO_SECRETS = ("ca_file", "database_ca_file")


def register(app: typer.Typer) -> None:
    app.command()(unit)


def unit(
    out: Annotated[Path | None, typer.Option(help="write all units into this directory; else one is shown")] = None,
    user: Annotated[str, typer.Option(help="who it runs as")] = "textback",
    config: ConfigPath = CONFIG,
) -> None:
    """Show the systemd unit, hardened, for this configuration; or write it and the nightly backup's beside it."""
    values = fillings(config.absolute(), Path(sys.executable).with_name("textback"), user)
    if out is None:
        print(render(SERVICE, values), end="")
        return
    for name in UNITS:
        (out / name).write_text(render(name, values), encoding="utf-8")
        print(out / name)
    print("then: systemctl daemon-reload && systemctl enable --now textback textback-backup.timer")


def render(name: str, values: Mapping[str, str]) -> str:
    return Template((resources.files("bridge") / "deploy" / name).read_text(encoding="utf-8")).substitute(values)


def fillings(config: Path, textback: Path, user: str) -> dict[str, str]:
    """What the units do not know by themselves. Raises ConfigError where the file cannot be read."""
    raw = read_raw(config)
    path = raw.get("storage", {}).get("path")
    database = config.parent / path if path else None
    at_home = any(place.is_relative_to(home) for home in HOMES for place in (config, textback))
    return {
        "textback": str(textback),
        "config": str(config),
        "user": user,
        "credentials": "\n".join(f"LoadCredential={name}:{file}" for name, file in secret_files(raw, config.parent)),
        "paths": f"ReadWritePaths={database.parent}" if database and not _is_state(database) else "",
        "home": "read-only" if at_home else "yes",
    }


def secret_files(raw: Mapping[str, Any], base: Path) -> Iterator[tuple[str, Path]]:
    """Each secret that stands in a file of its own: the name of its credential, and the file."""
    for table, content in raw.items():
        for one in content if isinstance(content, list) else [content]:
            if not isinstance(one, dict):
                continue
            owner = one.get("name", table) if table == "pbx" else table
            within = one.get("database", {}) if table == "pbx" else {}
            for key, named in (*one.items(), *((f"database_{key}", named) for key, named in within.items())):
                if key.endswith("_file") and key not in NO_SECRETS:
                    yield f"{owner}.{key.removesuffix('_file')}", base / str(named)


def _is_state(database: Path) -> bool:
    return database.is_relative_to(STATE_DIRECTORY)


def read_raw(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError([ConfigProblem("", f"{config} cannot be read: {error}")]) from None
