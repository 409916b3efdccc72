"""The next step of urgent work, as plain values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.oncall import escalation
from bridge.domain.oncall.escalation import AlertCause, Escalation, EscalationRules, Stage
from tests.desk import MONDAY_NIGHT

RULES = EscalationRules()
MINUTE = timedelta(minutes=1)
CASE = Escalation(1, 1, 7, AlertCause.URGENT, Stage.ALERTING, MONDAY_NIGHT, MONDAY_NIGHT, MONDAY_NIGHT, ("leak",))


@pytest.mark.parametrize(
    ("told", "person"),
    [
        ({}, "Ann"),
        ({"Ann": 1}, "Bob"),
        ({"Ann": 1, "Bob": 1}, "Olga"),
        ({"Ann": 1, "Bob": 1, "Olga": 1}, "Ann"),
        ({"Ann": 2, "Bob": 1, "Olga": 1}, "Bob"),
        ({"Ann": 2, "Bob": 2, "Olga": 2}, None),
        ({"Cid": 2}, "Ann"),
    ],
)
def test_who_was_told_least_is_next_and_nobody_a_third_time(told: dict[str, int], person: str | None) -> None:
    assert escalation.next_person(["Ann", "Bob", "Olga"], told, RULES.rounds) == person


def test_with_nobody_on_the_ladder_there_is_nobody_to_tell() -> None:
    assert escalation.next_person([], {}, RULES.rounds) is None


@pytest.mark.parametrize(
    ("cause", "is_open", "wait"),
    [
        (AlertCause.URGENT, True, 3 * MINUTE),
        (AlertCause.URGENT, False, timedelta(0)),
        (AlertCause.HAZARD, True, timedelta(0)),
        (AlertCause.HAZARD, False, timedelta(0)),
    ],
)
def test_only_urgent_words_by_day_wait_for_the_page(cause: AlertCause, is_open: bool, wait: timedelta) -> None:
    assert escalation.first_due(cause, RULES, MONDAY_NIGHT, is_open=is_open) - MONDAY_NIGHT == wait


def test_what_presses_more_brings_the_step_forward_and_never_puts_it_off() -> None:
    waiting = replace(CASE, due_at=MONDAY_NIGHT + 3 * MINUTE)
    hazard = escalation.pressed(waiting, AlertCause.HAZARD, ("gas",), MONDAY_NIGHT, MONDAY_NIGHT)
    assert (hazard.cause, hazard.due_at) == (AlertCause.HAZARD, MONDAY_NIGHT)
    later = escalation.pressed(CASE, AlertCause.HAZARD, (), MONDAY_NIGHT + 3 * MINUTE, MONDAY_NIGHT)
    assert later.due_at == CASE.due_at
    assert escalation.pressed(CASE, AlertCause.VOICEMAIL, (), MONDAY_NIGHT, MONDAY_NIGHT) == CASE


def test_an_alert_has_a_minute_to_arrive_and_then_its_owner_has_ten_from_when_it_was_sent() -> None:
    sent = escalation.told(CASE, MONDAY_NIGHT, RULES, MONDAY_NIGHT)
    assert sent.due_at == MONDAY_NIGHT + MINUTE
    arrived = escalation.arrived(sent, MONDAY_NIGHT, RULES, MONDAY_NIGHT + timedelta(seconds=40))
    assert arrived.due_at == MONDAY_NIGHT + 10 * MINUTE


def test_taken_reminded_and_let_go() -> None:
    taken = escalation.taken(CASE, "Ann", RULES, MONDAY_NIGHT)
    assert (taken.stage, taken.holder, taken.due_at) == (Stage.ACKNOWLEDGED, "Ann", MONDAY_NIGHT + 20 * MINUTE)
    reminded = escalation.reminded(taken, RULES, MONDAY_NIGHT + 20 * MINUTE)
    assert (reminded.stage, reminded.due_at) == (Stage.REMINDED, MONDAY_NIGHT + 30 * MINUTE)
    free = escalation.let_go(reminded, MONDAY_NIGHT + 30 * MINUTE)
    assert (free.stage, free.holder, free.due_at) == (Stage.ALERTING, None, MONDAY_NIGHT + 30 * MINUTE)


@pytest.mark.parametrize("after", [escalation.acted, escalation.over])
def test_after_a_call_or_an_outcome_nothing_is_due(after: object) -> None:
    taken = escalation.taken(CASE, "Ann", RULES, MONDAY_NIGHT)
    assert callable(after)
    assert after(taken, MONDAY_NIGHT).due_at is None


def test_danger_first_then_the_oldest() -> None:
    cases = [
        replace(CASE, id=1),
        replace(CASE, id=2, cause=AlertCause.REPEATED),
        replace(CASE, id=3, cause=AlertCause.HAZARD),
    ]
    assert [case.id for case in sorted(cases, key=escalation.pressure)] == [3, 1, 2]


def test_a_customers_own_words_cannot_be_switched_off() -> None:
    nothing = EscalationRules(voicemail=False, untextable=False, repeated=False)
    assert [cause for cause in AlertCause if nothing.wants(cause)] == [AlertCause.HAZARD, AlertCause.URGENT]
