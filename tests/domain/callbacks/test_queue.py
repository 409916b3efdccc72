"""What may happen to a row, as values: no database, no clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import (
    MOVES,
    Callback,
    CallbackState,
    Findings,
    NotPossibleError,
    Outcome,
    Urgency,
    Verb,
)
from bridge.domain.phone import E164
from bridge.domain.words.thanks import is_courtesy

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
SECOND, THIRD = E164("+12025550188"), E164("+12025550177")
OPEN = Callback(id=1, branch="main", number=E164("+12025550123"), line="main", opened_at=NOW, version=1, missed=1)
CLAIMED = queue.claim(OPEN, "Ann", NOW)
WAITING = queue.snooze(CLAIMED, LATER)
CLOSED = queue.finish(CLAIMED, Outcome.NO_NEED, "Ann", NOW)
BY_STATE = {
    CallbackState.OPEN: OPEN,
    CallbackState.CLAIMED: CLAIMED,
    CallbackState.WAITING: WAITING,
    CallbackState.CLOSED: CLOSED,
}

ACTS = {
    Verb.CLAIM: lambda row: queue.claim(row, "Bob", NOW),
    Verb.RELEASE: queue.release,
    Verb.NOTE: queue.note,
    Verb.ATTEMPT: lambda row: queue.attempt(row, "Bob", LATER, NOW),
    Verb.SNOOZE: lambda row: queue.snooze(row, LATER),
    Verb.FINISH: lambda row: queue.finish(row, Outcome.LOST, "Bob", NOW),
    Verb.REOPEN: queue.reopen,
    Verb.RANK: lambda row: queue.rank(row, Urgency.URGENT, "Bob", NOW),
    Verb.ACKNOWLEDGE: lambda row: queue.acknowledge(row, "Bob", NOW),
    Verb.CORRECT: lambda row: queue.correct(row, address="x", issue=None, second=None),
    Verb.READ: queue.read,
    Verb.TEXT: lambda row: queue.text(row, "Bob", NOW),
    Verb.MISSED: lambda row: queue.missed(row, "main", NOW),
    Verb.REPLY: lambda row: queue.replied(row, NOW, Findings()),
    Verb.THANKS: lambda row: queue.thanked(row, NOW),
    Verb.TALKED: lambda row: queue.talked(row, "Bob", NOW),
    Verb.CALLED: lambda row: queue.called(row, "Bob", NOW),
    Verb.WAKE: queue.wake,
}


@pytest.mark.parametrize("verb", list(ACTS))
@pytest.mark.parametrize("state", list(CallbackState))
def test_a_row_takes_the_verbs_of_the_table_and_no_others(state: CallbackState, verb: Verb) -> None:
    row = BY_STATE[state]
    if (state, verb) not in MOVES:
        with pytest.raises(NotPossibleError):
            ACTS[verb](row)
        return
    after = ACTS[verb](row)
    assert (after.state is CallbackState.CLOSED) == (after.closed_at is not None)
    assert (after.state is CallbackState.WAITING) == (after.until is not None)
    assert after.outcome is None or after.state is CallbackState.CLOSED
    assert (after.state is not CallbackState.OPEN) or after.owner is None
    assert (after.state is not CallbackState.CLAIMED) or after.owner is not None


@given(st.lists(st.sampled_from(list(ACTS)), max_size=30))
def test_no_sequence_of_verbs_leads_to_an_impossible_row(verbs: list[Verb]) -> None:
    row = OPEN
    for verb in verbs:
        try:
            row = ACTS[verb](row)
        except NotPossibleError:
            continue
        assert (row.owner is None) == (row.state is CallbackState.OPEN) or row.state in (
            CallbackState.WAITING,
            CallbackState.CLOSED,
        )


def test_a_redial_wakes_a_snoozed_row_for_its_owner() -> None:
    after = queue.missed(WAITING, "east", LATER)
    assert (after.state, after.owner, after.missed, after.last_missed_at, after.line) == (
        CallbackState.CLAIMED, "Ann", 2, LATER, "east",
    )  # fmt: skip


def test_an_older_call_found_late_does_not_move_the_last_one_back() -> None:
    recent = queue.missed(OPEN, "main", LATER)
    assert queue.missed(recent, "main", NOW).last_missed_at == LATER


def test_only_reached_and_booked_are_recoveries() -> None:
    for outcome in Outcome:
        done = queue.finish(OPEN, outcome, "Ann", NOW)
        assert (done.reached_at is not None) == (outcome in (Outcome.REACHED, Outcome.BOOKED))


def test_the_first_talk_is_the_one_that_counts() -> None:
    talked = queue.talked(OPEN, "Ann", NOW)
    assert queue.finish(talked, Outcome.BOOKED, "Bob", LATER).reached_at == NOW


def test_the_outcome_of_a_row_that_somebody_closed_does_not_take_the_credit() -> None:
    assert queue.finish(CLOSED, Outcome.BOOKED, "Bob", LATER).closed_by == "Ann"


def test_urgent_words_flag_a_row_and_later_ones_never_lower_it() -> None:
    flagged = queue.replied(OPEN, NOW, Findings(Urgency.URGENT))
    assert (flagged.urgency, flagged.flagged_at, flagged.urgency_by) == (Urgency.URGENT, NOW, None)
    assert queue.replied(flagged, LATER, Findings(Urgency.ROUTINE)).urgency is Urgency.URGENT
    assert queue.replied(flagged, LATER, Findings(Urgency.CHECK)).urgency is Urgency.URGENT


def test_what_a_person_lowered_rises_only_by_new_urgent_words() -> None:
    flagged = queue.replied(OPEN, NOW, Findings(Urgency.URGENT))
    lowered = queue.rank(flagged, Urgency.ROUTINE, "Ann", NOW)
    assert queue.replied(lowered, LATER, Findings()).urgency is Urgency.ROUTINE
    assert queue.replied(lowered, LATER, Findings(Urgency.URGENT)).acknowledged_at is None


def test_whoever_acts_on_an_urgent_row_has_acknowledged_it() -> None:
    flagged = replace(OPEN, urgency=Urgency.URGENT, flagged_at=NOW)
    for verb in (Verb.CLAIM, Verb.ATTEMPT, Verb.FINISH, Verb.ACKNOWLEDGE, Verb.TEXT, Verb.CALLED, Verb.TALKED):
        assert ACTS[verb](flagged).acknowledged_by == "Bob", verb
    for verb in (Verb.NOTE, Verb.SNOOZE, Verb.MISSED, Verb.READ):
        assert ACTS[verb](flagged).acknowledged_by is None, verb


def test_words_never_write_over_what_a_person_corrected() -> None:
    corrected = queue.correct(OPEN, address="4 Oak Ave", issue="leak", second=SECOND)
    after = queue.replied(corrected, LATER, Findings(address="9 Elm St", issue="drain", second=THIRD))
    assert (after.address, after.issue, after.second) == ("4 Oak Ave", "leak", SECOND)


def test_the_second_number_of_a_row_is_another_than_its_own() -> None:
    assert queue.correct(OPEN, address=None, issue=None, second=OPEN.number).numbers == (OPEN.number,)


@pytest.mark.parametrize(
    "words", ["Thanks", "ok thank you!", "Perfect, thanks", "Gracias", "vale, muchas gracias", "👍"]
)
def test_a_courtesy_asks_for_nothing(words: str) -> None:
    assert is_courtesy(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "no",
        "ok when?",
        "thanks but it still leaks",
        "ok 555 1234",
        "ok?",
        "ok help",
        "thanks " * 9,
        "so?",
        "you all",
        "12",
    ],
)
def test_anything_that_may_ask_for_something_is_none(words: str) -> None:
    assert not is_courtesy(words)
