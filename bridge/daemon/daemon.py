"""The composition root: builds every part from the configuration, runs them, and stops them in order.

The order of stopping is what keeps promises: first nothing new comes in, then ended calls are stored, then the gateway
answers what is under way and the answers are stored, then the database closes.

A new configuration builds everything anew but the database and, where they stay as they were, the lines to the PBXs: a
call that is going on then is still told from its first event.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from agi.desk import Desk, PinLock
from agi.routes import routes
from agi.server import AgiServer
from bridge import pbxs
from bridge.callbacks.actions import Callbacks
from bridge.callbacks.click_to_call import nobody_dialled
from bridge.callbacks.desk_phones import DeskPhoneSync
from bridge.calls.late_calls import Backfill
from bridge.config import Config
from bridge.daemon.health import gathered
from bridge.daemon.parts import Parts
from bridge.daemon.watch import DatabaseWatch
from bridge.domain.calls.calls import EndedCall, Talk
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from bridge.ops import not_kept, systemd
from bridge.ops.health import Backlog, Health
from bridge.ops.sockets import outlive_full_tables, try_listening
from bridge.pbx.line import Line
from bridge.pbx.listener import Listener
from bridge.ports import PbxActions
from bridge.web import listener
from bridge.web.app import create_app
from bridge.web.page_link import new_link
from bridge.web.phones import Phones
from bridge.web.rules import Rules
from bridge.web.settings import tls
from storage import backup, lock
from storage.database import Database
from storage.errors import StorageError

CLOSE_WITHIN = 2.0  # seconds that open pages get when the daemon stops
DRAIN_WITHIN = 6.0  # seconds; with what the page and the outbox take it stays well below the 15 that a stop may take

log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


class AllLiveNumbers:
    """ports.LiveNumbers over every PBX."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def is_live(self, number: E164) -> bool:
        return any(listener.is_live(number) for listener in self.listeners)

    def talks(self) -> dict[E164, Talk]:
        return {number: talk for listener in self.listeners for number, talk in listener.talks().items()}


class Daemon:
    """Everything that runs for one configuration. `run` returns when `stop` was called, or raises what broke.

    link: opens the page once, made at the start; "" where people sign in.
    """

    def __init__(self, config: Config, environ: Mapping[str, str], clock: Callable[[], datetime] = wall_clock) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._stopping = False
        self._told = asyncio.Event()
        self._next = config
        self._listening: list[asyncio.Task[None]] = []
        self._live = AllLiveNumbers()
        self._lines: list[pbxs.OpenLine] = []
        self._parts: Parts | None = None
        self._backfills: Sequence[Backfill] = ()
        self._scripts: AgiServer | None = None
        self._watch: DatabaseWatch | None = None
        self._lock: lock.Lock | None = None
        self.page = ""
        self.link = ""
        self.started = asyncio.Event()

    def stop(self) -> None:
        self._stopping = True
        self._told.set()

    def reload(self, config: Config) -> None:
        """Go on with this configuration; the database stays where it is until the next start.

        Raises OSError, and changes nothing, where a new address, of the page or for the phones, or the page's new
        certificate cannot be used.
        """
        ours = {port for _, port in _addresses(self._next)}
        for host, port in _addresses(config):
            try_listening(host, 0 if port in ours else port)
        tls(config.web)
        self._next = config
        self._told.set()

    async def run(self) -> None:
        outlive_full_tables()
        async with AsyncExitStack() as stack:
            self._lock = stack.enter_context(lock.held(self._config.database, self._clock()))
            database = await stack.enter_async_context(await self._open_database(stack))
            async with asyncio.TaskGroup() as group:
                while not self._stopping:
                    await self._run_in(group, database)
                await self._end_listening()

    async def _open_database(self, stack: AsyncExitStack) -> Database:
        """A damaged one is set aside, for calls must go on being recorded; texts wait for a person then."""
        path = self._config.database
        database, damaged = await backup.open_sound(path, self._clock())
        if damaged:
            stack.enter_context(lock.itself_held(path))
            log.error("database.damaged", database=str(path), what=damaged.what, set_aside_as=str(damaged.aside))
            log.error(
                "database.begun_anew", texts="paused", bring_back=f"textback restore {damaged.newest or 'BACKUP'}"
            )
        return database

    async def _open_page(self, stack: AsyncExitStack, database: Database, parts: Parts) -> str:
        """Raises OSError where the port is taken."""
        config, settings = self._config, self._config.web
        spools = {pbx.name: pbx.voicemail for pbx in config.pbxs if pbx.voicemail}
        phones = Phones(self._reachable, self._live.talks, spools)
        app = create_app(
            database,
            config.office,
            settings,
            health=self.health,
            clock=self._clock,
            lexicon=config.words,
            phones=phones,
            rules=Rules(config.rules, config.alerts, config.digest, config.retention),
            composer=parts.composer,
            own_token=self._lock.token if self._lock else "",
        )
        runner = listener.runner(app, close_within=CLOSE_WITHIN)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        host = await listener.where(database, settings)
        await listener.listen(runner, host, settings.port, settings)
        host, port = runner.addresses[0][:2]
        page = replace(settings, host=host, port=port).address
        if self._lock:
            self._lock.serves(page, settings.certificate)
        return page

    async def _new_link(self, database: Database) -> str:
        try:
            return await new_link(database, self.page, self._clock())
        except StorageError as error:  # the page says so too
            log.error("page.no_link", why=error.advice)
            return ""

    def _reachable(self) -> dict[str, PbxActions]:
        return {line.name: pbxs.pbx(line) for line in self._lines if line.health.connected_since}

    async def _open_phones(self, stack: AsyncExitStack, database: Database, parts: Parts) -> None:
        """What desk phones ask for, where that is configured. Raises OSError where the port is taken."""
        settings, office = self._config.phones, self._config.office
        self._scripts = None
        if settings is not None:
            trunks = [trunk for pbx in self._config.pbxs for trunk in pbx.trunks]
            verbs = Callbacks(database, office, parts.composer)
            desk = Desk(database, office, verbs, PinLock(settings.pin), self._clock, trunks)
            self._scripts = AgiServer(settings, routes(desk))
            await stack.enter_async_context(self._scripts.serving())

    def _shown(self, database: Database) -> list[DeskPhoneSync]:
        """What desk phones show by themselves, PBX by PBX."""
        if self._config.phones is None:
            return []
        country = self._config.office.country
        return [DeskPhoneSync(database, pbxs.display(line), country, clock=self._clock) for line in self._lines]

    def _late_calls(self, database: Database, parts: Parts) -> list[Backfill]:
        """What finds calls again that nobody listened to, of each PBX whose records we may read."""
        config, found = self._config, []
        for pbx, line in zip(config.pbxs, self._lines, strict=True):
            if records := pbxs.records(pbx, config.tracker(pbx)):
                since = partial(_connected_since, line)
                found.append(Backfill(database, pbx.name, records, since, parts.missed_calls.ended, clock=self._clock))
        return found

    async def _run_in(self, group: asyncio.TaskGroup, database: Database) -> None:
        """Run with one configuration, until told to stop or to go on with another one."""
        self._parts = parts = Parts.of(self._config, database, self._live, self._clock)
        async with AsyncExitStack() as stack:
            self.page = await self._open_page(stack, database, parts)
            self.link = self.link or await self._new_link(database)
            await self._open_phones(stack, database, parts)
            gateways = [group.create_task(gateway.run()) for gateway in parts.gateways]
            outbox = group.create_task(parts.outbox.run())
            upkeep = [group.create_task(part.run()) for part in (parts.jobs, *parts.staff)]
            self._watch = DatabaseWatch(database, self._overdue, clock=self._clock)
            watching = [group.create_task(self._watch.run()), group.create_task(self._feed_watchdog(self._watch))]
            if not self._listening:
                self._listen(group, database)
            shown = [group.create_task(one.run()) for one in self._shown(database)]
            self._backfills = self._late_calls(database, parts)
            found_again = [group.create_task(one.run()) for one in self._backfills]
            self._say_started()
            await self._told.wait()
            self._told.clear()
            self._say_ending()
            ends = [_end(gateways)]  # they drain: their answers still reach the outbox
            if self._stopping or _heard_by(self._next) != _heard_by(self._config):
                ends.append(self._end_listening())
            await asyncio.gather(*ends)
            await _end([outbox, *upkeep, *watching, *shown, *found_again])
        self._config = replace(self._next, database=database.path)

    def _listen(self, group: asyncio.TaskGroup, database: Database) -> None:
        config = self._config
        self._lines = [pbxs.open_line(pbx, self._clock) for pbx in config.pbxs]
        self._live.listeners = [
            Listener(
                line,
                Tracker(config.tracker(pbx)),
                self._ended,
                self._clock,
                partial(nobody_dialled, database),
            )
            for pbx, line in zip(config.pbxs, self._lines, strict=True)
        ]
        running = [*(line.run() for line in self._lines), *(listener.run() for listener in self._live.listeners)]
        self._listening = [group.create_task(part) for part in running]

    async def _ended(self, call: EndedCall, now: datetime) -> None:
        """To whatever the configuration has become by now: the lines to the PBXs outlive one."""
        if self._parts is not None:
            await self._parts.missed_calls.ended(call, now)

    async def _end_listening(self) -> None:
        if not self._listening:
            return
        lines = self._listening[: len(self._lines)]
        await _end(lines)
        try:
            async with asyncio.timeout(DRAIN_WITHIN):
                await asyncio.gather(*map(_drained, self._lines, self._live.listeners))
        except TimeoutError:  # what hangs must not keep us from stopping: the PBX's own records tell of these calls
            calls = sum(listener.waiting for listener in self._live.listeners)
            log.error("daemon.not_drained", calls=calls)
            not_kept.note(self._config.database, calls, self._clock())
        await _end(self._listening)
        self._listening = []

    def _say_started(self) -> None:
        log.info("daemon.started", page=self.page, database=str(self._config.database))
        systemd.notify(self._environ, systemd.READY, systemd.status(f"page on {self.page}"))
        self.started.set()

    def _say_ending(self) -> None:
        if self._stopping:
            systemd.notify(self._environ, systemd.STOPPING)
            log.info("daemon.stopping")
        elif self._next.database != self._config.database:
            log.warning("daemon.database_stays", until="the next start", database=str(self._config.database))

    async def _overdue(self, now: datetime) -> Backlog:
        """Texts that should have left; none where there is nowhere to."""
        parts = self._parts
        return await parts.outbox.overdue(now) if parts and parts.gateways else Backlog()

    async def _feed_watchdog(self, watch: DatabaseWatch) -> None:
        interval = systemd.watchdog_interval(self._environ)
        while interval:
            if not watch.would_restart_help:
                systemd.notify(self._environ, systemd.WATCHDOG)
            await asyncio.sleep(interval.total_seconds())

    # --- how it goes

    def health(self) -> Health:
        return gathered(
            self._lines,
            self._parts.gateways if self._parts else (),
            self._live.listeners,
            self._scripts,
            database=self._config.database,
            watch=self._watch,
            counts=self._parts.counts if self._parts else {},
            backfills=self._backfills,
            now=self._clock(),
        )


def _connected_since(line: Line) -> datetime | None:
    return line.health.connected_since


def _addresses(config: Config) -> set[tuple[str, int]]:
    """Where we listen."""
    listeners = (config.web, config.phones)
    return {(listener.host, listener.port) for listener in listeners if listener is not None}


def _heard_by(config: Config) -> object:
    """What the lines to the PBXs and the trackers of their calls are made from."""
    return config.pbxs, config.office.country, config.office.own_numbers, config.rules.min_ring


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _drained(line: Line, listener: Listener) -> None:
    """What was heard is followed to its end, and the calls that ended are stored."""
    await line.drain()
    await listener.drain()
