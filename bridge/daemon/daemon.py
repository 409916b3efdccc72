"""The composition root: builds every part from the configuration, runs them, and stops them in order.

The order of stopping is what keeps promises: first nothing new comes in, then ended calls are stored, then the gateway
answers what is under way and the answers are stored, then the database closes.

A new configuration builds everything anew but the database and, where they stay as they were, the lines to the PBXs: a
call that is going on then is still told from its first event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog
from aiohttp import web

from agi.desk import Desk, PinLock
from agi.routes import routes
from agi.server import AgiServer
from bridge.ami.cdr import CdrFile
from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.display import AsteriskDisplay
from bridge.ami.listener import Listener
from bridge.ami.pbx import AsteriskPbx
from bridge.callbacks.actions import Callbacks
from bridge.callbacks.click_to_call import nobody_dialled
from bridge.callbacks.desk_phones import DeskPhoneSync
from bridge.calls.late_calls import Backfill
from bridge.calls.missed_calls import MissedCalls
from bridge.config import Config
from bridge.daemon.health import gathered
from bridge.daemon.jobs import Jobs
from bridge.daemon.watch import DatabaseWatch
from bridge.domain.calls.calls import EndedCall, Talk
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from bridge.domain.texts import gsm
from bridge.domain.texts.gsm import Segments
from bridge.notify.email import Mailer
from bridge.oncall.escalation import EscalationLoop
from bridge.oncall.staff_messages import StaffMessages
from bridge.ops import systemd
from bridge.ops.health import Backlog, Health
from bridge.ops.sockets import try_listening
from bridge.ports import PbxActions
from bridge.reports.digest import Digest
from bridge.reports.retention import Retention
from bridge.smpp.client import SmppClient
from bridge.smpp.failover import Failover
from bridge.smpp.settings import SmppSettings
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.failures import FailureWatch
from bridge.texts.inbox import Inbox
from bridge.texts.outbox import Outbox, OutboxSettings
from bridge.texts.reader import TextReader
from bridge.web import listener
from bridge.web.app import create_app
from bridge.web.phones import Phones
from bridge.web.settings import tls
from storage import backup, lock
from storage.database import Database

CLOSE_WITHIN = 2.0  # seconds that open pages get when the daemon stops
DRAIN_WITHIN = 5.0

log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


class AllLiveCalls:
    """ports.LiveCalls over every PBX."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def is_live(self, number: E164) -> bool:
        return any(listener.is_live(number) for listener in self.listeners)

    def talks(self) -> dict[E164, Talk]:
        return {number: talk for listener in self.listeners for number, talk in listener.talks().items()}


class Daemon:
    """Everything that runs for one configuration. `run` returns when `stop` was called, or raises what broke."""

    def __init__(self, config: Config, environ: Mapping[str, str], clock: Callable[[], datetime] = wall_clock) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._stopping = False
        self._told = asyncio.Event()
        self._next = config
        self._listening: list[asyncio.Task[None]] = []
        self._live = AllLiveCalls()
        self._lines: list[AmiClient] = []
        self._scripts: AgiServer | None = None
        self._watch: DatabaseWatch | None = None
        self.page = ""
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
        async with AsyncExitStack() as stack:
            stack.enter_context(lock.held(self._config.database, self._clock()))
            database = await stack.enter_async_context(await self._open_database())
            async with asyncio.TaskGroup() as group:
                while not self._stopping:
                    await self._run_in(group, database)
                await self._end_listening()

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
        text_reader = TextReader(config.words)
        split = _split(config.smpp)
        self._inbox = Inbox(
            database,
            config.office,
            clock=self._clock,
            text_reader=text_reader,
            carrier_replies=[line.sms_number for line in config.office.lines if line.carrier_replies],
            picture_notices=[notice for one in config.gateways for notice in one.picture_notices],
            split=split,
        )
        self._upkeep = self._build_upkeep(database, text_reader, split)
        self._gateways = [SmppClient(one, self._inbox, clock=self._clock) for one in config.gateways]
        limits = OutboxSettings(may_text=config.rules.is_live)
        if config.smpp is not None:
            limits = replace(limits, window=config.smpp.window)
        self._outbox = Outbox(database, Failover(self._gateways), self._live, limits, clock=self._clock)
        self._staff_messages = self._build_staff_messages(database, text_reader, split)
        self._missed = MissedCalls(
            database, config.office, config.rules, self._live, text_reader=text_reader, split=split
        )

    def _build_upkeep(self, database: Database, text_reader: TextReader, split: Callable[[str], Segments]) -> Jobs:
        """What time alone brings about."""
        config, office = self._config, self._config.office
        rows = Callbacks(database, office, split=split)
        receipts = AutoReplies(database, office, config.rules, text_reader, split=split)
        staff_messages = StaffMessages(office, split, by_email=config.email is not None)
        digest = Digest(database, office, config.digest, staff_messages)
        retention = Retention(database, office, config.retention)
        rows_first = (self._inbox.show_incomplete, rows.wake_due, rows.release_idle)
        failures = FailureWatch(database)
        daily = (digest.run_due, retention.run_due)
        return Jobs((*rows_first, receipts.run_due, failures.run_due, *daily), clock=self._clock)

    def _build_staff_messages(
        self, database: Database, text_reader: TextReader, split: Callable[[str], Segments]
    ) -> list[EscalationLoop | Mailer]:
        """What tells staff of urgent work."""
        config = self._config
        alerts = EscalationLoop(
            database,
            config.office,
            config.alerts,
            self._live,
            text_reader,
            clock=self._clock,
            by_email=config.email is not None,
            split=split,
        )
        return [alerts, Mailer(database, config.email, clock=self._clock)] if config.email else [alerts]

    async def _open_page(self, stack: AsyncExitStack, database: Database) -> str:
        """Raises OSError where the port is taken."""
        config, settings = self._config, self._config.web
        phones = Phones(self._reachable, self._live.talks)
        app = create_app(
            database,
            config.office,
            settings,
            health=self.health,
            clock=self._clock,
            lexicon=config.words,
            phones=phones,
        )
        runner = listener.runner(app, close_within=CLOSE_WITHIN)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        host = await listener.where(database, settings)
        await web.TCPSite(runner, host, settings.port, ssl_context=tls(settings)).start()
        host, port = runner.addresses[0][:2]
        return f"{'https' if settings.certificate else 'http'}://{host}:{port}/"

    def _reachable(self) -> dict[str, PbxActions]:
        return {line.settings.name: AsteriskPbx(line) for line in self._lines if line.health.connected_since}

    async def _open_phones(self, stack: AsyncExitStack, database: Database) -> None:
        """What desk phones ask for, where that is configured. Raises OSError where the port is taken."""
        settings, office = self._config.phones, self._config.office
        self._scripts = None
        if settings is not None:
            trunks = [trunk for pbx in self._config.pbxs for trunk in pbx.trunks]
            desk = Desk(database, office, Callbacks(database, office), PinLock(settings.pin), self._clock, trunks)
            self._scripts = AgiServer(settings, routes(desk))
            await stack.enter_async_context(self._scripts.serving())

    def _shown(self, database: Database) -> list[DeskPhoneSync]:
        """What desk phones show by themselves, PBX by PBX."""
        if self._config.phones is None:
            return []
        country = self._config.office.country
        return [DeskPhoneSync(database, AsteriskDisplay(line), country, clock=self._clock) for line in self._lines]

    def _backfills(self, database: Database) -> list[Backfill]:
        """What finds calls again that nobody listened to, of each PBX whose records we may read."""
        config, found = self._config, []
        for pbx, line in zip(config.pbxs, self._lines, strict=True):
            if pbx.cdr is not None:
                records = CdrFile(pbx.cdr, config.tracker(pbx))
                since = partial(_connected_since, line)
                found.append(Backfill(database, pbx.name, records, since, self._missed.ended, clock=self._clock))
        return found

    async def _run_in(self, group: asyncio.TaskGroup, database: Database) -> None:
        """Run with one configuration, until told to stop or to go on with another one."""
        self._build(database)
        async with AsyncExitStack() as stack:
            self.page = await self._open_page(stack, database)
            await self._open_phones(stack, database)
            gateways = [group.create_task(gateway.run()) for gateway in self._gateways]
            outbox = group.create_task(self._outbox.run())
            upkeep = group.create_task(self._upkeep.run())
            staff_messages = [group.create_task(part.run()) for part in self._staff_messages]
            self._watch = DatabaseWatch(database, self._overdue, clock=self._clock)
            watching = [group.create_task(self._watch.run()), group.create_task(self._feed_watchdog(self._watch))]
            if not self._listening:
                self._listen(group, database)
            shown = [group.create_task(one.run()) for one in self._shown(database)]
            found_again = [group.create_task(one.run()) for one in self._backfills(database)]
            self._say_started()
            await self._told.wait()
            self._told.clear()
            self._say_ending()
            if self._stopping or _heard_by(self._next) != _heard_by(self._config):
                await self._end_listening()
            await _end(gateways)  # they drain: their answers still reach the outbox
            await _end([outbox, upkeep, *staff_messages, *watching, *shown, *found_again])
        self._config = replace(self._next, database=database.path)

    def _listen(self, group: asyncio.TaskGroup, database: Database) -> None:
        config = self._config
        self._lines = [AmiClient(pbx, clock=self._clock, wanted=WANTED) for pbx in config.pbxs]
        self._live.listeners = [
            Listener(
                pbx.name,
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
        await self._missed.ended(call, now)

    async def _end_listening(self) -> None:
        lines = self._listening[: len(self._lines)]
        await _end(lines)
        await _in_time([listener.drain() for listener in self._live.listeners])
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
        return await self._outbox.overdue(now) if self._gateways else Backlog()

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
            self._gateways,
            self._live.listeners,
            self._scripts,
            database=self._config.database,
            watch=self._watch,
            counts={"unknown_dids": self._missed.unknown_dids, "texts_unplaced": self._inbox.unplaced},
        )


def _connected_since(line: AmiClient) -> datetime | None:
    return line.health.connected_since


def _split(agreed: SmppSettings | None) -> Callable[[str], Segments]:
    """How texts are cut for that gateway."""
    if agreed is None:
        return gsm.split
    return partial(gsm.split, reference_bits=agreed.reference_bits, alphabet=agreed.default_alphabet)


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


async def _in_time(work: Sequence[Awaitable[None]]) -> None:
    """What hangs must not keep the daemon from stopping: it is found again, or asked for, at the next start."""
    try:
        async with asyncio.timeout(DRAIN_WITHIN):
            await asyncio.gather(*work)
    except TimeoutError:
        log.error("daemon.not_drained")
