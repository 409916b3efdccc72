"""While closed, some calls are told without any reply: the fact, and no more."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from bridge.domain.calls.calls import EndedCall
from bridge.domain.office.hours import OpeningSpan
from bridge.domain.oncall.escalation import AlertCause, EscalationRules
from bridge.domain.phone import E164
from bridge.domain.texts.messages import Refused
from bridge.domain.texts.policy import ContactKind
from storage import contacts
from storage.contacts import Contact
from storage.database import Database
from tests.desk import (
    CUSTOMER,
    MONDAY_NIGHT,
    STAFF,
    missed_call,
)
from tests.oncall.night import AT_NIGHT, LEAK, PEOPLE, Night, day, night, voicemail

__all__ = ["day", "night"]


async def test_a_voicemail_at_night_is_told_as_no_more_than_that(night: Night) -> None:
    await night.is_missed(voicemail(night.clock()))
    tail = f"since 10 PM. Reply {await night.digits(STAFF)} to claim it"
    assert await night.told() == [("Ann", f"Voicemail left, #1: (202) 555-0123, {tail}")]


async def test_a_caller_who_cannot_be_texted_is_told(night: Night) -> None:
    await night.is_missed(missed_call(None, at=night.clock()))
    ((who, words),) = await night.told()
    tail = f"since 10 PM. Reply {await night.digits(STAFF)} to claim it"
    assert (who, words) == ("Ann", f"Cannot be texted, #1: number withheld, {tail}")


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
        (EscalationRules(voicemail=False), [voicemail(MONDAY_NIGHT)]),
        (EscalationRules(untextable=False), [missed_call(None, at=MONDAY_NIGHT)]),
        (EscalationRules(repeated=False), [missed_call(at=MONDAY_NIGHT + timedelta(minutes=n)) for n in range(3)]),
    ],
)
async def test_each_of_these_can_be_switched_off(
    database: Database, off: EscalationRules, calls: list[EndedCall]
) -> None:
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
    quiet = OpeningSpan(time(22), time(7))
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
    assert case.cause is AlertCause.URGENT
    assert (await night.told())[-1][1].startswith("URGENT #1: ")
