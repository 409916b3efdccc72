"""`textback send-test NUMBER`: one text through the gateway, and what it says, as it says it."""

import asyncio
import getpass
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, load
from bridge.doctor.gateway import why_not_bound
from bridge.domain import phone
from bridge.domain.phone import E164
from bridge.domain.texts.gsm import split, transliterate
from bridge.domain.texts.messages import (
    Accepted,
    Inbound,
    LateAnswer,
    NotWritten,
    Outcome,
    Receipt,
    Refused,
    Stored,
    Submission,
)
from bridge.ops import logs
from bridge.smpp.client import SmppClient
from bridge.smpp.settings import SmppSettings
from storage import settings
from storage.database import Database
from storage.files import is_there

TEXT = "This is a test of the text messages of {business}. No answer is needed."


def register(app: typer.Typer) -> None:
    app.command("send-test")(command)


def command(
    number: Annotated[str, typer.Argument(help="Whom to text, as you would dial it.")],
    config: ConfigPath = CONFIG,
    text: Annotated[str, typer.Option(help="Another text.")] = "",
    source: Annotated[
        str, typer.Option("--from", help="The number or name it comes from; else the first line's.")
    ] = "",
    backup: Annotated[bool, typer.Option("--backup", help="Through the second gateway.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the receipt.")] = 60.0,
    trace: Annotated[bool, typer.Option("--trace", help="Show every PDU, numbers masked, without texts.")] = False,
) -> None:
    """Send one text and show the bind, the answer and the receipt as they happen."""
    logs.configure("debug" if trace else "error", os.environ)
    loaded = load(config, os.environ)
    destination = phone.parse(number, loaded.office.country)
    if destination is None:
        raise typer.BadParameter(f"{number!r} is no telephone number in {loaded.office.country}")
    test = SendTest(
        replace(_gateway(loaded, backup=backup), trace=trace),
        source or loaded.office.lines[0].sms_number,
        destination,
        text or transliterate(TEXT.format(business=loaded.office.business)),
        wait,
        print,
    )
    if not asyncio.run(_remembered(test, loaded)):
        raise typer.Exit(1)


async def _remembered(test: "SendTest", config: Config) -> bool:
    """A text that went out ticks a box on the page, where there is a database yet."""
    went_out = await test.run()
    if went_out and is_there(config.database):
        async with await Database.open(config.database) as database, database.transaction() as tx:
            await settings.turn(tx, settings.TESTED, True, getpass.getuser(), datetime.now(UTC))
    return went_out


def _gateway(config: Config, *, backup: bool) -> SmppSettings:
    chosen, table = (config.smpp_backup, "smpp_backup") if backup else (config.smpp, "smpp")
    if chosen is None:
        raise typer.BadParameter(f"there is no [{table}] in the configuration")
    return chosen


class SendTest:
    """It is its own receiver: what is not a receipt of its own parts, the gateway is asked to keep for the daemon."""

    def __init__(
        self,
        settings: SmppSettings,
        source: str,
        destination: E164,
        text: str,
        wait: float,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._source = source
        self._destination = destination
        self._text = text
        self._wait = wait
        self._say = say
        self._started = time.monotonic()
        self._open: set[str] = set()
        self._delivered = True
        self._receipts: dict[str, Receipt] = {}
        self._arrived = asyncio.Event()

    async def run(self) -> bool:
        """True when every part was accepted and no receipt said that it failed."""
        client = SmppClient(self._settings, self, clock=lambda: datetime.now(UTC))
        running = asyncio.create_task(client.run())
        try:
            return await self._bound(client) and await self._sent(client) and await self._received()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def received(self, what: Inbound) -> Stored:
        """A receipt may come before the answer that names its id: then it is remembered, and the gateway keeps it."""
        if not isinstance(what, Receipt):
            return Stored.TRY_AGAIN
        self._receipts |= dict.fromkeys(what.message_ids, what)
        self._arrived.set()
        return Stored.TRY_AGAIN if self._open.isdisjoint(what.message_ids) else Stored.OK

    async def answered_late(self, answer: LateAnswer) -> None:
        self._tell(f"late answer: {_in_words(answer.outcome)}")

    async def _bound(self, client: SmppClient) -> bool:
        self._tell(f"connecting to {self._settings.host}:{self._settings.port} as {self._settings.system_id}")
        if why := await why_not_bound(client, self._tell):
            self._tell(f"not bound: {why[0]}")
            self._tell(f"-> {why[1]}")
            return False
        self._tell("bound")
        return True

    async def _sent(self, client: SmppClient) -> bool:
        segments = split(
            self._text, reference_bits=self._settings.reference_bits, alphabet=self._settings.default_alphabet
        )
        total = len(segments.parts)
        for sequence, text in enumerate(segments.parts, start=1):
            part = Submission(
                sequence,
                self._source,
                self._destination,
                text,
                segments.encoding,
                reference=int(time.time()) % 256,
                sequence=sequence,
                total=total,
            )
            outcome = await client.submit(part)
            self._tell(f"part {sequence} of {total} ({segments.encoding}): {_in_words(outcome)}")
            if not isinstance(outcome, Accepted):
                return False
            self._open |= {outcome.message_id} - {""}
        return True

    async def _received(self) -> bool:
        """Show each receipt as it comes, until every part has its last one or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                while self._open:
                    self._show_receipts()
                    if self._open:
                        self._arrived.clear()
                        await self._arrived.wait()
        if self._open:
            self._tell(f"no receipt within {self._wait:g} s; the gateway has accepted the text")
        return self._delivered

    def _show_receipts(self) -> None:
        for message_id in sorted(self._open & self._receipts.keys()):
            receipt = self._receipts.pop(message_id)
            self._tell(
                f"receipt for {message_id}: {receipt.state}" + (f", error {receipt.error}" if receipt.error else "")
            )
            if receipt.final:
                self._open.discard(message_id)
                self._delivered &= receipt.state == "delivered"

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._started:7.3f} s  {what}")


def _in_words(outcome: Outcome) -> str:
    match outcome:
        case Accepted(message_id=message_id):
            return f"accepted, id {message_id}" if message_id else "accepted, without an id: no receipt can be matched"
        case Refused(status=status, permanent=permanent):
            return f"refused with 0x{status:02x}, " + ("for good" if permanent else "for now")
        case NotWritten(why=why):
            return f"not sent: {why}"
    return f"may have been sent: {outcome.why}"
