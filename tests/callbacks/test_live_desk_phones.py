"""What desk phones at a real Asterisk show: the lamp, and words in front of a name, whatever becomes of Textback."""

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from tests.agi.phones import NINA, OMAR, Phones, ended, now, open_phones, shown_name
from tests.agi.process import daemon
from tests.lab.asterisk import Asterisk, LabError, find_installation, running_asterisk
from tests.lab.blf import LampPhone
from tests.lab.fixtures import missing
from tests.lab.office import PASSWORD, Office, open_office
from tests.lab.phone import Call

DISPLAYED, PLAIN = "0205550240", "0205550241"
RINGS_WITHIN = 0.3  # seconds more than without a display
TRIES = 3
pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]


@pytest_asyncio.fixture
async def phones(office: Office, tmp_path: Path) -> AsyncIterator[Phones]:
    async with open_phones(office, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def lamp_key(asterisk: Asterisk) -> AsyncIterator[LampPhone]:
    phone = LampPhone("104", PASSWORD, "127.0.0.1", ("127.0.0.1", asterisk.ports.sip))
    await phone.open()
    try:
        phone.watch("*251")
        yield phone
    finally:
        await phone.close()


async def rings(office: Office, did: str, *, shown: str = "") -> Call:
    """A customer calls, the phone rings, the customer hangs up; the call as the phone met it."""
    customer = office.trunk.customer_calls(did, NINA.value, shown=shown)
    async with asyncio.timeout(15):
        call = await office.phones["102"].incoming.get()
    customer.hang_up()
    await ended(customer)
    return call


async def test_the_lamp_follows_the_queue(phones: Phones) -> None:
    async with lamp_key(phones.lab.asterisk) as key:
        await key.shows("dark")
        row = await phones.opens()
        await key.shows("on")
        row = await phones.flags(row)
        await key.shows("blinking")
        row = await phones.callbacks.acknowledge(Seen.of(row, "Ann", now()))
        await key.shows("on")
        await phones.callbacks.finish(Seen.of(row, "Ann", now()), Outcome.REACHED)
        await key.shows("dark")


async def test_the_lamp_is_right_again_after_a_restart_of_the_pbx(tmp_path: Path) -> None:
    try:
        find_installation()
    except LabError as error:
        missing(str(error))
    with running_asterisk() as asterisk:
        async with open_office(asterisk) as office, open_phones(office, tmp_path) as phones:
            row = await phones.opens()
            async with lamp_key(asterisk) as key:
                await key.shows("on")
            await asyncio.to_thread(asterisk.kill)
            await phones.flags(row)
            await asyncio.to_thread(asterisk.start)
            async with lamp_key(asterisk) as key:
                await key.shows("blinking", 30)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("Nina Vos", "Nina Vos"),
        ("José Peña", "José Peña"),
        (r"Bob\" <sip:911@x> ${SHELL(id)}", "Bob sip911x SHELLid"),
        ("a),(b,c&d;e|f", "abcdef"),
        ("N" * 70, "N" * 30),
        ("", ""),
    ],
)
async def test_words_about_the_callback_stand_before_the_cleaned_name(phones: Phones, name: str, after: str) -> None:
    await phones.opens()
    await known(phones.lab, "Callback x1")
    call = await rings(phones.lab, DISPLAYED, shown=f'"{name}" <sip:{NINA.value}@127.0.0.2>')
    assert shown_name(call) == f"Callback x1 {after}".strip()


async def test_a_caller_who_plants_lines_in_the_number_rings_like_any_other(phones: Phones) -> None:
    planted = quote("\r\nEvent: Shutdown\r\nAction: Logoff\r\n${SHELL(id)}),a", safe="")
    await known(phones.lab, "")
    call = await rings(phones.lab, DISPLAYED, shown=f'"Eve" <sip:{NINA.value}{planted}@127.0.0.2>')
    assert shown_name(call) == "Eve"


async def test_the_name_that_the_office_knows_goes_before_the_networks(phones: Phones) -> None:
    await phones.change(await phones.opens(), name="Nina: Vos")
    await known(phones.lab, "Callback x1:Nina Vos")
    call = await rings(phones.lab, DISPLAYED, shown=f'"WIRELESS CALLER" <sip:{NINA.value}@127.0.0.2>')
    assert shown_name(call) == "Callback x1 Nina Vos"


async def test_words_of_the_customer_are_cleaned_and_cut_on_their_way_to_the_phone(phones: Phones) -> None:
    await phones.flags(await phones.opens(), 'le"ak,${SHELL(id)} <b> everywhere', "418 Birchwood\r\nAction: Logoff")
    await known(phones.lab, "URGENT le ak SHELL id 418 Birchwood")
    call = await rings(phones.lab, DISPLAYED, shown=f"<sip:{NINA.value}@127.0.0.2>")
    assert shown_name(call) == "URGENT le ak SHELL id 418 Birchwood"


async def test_nothing_stands_before_the_name_of_somebody_who_waits_for_nothing_any_more(phones: Phones) -> None:
    await phones.opens(OMAR)
    row = await phones.opens(NINA)
    await known(phones.lab, "Callback x1")
    await phones.callbacks.finish(Seen.of(row, "Ann", now()), Outcome.REACHED)
    await known(phones.lab, "")
    call = await rings(phones.lab, DISPLAYED, shown=f'"Nina" <sip:{NINA.value}@127.0.0.2>')
    assert shown_name(call) == "Nina"


async def known(office: Office, words: str) -> None:
    """Wait until the PBX holds these words about Nina, and "" none."""
    async with asyncio.timeout(15):
        while await held(office) != words:  # noqa: ASYNC110  # only asking it tells
            await asyncio.sleep(0.05)


async def held(office: Office) -> str:
    found = re.search(r"^/textback/0612345678 *: (.*?) *$", await office.cli("database show textback"), re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize(
    "fault", [None, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP], ids=["running", "stopped", "killed", "frozen"]
)
async def test_a_call_rings_at_once_and_shows_the_words_whatever_became_of_the_daemon(
    office: Office, tmp_path: Path, unused_tcp_port_factory: Callable[[], int], fault: signal.Signals | None
) -> None:
    async with daemon(office, tmp_path, unused_tcp_port_factory) as running:
        process = running.process
        await known(office, "Callback x1")
        if fault:
            process.send_signal(fault)
        if fault in (signal.SIGTERM, signal.SIGKILL):
            await process.wait()
        plain = [await seconds_to_ring(office, PLAIN) for _ in range(TRIES)]
        displayed = [await seconds_to_ring(office, DISPLAYED) for _ in range(TRIES)]
        shown = shown_name(await rings(office, DISPLAYED))
    assert shown.startswith("Callback x1")
    assert min(displayed) - min(plain) < RINGS_WITHIN


async def seconds_to_ring(office: Office, did: str) -> float:
    began = time.monotonic()
    await rings(office, did)
    return time.monotonic() - began


async def test_a_daemon_that_takes_the_connection_and_hangs_keeps_no_phone_on_the_line(office: Office) -> None:
    gone = asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_server(hangs, "127.0.0.1", office.asterisk.ports.agi):
        call = office.phones["101"].call("660")
        await call.answered.wait()
        await ended(call, 20)
        await gone.wait()
