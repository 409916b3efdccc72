"""Urgent work in storms, over restarts, with clocks that jump, and with a plan that changes meanwhile."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from structlog.testing import capture_logs

from bridge.callbacks.actions import Seen
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Person
from bridge.domain.office.roster import Change, Override, Roster, Shift
from bridge.domain.phone import E164
from bridge.domain.texts.messages import PartState, Refused, Stored
from bridge.office.schedule_changes import ScheduleChangeError, ScheduleChanges
from bridge.ops import following
from bridge.texts import delivery
from storage import messages
from storage.database import Database
from storage.errors import StorageError
from storage.schedule import ON_CALL
from tests.desk import (
    CUSTOMER,
    MONDAY_NIGHT,
    MONDAY_NOON,
    NEW_YORK,
    OWN,
    STAFF,
    missed_call,
    text,
)
from tests.oncall.night import AT_NIGHT, BOB, GAS, LEAK, PEOPLE, Night, night

__all__ = ["night"]


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
    first = ", ".join([f"#{row} {await night.digits(STAFF, row)}" for row in (1, 11, 21, 31, 2, 3)])
    assert rolls[-1].startswith(f"40 urgent rows wait, 4 with danger: {first}, ")
    assert len(rolls[-1]) <= 160


async def test_a_storm_goes_on_to_the_next_person_in_the_same_way(night: Night) -> None:
    for n in range(10):
        await night.writes("no heat, urgent", neighbour(n))
    for _ in range(40):
        await night.arrive()
        await night.passes(seconds=30)
    to_bob = [words for who, words in await night.told() if who == "Bob"]
    assert [words[:10] for words in to_bob[:3]] == ["URGENT #1:", "URGENT #2:", "URGENT #3:"]
    first = [f"#{row} {await night.digits(BOB, row)}" for row in (1, 2)]
    assert to_bob[-1].startswith(f"10 urgent rows wait: {first[0]}, {first[1]}, ")
    assert len(to_bob) <= 6


async def test_in_a_storm_each_row_can_be_taken_by_the_digits_that_list_shows(night: Night) -> None:
    for n in range(6):
        await night.writes("no heat, urgent", neighbour(n))
    await night.arrive()
    await night.staff(STAFF, "LIST")
    await night.takes(STAFF, 5)
    assert (await night.row(neighbour(4))).owner == "Ann"
    await night.staff(STAFF, "LIST")
    listed = (await night.told())[-1][1]
    assert listed.startswith("5 wait: #")
    assert f"Claimed by you: #5 {await night.digits(STAFF, 5)}." in listed


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
        patch.setattr(night.text_reader, "triage", broken)
        await night.writes(LEAK)
    await night.writes(GAS, E164("+12025557788"))
    assert [words[:10] for _, words in await night.told()] == ["DANGER #2:"]


async def test_every_step_is_in_the_audit_of_the_row(night: Night) -> None:
    await night.writes(LEAK)
    await night.arrive()
    await night.takes(STAFF)
    steps = await night.column("SELECT what FROM audit WHERE subject = 'escalation' ORDER BY id")
    assert steps == ["escalation.raised", "escalation.told", "escalation.arrived", "escalation.acknowledged"]


async def test_an_alert_that_has_not_left_is_taken_back_when_somebody_has_it(night: Night) -> None:
    await night.writes(LEAK)
    row = await night.row()
    await night.callbacks.claim(Seen.of(row, "Dee", night.clock()))
    await night.look()
    (part,) = await night.parts()
    assert part.state is PartState.CANCELLED
    assert await night.who_was_told() == ["Ann"]


# --- who is on call, changed while it runs


async def test_a_swap_entered_tonight_counts_from_the_next_alert_on(night: Night) -> None:
    duties = ScheduleChanges(night.database, night.office)
    start, end = night.clock(), night.clock() + timedelta(hours=8)
    entered = await duties.enter(ON_CALL, Override("Bob", Change.TAKES, start, end, by="Dee"), night.clock())
    await night.writes(LEAK)
    assert await night.who_was_told() == ["Bob"]
    await duties.take_back(ON_CALL, entered.id, "Dee", night.clock())
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
    with pytest.raises(ScheduleChangeError, match=says):
        await ScheduleChanges(night.database, night.office).enter(ON_CALL, change, night.clock())


async def test_the_first_text_asks_for_urgency_only_while_somebody_is_on_call(night: Night) -> None:
    duties = ScheduleChanges(night.database, night.office)
    for person in ("Ann", "Bob"):
        away = Override(person, Change.AWAY, night.clock(), night.clock() + timedelta(hours=1), by="Dee")
        await duties.enter(ON_CALL, away, night.clock())
    await night.is_missed()
    night.clock.advance(hours=2)
    await night.is_missed(missed_call(E164("+12025557788"), night.clock()))
    nobody, somebody = await night.column("SELECT text FROM message WHERE kind = 'first' ORDER BY id")
    assert "urgent" not in str(nobody)
    assert "whether this is urgent now" in str(somebody)


async def test_by_day_with_nights_only_and_no_owner_the_coming_night_is_told(database: Database) -> None:
    nights = Calendar(NEW_YORK, ((OpeningSpan(time(17), time(8)),),) * 7)
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


async def fails(night: Night, number: str) -> None:
    """A text to that number, and the receipt that it failed."""
    await night.is_missed(missed_call(E164(number), night.clock()))
    part = (await night.parts())[-1]
    night.clock.advance(minutes=1)
    async with night.database.transaction() as tx:
        sending = await messages.claim(tx, part, night.clock())
        assert sending
        await delivery.answered(tx, sending.id, Refused(0x45, permanent=True), night.clock())
    await night.look()


async def test_texts_that_fail_one_after_the_other_are_told_once_and_so_is_their_end(database: Database) -> None:
    people = (replace(PEOPLE[0], email="ann@ace.example"), *PEOPLE[1:])
    night = Night(database, office=replace(AT_NIGHT, people=people))
    await night.resume()
    for n in range(7):
        await fails(night, f"+1202555{1000 + 211 * n}")
    ((who, words),) = [(who, words) for who, words in await night.told() if words.startswith("Texts")]
    assert who == "Ann"
    assert "Texts to customers fail: 5 numbers since" in words
    assert "status 0x00000045" in words
    assert await night.column("SELECT text FROM email WHERE text LIKE 'Texts %'") == [words]
    assert await night.column("SELECT value FROM setting WHERE key = 'paused'") == ["0"]


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


async def test_what_could_not_be_stored_is_not_in_the_log_as_if_it_were(database: Database) -> None:
    night = Night(database)
    await night.inbox.received(text(GAS, CUSTOMER.value, to=OWN.value))
    with capture_logs() as logs:
        await database._writer.execute("PRAGMA query_only = ON")
        for _ in range(3):
            assert await night.inbox.received(text(LEAK, CUSTOMER.value, to=OWN.value)) is Stored.TRY_AGAIN
            with pytest.raises(StorageError):
                await night.look()
        await database._writer.execute("PRAGMA query_only = OFF")
        before = [entry["event"] for entry in logs]
        await night.look()
    assert not {"reply.received", "urgent.raised"} & set(before)
    assert [entry["event"] for entry in logs].count("urgent.raised") == 1


async def test_a_disk_that_fails_each_second_is_a_line_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "RETRY", timedelta(0))
    tried = asyncio.Queue[None]()

    async def fails_at_once() -> timedelta:
        tried.put_nowait(None)
        raise StorageError(database.path, "full")

    with capture_logs() as logs:
        loop = asyncio.create_task(
            following.follow_commits(database, fails_at_once, name="escalation", rest=timedelta(0))
        )
        for _ in range(2):
            await tried.get()
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert [(entry["event"], entry["times"]) for entry in logs] == [("escalation.storage", 1)]
