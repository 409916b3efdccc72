"""The nights of urgent work: somebody is told, until a named person has it."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome, Urgency
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.oncall.escalation import Stage
from bridge.domain.texts.messages import Accepted, ReceiptState, Refused, Unanswered
from storage.database import Database
from tests.desk import (
    CUSTOMER,
    MONDAY_NIGHT,
    NEW_YORK,
    STAFF,
    answered_call,
    outbound_call,
    text,
)
from tests.oncall.night import AT_NIGHT, BOB, GAS, LEAK, Night, day, night

__all__ = ["day", "night"]


HEADLINE = 'URGENT #1: (202) 555-0123, 12 Elm St: "kitchen sink leaks" (leak, emergency)'


async def test_at_night_the_person_on_call_is_told_at_once_in_one_text(night: Night) -> None:
    await night.is_missed()
    await night.writes(LEAK)
    told = await night.told()
    assert told == [("Ann", f"{HEADLINE}, since 10 PM. Reply {await night.digits(STAFF)} to claim it")]


async def test_routine_words_wake_nobody(night: Night) -> None:
    await night.is_missed()
    await night.writes("Could you quote a new water heater next month?")
    await night.passes(hours=1)
    assert await night.told() == []


async def test_nobody_reacts_and_everybody_is_told_twice_at_most(night: Night) -> None:
    await night.writes(LEAK)
    stages = []
    for _ in range(8):
        await night.arrive()
        stages.append(await night.stage())
        await night.passes(minutes=10)
    assert await night.minutes() == [("Ann", 0), ("Bob", 10), ("Olga", 20), ("Ann", 30), ("Bob", 40), ("Olga", 50)]
    assert stages[:3] == [Stage.ALERTING] * 3
    assert set(stages[3:]) == {Stage.UNSEEN}
    case = await night.case()
    assert case is not None
    assert case.due_at is None


@pytest.mark.parametrize("told", [ReceiptState.UNDELIVERABLE, ReceiptState.REJECTED, ReceiptState.EXPIRED])
async def test_an_alert_that_bounces_goes_to_the_next_person_at_once(night: Night, told: ReceiptState) -> None:
    await night.writes(LEAK)
    await night.arrive(told)
    assert await night.minutes() == [("Ann", 0), ("Bob", 0)]


@pytest.mark.parametrize("outcome", [Unanswered("link dropped"), Refused(0x45, permanent=True)])
async def test_an_alert_of_unknown_fate_or_refused_goes_on_at_once(night: Night, outcome: Unanswered | Refused) -> None:
    await night.writes(LEAK)
    (part,) = await night.waiting()
    await night.sent(part, outcome)
    await night.look()
    assert await night.minutes() == [("Ann", 0), ("Bob", 0)]


async def test_an_alert_without_a_receipt_goes_on_after_a_minute(night: Night) -> None:
    await night.writes(LEAK)
    (part,) = await night.waiting()
    await night.sent(part, Accepted("7"))
    await night.passes(seconds=59)
    assert await night.who_was_told() == ["Ann"]
    await night.passes(seconds=1)
    assert await night.who_was_told() == ["Ann", "Bob"]


async def test_a_late_receipt_of_the_first_alert_does_not_delay_the_second(night: Night) -> None:
    await night.writes(LEAK)
    (part,) = await night.waiting()
    await night.passes(seconds=60)
    await night.arrive()
    assert part.id
    case = await night.case()
    assert case is not None
    assert case.due_at == MONDAY_NIGHT + timedelta(minutes=11)


async def test_whoever_replies_the_digits_has_it_and_everybody_told_hears_who(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.arrive()
    await night.takes(BOB)
    row = await night.row()
    assert (row.owner, row.acknowledged_by, row.state) == ("Bob", "Bob", CallbackState.CLAIMED)
    assert (await night.told())[-2:] == [
        ("Ann", "Bob claimed #1: (202) 555-0123"),
        ("Bob", 'You claimed #1: (202) 555-0123, 12 Elm St: "kitchen sink leaks", since 10 PM.'),
    ]
    await night.says(BOB, "{} 2")
    await night.passes(hours=2)
    assert len(await night.minutes()) == 2


async def test_of_two_who_acknowledge_in_the_same_second_one_has_it_and_both_know(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.arrive()
    for number in (BOB, STAFF):
        await night.inbox.received(text(await night.digits(number), number.value))
    await night.look()
    assert (await night.row()).owner == "Bob"
    assert ("Ann", "Bob claimed #1.") in await night.told()
    assert sum(words.startswith("You claimed #1") for _, words in await night.told()) == 1


async def test_a_claim_on_the_page_and_a_text_in_the_same_second_leave_one_owner(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    await night.inbox.received(text(await night.digits(STAFF), STAFF.value))
    await night.callbacks.claim(Seen.of(row, "Dee", night.clock()))
    await night.look()
    assert (await night.row()).owner == "Dee"
    assert ("Ann", "Dee claimed #1.") in await night.told()


async def test_where_only_the_owner_is_left_the_owner_is_told(database: Database) -> None:
    night = Night(database, office=replace(AT_NIGHT, roster=Roster(owner="Olga")))
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=30)
    assert [who for who, _ in await night.minutes()] == ["Olga", "Olga"]
    assert await night.stage() is Stage.UNSEEN


async def test_where_nobody_can_be_told_it_is_red_until_somebody_comes_on_call(database: Database) -> None:
    mornings = Calendar(NEW_YORK, ((OpeningSpan(time(6), time(9)),),) * 7)
    night = Night(database, office=replace(AT_NIGHT, roster=Roster((Shift(mornings, ("Bob",)),))))
    await night.writes(LEAK)
    assert await night.stage() is Stage.UNSEEN
    await night.passes(hours=8)
    assert await night.minutes() == [("Bob", 8 * 60)]


# --- while the office is open


async def test_while_open_the_page_is_alone_with_it_for_three_minutes(day: Night) -> None:
    await day.writes(LEAK)
    await day.passes(minutes=2, seconds=59)
    assert await day.told() == []
    await day.passes(seconds=1)
    assert await day.who_was_told() == ["Ann"]


async def test_a_claim_within_these_minutes_spares_everybody_a_text(day: Night) -> None:
    await day.writes(LEAK)
    row = await day.row()
    await day.callbacks.claim(Seen.of(row, "Dee", day.clock.advance(minutes=1)))
    await day.passes(minutes=15)
    assert await day.told() == []
    assert await day.stage() is Stage.ACKNOWLEDGED


async def test_a_hazard_does_not_wait_for_the_page(day: Night) -> None:
    await day.writes(GAS)
    ((who, words),) = await day.told()
    assert who == "Ann"
    assert words.startswith("DANGER #1: ")


async def test_a_hazard_in_the_next_text_brings_the_alert_forward(day: Night) -> None:
    await day.writes(LEAK)
    await day.passes(minutes=1)
    assert await day.told() == []
    await day.writes("now there is smoke from the outlet")
    assert (await day.told())[0][1].startswith("DANGER #1: ")


# --- somebody acts


async def test_a_customer_who_is_reached_by_phone_meanwhile_ends_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.arrive()
    await night.call(answered_call(at=night.clock.advance(minutes=1), by="102"))
    await night.passes(hours=2)
    assert await night.stage() is Stage.OVER
    assert (await night.told())[2:] == [("Ann", "Bob took care of #1: (202) 555-0123")]


async def test_calling_the_customer_acknowledges_and_needs_no_reminder(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.call(outbound_call(at=night.clock.advance(minutes=5), by="101"))
    await night.passes(hours=2)
    assert await night.stage() is Stage.ACKNOWLEDGED
    assert await night.who_was_told() == ["Ann"]


async def test_nobody_else_is_told_while_somebody_may_be_talking_with_the_customer(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=9)
    night.live.numbers.add(CUSTOMER)
    await night.passes(minutes=15)
    assert await night.who_was_told() == ["Ann"]
    night.live.numbers.clear()
    await night.passes(seconds=30)
    assert await night.who_was_told() == ["Ann", "Bob"]


async def test_a_customer_on_the_phone_does_not_hold_back_the_first_alert(night: Night) -> None:
    night.live.numbers.add(CUSTOMER)
    await night.writes(LEAK)
    assert await night.who_was_told() == ["Ann"]


async def test_acknowledged_without_a_call_is_reminded_once_and_then_passed_on(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    await night.arrive()
    await night.passes(minutes=20)
    await night.arrive()
    reminder = (await night.told())[-1]
    assert reminder[0] == "Ann"
    assert reminder[1].startswith("Reminder: you claimed #1, no call or text since 10 PM: (202) 555-0123")
    await night.passes(minutes=10)
    assert await night.minutes() == [("Ann", 0), ("Bob", 30)]
    assert (await night.row()).owner is None
    await night.takes(BOB)
    assert (await night.row()).owner == "Bob"


async def test_a_row_that_is_let_go_goes_on_at_once(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    row = await night.row()
    await night.callbacks.release(Seen.of(row, "Ann", night.clock.advance(minutes=2)))
    await night.look()
    assert await night.minutes() == [("Ann", 0), ("Bob", 2)]


async def test_a_claim_that_ends_by_itself_after_a_call_wakes_nobody(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    await night.call(outbound_call(at=night.clock.advance(minutes=5), by="101"))
    await night.passes(minutes=31)
    await night.callbacks.release_idle(night.clock())
    await night.passes(hours=1)
    assert (await night.row()).owner is None
    assert await night.minutes() == [("Ann", 0)]


async def test_later_replies_go_to_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    await night.writes("the gate code is 4711")
    assert (await night.told())[-1] == ("Ann", '#1 (202) 555-0123 wrote: "the gate code is 4711"')


async def test_danger_asks_for_a_new_acknowledgement_of_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    night.clock.advance(minutes=1)
    await night.writes("now the outlet is sparking")
    await night.arrive()
    assert (await night.told())[-1][1].startswith("DANGER #1: ")
    await night.passes(minutes=10)
    assert await night.minutes() == [("Ann", 0), ("Ann", 1), ("Bob", 11)]
    await night.takes(BOB)
    assert (await night.row()).owner == "Bob"


async def test_danger_on_a_row_that_the_front_desk_has_is_told_to_whoever_is_on_call(day: Night) -> None:
    await day.writes(LEAK)
    row = await day.row()
    await day.callbacks.claim(Seen.of(row, "Front desk", day.clock()))
    await day.writes("now the outlet is sparking")
    assert await day.who_was_told() == ["Ann"]


async def test_an_owner_from_before_is_told_first(night: Night) -> None:
    await night.is_missed()
    row = await night.row()
    await night.callbacks.claim(Seen.of(row, "Bob", night.clock()))
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    assert await night.minutes() == [("Bob", 0), ("Ann", 10)]
    await night.takes(STAFF)
    assert (await night.row()).owner == "Ann"


async def test_a_person_who_finds_it_less_urgent_ends_the_alerts(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    await night.callbacks.rank(Seen.of(row, "Ann", night.clock()), Urgency.ROUTINE)
    await night.passes(hours=1)
    assert await night.stage() is Stage.OVER
    assert await night.who_was_told() == ["Ann"]


async def test_a_person_who_raises_the_urgency_has_somebody_told(night: Night) -> None:
    await night.is_missed()
    row = await night.row()
    await night.callbacks.rank(Seen.of(row, "Dee", night.clock()), Urgency.URGENT)
    await night.look()
    assert await night.who_was_told() == ["Ann"]


async def test_an_undone_claim_is_none(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    row = await night.callbacks.claim(Seen.of(row, "Dee", night.clock()))
    await night.callbacks.undo(Seen.of(row, "Dee", night.clock.advance(seconds=5)))
    await night.look()
    assert await night.stage() is Stage.ALERTING


async def test_a_note_taken_back_leaves_the_row_with_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    row = await night.callbacks.acknowledge(Seen.of(row, "Dee", night.clock()))
    row = await night.callbacks.note(Seen.of(row, "Dee", night.clock()), "gate code")
    await night.callbacks.undo(Seen.of(row, "Dee", night.clock()))
    await night.look()
    assert await night.stage() is Stage.ACKNOWLEDGED


async def test_an_urgent_word_after_the_row_was_closed_begins_anew(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    await night.says(STAFF, "{} 2")
    assert await night.stage() is Stage.OVER
    await night.passes(hours=3)
    await night.writes("it is leaking again, worse")
    assert await night.stage() is Stage.ALERTING


async def test_an_urgent_text_from_somebody_who_opted_out_is_told_all_the_same(night: Night) -> None:
    await night.is_missed()
    await night.writes("STOP")
    await night.writes(LEAK)
    assert "Ann" in await night.who_was_told()


@pytest.mark.parametrize("first", ["LIST", "hello there", "My faucet drips a little"])
async def test_an_alert_quotes_the_words_that_made_it_urgent(night: Night, first: str) -> None:
    await night.writes(first)
    await night.writes("no heat and a baby, sparks from outlet")
    alert = next(words for _, words in await night.told() if words.startswith("DANGER"))
    assert "sparks from outlet" in alert
    assert first not in alert


@pytest.mark.parametrize("known", [True, False])
async def test_what_is_urgent_only_together_is_told_together_whoever_wrote_it(night: Night, known: bool) -> None:
    for words in ("no", "heat and a baby here"):
        await night.inbox.received(text(words, CUSTOMER.value if known else "99999990123"))
        await night.look()
    [(_, told)] = await night.told()
    assert '"no heat and a baby here" (no heat)' in told


async def test_a_second_trouble_is_told_in_its_own_words(night: Night) -> None:
    await night.writes("water leak in the basement")
    await night.staff(STAFF, await night.digits(STAFF))
    await night.callbacks.finish(Seen.of(await night.row(), "Ann", night.clock()), Outcome.BOOKED)
    await night.passes(hours=2)
    await night.writes("now there is no heat")
    assert '"now there is no heat" (no heat)' in (await night.told())[-1][1]


async def test_the_row_says_what_is_urgent_not_what_was_said_first_unless_a_person_wrote_it(night: Night) -> None:
    await night.writes("LIST")
    await night.writes("my basement is flooding")
    row = await night.row()
    assert row.issue == "my basement is flooding"
    seen = Seen.of(row, "Ann", night.clock())
    await night.callbacks.correct(seen, address=None, issue="water heater", second=None)
    await night.writes("and sparks from the panel")
    assert (await night.row()).issue == "water heater"
