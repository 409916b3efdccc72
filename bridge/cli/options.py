"""What several commands ask for in the same way."""

from pathlib import Path
from typing import Annotated

import typer

CONFIG = Path("/etc/textback/textback.toml")

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="TEXTBACK_CONFIG", help="the configuration file", show_default=True)
]


def a_folder(place: Path | None) -> Path | None:
    """For `callback` of an option: refused before anything is done, where there is none."""
    if place and not place.is_dir():
        raise typer.BadParameter(f"there is no folder {place}; mkdir {place}")
    return place
