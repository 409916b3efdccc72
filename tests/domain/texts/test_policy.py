"""When a missed call gets a text, and what is said when it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.calls.calls import Attestation, Caller, CallKey, Direction, EndedCall, FilterReason, Reason, Verdict
from bridge.domain.phone import E164
from bridge.domain.texts.policy import (
    ContactKind,
    Decision,
    History,
    NoText,
    NoTextReason,
    SendText,
    Slot,
    TextRules,
    decide,
    filtered,
    needs_callback,
)

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
CUSTOMER = E164("+12025550123")
STAFF = E164("+12025550199")
OWN = E164("+12025550100")
RULES = TextRules(own_numbers=frozenset({OWN}), staff=frozenset({STAFF}))
CALL = EndedCall(
    key=CallKey("office", "1700000000.1", NOON - timedelta(seconds=30)),
    direction=Direction.INBOUND,
    linkedid="1700000000.1",
    channel="PJSIP/trunk-1",
    caller=Caller(CUSTOMER, "2025550123"),
    did="2025550100",
    verdict=Verdict.MISSED,
    reason=Reason.NO_ANSWER,
    started_at=NOON - timedelta(seconds=30),
    ended_at=NOON,
    rang=timedelta(seconds=20),
)


def decided(
    call: EndedCall = CALL, history: History | None = None, *, live: bool = False, closed: bool = False
) -> Decision:
    return decide(call, history or History(), live, RULES, NOON, closed=closed)


def calling(raw: str) -> EndedCall:
    """From digits that are no public number."""
    return replace(CALL, caller=Caller(None, raw))


def test_a_first_missed_call_gets_a_text() -> None:
    assert decided() == SendText(Slot.OPEN)
    assert decided(closed=True) == SendText(Slot.CLOSED)


@pytest.mark.parametrize("reason", list(Reason))
def test_whatever_the_reason_a_missed_call_gets_a_text(reason: Reason) -> None:
    assert decided(replace(CALL, reason=reason)) == SendText(Slot.OPEN)


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict.ANSWERED, NoTextReason.ANSWERED),
        (Verdict.ANSWERED_THEN_LOST, NoTextReason.LOST_AFTER_TALK),
        (Verdict.SHORT, NoTextReason.SHORT),
        (Verdict.UNKNOWN, NoTextReason.UNKNOWN),
    ],
)
def test_only_a_missed_call_gets_a_text(verdict: Verdict, why: NoTextReason) -> None:
    assert decided(replace(CALL, verdict=verdict, reason=None)) == NoText(why)


def test_a_caller_who_was_connected_elsewhere_gets_no_text() -> None:
    elsewhere = replace(CALL, verdict=Verdict.UNKNOWN, reason=None, elsewhere=True)
    assert decided(elsewhere) == NoText(NoTextReason.ELSEWHERE)


def test_a_number_that_may_be_faked_is_not_texted() -> None:
    assert decided(replace(CALL, attestation=Attestation.FAILED)) == NoText(NoTextReason.UNVERIFIED)
    assert decided(replace(CALL, attestation=Attestation.GATEWAY)) == SendText(Slot.OPEN)


def test_whom_the_network_warns_of_is_not_texted_unless_the_office_knows_them() -> None:
    marked = replace(CALL, names=("Jo", "SPAM LIKELY"))
    assert decided(marked) == NoText(NoTextReason.SPAM_NAME)
    assert decided(marked, History(contact=ContactKind.CUSTOMER)) == SendText(Slot.OPEN)


def test_whoever_pressed_a_key_for_a_text_is_there_whatever_the_network_says() -> None:
    asked = replace(CALL, attestation=Attestation.FAILED, names=("SPAM LIKELY",), asked_for_text=True)
    assert decided(asked) == SendText(Slot.OPEN)


@pytest.mark.parametrize("why", FilterReason)
def test_who_is_no_customer_by_what_the_call_tells_is_not_texted(why: FilterReason) -> None:
    assert decided(replace(CALL, filtered=why)) == NoText(NoTextReason(why))


def test_an_outbound_call_gets_no_text() -> None:
    assert decided(replace(CALL, direction=Direction.OUTBOUND)) == NoText(NoTextReason.OUTBOUND)


def test_a_talk_that_was_lost_can_be_texted_if_the_office_wants_it() -> None:
    lost = replace(CALL, verdict=Verdict.ANSWERED_THEN_LOST, reason=None, talked=timedelta(seconds=9))
    rules = replace(RULES, text_lost_after_talk=True)
    assert decide(lost, History(), False, rules, NOON) == SendText(Slot.OPEN)


@pytest.mark.parametrize("shown", ["anonymous", "<unknown>", "", "Restricted"])
def test_a_caller_who_is_not_shown_gets_no_text(shown: str) -> None:
    assert decided(calling(shown)) == NoText(NoTextReason.WITHHELD)


def test_a_caller_who_asked_not_to_be_shown_is_not_texted_although_the_number_is_known() -> None:
    assert decided(replace(CALL, caller=Caller(CUSTOMER, withheld=True))) == NoText(NoTextReason.WITHHELD)


@pytest.mark.parametrize(
    ("digits", "why"),
    [
        ("101", NoTextReason.INTERNAL),
        ("204", NoTextReason.INTERNAL),
        ("911", NoTextReason.EMERGENCY_OR_SHORT_CODE),
        ("112", NoTextReason.EMERGENCY_OR_SHORT_CODE),
        ("5555555555555", NoTextReason.INVALID),
        ("+1 202 55", NoTextReason.INVALID),
        ("'; DROP TABLE call", NoTextReason.INVALID),
        ("\u0661\u0662\u0663", NoTextReason.INTERNAL),
    ],
)
def test_what_is_no_number_says_why(digits: str, why: NoTextReason) -> None:
    assert decided(calling(digits)) == NoText(why)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+18005550123", NoTextReason.TOLL_FREE),
        ("+18885550123", NoTextReason.TOLL_FREE),
        ("+19005550123", NoTextReason.PREMIUM),
        ("+442079460123", NoTextReason.REGION),
        ("+18765550123", NoTextReason.REGION),  # Jamaica: +1 is not the US
        ("+18095550123", NoTextReason.REGION),  # Dominican Republic
        ("+12025550100", NoTextReason.OWN_NUMBER),
        ("+12025550199", NoTextReason.STAFF),
    ],
)
def test_numbers_that_are_never_texted(number: str, why: NoTextReason) -> None:
    assert decided(replace(CALL, caller=Caller(E164(number)))) == NoText(why)


@pytest.mark.parametrize("number", ["+14365550123", "+15655550123", "+16245550123", "+17295550123"])
def test_an_area_code_that_our_tables_do_not_know_is_texted_unless_the_office_wants_none(number: str) -> None:
    call = replace(CALL, caller=Caller(E164(number)))

    assert decided(call) == SendText(Slot.OPEN)
    strict = replace(RULES, text_new_area_codes=False)
    abroad = replace(RULES, country="NL", regions=frozenset({"NL"}))
    for rules in (strict, abroad):
        assert decide(call, History(), False, rules, NOON) == NoText(NoTextReason.REGION)


def test_a_line_known_to_be_fixed_is_not_texted() -> None:
    rules = replace(RULES, country="NL", regions=frozenset({"NL"}))
    fixed = replace(CALL, caller=Caller(E164("+31201234567")))
    mobile = replace(CALL, caller=Caller(E164("+31612345678")))
    assert decide(fixed, History(), False, rules, NOON) == NoText(NoTextReason.LANDLINE)
    assert decide(mobile, History(), False, rules, NOON) == SendText(Slot.OPEN)
    assert decided(history=History(landline=True)) == NoText(NoTextReason.LANDLINE)


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (History(contact=ContactKind.BLOCKED), NoTextReason.BLOCKED),
        (History(contact=ContactKind.STAFF), NoTextReason.STAFF),
        (History(contact=ContactKind.SUPPLIER), NoTextReason.CONTACT),
        (History(contact=ContactKind.OTHER), NoTextReason.CONTACT),
        (History(opted_out=True), NoTextReason.OPTED_OUT),
        (History(replied_at=NOON - timedelta(hours=23)), NoTextReason.REPLIED),
        (History(replied_at=NOON - timedelta(days=9), conversing=True), NoTextReason.REPLIED),
        (History(cool_until_open=NOON + timedelta(seconds=1)), NoTextReason.COOL_DOWN),
        (History(talked_at=NOON - timedelta(seconds=5)), NoTextReason.TALKED_SINCE),
        (History(breaker_tripped=True), NoTextReason.BREAKER),
        (History(neighbours=5), NoTextReason.BREAKER),
        (History(texts_last_hour=60), NoTextReason.CAP_HOUR),
        (History(texts_last_day=300), NoTextReason.CAP_DAY),
        (History(paused=True), NoTextReason.PAUSED),
    ],
)
def test_what_is_known_of_the_caller_can_forbid_the_text(history: History, why: NoTextReason) -> None:
    assert decided(history=history) == NoText(why)


@pytest.mark.parametrize(
    "history",
    [
        History(contact=ContactKind.CUSTOMER),
        History(contact=ContactKind.SHARED),
        History(replied_at=NOON - timedelta(hours=24)),
        History(cool_until_open=NOON),
        History(cool_until_closed=NOON + timedelta(hours=9)),
        History(talked_at=NOON - timedelta(minutes=1)),
        History(neighbours=4, texts_last_hour=59, texts_last_day=299),
    ],
)
def test_what_is_known_of_the_caller_need_not_matter(history: History) -> None:
    assert decided(history=history) == SendText(Slot.OPEN)


def test_a_text_for_open_hours_does_not_use_up_the_one_for_the_night() -> None:
    texted = History(cool_until_open=NOON + timedelta(hours=20))
    assert decided(history=texted, closed=True) == SendText(Slot.CLOSED)


def test_a_reply_from_a_clock_that_ran_ahead_counts() -> None:
    assert decided(history=History(replied_at=NOON + timedelta(days=2))) == NoText(NoTextReason.REPLIED)


def test_no_text_while_a_call_with_that_number_goes_on() -> None:
    assert decided(live=True) == NoText(NoTextReason.IN_CALL)


def test_an_old_call_is_not_texted_any_more() -> None:
    assert decided(replace(CALL, ended_at=NOON - timedelta(minutes=15, seconds=1))) == NoText(NoTextReason.TOO_OLD)
    assert decided(replace(CALL, ended_at=NOON - timedelta(minutes=15))) == SendText(Slot.OPEN)


def test_the_reason_that_lasts_goes_before_the_one_that_passes() -> None:
    everything = History(opted_out=True, replied_at=NOON, cool_until_open=NOON + timedelta(hours=1), paused=True)
    assert decided(history=everything, live=True) == NoText(NoTextReason.OPTED_OUT)


def test_paused_means_that_it_would_have_been_texted() -> None:
    texted = History(paused=True, cool_until_open=NOON + timedelta(hours=1))
    assert decided(history=texted) == NoText(NoTextReason.COOL_DOWN)


def test_while_trying_it_out_only_the_named_numbers_are_texted() -> None:
    trying = replace(RULES, live_only=frozenset({CUSTOMER}))
    assert decide(CALL, History(), False, trying, NOON) == SendText(Slot.OPEN)
    stranger = replace(CALL, caller=Caller(E164("+12025557788")))
    assert decide(stranger, History(), False, trying, NOON) == NoText(NoTextReason.LIVE_ONLY)


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "needed"),
    [
        (Verdict.MISSED, True),
        (Verdict.ANSWERED_THEN_LOST, True),
        (Verdict.SHORT, False),
        (Verdict.ANSWERED, False),
        (Verdict.UNKNOWN, False),
    ],
)
def test_a_row_is_for_who_was_missed_or_lost_after_a_talk(verdict: Verdict, needed: bool) -> None:
    assert needs_callback(replace(CALL, verdict=verdict)) is needed


def test_calls_of_the_office_and_of_blocked_numbers_are_listed_only() -> None:
    assert filtered(replace(CALL, caller=Caller(STAFF)), None, RULES) is FilterReason.STAFF
    assert filtered(CALL, ContactKind.BLOCKED, RULES) is FilterReason.BLOCKED
    assert filtered(CALL, ContactKind.SUPPLIER, RULES) is None


@given(
    digits=st.text(max_size=40),
    withheld=st.booleans(),
    verdict=st.sampled_from(Verdict),
    rang=st.none() | st.timedeltas(),
)
def test_a_caller_without_a_number_is_never_texted_whatever_is_shown(
    digits: str, withheld: bool, verdict: Verdict, rang: timedelta | None
) -> None:
    call = replace(CALL, caller=Caller(None, digits, withheld=withheld), verdict=verdict, rang=rang)
    assert isinstance(decided(call), NoText)
