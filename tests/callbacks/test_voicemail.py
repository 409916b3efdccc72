"""Voicemail: where it was left is kept, and Listen rings the phone of whoever asks, once, and leaves the row alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.voicemail import CannotListenError, Voicemails
from bridge.domain.calls.calls import EndedCall, Reason
from bridge.domain.office.office import Office, Person
from bridge.ports import Originated
from storage import audit, calls
from storage.audit import Entry, Subject
from storage.calls import CallRow
from tests.callbacks.test_click_to_call import NotingPbx
from tests.desk import OFFICE, Desk, missed_call

UNPLACED: Office = replace(OFFICE, people=(*OFFICE.people, Person("Cem")))
MAILBOX = "199@default"


def with_voicemail(mailbox: str | None = MAILBOX) -> EndedCall:
    return replace(
        missed_call(), reason=Reason.VOICEMAIL, voicemail_left=True, mailbox=mailbox, at_voicemail=timedelta(seconds=24)
    )


async def left_on(desk: Desk) -> CallRow:
    row = await desk.row()
    async with desk.database.read() as db:
        [made] = await calls.of_callback(db, row.id)
    return made


async def asked_for(desk: Desk, left: CallRow) -> list[Entry]:
    async with desk.database.read() as db:
        told = await audit.of_callback(db, (await desk.row()).id)
    return [entry for entry in told if entry.subject is Subject.CALL and entry.subject_id == left.id]


async def test_where_a_message_was_left_and_how_long_the_caller_was_there_is_stored(desk: Desk) -> None:
    await desk.call(with_voicemail())
    left = await left_on(desk)
    assert (left.call.voicemail_left, left.call.mailbox) == (True, MAILBOX)
    assert left.call.at_voicemail == timedelta(seconds=24)


async def test_a_call_without_one_tells_of_no_mailbox(desk: Desk) -> None:
    await desk.call(missed_call())
    left = await left_on(desk)
    assert (left.call.mailbox, left.call.at_voicemail) == (None, None)


async def test_the_persons_phone_is_rung_with_the_mailbox_and_the_row_stays_as_it_is(desk: Desk) -> None:
    pbx = NotingPbx()
    await desk.call(with_voicemail())
    row, left = await desk.row(), await left_on(desk)
    done = await Voicemails(OFFICE, desk.database, lambda: {"office": pbx}).listen(
        row, left, left.version, "Ann", desk.clock()
    )
    assert done == Originated(True)
    assert await desk.row() == row
    assert pbx.asked == [
        {
            "attempt_id": f"textback-listen-{left.id}-1",
            "extension": "101",
            "mailbox": MAILBOX,
            "display": "Voicemail +12025550123",
        }
    ]
    [asked, _] = await asked_for(desk, left)
    assert (asked.who, asked.what) == ("Ann", "call.listen")


async def test_one_sight_of_a_voicemail_rings_one_phone(desk: Desk) -> None:
    pbx = NotingPbx()
    await desk.call(with_voicemail())
    row, left = await desk.row(), await left_on(desk)
    voicemails = Voicemails(OFFICE, desk.database, lambda: {"office": pbx})
    await voicemails.listen(row, left, left.version, "Ann", desk.clock())
    with pytest.raises(CannotListenError, match="meanwhile"):
        await voicemails.listen(row, left, left.version, "Bob", desk.clock())
    assert len(pbx.asked) == 1
    again = await left_on(desk)
    await voicemails.listen(row, again, again.version, "Bob", desk.clock())
    assert [asked["extension"] for asked in pbx.asked] == ["101", "102"]


@pytest.mark.parametrize(
    ("who", "mailbox", "connected", "words"),
    [
        ("Ann", None, True, "did not tell which mailbox"),
        ("Cem", MAILBOX, True, "no extension"),
        ("Nobody", MAILBOX, True, "no extension"),
        ("Ann", MAILBOX, False, "not connected"),
    ],
    ids=["no mailbox", "no extension", "no such person", "no PBX"],
)
async def test_what_cannot_be_listened_to_says_why_and_changes_nothing(
    desk: Desk, who: str, mailbox: str | None, connected: bool, words: str
) -> None:
    pbx = NotingPbx()
    await desk.call(with_voicemail(mailbox))
    row, left = await desk.row(), await left_on(desk)
    voicemails = Voicemails(UNPLACED, desk.database, lambda: {"office": pbx} if connected else {})
    with pytest.raises(CannotListenError, match=words):
        await voicemails.listen(row, left, left.version, who, desk.clock())
    assert await left_on(desk) == left
    assert len(await asked_for(desk, left)) == 1
    assert not pbx.asked
