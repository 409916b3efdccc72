"""Calls as people make them, told event by event; those of tests/calls/test_recordings.py are the other half."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.calls.calls import Direction, Reason, Verdict
from bridge.domain.calls.events import (
    ApplicationEntered,
    CallerChanged,
    ChannelState,
    ClosedTold,
    DialStatus,
    Doing,
    Ended,
    HangupRequested,
    Held,
    HungUp,
    LinkLost,
    NobodyDialled,
    Parked,
    PresentationTold,
    QueueJoined,
    Renamed,
    StateChanged,
    Transferred,
    VoicemailLeft,
)
from bridge.domain.phone import E164
from tests.domain.calls.pbx import CALLER, DID, NAMES, NINE, SETTINGS, TRUNK, Story

DESK, OTHER_DESK, OTHER_TRUNK = "PJSIP/101-00000002", "PJSIP/102-00000003", "PJSIP/trunk-00000009"


@pytest.fixture
def story() -> Story:
    return Story()


def answered(story: Story, by: str = DESK) -> None:
    story.calls_in()
    story.dials(TRUNK, by)
    story.rings(by)
    story.dial_ends(TRUNK, by, DialStatus.ANSWER)
    story.meet(by, TRUNK)


# --- who is a person


def test_a_caller_alone_in_a_conference_is_not_answered(story: Story) -> None:
    story.calls_in()
    story.meet(TRUNK, "CBAnn/conf-00000001;1", bridge="conference")
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_a_program_that_takes_the_call_is_nobody_and_has_no_name(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.NOANSWER)
    story.dials(TRUNK, "AudioSocket/127.0.0.1:8090-0549ec21-a181")
    story.dial_ends(TRUNK, "AudioSocket/127.0.0.1:8090-0549ec21-a181", DialStatus.ANSWER)
    story.meet(TRUNK, "AudioSocket/127.0.0.1:8090-0549ec21-a181")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.MISSED, None)
    assert not any("127.0.0.1" in fact.text for fact in story.call.why)


def test_whoever_calls_from_an_address_alone_is_a_person_without_a_name(story: Story) -> None:
    answered(story, "SIP/192.0.2.7-00000002")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, None)


def test_an_analogue_phone_is_told_by_its_extension_and_not_by_its_port(story: Story) -> None:
    story.calls_in()
    story.created("DAHDI/3-1", TRUNK, number="103")
    story.meet(TRUNK, "DAHDI/3-1")
    story.hangs_up(caller=True)
    assert story.call.answered_by == "103"


def test_two_in_one_conference_talk(story: Story) -> None:
    story.calls_in()
    story.created(DESK)
    story.meet(TRUNK, DESK, bridge="conference")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "101")


def test_music_in_a_holding_bridge_is_nobody(story: Story) -> None:
    story.calls_in()
    story.created(DESK)
    story.meet(TRUNK, DESK, bridge="parking", holding=True)
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_a_mailbox_behind_a_local_member_is_nobody(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, "Local/vm@members-00000001;1")
    story.created("Local/vm@members-00000001;2", TRUNK)
    story.enters(Doing.VOICEMAIL, "Local/vm@members-00000001;2")
    story.dial_ends(TRUNK, "Local/vm@members-00000001;1", DialStatus.ANSWER)
    story.meet("Local/vm@members-00000001;1", TRUNK)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)


def test_a_mobile_that_hung_up_while_it_was_asked_is_nobody(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, OTHER_TRUNK, "0655500001")
    story.happens(HangupRequested, OTHER_TRUNK, TRUNK, by_peer=True, ended=Ended.NORMAL)
    story.meet(OTHER_TRUNK, TRUNK)
    story.hangs_up()
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


def test_a_phone_behind_two_local_pairs_is_a_person(story: Story) -> None:
    story.calls_in()
    for half in ("a-1;1", "a-1;2", "b-2;1", "b-2;2"):
        story.created(f"Local/{half}", TRUNK)
    story.created(DESK, TRUNK)
    story.meet(TRUNK, "Local/a-1;1", bridge="b1")
    story.meet("Local/a-1;2", "Local/b-2;1", bridge="b2")
    story.meet("Local/b-2;2", DESK, bridge="b3")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "101")


def test_a_phone_named_after_its_hardware_is_told_by_its_extension(story: Story) -> None:
    story.calls_in()
    story.created("PJSIP/0004f2abcdef-00000002", TRUNK, number="101")
    story.meet(TRUNK, "PJSIP/0004f2abcdef-00000002")
    story.hangs_up(caller=True)
    assert story.call.answered_by == "101"


def test_a_forwarded_leg_over_the_same_trunk_is_told_by_the_number_dialled(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, OTHER_TRUNK, "0655500001")
    story.meet(TRUNK, OTHER_TRUNK)
    story.hangs_up(OTHER_TRUNK)
    story.hangs_up()
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "0655500001")


# --- answered, and then lost


@pytest.mark.parametrize("reached", [False, True])
def test_a_blind_transfer_to_nobody_loses_a_served_caller(story: Story, reached: bool) -> None:
    answered(story)
    story.feed(Transferred(story.now, TRUNK, "102", reached=False))
    story.part(TRUNK, DESK)
    story.dials(TRUNK, OTHER_DESK)
    if reached:
        story.meet(TRUNK, OTHER_DESK, bridge="b2")
    else:
        story.dial_ends(TRUNK, OTHER_DESK, DialStatus.NOANSWER)
    story.hangs_up()
    assert story.call.verdict is (Verdict.ANSWERED if reached else Verdict.ANSWERED_THEN_LOST)


def test_a_caller_who_gives_up_in_the_car_park_is_lost(story: Story) -> None:
    answered(story)
    story.part(TRUNK, DESK)
    story.happens(Parked, TRUNK)
    story.meet(TRUNK, bridge="parking", holding=True)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.ANSWERED_THEN_LOST, None)


def test_a_parked_caller_whom_somebody_takes_back_is_answered(story: Story) -> None:
    answered(story)
    story.part(TRUNK, DESK)
    story.meet(TRUNK, bridge="parking", holding=True)
    story.part(TRUNK, bridge="parking")
    story.created(OTHER_DESK)
    story.meet(TRUNK, OTHER_DESK, bridge="b2")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "101")


def test_a_served_caller_sent_into_a_queue_that_nobody_answers_is_lost(story: Story) -> None:
    answered(story)
    story.feed(Transferred(story.now, TRUNK, "600", reached=False))
    story.part(TRUNK, DESK)
    story.happens(QueueJoined, TRUNK, queue="support")
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.ANSWERED_THEN_LOST


@pytest.mark.parametrize(
    ("holds", "verdict"), [((True,), Verdict.ANSWERED_THEN_LOST), ((True, False), Verdict.ANSWERED)]
)
def test_who_hangs_up_while_on_hold_is_lost(story: Story, holds: tuple[bool, ...], verdict: Verdict) -> None:
    answered(story)
    for on in holds:
        story.happens(Held, DESK, TRUNK, on=on)
    story.hangs_up(caller=True)
    assert story.call.verdict is verdict


def test_a_voicemail_after_the_talk_is_lost_and_told(story: Story) -> None:
    answered(story)
    story.feed(Transferred(story.now, TRUNK, "*102", reached=False))
    story.part(TRUNK, DESK)
    story.happens(VoicemailLeft, TRUNK, mailbox="102@default")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.voicemail_left) == (Verdict.ANSWERED_THEN_LOST, True)


# --- what was left where


def into_voicemail(story: Story, caller: str = TRUNK) -> None:
    story.enters(Doing.VOICEMAIL, caller, exten=DID)


def test_a_message_tells_its_mailbox_and_how_long_the_caller_was_there(story: Story) -> None:
    story.calls_in()
    into_voicemail(story)
    story.wait(23)
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.wait(5)
    story.hangs_up(caller=True)
    assert (story.call.voicemail_left, story.call.mailbox) == (True, "199@default")
    assert story.call.at_voicemail == timedelta(seconds=24)


@pytest.mark.parametrize(
    "told",
    ["", "199", "@default", "199@", "199@default,s", "199@a@b", "199@default\n", "${SHELL(x)}@a", "1" * 41 + "@a"],
)
def test_what_is_no_mailbox_is_dropped_and_the_message_still_told(story: Story, told: str) -> None:
    story.calls_in()
    into_voicemail(story)
    story.happens(VoicemailLeft, TRUNK, mailbox=told)
    story.hangs_up(caller=True)
    assert (story.call.voicemail_left, story.call.mailbox) == (True, None)


def test_who_comes_back_to_the_voicemail_is_timed_from_there(story: Story) -> None:
    story.calls_in()
    into_voicemail(story)
    story.wait(60)
    into_voicemail(story)
    story.wait(9)
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.hangs_up(caller=True)
    assert story.call.at_voicemail == timedelta(seconds=10)


def test_whoever_only_heard_the_greeting_left_nothing(story: Story) -> None:
    story.calls_in()
    into_voicemail(story)
    story.wait(8)
    story.hangs_up(caller=True)
    assert (story.call.voicemail_left, story.call.mailbox, story.call.at_voicemail) == (False, None, None)


def test_where_nobody_heard_the_caller_enter_no_time_is_told(story: Story) -> None:
    story.calls_in()
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.hangs_up(caller=True)
    assert (story.call.mailbox, story.call.at_voicemail) == ("199@default", None)


def test_where_the_link_broke_meanwhile_no_time_is_told(story: Story) -> None:
    story.calls_in()
    into_voicemail(story)
    story.feed(LinkLost(story.now))
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.hangs_up(caller=True)
    assert (story.call.voicemail_left, story.call.at_voicemail) == (True, None)


def test_a_desk_phone_that_listens_to_a_mailbox_is_no_call(story: Story) -> None:
    story.created(DESK, state=ChannelState.RINGING, exten="s", number="199")
    story.happens(ApplicationEntered, DESK, doing=Doing.OTHER, name="VoiceMailMain", exten="s")
    story.happens(VoicemailLeft, DESK, mailbox="199@default")
    story.happens(HungUp, DESK, ended=Ended.NORMAL)
    assert story.ended == []


# --- connected somewhere else


def test_a_call_that_the_network_had_answered_elsewhere_is_unknown_and_not_missed(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.hangs_up(caller=True, ended=Ended.ELSEWHERE)
    assert (story.call.verdict, story.call.reason, story.call.elsewhere) == (Verdict.UNKNOWN, None, True)


def test_also_one_that_rang_for_a_moment_only(story: Story) -> None:
    story.now = NINE
    story.calls_in()
    story.happens(HangupRequested, TRUNK, by_peer=True, ended=Ended.ELSEWHERE)
    story.happens(HungUp, TRUNK, ended=Ended.ELSEWHERE)
    assert story.call.verdict is Verdict.UNKNOWN


def test_who_left_a_message_first_waits_for_us_although_the_network_says_answered_elsewhere(story: Story) -> None:
    story.calls_in()
    story.enters(Doing.VOICEMAIL)
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.hangs_up(caller=True, ended=Ended.ELSEWHERE)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)


def test_a_phone_of_ours_that_lost_the_race_took_nothing_elsewhere(story: Story) -> None:
    answered(story)
    story.hangs_up(OTHER_DESK, ended=Ended.ELSEWHERE)
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.ANSWERED


def test_whom_somebody_talked_with_is_answered_whatever_the_network_says_at_the_end(story: Story) -> None:
    answered(story)
    story.hangs_up(caller=True, ended=Ended.ELSEWHERE)
    assert (story.call.verdict, story.call.elsewhere) == (Verdict.ANSWERED, False)


@pytest.mark.parametrize("up", [False, True])
def test_a_caller_whom_the_dialplan_hands_away_is_unknown(story: Story, up: bool) -> None:
    story.calls_in()
    if up:
        story.happens(StateChanged, TRUNK, state=ChannelState.UP)
        story.enters(Doing.MENU)
    story.enters(Doing.TRANSFER)
    story.enters(Doing.OTHER)
    story.hangs_up(caller=up)
    assert (story.call.verdict, story.call.elsewhere) == (Verdict.UNKNOWN, True)


def test_a_caller_whom_nobody_took_over_goes_on_in_the_dialplan_and_is_missed(story: Story) -> None:
    story.calls_in()
    story.enters(Doing.TRANSFER)
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.NOANSWER)
    story.hangs_up()
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


def sent_on(story: Story, seconds: float = 0.001) -> None:
    """As an account hears it that is not told of the application: the PBX ends the call, and then the network does."""
    story.happens(HangupRequested, TRUNK, by_peer=False, ended=Ended.NORMAL)
    story.wait(seconds - 1)
    story.happens(HangupRequested, TRUNK, by_peer=True, ended=Ended.NORMAL)
    story.happens(HungUp, TRUNK, ended=Ended.NORMAL)


@pytest.mark.parametrize("up", [False, True])
def test_a_network_that_leaves_by_what_the_pbx_answered_was_sent_on(story: Story, up: bool) -> None:
    story.calls_in()
    if up:
        story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    sent_on(story)
    assert (story.call.verdict, story.call.elsewhere) == (Verdict.UNKNOWN, True)


def test_who_hangs_up_a_while_after_the_pbx_did_was_sent_nowhere(story: Story) -> None:
    story.calls_in()
    sent_on(story, seconds=2)
    assert story.call.verdict is Verdict.MISSED


def test_a_caller_who_was_rung_for_was_sent_nowhere(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.NOANSWER)
    sent_on(story)
    assert story.call.verdict is Verdict.MISSED


# --- a talk that nobody heard


def waits_up(story: Story, doing: Doing = Doing.DIAL) -> None:
    """The PBX has answered, and rings 101."""
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.enters(doing)
    story.dials(TRUNK, DESK)
    story.rings(DESK)


@pytest.mark.parametrize("now", [Doing.ANNOUNCEMENT, Doing.OTHER, Doing.DIAL, Doing.QUEUE])
def test_who_rang_and_is_gone_behind_a_gap_may_have_talked(story: Story, now: Doing) -> None:
    waits_up(story)
    story.link_breaks()
    story.wait(4)
    story.snapshot(story.row(TRUNK, doing=now))
    story.hangs_up()
    assert (story.call.verdict, story.call.reason) == (Verdict.UNKNOWN, None)


def test_who_rings_yet_behind_a_gap_has_not_talked(story: Story) -> None:
    waits_up(story)
    story.dials(TRUNK, OTHER_DESK)
    story.link_breaks()
    story.wait(4)
    story.snapshot(story.row(TRUNK), story.row(OTHER_DESK, TRUNK, state=ChannelState.RINGING, dialled=True))
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.ABANDONED_RINGING)


HEARS = (Doing.ANNOUNCEMENT, Doing.MENU, Doing.QUEUE, Doing.VOICEMAIL, Doing.WAIT)


def waits_in(story: Story, doing: Doing, seconds: float, place: str, now: Doing, now_at: str) -> None:
    """Nobody is rung, before a gap and after it."""
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.enters(doing, place=place)
    story.link_breaks()
    story.wait(seconds)
    story.snapshot(story.row(TRUNK, doing=now, place=now_at))
    story.hangs_up(caller=True)


@pytest.mark.parametrize("before", HEARS)
@pytest.mark.parametrize("now", HEARS)
def test_a_gap_can_hide_a_talk_wherever_the_caller_is_before_and_after(story: Story, before: Doing, now: Doing) -> None:
    waits_in(story, before, 33, "", now, "")
    assert (story.call.verdict, story.call.reason) == (Verdict.UNKNOWN, None)


@pytest.mark.parametrize("doing", HEARS)
@pytest.mark.parametrize(
    ("seconds", "place", "now_at", "verdict"),
    [
        (2, "", "", Verdict.MISSED),  # nobody is rung and through with the caller in that time
        (10, "ivr,s,3", "ivr,s,3", Verdict.MISSED),
        (10, "ivr,s,3", "ivr,s,4", Verdict.UNKNOWN),
        (10, "", "", Verdict.UNKNOWN),
        (33, "ivr,s,3", "ivr,s,3", Verdict.UNKNOWN),  # and back again, by then
    ],
)
def test_who_stands_where_they_stood_a_moment_ago_has_talked_with_nobody(
    story: Story, doing: Doing, seconds: float, place: str, now_at: str, verdict: Verdict
) -> None:
    waits_in(story, doing, seconds, place, doing, now_at)
    assert story.call.verdict is verdict


@pytest.mark.parametrize(("age", "verdict"), [(59, Verdict.MISSED), (20, Verdict.UNKNOWN)])
def test_whoever_rings_since_the_link_was_lost_leaves_no_time_for_a_talk(
    story: Story, age: int, verdict: Verdict
) -> None:
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.enters(Doing.MENU)
    story.link_breaks()
    story.wait(60)
    phone = story.row(DESK, TRUNK, state=ChannelState.RINGING, dialled=True, seconds=age)
    story.snapshot(story.row(TRUNK, doing=Doing.DIAL), phone)
    story.hangs_up(caller=True)
    assert story.call.verdict is verdict


def test_the_reason_knows_where_the_caller_got_to_in_a_gap(story: Story) -> None:
    story.calls_in()
    story.link_breaks()
    phone = story.row(DESK, TRUNK, state=ChannelState.RINGING, dialled=True, seconds=0)
    story.snapshot(story.row(TRUNK, state=ChannelState.RING), phone)
    story.wait(10)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.ABANDONED_RINGING)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (Doing.QUEUE, Reason.ABANDONED_QUEUE),
        (Doing.MENU, Reason.ABANDONED_MENU),
        (Doing.VOICEMAIL, Reason.VOICEMAIL),
        (Doing.ANNOUNCEMENT, Reason.NOT_OFFERED),
    ],
)
def test_the_reason_knows_what_the_caller_heard_behind_a_gap(story: Story, now: Doing, reason: Reason) -> None:
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.link_breaks()
    story.wait(1)
    story.snapshot(story.row(TRUNK, doing=now))
    story.hangs_up(caller=True)
    assert story.call.reason is reason


def test_a_phone_that_rang_before_a_gap_and_no_more_rang_in_vain(story: Story) -> None:
    waits_up(story)
    story.link_breaks()
    story.snapshot(story.row(TRUNK, doing=Doing.ANNOUNCEMENT))
    story.wait(10)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


@pytest.mark.parametrize(("connected", "verdict"), [("", Verdict.MISSED), ("101", Verdict.UNKNOWN)])
def test_whom_the_pbx_was_connecting_before_we_came_may_have_talked(
    story: Story, connected: str, verdict: Verdict
) -> None:
    story.snapshot(story.row(TRUNK, doing=Doing.ANNOUNCEMENT, connected=connected))
    story.hangs_up(caller=True)
    assert story.call.verdict is verdict


@pytest.mark.parametrize("doing", [Doing.ANNOUNCEMENT, Doing.OTHER])
def test_who_called_a_moment_before_we_came_has_talked_with_nobody(story: Story, doing: Doing) -> None:
    story.snapshot(story.row(TRUNK, doing=doing, connected="101", seconds=0))
    story.hangs_up()
    assert story.call.verdict is Verdict.MISSED


def test_who_left_a_message_waits_for_us_whatever_a_gap_may_hide(story: Story) -> None:
    waits_in_voicemail = story.row(TRUNK, doing=Doing.VOICEMAIL, connected="101")
    story.snapshot(waits_in_voicemail)
    story.happens(VoicemailLeft, TRUNK, mailbox="199@default")
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)


@pytest.mark.parametrize("doing", [Doing.QUEUE, Doing.VOICEMAIL])
def test_who_had_picked_up_when_the_link_was_lost_has_talked_unheard(story: Story, doing: Doing) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.ANSWER)
    story.link_breaks()
    story.wait(1)
    story.snapshot(story.row(TRUNK, doing=doing))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.UNKNOWN


def test_a_phone_that_is_up_and_with_nobody_behind_a_gap_may_have_talked(story: Story) -> None:
    waits_up(story)
    story.link_breaks()
    story.wait(1)
    story.snapshot(story.row(TRUNK, doing=Doing.ANNOUNCEMENT), story.row(DESK, TRUNK, dialled=True))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("bridge", "verdict"), [("lot", Verdict.MISSED), ("", Verdict.UNKNOWN)])
def test_who_was_fetched_from_parking_in_a_gap_may_have_talked(story: Story, bridge: str, verdict: Verdict) -> None:
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.enters(Doing.PARK)
    story.link_breaks()
    story.wait(2)
    story.snapshot(story.row(TRUNK, doing=Doing.PARK, bridge=bridge))
    story.hangs_up(caller=True)
    assert story.call.verdict is verdict


def test_a_gap_before_the_pbx_answered_hides_no_talk(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.link_breaks()
    story.wait(60)
    story.snapshot(story.row(TRUNK, state=ChannelState.RING))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


# --- moved on while it rings


def moved_on(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.CANCEL)
    story.hangs_up(DESK)
    story.dials(TRUNK, OTHER_DESK)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (DialStatus.BUSY, Reason.BUSY),
        (DialStatus.CHANUNAVAIL, Reason.UNREACHABLE),
        (DialStatus.NOANSWER, Reason.NO_ANSWER),
    ],
)
def test_a_caller_who_was_moved_on_while_it_rang_is_missed_for_the_last_reason(
    story: Story, status: DialStatus, reason: Reason
) -> None:
    moved_on(story)
    story.dial_ends(TRUNK, OTHER_DESK, status)
    story.hangs_up()
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, reason)


def test_a_phone_that_rang_out_counts_whoever_is_busy_afterwards(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.dial_ends(TRUNK, DESK, DialStatus.NOANSWER)
    story.dials(TRUNK, OTHER_DESK)
    story.dial_ends(TRUNK, OTHER_DESK, DialStatus.BUSY)
    story.hangs_up()
    assert story.call.reason is Reason.NO_ANSWER


# --- who called, where the carrier shows the office's own number


@pytest.mark.parametrize(
    ("shown", "told", "caller"),
    [
        ("+31205550100", "+31687654321", "+31687654321"),  # the trunk's pilot, from the block of the number called
        ("+31612345678", "+31687654321", "+31612345678"),
        ("+999123456789", "+31687654321", "+31687654321"),  # an account
        ("+31205550100", "100", "+31205550100"),
        ("+31205550100", "SALES:+31205550100", "+31205550100"),
    ],
)
def test_a_number_that_the_pbx_learns_is_the_callers_where_the_office_showed_its_own(
    story: Story, shown: str, told: str, caller: str
) -> None:
    story.calls_in(number=shown)
    story.happens(CallerChanged, TRUNK, caller_number=told, caller_name="", restricted=False)
    story.hangs_up()
    assert story.call.caller.number == E164(caller)


def test_what_is_set_for_those_who_are_rung_is_no_callers_number(story: Story) -> None:
    story.calls_in(number="+31205550100")
    story.dials(TRUNK, DESK)
    story.happens(CallerChanged, TRUNK, caller_number="+31687654321", caller_name="", restricted=False)
    story.hangs_up()
    assert story.call.caller.number == E164("+31205550100")


def test_a_number_that_is_learned_and_may_not_be_shown_is_withheld(story: Story) -> None:
    story.calls_in(number="+31205550100")
    story.happens(CallerChanged, TRUNK, caller_number="+31687654321", caller_name="", restricted=True)
    story.hangs_up()
    assert (story.call.caller.number, story.call.caller.withheld) == (None, True)


# --- why it was missed


def test_do_not_disturb_is_busy_without_any_dial(story: Story) -> None:
    story.calls_in()
    story.enters(Doing.BUSY_TONE, exten=DID)
    story.hangs_up(ended=Ended.BUSY)
    assert story.call.reason is Reason.BUSY


def test_nobody_registered_leaves_no_dial_and_is_unreachable(story: Story) -> None:
    story.calls_in()
    story.hangs_up(ended=Ended.NO_ROUTE)
    assert story.call.reason is Reason.UNREACHABLE


def test_a_caller_who_rang_too_short_is_counted_apart(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.now = NINE + timedelta(seconds=2.5)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.SHORT, None)


def test_a_pbx_that_ends_the_call_at_once_has_missed_it(story: Story) -> None:
    story.calls_in()
    story.hangs_up()
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NOT_OFFERED)


# --- who calls


@pytest.mark.parametrize(
    ("shown", "number", "digits"),
    [
        ("0612345678", CALLER, ""),
        ("SALES:0612345678", CALLER, ""),
        ("anonymous", None, ""),
        ("<unknown>", None, ""),
        ("12", None, "12"),
        ("<script>7</script>", None, "7"),
        ("1" * 5000, None, "1" * 64),
    ],
)
def test_a_caller_is_a_number_or_digits_or_nobody(story: Story, shown: str, number: str | None, digits: str) -> None:
    story.calls_in(number=shown)
    story.hangs_up()
    caller = story.call.caller
    assert (caller.number and caller.number.value, caller.digits) == (number, digits)


def test_a_valid_number_is_not_replaced_by_what_the_dialplan_sets(story: Story) -> None:
    story.calls_in()
    story.happens(CallerChanged, TRUNK, caller_number="0205550100", caller_name="Office", restricted=None)
    story.hangs_up()
    assert story.call.caller.number == E164(CALLER)


def test_a_number_that_the_dialplan_finds_out_is_taken(story: Story) -> None:
    story.calls_in(number="77")
    story.happens(CallerChanged, TRUNK, caller_number=CALLER, caller_name="", restricted=False)
    story.hangs_up()
    assert story.call.caller.number == E164(CALLER)


def test_a_caller_who_asked_not_to_be_shown_stays_withheld(story: Story) -> None:
    story.calls_in()
    story.happens(PresentationTold, TRUNK, restricted=True)
    story.happens(CallerChanged, TRUNK, caller_number=CALLER, caller_name="", restricted=False)
    story.hangs_up()
    assert (story.call.caller.withheld, story.call.caller.number) == (True, None)
    assert story.tracker.presentation_told


def test_a_did_that_the_trunk_does_not_say_is_learned_from_the_dialplan(story: Story) -> None:
    story.calls_in(did="s")
    story.enters(Doing.OTHER, exten=DID)
    story.hangs_up()
    assert story.call.did == DID


def test_the_night_switch_is_believed(story: Story) -> None:
    story.calls_in()
    story.happens(ClosedTold, TRUNK, closed=True)
    story.hangs_up()
    assert story.call.told_closed is True


# --- calls going out


@pytest.mark.parametrize(("dialled", "number"), [("0612345678", CALLER), ("90612345678", CALLER), ("7", None)])
def test_an_outbound_call_tells_who_called_whom(story: Story, dialled: str, number: str | None) -> None:
    story.created(DESK, state=ChannelState.RING, exten="0612345678")
    story.dials(DESK, TRUNK, dialled, linkedid=DESK)
    story.meet(TRUNK, DESK)
    story.hangs_up()
    call = story.call
    assert (call.direction, call.verdict, call.answered_by) == (Direction.OUTBOUND, Verdict.ANSWERED, "101")
    assert (call.caller.number and call.caller.number.value, call.attempt_id) == (number, DESK)


PAIR = "Local/0612345678@outbound-00000001"


def queue_calls_back(story: Story) -> None:
    """The customer is called first; picked up, they wait in the queue like any other caller."""
    story.created(f"{PAIR};1", f"{PAIR};1", exten="0612345678")
    story.created(f"{PAIR};2", f"{PAIR};1", state=ChannelState.RING, exten="0612345678")
    story.dials(f"{PAIR};2", TRUNK, "0612345678", linkedid=f"{PAIR};1")
    story.dial_ends(f"{PAIR};2", TRUNK, DialStatus.ANSWER)
    story.meet(TRUNK, f"{PAIR};2")
    story.dials(f"{PAIR};1", DESK, linkedid=f"{PAIR};1")
    story.rings(DESK)


def test_a_queue_that_calls_back_tells_which_of_us_talked(story: Story) -> None:
    queue_calls_back(story)
    story.meet(f"{PAIR};1", DESK, bridge="b2")
    story.hangs_up(caller=True)
    assert (story.call.direction, story.call.verdict) == (Direction.OUTBOUND, Verdict.ANSWERED)
    assert story.call.answered_by == "101"


def test_a_customer_who_was_called_back_and_heard_only_music_was_reached_by_nobody(story: Story) -> None:
    queue_calls_back(story)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.MISSED, None)


@pytest.mark.parametrize(
    ("status", "ended", "reason"),
    [
        (DialStatus.NOANSWER, Ended.OTHER, Reason.NO_ANSWER),
        (DialStatus.BUSY, Ended.BUSY, Reason.BUSY),
        (DialStatus.CONGESTION, Ended.OTHER, Reason.UNREACHABLE),
        (DialStatus.CHANUNAVAIL, Ended.OTHER, Reason.UNREACHABLE),
        (DialStatus.NOANSWER, Ended.NO_SUCH_NUMBER, Reason.UNREACHABLE),  # so ends the call to a number that nobody has
    ],
)
def test_an_outbound_call_that_nobody_answered_says_why(
    story: Story, status: DialStatus, ended: Ended, reason: Reason
) -> None:
    story.created(DESK, state=ChannelState.RING, exten="0612345678")
    story.dials(DESK, TRUNK, "0612345678", linkedid=DESK)
    story.dial_ends(DESK, TRUNK, status)
    story.hangs_up(ended=ended)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, reason)


def test_a_desk_phone_that_had_a_channel_was_reached_and_refused(story: Story) -> None:
    story.created("textback-1-1")
    for attempt_id, told in (("textback-1-1", Reason.BUSY), ("textback-1-2", Reason.UNREACHABLE)):
        assert story.tracker.nobody_dialled(NobodyDialled(story.now, attempt_id, Reason.UNREACHABLE)).why is told
    story.hangs_up("textback-1-1")
    assert story.tracker.nobody_dialled(NobodyDialled(story.now, "textback-1-1", Reason.UNREACHABLE)).why is Reason.BUSY


def test_a_customer_is_live_in_both_directions(story: Story) -> None:
    story.calls_in()
    assert story.tracker.is_live(E164(CALLER))
    story.hangs_up()
    assert not story.tracker.is_live(E164(CALLER))
    story.created(DESK, state=ChannelState.RING, exten="0612345678")
    story.dials(DESK, OTHER_TRUNK, "0612345678", linkedid=DESK)
    assert story.tracker.is_live(E164(CALLER))


def test_a_channel_that_turns_out_to_be_dialled_is_nobody_calling_in(story: Story) -> None:
    story.created(TRUNK, exten="0612345678")
    story.dials("", TRUNK, "0612345678", linkedid=TRUNK)
    story.hangs_up()
    assert story.call.direction is Direction.OUTBOUND


def test_a_channel_that_starts_to_ring_us_is_somebody_calling_in(story: Story) -> None:
    story.created(TRUNK, number=CALLER)
    story.happens(StateChanged, TRUNK, state=ChannelState.RING)
    story.hangs_up()
    assert story.call.direction is Direction.INBOUND


# --- gaps, strays, repeats


def test_a_call_that_ended_while_nobody_listened_is_unknown(story: Story) -> None:
    story.calls_in()
    story.link_breaks()
    story.snapshot()
    assert (story.call.verdict, story.call.ended_at) == (Verdict.UNKNOWN, None)


def test_a_call_that_survived_the_gap_is_judged_at_its_end(story: Story) -> None:
    story.calls_in()
    story.link_breaks()
    story.snapshot(story.row(TRUNK, state=ChannelState.RING))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_a_talk_seen_before_the_gap_stays_a_talk(story: Story) -> None:
    answered(story)
    story.link_breaks()
    story.snapshot()
    assert story.call.verdict is Verdict.ANSWERED


def test_a_talk_that_began_in_the_gap_is_seen_in_the_snapshot(story: Story) -> None:
    story.calls_in()
    story.link_breaks()
    row = story.row(DESK, TRUNK, doing=Doing.OTHER, dialled=True, bridge="b7", number="101")
    story.snapshot(story.row(TRUNK, bridge="b7"), row)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "101")


def test_two_parked_callers_met_in_the_middle_do_not_talk_to_each_other(story: Story) -> None:
    story.snapshot(
        story.row(TRUNK, doing=Doing.PARK, bridge="lot"), story.row(OTHER_TRUNK, doing=Doing.PARK, bridge="lot")
    )
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_connecting_in_mid_call_tells_when_it_began(story: Story) -> None:
    story.snapshot(story.row(TRUNK, state=ChannelState.RING))
    story.hangs_up()
    assert story.call.started_at == NINE + timedelta(seconds=1) - timedelta(seconds=30) - timedelta(seconds=1)


def test_an_outbound_leg_met_in_the_middle_is_no_inbound_call(story: Story) -> None:
    story.snapshot(
        story.row(DESK, doing=Doing.DIAL, number="101"),
        story.row(TRUNK, DESK, doing=Doing.OTHER, dialled=True, number="0612345678"),
    )
    story.hangs_up()
    assert (story.call.direction, story.call.answered_by) == (Direction.OUTBOUND, "101")


def test_a_call_that_came_up_in_the_gap_and_is_with_nobody_now_is_not_guessed(story: Story) -> None:
    story.calls_in()
    story.link_breaks()
    story.wait(1)
    story.snapshot(story.row(TRUNK))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("machine", [Doing.QUEUE, Doing.MENU, Doing.VOICEMAIL, Doing.ANNOUNCEMENT])
def test_a_call_that_a_machine_took_in_the_gap_is_judged_at_its_end(story: Story, machine: Doing) -> None:
    story.calls_in()
    story.link_breaks()
    story.snapshot(story.row(TRUNK, doing=machine))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_a_call_that_was_up_before_the_gap_is_judged_at_its_end(story: Story) -> None:
    story.calls_in()
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.link_breaks()
    story.snapshot(story.row(TRUNK))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.MISSED


def test_met_in_the_middle_after_what_may_have_been_a_talk_is_unknown_unless_somebody_still_answers(
    story: Story,
) -> None:
    story.snapshot(story.row(TRUNK))
    story.snapshot(story.row(OTHER_TRUNK))
    story.dials(TRUNK, DESK)
    story.meet(TRUNK, DESK)
    story.hangs_up(caller=True)
    story.hangs_up(OTHER_TRUNK, caller=True)
    assert [call.verdict for call in story.ended] == [Verdict.ANSWERED, Verdict.UNKNOWN]


def test_a_mobile_that_is_being_asked_to_press_1_is_no_call_of_its_own(story: Story) -> None:
    mobile = story.row(OTHER_TRUNK, TRUNK, doing=Doing.MENU, number="0655500001")
    story.snapshot(mobile, story.row(TRUNK, state=ChannelState.RING))
    story.hangs_up(OTHER_TRUNK)
    story.hangs_up(caller=True)
    assert story.call.key.uniqueid == TRUNK


def test_a_leg_that_is_about_to_be_dialled_is_no_call_of_its_own(story: Story) -> None:
    story.calls_in()
    story.created(OTHER_TRUNK, TRUNK)
    story.link_breaks()
    story.snapshot(
        story.row(TRUNK, state=ChannelState.RING),
        story.row(OTHER_TRUNK, TRUNK, state=ChannelState.DOWN, doing=Doing.OTHER),
    )
    story.hangs_up(OTHER_TRUNK)
    story.hangs_up(caller=True)
    assert story.call.key.uniqueid == TRUNK


def test_a_call_absent_from_two_snapshots_has_lost_its_hangup(story: Story) -> None:
    story.calls_in()
    story.snapshot()
    assert story.ended == []
    story.snapshot()
    assert story.call.verdict is Verdict.UNKNOWN


def test_a_channel_silent_for_twelve_hours_is_given_up(story: Story) -> None:
    story.calls_in()
    assert story.tracker.reap(story.now + timedelta(hours=11)) == []
    [call] = story.tracker.reap(story.now + timedelta(hours=13))
    assert call.verdict is Verdict.UNKNOWN


def test_a_hangup_that_comes_twice_is_one_call(story: Story) -> None:
    story.calls_in()
    story.hangs_up()
    story.happens(HungUp, TRUNK, ended=Ended.NORMAL)
    story.calls_in()
    assert story.call.verdict is Verdict.MISSED
    assert story.tracker.live_calls == 0


def test_a_hangup_before_what_led_to_it_waits_a_moment(story: Story) -> None:
    story.calls_in()
    story.happens(HungUp, TRUNK, ended=Ended.NORMAL)
    assert story.ended == []
    [call] = story.tracker.settle(story.now + timedelta(milliseconds=200))
    assert call.verdict is Verdict.MISSED


def test_a_stray_event_for_an_unknown_channel_is_survived(story: Story) -> None:
    story.happens(HungUp, "PJSIP/trunk-0000dead", ended=Ended.NORMAL)
    story.part("PJSIP/trunk-0000beef")
    assert story.ended == []


def test_a_renamed_channel_is_still_the_same(story: Story) -> None:
    answered(story)
    story.feed(Renamed(story.now, DESK, NAMES.endpoint("PJSIP/101-0000beef<ZOMBIE>"), ""))
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.ANSWERED


def test_memory_does_not_grow_with_calls_that_are_over(story: Story) -> None:
    for number in range(300):
        trunk, desk = f"PJSIP/trunk-{number:08x}", f"PJSIP/101-f{number:07x}"
        story.calls_in(trunk)
        story.dials(trunk, desk, linkedid=trunk)
        story.hangs_up(desk)
        story.hangs_up(trunk)
    assert (len(story.ended), story.tracker.live_calls, story.tracker.channels) == (300, 0, 0)


def test_every_call_tells_why(story: Story) -> None:
    answered(story)
    story.hangs_up(caller=True)
    told = " / ".join(fact.text for fact in story.call.why)
    assert "dialled 101" in told
    assert "shares media with 101" in told
    assert SETTINGS.pbx == story.call.key.pbx


# --- who it was, and whether they were away


def test_of_several_in_a_room_whoever_came_first_answered(story: Story) -> None:
    desks = [f"PJSIP/10{number}-0000000{number}" for number in range(1, 8)]
    for desk in desks:
        story.created(desk)
    story.meet(*desks, bridge="room")
    story.calls_in()
    story.meet(TRUNK, bridge="room")
    story.hangs_up(caller=True)
    assert story.call.answered_by == "101"


@pytest.mark.parametrize("gateway", ["PJSIP/gsm-gateway-00000002", "PJSIP/0205550999-00000002"])
def test_over_a_gateway_that_no_pattern_calls_a_trunk_the_forwarded_number_answered(story: Story, gateway: str) -> None:
    story.calls_in()
    story.dials(TRUNK, gateway, "0655500001")
    story.meet(gateway, TRUNK)
    story.hangs_up(caller=True)
    assert story.call.answered_by == "0655500001"


def test_what_a_phone_wrote_behind_its_address_is_no_forwarded_number(story: Story) -> None:
    story.calls_in()
    story.dials(TRUNK, "PJSIP/reception-00000002", "reception/sip:front@10.0.0.5:5060;rinstance=123456789")
    story.meet("PJSIP/reception-00000002", TRUNK)
    story.hangs_up(caller=True)
    assert story.call.answered_by == "reception"


def test_a_caller_who_gives_up_on_hold_while_another_caller_is_served_is_lost(story: Story) -> None:
    answered(story)
    story.happens(Held, DESK, TRUNK, on=True)
    story.calls_in(OTHER_TRUNK)
    second_line = "PJSIP/101-00000010"
    story.dials(OTHER_TRUNK, second_line, linkedid=OTHER_TRUNK)
    story.meet(second_line, OTHER_TRUNK, bridge="b2")
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.ANSWERED_THEN_LOST


def test_a_caller_who_gives_up_while_their_person_asks_a_colleague_was_answered(story: Story) -> None:
    answered(story)
    story.happens(Held, DESK, TRUNK, on=True)
    story.created("PJSIP/101-00000010", state=ChannelState.RING, exten="102")
    story.hangs_up(caller=True)
    assert story.call.verdict is Verdict.ANSWERED


def test_who_gives_up_while_a_phone_is_picked_up_but_not_put_through_is_missed_and_not_short() -> None:
    story = Story(replace(SETTINGS, min_ring=timedelta(minutes=1)))
    story.calls_in()
    story.dials(TRUNK, DESK)
    story.rings(DESK)
    story.happens(StateChanged, DESK, TRUNK, state=ChannelState.UP)
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


# --- heard before it exists


def told_at_once(story: Story, doing: Doing, milliseconds: float) -> None:
    """What the dialplan does is heard first, the channel so much later."""
    where = (TRUNK, NAMES.endpoint(TRUNK), TRUNK)
    story.feed(ApplicationEntered(story.now, *where, doing=doing, name="", exten=""))
    story.now += timedelta(milliseconds=milliseconds - 1000)
    story.calls_in()


def test_what_is_heard_of_a_call_a_moment_before_it_exists_is_heard(story: Story) -> None:
    told_at_once(story, Doing.VOICEMAIL, 1)
    assert not story.tracker.settling
    story.hangs_up(caller=True)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)


def test_what_was_heard_long_before_is_no_part_of_a_call_that_begins(story: Story) -> None:
    told_at_once(story, Doing.VOICEMAIL, 5)
    story.hangs_up(caller=True)
    assert story.call.reason is not Reason.VOICEMAIL


def test_what_nothing_follows_is_taken_as_it_is(story: Story) -> None:
    """We listen since then: its beginning was before."""
    where = (TRUNK, NAMES.endpoint(TRUNK), TRUNK)
    story.feed(StateChanged(story.now, *where, state=ChannelState.RING))
    assert story.tracker.settling
    story.tracker.settle(story.now + timedelta(seconds=1))
    assert (story.tracker.settling, story.tracker.live_calls) == (False, 1)
