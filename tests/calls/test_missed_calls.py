"""A call ended: one row, one text, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt, CallbackState
from bridge.domain.calls.calls import Caller, Reason, Verdict
from bridge.domain.office.templates import Language, Template, Texts
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind, TextRules
from storage import callbacks, contacts, opt_outs, settings
from storage.contacts import Contact
from storage.database import Database
from storage.opt_outs import OptOutCause
from tests.desk import (
    CUSTOMER,
    EAST,
    MAIN,
    MONDAY_NIGHT,
    MONDAY_NOON,
    OFFICE,
    OTHER,
    OWN,
    STAFF,
    Desk,
    answered_call,
    missed_call,
    outbound_call,
    text,
)

WHY = "SELECT text_why FROM call ORDER BY id"


async def test_a_missed_call_is_a_row_and_a_queued_text(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    assert (row.state, row.number, row.missed, row.branch) == (CallbackState.OPEN, CUSTOMER, 1, "main")
    (part,) = await desk.parts()
    assert part.state == "queued"
    assert part.number == CUSTOMER
    assert part.callback_id == row.id
    assert "Sorry we missed you" in part.text


async def test_the_same_call_told_twice_changes_nothing(desk: Desk) -> None:
    call = await desk.call(missed_call())
    await desk.call(call)
    assert (await desk.row()).missed == 1
    assert await desk.column(WHY) == ["send"]


async def test_a_new_install_says_what_it_would_have_texted(database: Database) -> None:
    desk = Desk(database)
    await desk.call(missed_call())
    assert await desk.column(WHY) == ["paused"]
    assert await desk.parts() == []
    assert (await desk.row()).missed == 1


async def test_a_redial_adds_to_the_row_and_gets_no_second_text(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(at=MONDAY_NOON + timedelta(minutes=3)))
    assert (await desk.row()).missed == 2
    assert await desk.column(WHY) == ["send", "cool_down"]


async def test_another_did_is_another_row_in_its_branch_but_the_same_cool_down(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(did="+12025550200", at=MONDAY_NOON + timedelta(minutes=1)))
    assert (await desk.row(branch="east")).missed == 1
    assert await desk.column(WHY) == ["send", "cool_down"]


async def test_after_closing_time_there_is_one_more_text(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(at=MONDAY_NIGHT))
    await desk.call(missed_call(at=MONDAY_NIGHT + timedelta(minutes=5)))
    assert await desk.column(WHY) == ["send", "send", "cool_down"]
    assert "closed" in (await desk.parts())[1].text


async def test_a_night_switch_knows_better_than_the_calendar(desk: Desk) -> None:
    await desk.call(replace(missed_call(), told_closed=True))
    assert await desk.column("SELECT closed FROM call") == [1]


async def test_a_cancelled_text_frees_the_cool_down(desk: Desk) -> None:
    await desk.call(missed_call())
    async with desk.sending():
        desk.gateway.set_ready(False)
    desk.clock.advance(minutes=16)
    async with desk.sending():
        await desk.until_parts_are("cancelled")
    await desk.call(missed_call(at=desk.clock()))
    assert await desk.column(WHY) == ["send", "send"]


async def test_withheld_callers_share_one_row_and_are_not_texted(desk: Desk) -> None:
    await desk.call(missed_call(None))
    shown_all_the_same = Caller(OTHER, OTHER.value, "Eve", withheld=True)
    await desk.call(replace(missed_call(None, MONDAY_NOON + timedelta(minutes=1)), caller=shown_all_the_same))
    row = await desk.row(None)
    assert (row.missed, row.name) == (2, "")
    assert await desk.column(WHY) == ["withheld", "withheld"]
    assert await desk.column("SELECT digits || name FROM call WHERE withheld") == ["", ""]


async def test_a_call_from_staff_is_a_call_row_only(desk: Desk) -> None:
    await desk.call(missed_call(STAFF))
    assert await desk.column("SELECT filtered FROM call") == ["staff"]
    assert await desk.column("SELECT count(*) FROM callback") == [0]


@pytest.mark.parametrize(
    ("kind", "why", "rows"),
    [
        (ContactKind.BLOCKED, "blocked", 0),
        (ContactKind.STAFF, "staff", 0),
        (ContactKind.SUPPLIER, "contact", 1),
        (ContactKind.OTHER, "contact", 1),
        (ContactKind.CUSTOMER, "send", 1),
        (ContactKind.SHARED, "send", 1),
    ],
)
async def test_what_a_contact_is_decides_on_row_and_text(desk: Desk, kind: ContactKind, why: str, rows: int) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "The Grand", kind), "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    assert await desk.column(WHY) == [why]
    assert await desk.column("SELECT name FROM callback") == ["The Grand"] * rows


async def test_each_call_from_a_shared_number_is_its_own_row_that_no_answer_closes(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "The Grand", ContactKind.SHARED), "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    await desk.call(missed_call(at=MONDAY_NOON + timedelta(minutes=1)))
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(minutes=2)))
    assert await desk.column("SELECT state FROM callback") == ["open", "open"]


async def test_a_short_ring_is_counted_apart(desk: Desk) -> None:
    await desk.call(missed_call(verdict=Verdict.SHORT))
    assert await desk.column("SELECT verdict FROM call") == ["short"]
    assert await desk.column("SELECT count(*) FROM callback") == [0]


async def test_a_busy_phone_that_never_rang_is_not_short(desk: Desk) -> None:
    await desk.call(replace(missed_call(), reason=Reason.BUSY, rang=timedelta(0)))
    assert await desk.column(WHY) == ["send"]


async def test_a_talk_that_was_lost_is_a_row_without_a_text(desk: Desk) -> None:
    await desk.call(replace(answered_call(), verdict=Verdict.ANSWERED_THEN_LOST))
    assert (await desk.row()).state is CallbackState.OPEN
    assert await desk.column(WHY) == ["lost_after_talk"]


async def test_an_unknown_call_is_listed_only_until_more_is_known(desk: Desk) -> None:
    call = await desk.call(missed_call(verdict=Verdict.UNKNOWN))
    assert await desk.column(WHY) == ["unknown"]
    found = replace(call, verdict=Verdict.MISSED, reason=Reason.NO_ANSWER)
    await desk.missed_calls.ended(found, MONDAY_NOON + timedelta(hours=1), late=True)
    assert await desk.column("SELECT verdict || late || text_why FROM call") == ["missed1too_old"]
    assert (await desk.row()).missed == 1


async def test_a_call_that_is_known_is_not_made_unknown_again(desk: Desk) -> None:
    call = await desk.call(missed_call())
    await desk.call(replace(call, verdict=Verdict.UNKNOWN, reason=None))
    assert await desk.column("SELECT verdict FROM call") == ["missed"]


async def test_an_answered_redial_closes_the_row_as_reached(desk: Desk) -> None:
    await desk.call(missed_call())
    later = MONDAY_NOON + timedelta(minutes=4)
    await desk.call(answered_call(at=later))
    row = await desk.row()
    assert (row.state, row.reached_at, row.reached_by, row.outcome) == (CallbackState.CLOSED, later, "Ann", None)


async def test_an_answered_redial_cancels_the_text_that_waits(database: Database) -> None:
    desk = Desk(database, rules=TextRules(delay=timedelta(seconds=60)))
    await desk.resume()
    await desk.call(missed_call())
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(seconds=50)))
    assert [part.state for part in await desk.parts()] == ["cancelled"]


async def test_closing_by_itself_keeps_the_claim_and_the_notes(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    row = await desk.callbacks.claim(Seen.of(row, "Bob", MONDAY_NOON))
    await desk.callbacks.note(Seen.of(row, "Bob", MONDAY_NOON), "has a dog")
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(minutes=4)))
    row = await desk.row()
    assert (row.state, row.owner) == (CallbackState.CLOSED, "Bob")
    assert await desk.column("SELECT text FROM note") == ["has a dog"]


async def test_an_answered_outbound_call_is_an_attempt_and_closes_nothing(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(outbound_call(at=MONDAY_NOON + timedelta(minutes=5)))
    row = await desk.row()
    async with desk.database.read() as db:
        (attempt,) = await callbacks.attempts(db, row.id)
    assert row.state is CallbackState.OPEN
    assert (attempt.who, attempt.result, attempt.talked) == ("Ann", Attempt.CALLED, timedelta(seconds=42))


async def test_an_outbound_call_that_rings_out_is_noted_as_such(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(outbound_call(at=MONDAY_NOON + timedelta(minutes=5), talked=0))
    assert await desk.column("SELECT result FROM attempt") == ["rang_out"]


async def test_no_text_while_another_call_of_that_number_is_live(desk: Desk) -> None:
    desk.live.numbers.add(CUSTOMER)
    await desk.call(missed_call())
    assert await desk.column(WHY) == ["in_call"]
    desk.live.numbers.clear()
    await desk.call(missed_call(at=MONDAY_NOON + timedelta(seconds=30)))
    assert sorted(map(str, await desk.column(WHY))) == ["cool_down", "send"]
    assert len(await desk.parts()) == 1


async def test_a_text_held_back_by_a_talk_is_not_sent_after_it(desk: Desk) -> None:
    desk.live.numbers.add(CUSTOMER)
    await desk.call(missed_call())
    desk.live.numbers.clear()
    await desk.call(answered_call(at=MONDAY_NOON + timedelta(seconds=90)))
    assert await desk.column(WHY) == ["talked_since", "answered"]
    assert await desk.parts() == []


async def test_somebody_who_replied_gets_no_first_text_again(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("12 Elm St, sink leaks"))
    await desk.call(missed_call(at=MONDAY_NIGHT))
    assert await desk.column(WHY) == ["send", "replied"]


async def test_who_opted_out_stays_in_the_queue_without_a_text(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await opt_outs.start(tx, CUSTOMER, OptOutCause.BY_HAND, None, "Ann", MONDAY_NOON)
    await desk.call(missed_call())
    assert await desk.column(WHY) == ["opted_out"]
    assert (await desk.row()).state is CallbackState.OPEN


async def test_the_breaker_trips_when_neighbouring_numbers_call_in_a_row(desk: Desk) -> None:
    for last in range(10, 17):
        await desk.call(missed_call(E164(f"+120255501{last}"), MONDAY_NOON + timedelta(seconds=last)))
    await desk.call(missed_call(E164("+13125550177"), MONDAY_NOON + timedelta(minutes=1)))
    whys = await desk.column(WHY)
    assert whys == ["send"] * 5 + ["breaker"] * 3
    assert await desk.column("SELECT count(*) FROM callback") == [8]
    assert await desk.column("SELECT count(*) FROM audit WHERE what = 'setting.breaker_on'") == [1]
    async with desk.database.transaction() as tx:
        assert await settings.resume(tx, "Ann", desk.clock())
    await desk.call(missed_call(E164("+13125550188"), MONDAY_NOON + timedelta(minutes=2)))
    assert (await desk.column(WHY))[-1] == "send"


async def test_texts_stop_at_the_cap(database: Database) -> None:
    desk = Desk(database, rules=TextRules(cap_hour=2, cap_day=3))
    await desk.resume()
    minutes = (0, 1, 2, 70, 80)
    for minute, area in zip(minutes, (202, 212, 312, 415, 512), strict=True):
        await desk.call(missed_call(E164(f"+1{area}5550123"), MONDAY_NOON + timedelta(minutes=minute)))
    assert await desk.column(WHY) == ["send", "send", "cap_hour", "send", "cap_day"]


async def test_a_text_that_promises_too_much_is_refused_and_the_row_stays(database: Database) -> None:
    texts = Texts(own={(Template.MISSED, Language.EN): "Sorry we missed you. We'll call you back in 10 minutes."})
    desk = Desk(database, office=replace(OFFICE, lines=(replace(MAIN, texts=texts),)))
    await desk.resume()
    await desk.call(missed_call())
    assert await desk.column(WHY) == ["text_refused"]
    assert (await desk.row()).missed == 1


async def test_the_text_depends_on_why_the_call_was_missed(database: Database) -> None:
    words = "All of us are on the phone. Reply with the service address and issue."
    busy = replace(MAIN, texts=Texts(own={(Template.MISSED_BUSY, Language.EN): words}))
    desk = Desk(database, office=replace(OFFICE, lines=(busy, EAST)))
    await desk.resume()
    await desk.call(replace(missed_call(), reason=Reason.BUSY))
    await desk.call(missed_call(OTHER))
    assert [words in part.text for part in await desk.parts()] == [True, False]


async def test_a_call_from_our_own_number_is_not_texted(desk: Desk) -> None:
    await desk.call(missed_call(OWN))
    assert await desk.column(WHY) == ["own_number"]
