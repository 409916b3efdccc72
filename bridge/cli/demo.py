"""`textback demo`: the whole product on this machine, against a simulated PBX and a simulated SMS gateway."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bridge.cli.run import until_signalled
from bridge.config import Config, load
from bridge.daemon.daemon import Daemon, wall_clock
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from bridge.ops import logs
from bridge.simulator.morning import OFFICE, ON_CALL, SUPPLIER, Morning
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.smsc import Smsc
from bridge.simulator.tape import Tape
from storage import contacts, settings
from storage.contacts import Contact
from storage.database import Database

CONFIG = """
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"

[[pbx]]
port = {ami_port}
secret = "{secret}"
trunks = ["PJSIP/trunk-*"]

[[person]]
name = "{visitor}"
extension = "101"

[[person]]
name = "Ann"
mobile = "{on_call}"
on_call = true

[[line]]
dids = ["{office}"]
sms_number = "{office}"

[smpp]
host = "127.0.0.1"
port = {smpp_port}
system_id = "textback"
password = "secret"

[web]
listen = "127.0.0.1:{page_port}"

[hours]
mon-fri = "08:00-17:00"

[rules]
min_ring = "1s"   # the calls play three times as fast

[storage]
path = "{database}"
"""

ZONE, FRIDAY = ZoneInfo("America/New_York"), 4
CONFIG_FILE = "textback.toml"
VISITOR = "Dana"
SECRET = "simulated"  # noqa: S105  of a PBX that only plays

BEGINS = "Textback demo: starting, in a few seconds the page is there ..."
WELCOME = """
Textback demo: the page is at {page}

This link opens it, in one browser: {link}
For another browser: {textback} page-link --config {config}

Simulated: the PBX (it plays recordings of a real Asterisk) and the SMS gateway with its customers.
Real: everything between them: AMI and SMPP over TCP, the verdicts, the texts, the queue, the page and its database.
You are signed in as {visitor}, who works here (top right); press Call on a row, and your desk phone rings and connects.
Ann is on call and takes urgent work by text. A real office asks for passwords: `textback users add NAME`.
It is nine o'clock on a weekday here, whatever your clock says. A morning of calls begins now, about one every ten
seconds; after some seven minutes it ends, and the list is yours until you press Ctrl-C.
What Textback notes meanwhile: tail -f {log}
"""

OVER = "The morning is over: about twenty-five customers have called. Ctrl-C ends the demo."


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(port: Annotated[int, typer.Option(help="of the page")] = 8080) -> None:
    """Show everything working, without a PBX and without a gateway; nothing leaves this machine."""
    print(BEGINS, flush=True)
    handle, log = tempfile.mkstemp(prefix="textback-demo-", suffix=".log")  # stays, for whoever asks afterwards
    folder = tempfile.TemporaryDirectory(prefix="textback-demo-")
    with os.fdopen(handle, "w", encoding="utf-8") as stream, folder as place:
        logs.configure("info", os.environ, stream)
        asyncio.run(_play(Path(place), port, log))


async def _play(folder: Path, port: int, log: str) -> None:
    clock = from_nine()
    async with SimulatedPbx(clock=clock, secret=SECRET, calls_back=Tape.named("originate_answered")) as pbx:
        morning = Morning(pbx)
        async with Smsc(on_submit=morning.on_submit).serve() as smsc:
            daemon = Daemon(await prepare(folder, port, pbx, smsc, clock()), os.environ, clock)
            async with asyncio.TaskGroup() as group:
                playing = group.create_task(_begin(daemon, folder / CONFIG_FILE, morning, smsc, log))
                await until_signalled(daemon, folder / CONFIG_FILE)
                playing.cancel()


def since_nine(begun: datetime) -> timedelta:
    """How long ago it was nine in the morning of a weekday there, when the wall's clock shows `begun`."""
    wall = begun.astimezone(ZONE)
    nine = wall.replace(hour=9, minute=0, second=0, microsecond=0)
    while nine > wall or nine.weekday() > FRIDAY:
        nine -= timedelta(days=1)
    return begun - nine.astimezone(UTC)


def from_nine() -> Callable[[], datetime]:
    """A clock that shows nine now, and goes on as the wall's does."""
    behind = since_nine(wall_clock())
    return lambda: wall_clock() - behind


async def prepare(folder: Path, port: int, pbx: SimulatedPbx, smsc: Smsc, now: datetime) -> Config:
    """The office of the demo, from a file like any other; a new database starts paused, so it is resumed here."""
    path = folder / CONFIG_FILE
    text = CONFIG.format(
        ami_port=pbx.port,
        secret=SECRET,
        smpp_port=smsc.port,
        page_port=port,
        office=OFFICE,
        on_call=ON_CALL,
        visitor=VISITOR,
        database=folder / "textback.db",
    )
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    config = load(path, os.environ)
    async with await Database.open(config.database) as database, database.transaction() as tx:
        await settings.resume(tx, "demo", now)
        await contacts.put(tx, Contact(E164(SUPPLIER), "Pipes & Parts", ContactKind.SUPPLIER), "demo", now)
    return replace(config, web=replace(config.web, visitor=VISITOR))


async def _begin(daemon: Daemon, config: Path, morning: Morning, smsc: Smsc, log: str) -> None:
    await daemon.started.wait()
    textback = Path(sys.executable).with_name("textback")
    told = {"page": daemon.page, "link": daemon.link, "textback": textback, "config": config}
    print(WELCOME.format(**told, visitor=VISITOR, log=log), flush=True)
    await smsc.until_bound()
    with contextlib.suppress(ConnectionError):  # a customer writes while the daemon leaves
        await morning.play(smsc)
        print(OVER, flush=True)
