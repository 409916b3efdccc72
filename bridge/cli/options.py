"""What several commands ask for in the same way."""

from pathlib import Path
from typing import Annotated

import typer

CONFIG = Path("/etc/textback/textback.toml")

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="TEXTBACK_CONFIG", help="the configuration file", show_default=True)
]
