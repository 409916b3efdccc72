"""`textback pause | resume | status` (Nagios): they speak to the database, so that they work without the daemon too.

And they read of the configuration only what they need, so that a mistake elsewhere in it stops nobody who wants to stop
texts.
"""

import asyncio
import getpass
import http.client
import json
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from bridge.cli.database import existing, salvaged, with_salvaged
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import ConfigError
from bridge.config.salvage import Salvaged, salvage
from bridge.ops import not_kept
from bridge.ops.health import CALL_MAY_WAIT, LONGEST_UNWRITTEN, TEXT_MAY_WAIT, Backlog, instance_of
from bridge.web.settings import THIS_MACHINE, WebSettings
from storage import callbacks, lock, opt_outs, settings, staff_codes, text_outcomes
from storage.callbacks import QueueLengths
from storage.database import Database, Writer
from storage.errors import StorageError

DAEMON_TIMEOUT = 3.0  # seconds
LOOK = 0.5
WRONG_DIGITS_WITHIN = timedelta(hours=1)


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
    if not salvaged(config).texting:
        print(f"there is no SMS gateway to text through: fill in [smpp] in {config}")
        raise typer.Exit(1)
    changed = _switch(config, settings.resume)
    print("texts go out" if changed else "texts were going out already")


def _switch(config: Path, act: Callable[[Writer, str, datetime], Awaitable[bool]]) -> bool:
    async def work(database: Database, _: Salvaged) -> bool:
        async with database.transaction() as tx:
            return await act(tx, getpass.getuser(), datetime.now(UTC))

    return with_salvaged(config, work, makes=True)


# --- status, as Nagios and Icinga read it (Monitoring Plugins guidelines: one line, `|`, performance data) --------


class NagiosState(IntEnum):
    """The exit code. UNKNOWN: status itself could not look."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Queue:
    """stopped: staff whose network may hold our alerts back. failing: numbers whose texts failed in a row.

    wrong_digits: by person, those that came from their number within the hour.
    """

    waiting: QueueLengths
    paused: bool
    breaker: bool
    stopped: Sequence[str] = ()
    failing: int = 0
    wrong_digits: Mapping[str, int] = field(default_factory=dict)


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
        found = salvage(config, os.environ)
    except ConfigError as error:
        return _cannot_look(error)
    health, others = _asked(found)
    others = [*others, *_not_kept(found.database)]
    try:
        queue = asyncio.run(_queue(found))
    except StorageError as error:
        if health is None:
            return _cannot_look(error)
        queue, others = Queue(QueueLengths(0, 0, 0), paused=False, breaker=False), [*others, _critical(str(error))]
    return summary(queue, health, others)


def _cannot_look(error: Exception) -> tuple[NagiosState, str]:
    return NagiosState.UNKNOWN, f"TEXTBACK UNKNOWN - {str(error).splitlines()[0]}"


def _asked(found: Salvaged) -> tuple[Mapping[str, Any] | None, list[Finding]]:
    """What our own daemon says; and what is to be said besides."""
    mistakes = [(NagiosState.WARNING, "the configuration has mistakes: textback check-config")] * bool(found.problems)
    health = daemon_health(found.web, found.database)
    if health is not None and is_ours(health, found.database):
        return health, mistakes
    if found.web is None:
        nowhere = (NagiosState.UNKNOWN, "the configuration does not say where the daemon is to be asked")
        return None, [*mistakes, nowhere]
    if health is None:
        return None, mistakes
    where = f"{found.web.host}:{found.web.port}"
    return None, [*mistakes, _critical(f"what answers at {where} is another textback, or waits for its restart")]


def _not_kept(database: Path) -> Iterator[Finding]:
    if lost := not_kept.noted(database, datetime.now(UTC)):
        calls = "1 call was" if lost.calls == 1 else f"{lost.calls} calls were"
        yield NagiosState.WARNING, f"{calls} not stored by the stop at {lost.at:%H:%M} UTC: see the PBX's own records"


async def _queue(found: Salvaged) -> Queue:
    async with await Database.open(existing(found.database)) as database, database.read() as db:
        burst = await text_outcomes.burst(db, datetime.now(UTC))
        return Queue(
            await callbacks.count_waiting(db),
            await settings.is_on(db, settings.PAUSED),
            await settings.is_on(db, settings.BREAKER),
            found.office.at_mobiles(await opt_outs.of_staff(db)),
            burst.numbers if burst else 0,
            await staff_codes.wrong_since(db, datetime.now(UTC) - WRONG_DIGITS_WITHIN),
        )


def is_ours(health: Mapping[str, Any], database: Path) -> bool:
    """Does it come from the daemon of this database? Another one may have the port."""
    return health.get("instance") == instance_of(database)


def daemon_health(web: WebSettings | None, database: Path) -> dict[str, Any] | None:
    """What the running daemon says of itself at /healthz; None if none answers.

    It is asked where it said that it is; else where it should be by its settings, or serves this machine only until
    there are users. Of several that answer ours is the one.
    """
    holder, other = lock.holder(database), None
    said = [_where(holder)] if holder and holder.page else []
    planned = (
        [WebSettings(host, web.port, certificate=web.certificate) for host in (web.host, THIS_MACHINE)] if web else []
    )
    for one in dict.fromkeys((*said, *planned)):
        health = _ask_health(one, holder.token if holder else "")
        if health is not None and is_ours(health, database):
            return health
        other = other or health
    return other


def _where(holder: lock.Holder) -> WebSettings:
    page = urlsplit(holder.page)
    certificate = Path(holder.certificate) if holder.certificate else None
    return WebSettings(page.hostname or "", page.port or 0, certificate=certificate)


def _ask_health(web: WebSettings, token: str) -> dict[str, Any] | None:
    try:
        connection = _connection(web)
    except OSError:
        return None
    try:
        connection.request("GET", "/healthz", headers={"Authorization": f"Bearer {token}"} if token else {})
        health = json.loads(connection.getresponse().read(65536))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return health if isinstance(health, dict) else None


def _connection(web: WebSettings) -> http.client.HTTPConnection:
    """With a certificate: to whoever shows exactly that one, whatever name is in it."""
    if web.certificate is None:
        return http.client.HTTPConnection(web.host, web.port, timeout=DAEMON_TIMEOUT)
    context = ssl.create_default_context(cafile=web.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return http.client.HTTPSConnection(web.host, web.port, timeout=DAEMON_TIMEOUT, context=context)


def summary(queue: Queue, health: Mapping[str, Any] | None, others: Sequence[Finding] = ()) -> tuple[NagiosState, str]:
    """health: what the daemon says, None if it does not answer. others: what was found besides."""
    findings = [
        *_switches(queue),
        *others,
        *(_as_told(health) if health else [_critical("the daemon does not answer")]),
    ]
    level = max((level for level, _ in findings), default=NagiosState.OK)
    to_call = queue.waiting.to_call
    said = "; ".join(words for _, words in findings) or f"{to_call} to call, everything connected"
    figures = f"to_call={to_call} snoozed={queue.waiting.snoozed} paused={queue.paused:d} breaker={queue.breaker:d}"
    if health:
        figures += f" disk_free={health.get('disk_free', 0)}B calls_waiting={_backlog(health, 'calls').count}"
        figures += f" texts_due={_backlog(health, 'texts').count} unwritten={health.get('unwritten_for', 0):.0f}s"
    return level, f"TEXTBACK {level.name} - {said} | {figures}"


def _switches(queue: Queue) -> list[Finding]:
    paused = (NagiosState.WARNING, "paused, customers get no texts")
    failing = (NagiosState.WARNING, f"texts to {queue.failing} numbers failed in a row: ask the SMS provider")
    breaker = (NagiosState.WARNING, "the breaker tripped, customers get no texts until `textback resume`")
    stopped = [(NagiosState.CRITICAL, f"{name} texted STOP, alerts may not arrive there") for name in queue.stopped]
    spoofed = [
        (NagiosState.WARNING, f"{count} wrong digits came from {name}'s number")
        for name, count in queue.wrong_digits.items()
    ]
    switched = [paused] * queue.paused + [breaker] * queue.breaker + [failing] * (queue.failing > 0)
    return switched + stopped + spoofed


def _as_told(health: Mapping[str, Any]) -> list[Finding]:
    down = [link for link in health.get("links", []) if not link.get("since")]
    found = [
        _critical(f"{link['kind']} {link['name']} is down: {link['error'] or 'not yet connected'}") for link in down
    ]
    if health.get("database"):
        found.append(_critical(f"the database: {health['database']}"))
    found += [_critical(words) for words in _delays(health)]
    found += [(NagiosState.WARNING, words) for words in on_no_trunk(health)]
    unreadable = health.get("unreadable", {}).items()
    found += [(NagiosState.WARNING, f"the records of {pbx} cannot be read: {why}") for pbx, why in unreadable]
    if health.get("disk_free", 0) * 20 < health.get("disk_total", 0):
        found.append((NagiosState.WARNING, "the disk is nearly full"))
    return found


def on_no_trunk(health: Mapping[str, Any]) -> Iterator[str]:
    """Calls that nobody judges, since no setting calls their channels a trunk."""
    for channels, count in health.get("no_trunk", {}).items():
        calls = "call" if count == 1 else "calls"
        yield f"{count} {calls} within a day came in on {channels}, which is no trunk"


def _delays(health: Mapping[str, Any]) -> Iterator[str]:
    calls, texts = _backlog(health, "calls"), _backlog(health, "texts")
    if health.get("unwritten_for", 0) > LONGEST_UNWRITTEN.total_seconds():
        yield f"nothing was written for {health['unwritten_for']:.0f} s"
    if calls.oldest > CALL_MAY_WAIT:
        yield f"{calls.count} calls wait to be stored, the oldest for {calls.oldest.total_seconds():.0f} s"
    if texts.oldest > TEXT_MAY_WAIT:
        yield f"{texts.count} texts are due and not sent, the oldest for {texts.oldest.total_seconds():.0f} s"


def _backlog(health: Mapping[str, Any], name: str) -> Backlog:
    told = health.get(f"{name}_waiting", {})
    return Backlog(told.get("count", 0), timedelta(seconds=told.get("oldest", 0)))


def _critical(words: str) -> Finding:
    return NagiosState.CRITICAL, words
