"""`textback run`: the daemon, until SIGTERM or Ctrl-C."""

import asyncio
import os
import signal

import typer

from bridge import logs
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import load
from bridge.daemon import Daemon


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(config: ConfigPath = CONFIG) -> None:
    """Listen to the PBX, text missed callers and serve the page, until stopped."""
    settings = load(config, os.environ)
    logs.configure(settings.log_level, os.environ)
    asyncio.run(until_signalled(Daemon(settings, os.environ)))


async def until_signalled(daemon: Daemon) -> None:
    """Run it; SIGTERM and SIGINT stop it in order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    await daemon.run()
