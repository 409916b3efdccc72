"""Voicemail on a real Asterisk: a caller leaves a message, somebody clicks Listen, and their desk phone hears it."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.callbacks.voicemail import Voicemails
from bridge.domain.callbacks.queue import Callback
from storage import audit, calls
from storage.audit import Subject
from storage.calls import CallRow
from tests.agi.phones import NINA, OFFICE, Phones, ended, now, open_phones, shown_name
from tests.lab.office import Office
from tests.lab.phone import answers_after

WITH_MAILBOX, MAILBOX = "0205550140", "101@default"
SPEAKS = 3  # seconds; less than one, or silence, is no message

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]


@pytest_asyncio.fixture
async def phones(office: Office, tmp_path: Path) -> AsyncIterator[Phones]:
    async with open_phones(office, tmp_path) as opened:
        yield opened


async def leaves_a_message(phones: Phones) -> Callback:
    """Nobody answers, and the caller speaks once the mailbox records."""
    inbox = phones.lab.asterisk.home / "spool" / "voicemail" / "default" / "101"
    before = set(inbox.rglob("*.wav"))
    caller = phones.lab.trunk.customer_calls(WITH_MAILBOX, NINA.value)
    async with asyncio.timeout(60):
        while set(inbox.rglob("*.wav")) <= before:  # noqa: ASYNC110  only the file tells that it records
            await asyncio.sleep(0.1)
    caller.media.speaks = True
    await asyncio.sleep(SPEAKS)
    caller.hang_up()
    await ended(caller)
    await phones.lab.phones["101"].incoming.get()  # what nobody picked up
    return await phones.until_row(lambda row: row.missed == 1)


async def left_on(phones: Phones, row: Callback) -> CallRow:
    async with phones.database.read() as db:
        [made] = await calls.of_callback(db, row.id)
    return made


async def runs(lab: Office, application: str) -> str:
    """The channel that runs it, as `core show channels` tells it. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while application not in (told := await lab.cli("core show channels concise")):  # noqa: ASYNC110  only asking it tells
            await asyncio.sleep(0.1)
    return next(row for row in told.splitlines() if application in row)


async def counts(lab: Office) -> tuple[int, int]:
    """New messages in the mailbox, and those that somebody heard."""
    told = await lab.cli("voicemail show users for default")
    new = re.search(r"^default\s+101\s.*?(\d+)\s*$", told, re.MULTILINE)
    assert new, told
    heard = lab.asterisk.home / "spool" / "voicemail" / "default" / "101" / "Old"
    return int(new[1]), len(list(heard.glob("msg*.txt")))


async def test_a_message_is_told_with_its_mailbox_and_listened_to_on_the_desk_phone(phones: Phones) -> None:
    row = await leaves_a_message(phones)
    left = await left_on(phones, row)
    assert (left.call.voicemail_left, left.call.mailbox) == (True, MAILBOX)
    assert left.call.at_voicemail is not None
    assert timedelta(seconds=SPEAKS) <= left.call.at_voicemail < timedelta(seconds=60)
    new, heard = await counts(phones.lab)

    phones.lab.behave(p101=answers_after(0.2))
    voicemails = Voicemails(OFFICE, phones.database, lambda: {"lab": phones.pbx})
    done = await voicemails.listen(row, left, left.version, "Ann", now())
    assert done.accepted, done.error
    desk_phone = await phones.lab.phones["101"].taken()
    assert shown_name(desk_phone).startswith("Voicemail")
    assert f"!VoiceMailMain!{MAILBOX},s!" in await runs(phones.lab, "VoiceMailMain")
    await desk_phone.press("1")
    async with asyncio.timeout(40):
        await desk_phone.media.hears.wait()
    desk_phone.hang_up()
    await phones.lab.idle()

    assert await counts(phones.lab) == (new - 1, heard + 1)
    assert await phones.row() == row
    async with phones.database.read() as db:
        assert len(await calls.page(db)) == 1, "listening is no call of a customer"
        told = await audit.of_version(db, Subject.CALL, left.id, left.version + 1)
    assert told
    assert (told.who, told.what) == ("Ann", "call.listen")


@pytest.mark.parametrize("mailbox", ["777@default", "101@nowhere"])
async def test_a_mailbox_that_is_gone_plays_nothing_and_ends(phones: Phones, mailbox: str) -> None:
    phones.lab.behave(p101=answers_after(0.2))
    done = await phones.pbx.listen(attempt_id="textback-listen-1-1", extension="101", mailbox=mailbox, display="gone")
    assert done.accepted, done.error
    desk_phone = await phones.lab.phones["101"].taken()
    await runs(phones.lab, "VoiceMailMain")
    desk_phone.hang_up()
    await phones.lab.idle()
    async with phones.database.read() as db:
        assert not await calls.page(db)
