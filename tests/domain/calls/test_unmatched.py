"""Calls that came in on channels which no setting calls a trunk."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.calls.events import ChannelState
from bridge.domain.calls.unmatched import MAX_CALLS, MAX_PATTERNS, UnmatchedCalls
from bridge.domain.phone import E164
from tests.domain.calls.pbx import CALLER, DID, NINE, SETTINGS, Story

STRANGER = "PJSIP/telnyx-00000001"
DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    return Story(replace(SETTINGS, own_numbers=frozenset({E164("+31205550101")})))


def counted(story: Story) -> dict[str, int]:
    return dict(story.tracker.unmatched.since(story.now - DAY))


@pytest.mark.parametrize(("exten", "from_outside"), [(DID, False), ("s", True)])
def test_a_call_from_outside_on_no_trunk_is_counted_by_the_pattern_that_would_make_it_one(
    story: Story, exten: str, from_outside: bool
) -> None:
    for serial in ("1", "2"):
        channel = f"PJSIP/telnyx-0000000{serial}"
        story.created(channel, state=ChannelState.RING, exten=exten, number=CALLER, from_outside=from_outside)
        story.hangs_up(channel)
    assert counted(story) == {"PJSIP/telnyx-*": 2}
    assert story.ended == []


@pytest.mark.parametrize(
    ("channel", "number", "exten"),
    [
        ("PJSIP/101-00000001", "101", "0612345678"),  # a phone that calls a customer,
        ("PJSIP/101-00000001", "101", DID),  # the office itself,
        ("PJSIP/ann-00000001", "+31205550101", "0612345678"),  # or shows the office's number
        ("PJSIP/ann-00000001", "+31205550101", DID),
        ("PJSIP/trunk-00000001", CALLER, DID),
        ("Local/101@office-00000001;1", CALLER, DID),
    ],
)
def test_what_our_own_phones_and_trunks_do_is_not(story: Story, channel: str, number: str, exten: str) -> None:
    story.created(channel, state=ChannelState.RING, exten=exten, number=number)
    assert counted(story) == {}


def test_one_that_is_a_leg_of_another_call_is_not(story: Story) -> None:
    story.calls_in()
    story.created(STRANGER, "PJSIP/trunk-00000001", state=ChannelState.RING, exten=DID, number=CALLER)
    assert counted(story) == {}


def test_they_are_forgotten_after_a_day_and_never_fill_the_memory() -> None:
    unmatched = UnmatchedCalls()
    for second in range(MAX_CALLS + 10):
        unmatched.add("PJSIP/telnyx-*", NINE + timedelta(seconds=second))
    for number in range(MAX_PATTERNS + 10):
        unmatched.add(f"PJSIP/{number}-*", NINE)
    assert len(unmatched) == MAX_PATTERNS
    assert unmatched.since(NINE)["PJSIP/telnyx-*"] == MAX_CALLS
    assert unmatched.since(NINE + DAY) == {}
