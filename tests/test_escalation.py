"""The nights of urgent work: somebody is told, until a named person has it."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bridge.domain.calls import EndedCall
from bridge.domain.escalation import Cause, Rules, Stage
from bridge.domain.hours import Calendar, Span
from bridge.domain.messages import Accepted, PartState, ReceiptState, Refused, Unanswered
from bridge.domain.office import Person
from bridge.domain.oncall import Change, Override, Roster, Shift
from bridge.domain.phone import E164
from bridge.domain.policy import ContactKind
from bridge.domain.queue import State, Urgency
from bridge.duties import Duties, DutyError
from storage import contacts
from storage.contacts import Contact
from storage.database import Database
from tests.desk import (
    CUSTOMER,
    MONDAY_NIGHT,
    MONDAY_NOON,
    NEW_YORK,
    STAFF,
    answered_call,
    missed_call,
    outbound_call,
    text,
)
from tests.night import AT_NIGHT, BOB, GAS, LEAK, PEOPLE, Night, night, voicemail

__all__ = ["night"]


HEADLINE = 'URGENT #1: (202) 555-0123, 12 Elm St: "kitchen sink leaks" (leak, emergency)'


async def test_at_night_the_person_on_call_is_told_at_once_in_one_text(night: Night) -> None:
    await night.is_missed()
    await night.writes(LEAK)
    told = await night.told()
    assert told == [("Ann", f"{HEADLINE}, since 10 PM. Reply 1 to take it")]


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


async def test_whoever_replies_1_has_it_and_everybody_told_hears_who(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.arrive()
    await night.staff(BOB, "1")
    row = await night.row()
    assert (row.owner, row.acknowledged_by, row.state) == ("Bob", "Bob", State.CLAIMED)
    assert (await night.told())[-2:] == [
        ("Ann", "Bob has #1: (202) 555-0123"),
        ("Bob", 'You have #1: (202) 555-0123, 12 Elm St: "kitchen sink leaks", since 10 PM.'),
    ]
    await night.staff(BOB, "2")
    await night.passes(hours=2)
    assert len(await night.minutes()) == 2


async def test_of_two_who_acknowledge_in_the_same_second_one_has_it_and_both_know(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    await night.arrive()
    for number in (BOB, STAFF):
        await night.inbox.received(text("1", number.value))
    await night.look()
    assert (await night.row()).owner == "Bob"
    assert ("Ann", "Bob has #1.") in await night.told()
    assert sum(words.startswith("You have #1") for _, words in await night.told()) == 1


async def test_a_claim_on_the_page_and_a_text_in_the_same_second_leave_one_owner(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    await night.inbox.received(text("1", STAFF.value))
    await night.callbacks.claim(row.id, row.version, "Dee", night.clock())
    await night.look()
    assert (await night.row()).owner == "Dee"
    assert ("Ann", "Dee has #1.") in await night.told()


async def test_where_only_the_owner_is_left_the_owner_is_told(database: Database) -> None:
    night = Night(database, office=replace(AT_NIGHT, roster=Roster(owner="Olga")))
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=30)
    assert [who for who, _ in await night.minutes()] == ["Olga", "Olga"]
    assert await night.stage() is Stage.UNSEEN


async def test_where_nobody_can_be_told_it_is_red_until_somebody_comes_on_call(database: Database) -> None:
    mornings = Calendar(NEW_YORK, ((Span(time(6), time(9)),),) * 7)
    night = Night(database, office=replace(AT_NIGHT, roster=Roster((Shift(mornings, ("Bob",)),))))
    await night.writes(LEAK)
    assert await night.stage() is Stage.UNSEEN
    await night.passes(hours=8)
    assert await night.minutes() == [("Bob", 8 * 60)]


# --- while the office is open


@pytest.fixture
async def day(night: Night) -> Night:
    night.clock.now = MONDAY_NOON
    return night


async def test_while_open_the_page_is_alone_with_it_for_three_minutes(day: Night) -> None:
    await day.writes(LEAK)
    await day.passes(minutes=2, seconds=59)
    assert await day.told() == []
    await day.passes(seconds=1)
    assert await day.who_was_told() == ["Ann"]


async def test_a_claim_within_these_minutes_spares_everybody_a_text(day: Night) -> None:
    await day.writes(LEAK)
    row = await day.row()
    await day.callbacks.claim(row.id, row.version, "Dee", day.clock.advance(minutes=1))
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
    await night.staff(STAFF, "1")
    await night.arrive()
    await night.passes(minutes=20)
    await night.arrive()
    reminder = (await night.told())[-1]
    assert reminder[0] == "Ann"
    assert reminder[1].startswith("Reminder #1, yours since 10 PM, no call or text yet: (202) 555-0123")
    await night.passes(minutes=10)
    assert await night.minutes() == [("Ann", 0), ("Bob", 30)]
    assert (await night.row()).owner is None
    await night.staff(BOB, "1")
    assert (await night.row()).owner == "Bob"


async def test_a_row_that_is_let_go_goes_on_at_once(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    row = await night.row()
    await night.callbacks.release(row.id, row.version, "Ann", night.clock.advance(minutes=2))
    await night.look()
    assert await night.minutes() == [("Ann", 0), ("Bob", 2)]


async def test_a_claim_that_ends_by_itself_after_a_call_wakes_nobody(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    await night.call(outbound_call(at=night.clock.advance(minutes=5), by="101"))
    await night.passes(minutes=31)
    await night.callbacks.release_idle(night.clock())
    await night.passes(hours=1)
    assert (await night.row()).owner is None
    assert await night.minutes() == [("Ann", 0)]


async def test_later_replies_go_to_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    await night.writes("the gate code is 4711")
    assert (await night.told())[-1] == ("Ann", '#1 (202) 555-0123 wrote: "the gate code is 4711"')


async def test_danger_asks_for_a_new_acknowledgement_of_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    night.clock.advance(minutes=1)
    await night.writes("now the outlet is sparking")
    await night.arrive()
    assert (await night.told())[-1][1].startswith("DANGER #1: ")
    await night.passes(minutes=10)
    assert await night.minutes() == [("Ann", 0), ("Ann", 1), ("Bob", 11)]
    await night.staff(BOB, "1")
    assert (await night.row()).owner == "Bob"


async def test_danger_on_a_row_that_the_front_desk_has_is_told_to_whoever_is_on_call(day: Night) -> None:
    await day.writes(LEAK)
    row = await day.row()
    await day.callbacks.claim(row.id, row.version, "Front desk", day.clock())
    await day.writes("now the outlet is sparking")
    assert await day.who_was_told() == ["Ann"]


async def test_an_owner_from_before_is_told_first(night: Night) -> None:
    await night.is_missed()
    row = await night.row()
    await night.callbacks.claim(row.id, row.version, "Bob", night.clock())
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=10)
    assert await night.minutes() == [("Bob", 0), ("Ann", 10)]
    await night.staff(STAFF, "1")
    assert (await night.row()).owner == "Ann"


async def test_a_person_who_finds_it_less_urgent_ends_the_alerts(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    await night.callbacks.rank(row.id, row.version, "Ann", night.clock(), Urgency.ROUTINE)
    await night.passes(hours=1)
    assert await night.stage() is Stage.OVER
    assert await night.who_was_told() == ["Ann"]


async def test_a_person_who_raises_the_urgency_has_somebody_told(night: Night) -> None:
    await night.is_missed()
    row = await night.row()
    await night.callbacks.rank(row.id, row.version, "Dee", night.clock(), Urgency.URGENT)
    await night.look()
    assert await night.who_was_told() == ["Ann"]


async def test_an_undone_claim_is_none(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    row = await night.callbacks.claim(row.id, row.version, "Dee", night.clock())
    await night.callbacks.undo(row.id, row.version, "Dee", night.clock.advance(seconds=5))
    await night.look()
    assert await night.stage() is Stage.ALERTING


async def test_a_note_taken_back_leaves_the_row_with_whoever_has_it(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    row = await night.row()
    row = await night.callbacks.acknowledge(row.id, row.version, "Dee", night.clock())
    row = await night.callbacks.note(row.id, row.version, "Dee", night.clock(), "gate code")
    await night.callbacks.undo(row.id, row.version, "Dee", night.clock())
    await night.look()
    assert await night.stage() is Stage.ACKNOWLEDGED


async def test_an_urgent_word_after_the_row_was_closed_begins_anew(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    await night.staff(STAFF, "2")
    assert await night.stage() is Stage.OVER
    await night.passes(hours=3)
    await night.writes("it is leaking again, worse")
    assert await night.stage() is Stage.ALERTING


async def test_an_urgent_text_from_somebody_who_opted_out_is_told_all_the_same(night: Night) -> None:
    await night.is_missed()
    await night.writes("STOP")
    await night.writes(LEAK)
    assert "Ann" in await night.who_was_told()


# --- without any reply, while closed


async def test_a_voicemail_at_night_is_told_as_no_more_than_that(night: Night) -> None:
    await night.is_missed(voicemail(night.clock()))
    assert await night.told() == [("Ann", "Voicemail left, #1: (202) 555-0123, since 10 PM. Reply 1 to take it")]


async def test_a_caller_who_cannot_be_texted_is_told(night: Night) -> None:
    await night.is_missed(missed_call(None, at=night.clock()))
    ((who, words),) = await night.told()
    assert (who, words) == ("Ann", "Cannot be texted, #1: number withheld, since 10 PM. Reply 1 to take it")


async def test_a_text_that_fails_for_good_is_told_as_well(night: Night) -> None:
    await night.is_missed()
    (part,) = await night.parts()
    await night.sent(part, Refused(0x0B, permanent=True))
    await night.look()
    assert (await night.told())[0][1].startswith("Cannot be texted, #1: ")


async def test_three_calls_in_a_quarter_of_an_hour_are_told_once(night: Night) -> None:
    for _ in range(4):
        await night.is_missed(missed_call(at=night.clock.advance(minutes=4)))
        await night.arrive()
    ((who, words),) = await night.told()
    assert who == "Ann"
    assert words.startswith("Repeated calls, #1: (202) 555-0123, since 10:04 PM, 3 calls")


async def test_three_calls_over_an_evening_are_not(night: Night) -> None:
    for _ in range(4):
        await night.is_missed(missed_call(at=night.clock.advance(minutes=8)))
    assert await night.told() == []


async def test_by_day_calls_alone_alert_nobody(day: Night) -> None:
    await day.is_missed(voicemail(day.clock()))
    await day.is_missed(missed_call(None, at=day.clock()))
    await day.passes(minutes=20)
    assert await day.told() == []


@pytest.mark.parametrize(
    ("off", "calls"),
    [
        (Rules(voicemail=False), [voicemail(MONDAY_NIGHT)]),
        (Rules(untextable=False), [missed_call(None, at=MONDAY_NIGHT)]),
        (Rules(repeated=False), [missed_call(at=MONDAY_NIGHT + timedelta(minutes=n)) for n in range(3)]),
    ],
)
async def test_each_of_these_can_be_switched_off(database: Database, off: Rules, calls: list[EndedCall]) -> None:
    night = Night(database, rules=off)
    for call in calls:
        await night.is_missed(call)
    assert await night.told() == []


@pytest.mark.parametrize("kind", [ContactKind.SUPPLIER, ContactKind.OTHER])
async def test_contacts_that_are_no_customers_wake_nobody(night: Night, kind: ContactKind) -> None:
    async with night.database.transaction() as tx:
        await contacts.put(tx, Contact(CUSTOMER, "Pipes Inc", kind), "Ann", night.clock())
    await night.is_missed(voicemail(night.clock()))
    assert await night.told() == []


async def test_quiet_hours_are_kept_for_calls_and_passed_by_urgent_words(database: Database) -> None:
    quiet = Span(time(22), time(7))
    people = (replace(PEOPLE[0], quiet=quiet), *PEOPLE[1:])
    night = Night(database, office=replace(AT_NIGHT, people=people))
    await night.is_missed(voicemail(night.clock()))
    assert await night.who_was_told() == ["Bob"]
    await night.writes(LEAK, E164("+12025557788"))
    assert await night.who_was_told() == ["Bob", "Ann"]


async def test_urgent_words_after_a_voicemail_press_the_same_alert(night: Night) -> None:
    await night.is_missed(voicemail(night.clock()))
    await night.arrive()
    await night.writes(LEAK)
    await night.passes(minutes=10)
    case = await night.case()
    assert case is not None
    assert case.cause is Cause.URGENT
    assert (await night.told())[-1][1].startswith("URGENT #1: ")


# --- storms


def neighbour(n: int) -> E164:
    return E164(f"+1202555{1000 + n * 7}")


async def test_forty_alerts_in_a_freeze_are_three_texts_and_one_about_all(night: Night) -> None:
    for n in range(40):
        await night.writes("no heat, urgent" if n % 10 else "burning smell from the furnace", neighbour(n))
        night.clock.advance(seconds=5)
        await night.arrive()
    for _ in range(11):
        await night.passes(seconds=30)
        await night.arrive()
    told = await night.told()
    assert {who for who, _ in told} == {"Ann"}
    rolls = [words for _, words in told if "urgent rows wait" in words]
    assert (len(told) - len(rolls), len(rolls)) == (3, 5)
    assert rolls[-1].startswith("40 urgent rows wait, 4 with danger: #1 #11 #21 #31 #2 #3 ")
    assert len(rolls[-1]) <= 160


async def test_a_storm_goes_on_to_the_next_person_in_the_same_way(night: Night) -> None:
    for n in range(10):
        await night.writes("no heat, urgent", neighbour(n))
    for _ in range(40):
        await night.arrive()
        await night.passes(seconds=30)
    to_bob = [words for who, words in await night.told() if who == "Bob"]
    assert [words[:10] for words in to_bob[:3]] == ["URGENT #1:", "URGENT #2:", "URGENT #3:"]
    assert to_bob[-1].startswith("10 urgent rows wait: #1 #2 ")
    assert len(to_bob) <= 6


async def test_in_a_storm_each_row_can_be_taken_by_its_number(night: Night) -> None:
    for n in range(6):
        await night.writes("no heat, urgent", neighbour(n))
    await night.arrive()
    await night.staff(STAFF, "1 5")
    assert (await night.row(neighbour(4))).owner == "Ann"
    await night.staff(STAFF, "LIST")
    listed = (await night.told())[-1][1]
    assert listed.startswith("5 wait: #")
    assert "Yours: #5" in listed


# --- restarts, clocks and faults


async def test_a_restart_between_any_two_steps_changes_nothing(night: Night) -> None:
    await night.inbox.received(text(LEAK))
    for minutes in (0, 10, 10, 5):
        night.loop = night.new_loop()
        await night.passes(minutes=minutes)
        night.loop = night.new_loop()
        await night.arrive()
    assert await night.minutes() == [("Ann", 0), ("Bob", 10), ("Olga", 20)]


async def test_a_daemon_that_was_away_for_hours_goes_on_where_it_was(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    night.clock.advance(hours=3)
    night.loop = night.new_loop()
    await night.look()
    assert await night.minutes() == [("Ann", 0), ("Bob", 180)]


async def test_a_clock_that_is_put_back_delays_nothing(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    night.clock.now -= timedelta(hours=1)
    await night.passes(minutes=10)
    assert await night.who_was_told() == ["Ann", "Bob"]


@pytest.mark.parametrize("begins", ["2026-11-01T05:55Z", "2026-03-08T06:55Z"])
async def test_in_the_night_of_a_clock_change_ten_minutes_are_ten_minutes(night: Night, begins: str) -> None:
    night.clock.now = datetime.fromisoformat(begins)
    await night.writes(LEAK)
    await night.arrive()
    await night.passes(minutes=9, seconds=59)
    assert await night.who_was_told() == ["Ann"]
    await night.passes(seconds=1)
    assert await night.who_was_told() == ["Ann", "Bob"]


async def test_an_entry_that_cannot_be_digested_holds_nobody_up(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    await night.is_missed()

    def broken(_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(night.understanding, "assessed", broken)
        await night.writes(LEAK)
    await night.writes(GAS, E164("+12025557788"))
    assert [words[:10] for _, words in await night.told()] == ["DANGER #2:"]


async def test_every_step_is_in_the_audit_of_the_row(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.staff(STAFF, "1")
    steps = await night.column("SELECT what FROM audit WHERE subject = 'escalation' ORDER BY id")
    assert steps == ["escalation.raised", "escalation.told", "escalation.arrived", "escalation.acknowledged"]


async def test_an_alert_that_has_not_left_is_taken_back_when_somebody_has_it(night: Night) -> None:
    await night.writes(LEAK)
    row = await night.row()
    await night.callbacks.claim(row.id, row.version, "Dee", night.clock())
    await night.look()
    (part,) = await night.parts()
    assert part.state is PartState.CANCELLED
    assert await night.who_was_told() == ["Ann"]


# --- who is on call, changed while it runs


async def test_a_swap_entered_tonight_counts_from_the_next_alert_on(night: Night) -> None:
    duties = Duties(night.database, night.office)
    start, end = night.clock(), night.clock() + timedelta(hours=8)
    entered = await duties.enter(Override("Bob", Change.TAKES, start, end, by="Dee"), night.clock())
    await night.writes(LEAK)
    assert await night.who_was_told() == ["Bob"]
    await duties.take_back(entered.id, "Dee", night.clock())
    assert (await duties.current(night.clock())).roster.on_call("main", night.clock()) == ("Ann", "Bob")
    assert await night.column("SELECT who || ' ' || what FROM audit WHERE subject = 'duty' ORDER BY id") == [
        "Dee duty.entered",
        "Dee duty.taken_back",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Override("Zoe", Change.TAKES, MONDAY_NIGHT, MONDAY_NIGHT + timedelta(hours=1)), "not among the people"),
        (Override("Bob", Change.AWAY, MONDAY_NIGHT, MONDAY_NIGHT + timedelta(hours=1), "west"), "no branch west"),
        (Override("Bob", Change.AWAY, MONDAY_NOON, MONDAY_NOON + timedelta(hours=1)), "gone by"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(night: Night, change: Override, says: str) -> None:
    with pytest.raises(DutyError, match=says):
        await Duties(night.database, night.office).enter(change, night.clock())


async def test_the_first_text_asks_for_urgency_only_while_somebody_is_on_call(night: Night) -> None:
    duties = Duties(night.database, night.office)
    for person in ("Ann", "Bob"):
        away = Override(person, Change.AWAY, night.clock(), night.clock() + timedelta(hours=1), by="Dee")
        await duties.enter(away, night.clock())
    await night.is_missed()
    night.clock.advance(hours=2)
    await night.is_missed(missed_call(E164("+12025557788"), night.clock()))
    nobody, somebody = await night.column("SELECT text FROM message WHERE kind = 'first' ORDER BY id")
    assert "urgent" not in str(nobody)
    assert "whether this is urgent now" in str(somebody)


async def test_by_day_with_nights_only_and_no_owner_the_coming_night_is_told(database: Database) -> None:
    nights = Calendar(NEW_YORK, ((Span(time(17), time(8)),),) * 7)
    night = Night(database, office=replace(AT_NIGHT, roster=Roster((Shift(nights, ("Bob",)),))))
    night.clock.now = MONDAY_NOON
    await night.writes(GAS)
    assert await night.who_was_told() == ["Bob"]


async def test_a_tripped_breaker_is_told_once(night: Night) -> None:
    for n in range(7):
        await night.is_missed(missed_call(E164(f"+1202555012{n}"), night.clock()))
        night.clock.advance(seconds=30)
    ((who, words),) = await night.told()
    assert who == "Ann"
    assert words.startswith("Texts to missed callers have stopped")


async def test_whoever_has_an_address_gets_an_email_beside_the_text(database: Database) -> None:
    people = (replace(PEOPLE[0], email="ann@ace.example"), *PEOPLE[1:])
    night = Night(database, office=replace(AT_NIGHT, people=people))
    await night.writes(LEAK)
    ((_, words),) = await night.told()
    assert await night.column("SELECT address || ' ' || text FROM email") == [f"ann@ace.example {words}"]


async def test_whoever_has_only_an_address_gets_that_and_the_next_person_a_text_a_minute_later(
    database: Database,
) -> None:
    people = (Person("Ann", email="ann@ace.example"), *PEOPLE[1:])
    night = Night(database, office=replace(AT_NIGHT, people=people))
    await night.writes(LEAK)
    assert await night.column("SELECT address FROM email") == ["ann@ace.example"]
    await night.passes(minutes=1)
    assert await night.minutes() == [("Bob", 1)]
