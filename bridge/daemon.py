"""The composition root: builds every part from the configuration, runs them, and stops them in order.

The order of stopping is what keeps promises: first nothing new comes in, then ended calls are stored, then the gateway
answers what is under way and the answers are stored, then the database closes.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import structlog
from aiohttp import web

from bridge import systemd
from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.listener import Listener
from bridge.callbacks import Callbacks
from bridge.config import Config, Pbx
from bridge.domain import honesty
from bridge.domain.lexicon import default_lexicon
from bridge.domain.phone import E164
from bridge.domain.tracker import Tracker
from bridge.health import Health, Link, LinkKind
from bridge.inbox import Inbox
from bridge.missed_calls import MissedCalls
from bridge.outbox import Outbox, OutboxSettings
from bridge.smpp.client import SmppClient
from bridge.smpp.health import State
from bridge.understanding import Understanding
from bridge.upkeep import Upkeep
from bridge.web.app import create_app
from storage import backup
from storage.database import Database
from storage.errors import StorageError

WATCH_EVERY = 1.0  # seconds between looks for what other processes committed
CLOSE_WITHIN = 2.0  # seconds that open pages get when the daemon stops
DRAIN_WITHIN = 5.0

log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Everybody:
    """ports.LiveCalls over every PBX."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def is_live(self, number: E164) -> bool:
        return any(listener.is_live(number) for listener in self.listeners)


class Daemon:
    """Everything that runs for one configuration. `run` returns when `stop` was called, or raises what broke."""

    def __init__(self, config: Config, environ: Mapping[str, str], clock: Callable[[], datetime] = wall_clock) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._stopping = asyncio.Event()
        self._live = Everybody()
        self._lines: list[AmiClient] = []
        self._database_fault = ""
        self.page = ""
        self.started = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(await self._open_database())
            self._build(database)
            self.page = await self._open_page(stack, database)
            async with asyncio.TaskGroup() as group:
                await self._run_in(group, database)

    async def _open_database(self) -> Database:
        """A damaged one is set aside, for calls must go on being recorded; texts wait for a person then."""
        path = self._config.database
        database, damaged = await backup.open_sound(path, self._clock())
        if damaged:
            log.error("database.damaged", database=str(path), what=damaged.what, set_aside_as=str(damaged.aside))
            log.error(
                "database.begun_anew", texts="paused", bring_back=f"textback restore {damaged.newest or 'BACKUP'}"
            )
        return database

    def _build(self, database: Database) -> None:
        config = self._config
        lexicon = default_lexicon()
        self._inbox = Inbox(database, config.office, clock=self._clock, understanding=Understanding(lexicon))
        self._upkeep = Upkeep(Callbacks(database, config.office), self._inbox, clock=self._clock)
        self._gateway = SmppClient(config.smpp, self._inbox, clock=self._clock)
        limits = OutboxSettings(window=config.smpp.window, may_text=config.rules.is_live)
        self._outbox = Outbox(database, self._gateway, self._live, limits, clock=self._clock)
        missed = MissedCalls(
            database, config.office, config.rules, self._live, honest=lambda text: not honesty.check(text, lexicon)
        )
        for pbx in config.pbxs:
            self._add_pbx(pbx, missed)

    def _add_pbx(self, pbx: Pbx, missed: MissedCalls) -> None:
        line = AmiClient(pbx, clock=self._clock, wanted=WANTED)
        tracker = Tracker(pbx.tracker(self._config.office.country, self._config.rules.min_ring))
        self._lines.append(line)
        self._live.listeners.append(Listener(pbx.name, line, tracker, missed.ended, self._clock))

    async def _open_page(self, stack: AsyncExitStack, database: Database) -> str:
        """Raises OSError where the port is taken."""
        settings = self._config.web
        app = create_app(database, self._config.office, settings, health=self.health, clock=self._clock)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_WITHIN)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, settings.host, settings.port).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}/"

    async def _run_in(self, group: asyncio.TaskGroup, database: Database) -> None:
        gateway = group.create_task(self._gateway.run())
        outbox = group.create_task(self._outbox.run())
        upkeep = group.create_task(self._upkeep.run())
        watching = [group.create_task(self._watch(database)), group.create_task(self._feed_watchdog())]
        lines = [group.create_task(line.run()) for line in self._lines]
        listeners = [group.create_task(listener.run()) for listener in self._live.listeners]
        self._say_started()
        await self._stopping.wait()
        systemd.notify(self._environ, systemd.STOPPING)
        log.info("daemon.stopping")
        await _end(lines)
        await _in_time([listener.drain() for listener in self._live.listeners])
        await _end(listeners)
        await _end([gateway])  # drains: its answers still reach the outbox
        await _end([outbox, upkeep, *watching])

    def _say_started(self) -> None:
        log.info("daemon.started", page=self.page, database=str(self._config.database))
        systemd.notify(self._environ, systemd.READY, systemd.status(f"page on {self.page}"))
        self.started.set()

    async def _watch(self, database: Database) -> None:
        """Notice what `textback pause` and other processes committed, and whether the disk still works."""
        seen = 0
        while True:
            try:
                version = await database.data_version()
                if version != seen:
                    database.commits.tell()
                seen, self._database_fault = version, ""
            except StorageError as error:
                self._database_fault = str(error)
            await asyncio.sleep(WATCH_EVERY)

    async def _feed_watchdog(self) -> None:
        interval = systemd.watchdog_interval(self._environ)
        while interval:
            if not self._database_fault:
                systemd.notify(self._environ, systemd.WATCHDOG)
            await asyncio.sleep(interval.total_seconds())

    # --- how it goes

    def health(self) -> Health:
        disk = shutil.disk_usage(self._config.database.parent)
        return Health(
            links=(*map(_pbx_link, self._lines), _sms_link(self._gateway)),
            disk_free=disk.free,
            disk_total=disk.total,
            database=self._database_fault,
            counts={
                "calls_judged": sum(listener.judged for listener in self._live.listeners),
                "calls_waiting": sum(listener.waiting for listener in self._live.listeners),
                "blocks_planted": sum(listener.planted for listener in self._live.listeners),
            },
        )


def _pbx_link(line: AmiClient) -> Link:
    health = line.health
    counts = {
        "events": health.events,
        "dropped": health.dropped,
        "suspicious": health.suspicious,
        "reconnects": health.reconnects,
    }
    return Link(LinkKind.PBX, line.settings.name, health.connected_since, health.last_error, counts)


def _sms_link(gateway: SmppClient) -> Link:
    health, figures = gateway.health, gateway.snapshot
    bound = health.state is State.BOUND
    counts = {
        **{f"out_{name.lower()}": count for name, count in figures.outcomes.items()},
        **{f"in_{name.lower()}": count for name, count in figures.arrivals.items()},
        "late": figures.late,
        "put_off": figures.put_off,
        "odd": figures.odd,
        "binds": figures.binds,
        "backlog": figures.backlog,
    }
    error = "" if bound else health.last_error or health.state
    return Link(LinkKind.SMS, gateway.settings.name, health.since if bound else None, error, counts)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _in_time(work: Sequence[Awaitable[None]]) -> None:
    """What hangs must not keep the daemon from stopping: it is found again, or asked for, at the next start."""
    try:
        async with asyncio.timeout(DRAIN_WITHIN):
            await asyncio.gather(*work)
    except TimeoutError:
        log.error("daemon.not_drained")
