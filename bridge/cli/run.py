"""`textback run`: the daemon, until SIGTERM or Ctrl-C; SIGHUP reads the configuration again."""

import asyncio
import os
import signal
from pathlib import Path

import structlog
import typer

from bridge.cli.options import CONFIG, ConfigPath
from bridge.cli.verbs import nothing_collected
from bridge.config import ConfigError, load
from bridge.daemon.daemon import Daemon
from bridge.domain.words.lexicon import default_lexicon
from bridge.ops import logs, systemd
from bridge.web.page_link import OPENS

log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(config: ConfigPath = CONFIG) -> None:
    """Listen to the PBX, text missed callers and serve the page, until stopped."""
    with nothing_collected():
        settings = load(config, os.environ)
        default_lexicon()  # which the daemon will ask for
    logs.configure(settings.log_level, os.environ)
    asyncio.run(_run(Daemon(settings, os.environ), config))


async def _run(daemon: Daemon, config: Path) -> None:
    async with asyncio.TaskGroup() as group:
        telling = group.create_task(_tell_link(daemon, config))
        await until_signalled(daemon, config)
        telling.cancel()


async def _tell_link(daemon: Daemon, config: Path) -> None:
    """To whoever sees what we print; it is no event, for logs are kept and handed on."""
    await daemon.started.wait()
    if daemon.link:
        print(f"The page, for one browser: {daemon.link}", flush=True)
        print(f"{OPENS}; another: textback page-link --config {config}", flush=True)


async def until_signalled(daemon: Daemon, config: Path) -> None:
    """Run it; SIGTERM and SIGINT stop it in order, SIGHUP lets it go on with what the file says then."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    loop.add_signal_handler(signal.SIGHUP, reload, daemon, config)
    await daemon.run()


def reload(daemon: Daemon, config: Path) -> None:
    """A file with a mistake in it is refused as a whole: everything goes on as before."""
    systemd.notify(os.environ, systemd.RELOADING)
    try:
        settings = load(config, os.environ)
        daemon.reload(settings)
        logs.configure(settings.log_level, os.environ)
    except (ConfigError, OSError) as error:
        for row in str(error).splitlines():
            log.error("config.refused", why=row)
        systemd.notify(
            os.environ, systemd.READY, systemd.status("the new configuration was refused, the old one stays")
        )
