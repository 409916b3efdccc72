"""What records prove: who called, whom nobody answered, who was never called back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.calls.calls import Caller, EndedCall, FilterReason, Reason, Verdict
from bridge.domain.phone import E164
from bridge.domain.reports.proof import Day, Proof, prove
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, answered_call, missed_call, outbound_call

MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return MONDAY_NOON + minutes * MINUTE


def proof(*calls: EndedCall) -> Proof:
    return prove(calls, UTC)


def test_calls_and_callers_are_counted_and_those_whom_nobody_answered() -> None:
    found = proof(missed_call(at=at(0)), missed_call(at=at(5)), answered_call(OTHER, at(9)))
    assert (found.calls, found.callers, found.answered, found.missed, found.missed_callers) == (3, 2, 1, 2, 1)
    assert found.why == {Reason.NO_ANSWER: 2}


def test_a_caller_is_never_called_back_who_neither_got_through_nor_was_called() -> None:
    name = Caller(CUSTOMER, name="Mary Poole")
    [one] = proof(replace(missed_call(at=at(0)), caller=name), missed_call(at=at(5))).never
    assert (one.number, one.name, one.calls, one.last, one.why) == (
        CUSTOMER,
        "Mary Poole",
        2,
        missed_call(at=at(5)).started_at,
        Reason.NO_ANSWER,
    )


def test_who_was_answered_before_is_not_called_back_by_that() -> None:
    assert len(proof(answered_call(at=at(-5)), outbound_call(at=at(-3)), missed_call(at=at(0))).never) == 1


def test_who_called_again_and_was_answered_got_through() -> None:
    found = proof(missed_call(at=at(0)), answered_call(at=at(5)))
    assert (found.got_through, found.called_back, found.never) == (1, 0, [])


def test_who_was_called_by_the_office_was_called_back_though_nobody_picked_up_there() -> None:
    found = proof(missed_call(at=at(0)), outbound_call(at=at(5), talked=0))
    assert (found.got_through, found.called_back, found.in_vain, found.never) == (0, 1, 1, [])
    picked_up = proof(missed_call(at=at(0)), outbound_call(at=at(5), talked=0), outbound_call(at=at(9)))
    assert (picked_up.called_back, picked_up.in_vain) == (1, 0)


@pytest.mark.parametrize("dialled", ["912025550123", "95550123", "5550123"])
def test_whom_a_phone_called_by_a_prefix_or_without_the_area_code_was_called_back(dialled: str) -> None:
    call = replace(outbound_call(at=at(5)), caller=Caller(None, dialled))
    assert (proof(missed_call(at=at(0)), call).called_back, proof(missed_call(OTHER, at(0)), call).called_back) == (
        1,
        0,
    )


def test_callers_who_hide_their_number_are_one_each_and_nobodys_to_call_back() -> None:
    found = proof(missed_call(None, at(0)), missed_call(None, at(5)))
    assert (found.callers, found.missed_callers, found.hidden, found.never) == (2, 2, 2, [])


def test_a_call_that_came_while_every_phone_talked_is_counted_and_one_that_was_busy() -> None:
    talks = [
        replace(answered_call(OTHER, at(10), by=phone), started_at=at(0), talked=9 * MINUTE) for phone in ("101", "102")
    ]
    both = missed_call(at=at(5))
    later = missed_call(at=at(15))
    busy = replace(missed_call(at=at(20)), reason=Reason.BUSY)
    found = proof(*talks, both, later, busy)
    assert (found.phones, found.all_busy) == (2, 2)


def test_with_one_of_two_phones_free_not_all_were_busy() -> None:
    talk = replace(answered_call(OTHER, at(10)), started_at=at(0), talked=9 * MINUTE)
    assert proof(talk, answered_call(OTHER, at(30), by="102"), missed_call(at=at(5))).all_busy == 0


def test_a_phone_that_only_rang_is_a_phone_and_was_not_busy() -> None:
    talk = replace(answered_call(OTHER, at(10)), started_at=at(0), talked=9 * MINUTE)
    found = proof(talk, replace(missed_call(at=at(5)), offered=("102",)))
    assert (found.phones, found.all_busy) == (2, 0)


def test_who_has_two_calls_on_one_phone_is_one_phone() -> None:
    talks = [replace(answered_call(OTHER, at(end)), started_at=at(0), talked=4 * MINUTE) for end in (5, 8)]
    assert [proof(*talks, missed_call(at=at(when))).all_busy for when in (0.5, 2, 6, 9)] == [0, 1, 1, 0]


def test_ten_thousand_calls_are_counted_in_a_moment() -> None:
    """Each looked at once: asking for every missed call all that came later took minutes."""
    calls = [missed_call(E164(f"+1202{n % 4000:07}"), at(n)) for n in range(5_000)]
    began = process_time()
    assert proof(*calls, *(outbound_call(at=at(n), talked=9) for n in range(5_000))).missed == 5_000
    assert process_time() - began < 5


def test_a_mobile_that_a_call_was_forwarded_to_is_no_phone_of_the_office() -> None:
    assert proof(answered_call(by="+12025550142")).phones == 0


def test_faxes_and_whom_the_dialplan_turns_away_are_no_callers() -> None:
    fax = replace(missed_call(at=at(0)), reason=Reason.MACHINE, filtered=FilterReason.MACHINE)
    assert (proof(fax).calls, proof(fax).missed) == (0, 0)


def test_what_was_lost_after_a_talk_or_is_unknown_is_counted_apart() -> None:
    lost, unknown = (missed_call(verdict=verdict) for verdict in (Verdict.ANSWERED_THEN_LOST, Verdict.UNKNOWN))
    found = proof(lost, unknown)
    assert (found.calls, found.lost, found.unknown, found.missed) == (2, 1, 1, 0)


def test_days_are_those_of_the_office() -> None:
    late = datetime(2026, 11, 24, 3, tzinfo=UTC)  # Monday evening in New York
    days = prove([missed_call(at=late), answered_call(at=late + 12 * 60 * MINUTE)], ZoneInfo("America/New_York")).days
    assert days == [Day(datetime(2026, 11, 23, tzinfo=UTC).date(), 1, 1), Day(late.date(), 1, 0)]
