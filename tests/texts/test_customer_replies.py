"""The table of what an event does to a customer's row, line by line, and what an automatic answer never does."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.callbacks.actions import ConflictError, Seen
from bridge.domain.callbacks.queue import Attempt, CallbackState, Outcome, Urgency
from bridge.domain.calls.calls import Verdict
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import ContactKind, NoTextReason
from bridge.reports import figures
from storage import contacts
from storage.contacts import Contact
from storage.migrate import migrate
from tests.desk import (
    CUSTOMER,
    EAST,
    MONDAY_NOON,
    OFFICE,
    OTHER,
    STAFF,
    Desk,
    answered_call,
    missed_call,
    outbound_call,
    text,
)
from tests.site import run
from tests.web.morning import play
from tests.web.served import served
from tests.web.test_page import act, shown

LATER = MONDAY_NOON + timedelta(minutes=5)
KINDS = "SELECT kind FROM message WHERE kind <> 'first' ORDER BY id"


async def taken(desk: Desk, who: str = "Bob") -> None:
    row = await desk.row()
    await desk.callbacks.claim(Seen.of(row, who, desk.clock()))


# --- missed again, reply, answered ---------------------------------------------------------------------------------


async def test_a_redial_adds_keeps_the_owner_and_wakes_a_snoozed_row(desk: Desk) -> None:
    await desk.call(missed_call())
    await taken(desk)
    row = await desk.row()
    await desk.callbacks.snooze(Seen.of(row, "Bob", desk.clock()), LATER + timedelta(hours=3))
    await desk.call(missed_call(at=LATER))
    row = await desk.row()
    assert (row.state, row.owner, row.until, row.missed) == (CallbackState.CLAIMED, "Bob", None, 2)
    assert await desk.column("SELECT text_why FROM call ORDER BY id") == ["send", "cool_down"]


async def test_a_redial_after_closing_is_a_new_row(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.LOST)
    await desk.call(missed_call(at=LATER))
    assert await desk.column("SELECT missed FROM callback ORDER BY id") == [1, 1]


async def test_a_talk_that_was_lost_closes_nothing(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(at=LATER, verdict=Verdict.ANSWERED_THEN_LOST))
    assert (await desk.row()).state is CallbackState.OPEN


async def test_no_length_of_an_answered_outbound_call_closes_a_row(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(outbound_call(at=LATER, talked=3600))
    row = await desk.row()
    assert (row.state, row.reached_at, row.outcome) == (CallbackState.OPEN, None, None)


async def test_the_talk_counts_from_when_it_began(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(replace(answered_call(at=LATER + timedelta(minutes=40)), answered_at=LATER))
    async with desk.database.read() as db:
        counted = await figures.of_period(db, OFFICE, MONDAY_NOON.date(), MONDAY_NOON.date(), desk.clock())
    assert counted.times.to_contact == [timedelta(minutes=5)]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("ok thanks", CallbackState.CLOSED),
        ("Gracias!", CallbackState.CLOSED),
        ("and the roof?", CallbackState.CLAIMED),
        ("ok?", CallbackState.CLAIMED),
    ],
)
async def test_a_reply_within_a_day_of_closing(desk: Desk, words: str, state: CallbackState) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    desk.clock.advance(hours=23, minutes=59)
    await desk.inbox.received(text(words))
    row = await desk.row()
    assert (row.state, row.unread) == (state, True)
    assert row.owner == ("Ann" if state is CallbackState.CLAIMED else None)
    assert row.outcome == (Outcome.BOOKED if state is CallbackState.CLOSED else None)


async def test_a_reopened_row_asks_for_its_outcome_again_and_was_reached_all_the_same(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.REACHED)
    await desk.inbox.received(text("it leaks again"))
    row = await desk.row()
    assert (row.outcome, row.reached_by, row.urgency) == (None, "Ann", Urgency.URGENT)


# --- closing by itself never discards ------------------------------------------------------------------------------


async def test_an_outcome_that_was_being_entered_while_the_row_closed_by_itself_is_kept(desk: Desk) -> None:
    await desk.call(missed_call())
    await taken(desk)
    seen = await desk.row()
    await desk.call(answered_call(at=LATER))
    row = await desk.callbacks.finish(Seen.of(seen, "Bob", desk.clock()), Outcome.BOOKED)
    assert (row.state, row.outcome, row.owner, row.reached_by) == (CallbackState.CLOSED, Outcome.BOOKED, "Bob", "Ann")


async def test_so_is_a_note_on_the_page(desk: Desk) -> None:
    await desk.call(missed_call())
    seen = await desk.row()
    async with served(desk) as client:
        await desk.call(answered_call(at=LATER))
        status, page = await act(client, seen, "note", note="mind the dog", back="row")
        assert status == 200
        assert "mind the dog" in page.words


async def test_what_another_person_did_still_stands_in_the_way(desk: Desk) -> None:
    await desk.call(missed_call())
    seen = await desk.row()
    await taken(desk)
    await desk.call(answered_call(at=LATER))
    with pytest.raises(ConflictError):
        await desk.callbacks.finish(Seen.of(seen, "Ann", desk.clock()), Outcome.BOOKED)


async def test_no_attempt_is_noted_on_a_row_that_closed_by_itself_meanwhile(desk: Desk) -> None:
    await desk.call(missed_call())
    seen = await desk.row()
    await desk.call(answered_call(at=LATER))
    with pytest.raises(ConflictError):
        await desk.callbacks.attempt(Seen.of(seen, "Bob", desk.clock()), Attempt.NO_ANSWER)


# --- automatic answers ---------------------------------------------------------------------------------------------


async def test_two_machines_do_not_go_on_for_ever_about_start_and_stop(desk: Desk) -> None:
    stop, start = MessageKind.OPT_OUT_CONFIRMATION, MessageKind.OPT_IN_CONFIRMATION
    async with desk.sending():
        for before, after in ((1, 2), (3, 3), (4, 4)):
            await desk.inbox.received(text("STOP"))
            await desk.until_parts_are(*["submitted"] * before)
            await desk.inbox.received(text("START"))
            await desk.until_parts_are(*["submitted"] * after)
        assert await desk.column(KINDS) == [stop, start, stop, stop]
        desk.clock.advance(hours=25)
        await desk.inbox.received(text("STOP"))
        await desk.until_parts_are(*["submitted"] * 5)
        await desk.inbox.received(text("START"))
        await desk.until_parts_are(*["submitted"] * 6)


async def test_start_of_somebody_who_never_stopped_is_not_answered(desk: Desk) -> None:
    await desk.inbox.received(text("START"))
    assert await desk.column(KINDS) == []


@pytest.mark.parametrize(
    "number", ["+442079460958", "+18005550123", "+19005550123"], ids=["foreign", "free", "premium"]
)
async def test_numbers_that_cost_are_not_even_answered_and_still_heed_their_stop(desk: Desk, number: str) -> None:
    for word in ("HELP", "STOP", "START", "STOP"):
        await desk.inbox.received(text(word, number))
    assert await desk.parts() == []
    assert await desk.column("SELECT count(*) FROM opt_out WHERE ended_at IS NULL") == [1]


async def test_a_wrong_number_is_not_texted_when_it_calls_again(desk: Desk) -> None:
    await desk.inbox.received(text("wrong number, I never called you"))
    desk.clock.advance(hours=48)
    await desk.call(missed_call(at=desk.clock()))
    assert await desk.column("SELECT text_why FROM call") == [NoTextReason.OPTED_OUT]
    async with served(desk) as client:
        assert "Opted out: call, do not text" in (await shown(client)).words


@pytest.mark.parametrize("kind", [ContactKind.SUPPLIER, ContactKind.OTHER])
async def test_a_supplier_is_queued_and_read_but_never_answered(desk: Desk, kind: ContactKind) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "Pipes Inc", kind), "Ann", desk.clock())
    await desk.call(missed_call())
    await desk.inbox.received(text("your order is ready"))
    row = await desk.row()
    assert (row.name, row.unread) == ("Pipes Inc", True)
    assert await desk.parts() == []


async def test_a_shared_number_never_closes_by_itself_whoever_of_them_calls_again(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "Hotel Azul", ContactKind.SHARED), "Ann", desk.clock())
    await desk.inbox.received(text("no hot water in 12"))
    await desk.call(missed_call(at=LATER))
    await desk.call(missed_call(at=LATER))
    await desk.call(answered_call(at=LATER))
    assert await desk.column("SELECT state FROM callback") == ["open"] * 3


async def test_staff_who_call_or_text_make_no_row(desk: Desk) -> None:
    await desk.call(missed_call(STAFF))
    await desk.inbox.received(text("leak at my house", STAFF.value))
    assert await desk.column("SELECT id FROM callback") == []


async def test_a_withheld_callers_row_is_closed_by_a_person_only_and_shared_by_all_in_the_branch(desk: Desk) -> None:
    for did in (*OFFICE.lines[0].dids[:1], EAST.dids[0], EAST.dids[0]):
        await desk.call(missed_call(None, did=did))
    assert await desk.column("SELECT missed FROM callback ORDER BY id") == [1, 2]
    assert (await desk.row(None, "east")).state is CallbackState.OPEN


# --- figures -------------------------------------------------------------------------------------------------------


async def test_the_page_shows_what_the_report_says(desk: Desk) -> None:
    await play(desk)
    today = MONDAY_NOON.date()
    async with desk.database.read() as db:
        told = (await figures.of_period(db, OFFICE, today, today, desk.clock())).as_json()
    async with served(desk) as client:
        async with client.get("/figures.csv", params={"days": "7"}) as answer:
            heading, *days = (await answer.text()).splitlines()
        async with client.get("/metrics") as answer:
            metrics = await answer.text()
    last = dict(zip(heading.split(","), days[-1].split(","), strict=True))
    assert last.pop("day") == today.isoformat()
    assert last == {name: str(told[name]) for name in last}
    assert [f'textback_today{{figure="{name}"}} {last[name]}.0' in metrics for name in last] == [True] * len(last)
    assert f"textback_leads_without_next_step {told['leads_with_no_next_step']}.0" in metrics
    assert (told["missed_calls"], told["calls_recovered"], told["appointments_booked"]) == (10, 2, 1)


def test_the_report_of_an_empty_office_is_all_zeros(example: Path) -> None:
    migrate(example.parent / "t.db")
    written = json.loads(run("report", "--config", str(example), "--json").stdout)
    assert {value for value in written.values() if isinstance(value, int)} == {0}


# --- reactions, quotes, machines ------------------------------------------------------------------------------------


async def first_text(desk: Desk) -> str:
    (words,) = await desk.column("SELECT text FROM message WHERE kind = 'first'")
    return str(words)


async def test_a_reaction_to_our_text_is_stored_shown_and_nothing_else(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.snooze(Seen.of(row, "Bob", desk.clock()), LATER + timedelta(hours=3))
    await desk.inbox.received(text(f"Liked “{await first_text(desk)}”"))
    row = await desk.row()
    assert (row.state, row.urgency, row.unread, row.issue) == (CallbackState.WAITING, Urgency.ROUTINE, True, None)
    assert await desk.column("SELECT word || ' ' || reaction FROM reply") == ["none 👍"]
    assert await desk.column("SELECT count(*) FROM opt_out") == [0]
    assert await desk.column(KINDS) == []


async def test_row_and_conversation_show_a_reaction_as_one(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text("my sink is clogged"))
    await desk.inbox.received(text(f"Liked “{await first_text(desk)}”"))
    async with served(desk) as client:
        page = await shown(client)
        assert "👍 to your text" in page.words
        assert "my sink is clogged" in page.words
        conversation = await shown(client, f"/callbacks/{(await desk.row()).id}")
        assert "👍 to your text" in conversation.words
        assert "Liked" not in conversation.words


async def test_a_reaction_counts_as_a_text_reply(desk: Desk) -> None:
    async with desk.sending():
        await desk.call(missed_call())
        await desk.until_parts_are("submitted")
    await desk.inbox.received(text(f"👍 to “{await first_text(desk)}”"))
    today = MONDAY_NOON.date()
    async with desk.database.read() as db:
        told = (await figures.of_period(db, OFFICE, today, today, desk.clock())).as_json()
    assert told["text_replies"] == 1


async def test_a_reaction_to_a_closed_row_reopens_nothing_and_from_a_stranger_opens_nothing(desk: Desk) -> None:
    await desk.inbox.received(text("Loved an image", OTHER.value))
    assert await desk.column("SELECT count(*) FROM callback") == [0]
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Bob", desk.clock()), Outcome.REACHED)
    await desk.inbox.received(text(f"Loved “{await first_text(desk)}”"))
    assert (await desk.row()).state is CallbackState.CLOSED


async def test_what_stands_beside_a_reaction_or_a_quote_is_read(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.inbox.received(text(f"Liked “{await first_text(desk)}” no heat at 12 Elm St"))
    row = await desk.row()
    assert (row.urgency, row.address, row.issue) == (Urgency.URGENT, "12 Elm St", "no heat")


async def test_stop_under_a_quote_of_our_text_opts_out_and_the_quote_alone_does_not(desk: Desk) -> None:
    await desk.call(missed_call())
    quote = f"> {await first_text(desk)}"
    await desk.inbox.received(text(quote))
    assert await desk.column("SELECT count(*) FROM opt_out") == [0]
    await desk.inbox.received(text(f"{quote}\nSTOP"))
    assert await desk.column("SELECT count(*) FROM opt_out") == [1]


async def test_two_fragments_of_a_trouble_opt_nobody_out_and_reach_a_person(desk: Desk) -> None:
    await desk.inbox.received(text("the water wont"))
    desk.clock.advance(seconds=20)
    await desk.inbox.received(text("stop"))
    assert (await desk.row()).urgency is not Urgency.ROUTINE
    assert await desk.column("SELECT count(*) FROM opt_out") == [0]
    desk.clock.advance(minutes=5)
    await desk.inbox.received(text("stop"))
    assert await desk.column("SELECT count(*) FROM opt_out") == [1]


async def test_an_autoresponder_is_kept_on_the_row_and_wakes_nothing(desk: Desk) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.snooze(Seen.of(row, "Bob", desk.clock()), LATER + timedelta(hours=3))
    await desk.inbox.received(text("I'm driving. If this is urgent reply urgent. In an emergency call 911."))
    row = await desk.row()
    assert (row.state, row.urgency) == (CallbackState.WAITING, Urgency.ROUTINE)
    assert await desk.column("SELECT machine FROM reply") == [1]


async def test_the_confirmation_of_a_stop_goes_out_within_five_minutes_or_not_at_all(desk: Desk) -> None:
    await desk.inbox.received(text("STOP"))
    kept = "SELECT (expires_at - created_at) / 60000 FROM message WHERE kind = 'opt_out_confirmation'"
    assert await desk.column(kept) == [5]
