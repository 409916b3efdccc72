"""`textback pause | resume | status`: they speak to the database, so that they work without the daemon too."""

import asyncio
import getpass
import http.client
import json
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, ConfigError, load
from bridge.web.settings import THIS_MACHINE, WebSettings
from storage import callbacks, replies, settings
from storage.callbacks import QueueLengths
from storage.database import Database, Writer
from storage.errors import StorageError

DAEMON_TIMEOUT = 3.0  # seconds
LOOK = 0.5


def register(app: typer.Typer) -> None:
    app.command()(pause)
    app.command()(resume)
    app.command()(status)


def pause(config: ConfigPath = CONFIG) -> None:
    """Hold customer texts back. Calls are still judged, queued, and shown as "would have texted"."""

    async def turn(tx: Writer, who: str, now: datetime) -> bool:
        return await settings.turn(tx, settings.PAUSED, True, who, now)

    changed = _switch(config, turn)
    print("paused: no customer gets a text until `textback resume`" if changed else "it was paused already")


def resume(config: ConfigPath = CONFIG) -> None:
    """Let customer texts go out again, after a pause or after the breaker tripped."""
    if not load(config, os.environ).gateways:
        print(f"there is no SMS gateway to text through: fill in [smpp] in {config}")
        raise typer.Exit(1)
    changed = _switch(config, settings.resume)
    print("texts go out" if changed else "texts were going out already")


def _switch(config: Path, act: Callable[[Writer, str, datetime], Awaitable[bool]]) -> bool:
    async def run() -> bool:
        async with await Database.open(load(config, os.environ).database) as database, database.transaction() as tx:
            return await act(tx, getpass.getuser(), datetime.now(UTC))

    return asyncio.run(run())


# --- status, as Nagios and Icinga read it (Monitoring Plugins guidelines: one line, `|`, performance data) --------


class NagiosState(IntEnum):
    """The exit code. UNKNOWN: status itself could not look."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Queue:
    """stopped: staff whose network may hold our alerts back."""

    waiting: QueueLengths
    paused: bool
    breaker: bool
    stopped: Sequence[str] = ()


Finding = tuple[NagiosState, str]


def status(
    config: ConfigPath = CONFIG,
    wait: Annotated[int, typer.Option(min=0, help="look again for so many seconds, until nothing is critical")] = 0,
) -> None:
    """One line for monitoring: is everything connected, are texts going out, what waits. Exit code 0, 1, 2 or 3."""
    until = time.monotonic() + wait
    level, row = looked(config)
    while level >= NagiosState.CRITICAL and time.monotonic() < until:
        time.sleep(LOOK)
        level, row = looked(config)
    print(row)
    raise typer.Exit(level)


def looked(config: Path) -> tuple[NagiosState, str]:
    try:
        loaded = load(config, os.environ)
        queue = asyncio.run(_queue(loaded))
    except (ConfigError, StorageError) as error:
        return NagiosState.UNKNOWN, f"TEXTBACK UNKNOWN - {str(error).splitlines()[0]}"
    return summary(queue, daemon_health(loaded.web))


async def _queue(config: Config) -> Queue:
    if not config.database.exists():
        raise StorageError(config.database, "there is no database yet: start `textback run` once")
    async with await Database.open(config.database) as database, database.read() as db:
        return Queue(
            await callbacks.count_waiting(db),
            await settings.is_on(db, settings.PAUSED),
            await settings.is_on(db, settings.BREAKER),
            config.office.at_mobiles(await replies.staff_stopped(db)),
        )


def daemon_health(web: WebSettings) -> dict[str, Any] | None:
    """What the running daemon says of itself at /healthz; None if it does not answer.

    Until there are users it serves this machine only, whatever the settings say.
    """
    answers = (_ask_health(web, host) for host in dict.fromkeys((web.host, THIS_MACHINE)))
    return next((health for health in answers if health is not None), None)


def _ask_health(web: WebSettings, host: str) -> dict[str, Any] | None:
    try:
        connection = _connection(web, host)
    except OSError:
        return None
    try:
        connection.request("GET", "/healthz")
        health = json.loads(connection.getresponse().read(65536))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return health if isinstance(health, dict) else None


def _connection(web: WebSettings, host: str) -> http.client.HTTPConnection:
    """With a certificate: to whoever shows exactly that one, whatever name is in it."""
    if web.certificate is None:
        return http.client.HTTPConnection(host, web.port, timeout=DAEMON_TIMEOUT)
    context = ssl.create_default_context(cafile=web.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return http.client.HTTPSConnection(host, web.port, timeout=DAEMON_TIMEOUT, context=context)


def summary(queue: Queue, health: Mapping[str, Any] | None) -> tuple[NagiosState, str]:
    findings = [
        *_switches(queue),
        *(_connections(health) if health else [(NagiosState.CRITICAL, "the daemon does not answer")]),
    ]
    level = max((level for level, _ in findings), default=NagiosState.OK)
    to_call = queue.waiting.to_call
    said = "; ".join(words for _, words in findings) or f"{to_call} to call, everything connected"
    figures = f"to_call={to_call} snoozed={queue.waiting.snoozed} paused={queue.paused:d} breaker={queue.breaker:d}"
    if health:
        figures += f" disk_free={health.get('disk_free', 0)}B"
    return level, f"TEXTBACK {level.name} - {said} | {figures}"


def _switches(queue: Queue) -> list[Finding]:
    paused = (NagiosState.WARNING, "paused, customers get no texts")
    breaker = (NagiosState.WARNING, "the breaker tripped, customers get no texts until `textback resume`")
    stopped = [(NagiosState.CRITICAL, f"{name} texted STOP, alerts may not arrive there") for name in queue.stopped]
    return [paused] * queue.paused + [breaker] * queue.breaker + stopped


def _connections(health: Mapping[str, Any]) -> list[Finding]:
    down = [link for link in health.get("links", []) if not link.get("since")]
    found = [
        (NagiosState.CRITICAL, f"{link['kind']} {link['name']} is down: {link['error'] or 'not yet connected'}")
        for link in down
    ]
    if health.get("database"):
        found.append((NagiosState.CRITICAL, f"the database: {health['database']}"))
    if health.get("disk_free", 0) * 20 < health.get("disk_total", 0):
        found.append((NagiosState.WARNING, "the disk is nearly full"))
    return found
