"""Callers who are no customers: machines, who is turned away, who comes for what the PBX does by itself."""

import pytest

from bridge.domain.calls.calls import EndedCall, FilterReason, Reason, Verdict
from bridge.domain.calls.events import (
    ApplicationEntered,
    BlockedTold,
    ChannelState,
    DialStatus,
    Doing,
    HangupRequested,
    HungUp,
    MailboxRead,
    StateChanged,
    VoicemailLeft,
)
from tests.domain.calls.pbx import TRUNK, Story

DESK = "PJSIP/101-00000002"
MOBILE = "PJSIP/trunk-00000003"
MACHINE = (Verdict.MISSED, Reason.MACHINE, FilterReason.MACHINE)


@pytest.fixture
def story() -> Story:
    story = Story()
    story.calls_in()
    return story


def came_to(call: EndedCall) -> tuple[Verdict, Reason | None, FilterReason | None]:
    return call.verdict, call.reason, call.filtered


def rings_out(story: Story, phone: str = DESK) -> None:
    story.dials(TRUNK, phone)
    story.rings(phone)
    story.dial_ends(TRUNK, phone, DialStatus.NOANSWER)


def left_at_once(story: Story) -> EndedCall:
    story.hangs_up(caller=True)
    return story.call


# --- machines


def test_whoever_is_put_through_to_a_fax_receiver_is_a_machine(story: Story) -> None:
    story.enters(Doing.MACHINE)
    assert came_to(left_at_once(story)) == MACHINE


def test_who_hears_a_fax_squeal_after_phones_rang_out_may_be_a_customer(story: Story) -> None:
    rings_out(story)
    story.enters(Doing.MACHINE)
    assert came_to(left_at_once(story)) == (Verdict.MISSED, Reason.NO_ANSWER, None)


def test_who_stays_with_the_fax_receiver_after_phones_rang_out_is_a_machine(story: Story) -> None:
    rings_out(story)
    story.enters(Doing.MACHINE)
    story.wait(30)
    assert came_to(left_at_once(story)) == MACHINE


def test_a_fax_tone_tells_a_machine_also_after_a_ring_and_whatever_takes_the_call(story: Story) -> None:
    rings_out(story)
    story.enters(Doing.FAX_TONE, exten="fax")
    story.dials(TRUNK, DESK)
    story.meet(TRUNK, DESK)
    story.wait(40)
    assert came_to(left_at_once(story)) == MACHINE


def test_who_was_talked_with_before_they_sent_a_fax_was_answered(story: Story) -> None:
    story.dials(TRUNK, DESK)
    story.meet(TRUNK, DESK)
    story.part(TRUNK, DESK)
    story.enters(Doing.FAX_TONE, exten="fax")
    call = left_at_once(story)
    assert (call.verdict, call.filtered) == (Verdict.ANSWERED, None)


# --- turned away


@pytest.mark.parametrize("ends_there", [True, False])
def test_who_is_answered_or_ends_where_callers_are_turned_away_is_refused(story: Story, ends_there: bool) -> None:
    if not ends_there:
        story.happens(StateChanged, TRUNK, state=ChannelState.UP, refused=True)
    story.happens(HungUp, TRUNK, ended="normal", refused=ends_there)
    assert came_to(story.call) == (Verdict.MISSED, Reason.NOT_OFFERED, FilterReason.REFUSED)


@pytest.mark.parametrize(("asked", "filtered"), [(True, FilterReason.REFUSED), (False, None)])
def test_what_the_dialplan_tidies_up_behind_the_end_does_not_hide_where_that_was(
    story: Story, asked: bool, filtered: FilterReason | None
) -> None:
    story.happens(HangupRequested, TRUNK, by_peer=False, ended="normal", refused=asked)
    story.happens(HungUp, TRUNK, ended="normal", tidied=True)
    assert story.call.filtered is filtered


def test_who_was_moved_on_from_where_callers_are_turned_away_is_not_refused(story: Story) -> None:
    story.happens(HangupRequested, TRUNK, by_peer=False, ended="normal", refused=True)
    story.happens(HungUp, TRUNK, ended="normal")
    assert story.call.filtered is None


def test_the_dialplan_can_say_that_it_blocks_a_caller_and_take_it_back(story: Story) -> None:
    story.happens(BlockedTold, TRUNK, blocked=True)
    story.calls_in("PJSIP/trunk-00000009", number="+31687654321")
    story.happens(BlockedTold, "PJSIP/trunk-00000009", blocked=True)
    story.happens(BlockedTold, "PJSIP/trunk-00000009", blocked=False)
    story.hangs_up()
    story.hangs_up("PJSIP/trunk-00000009")
    assert [call.filtered for call in story.ended] == [FilterReason.REFUSED, None]


# --- services


def test_who_got_into_a_mailbox_came_for_it(story: Story) -> None:
    story.enters(Doing.MAILBOX_LOGIN)
    story.feed(MailboxRead(story.now))
    assert left_at_once(story).filtered is FilterReason.SERVICE


def at_mailbox(story: Story, channel: str, mailbox: str) -> None:
    told = {"doing": Doing.MAILBOX_LOGIN, "name": "VoiceMailMain", "exten": "", "mailbox": mailbox}
    story.happens(ApplicationEntered, channel, channel, **told)


@pytest.mark.parametrize(
    ("asked", "read", "filtered"),
    [
        ("", "103@default", None),  # either of them
        ("101@default", "103@default", None),
        ("103@default", "103@default", None),
        ("101@default", "101@default", FilterReason.SERVICE),
    ],
)
def test_a_phone_that_listens_to_its_messages_lets_no_caller_in(
    story: Story, asked: str, read: str, filtered: FilterReason | None
) -> None:
    at_mailbox(story, TRUNK, asked)
    at_mailbox(story, DESK, "103@default")
    story.wait(1)
    story.feed(MailboxRead(story.now, read))
    assert left_at_once(story).filtered is filtered


def test_what_asterisk_tells_when_somebody_leaves_their_mailbox_is_no_message_left(story: Story) -> None:
    story.enters(Doing.MAILBOX_LOGIN)
    story.happens(VoicemailLeft, TRUNK, mailbox="101@default")
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    call = left_at_once(story)
    assert came_to(call) == (Verdict.MISSED, Reason.ABANDONED_MENU, FilterReason.SERVICE)
    assert not call.voicemail_left


def test_who_listened_to_messages_and_then_left_one_did_leave_it(story: Story) -> None:
    story.enters(Doing.MAILBOX_LOGIN)
    story.enters(Doing.VOICEMAIL)
    story.happens(VoicemailLeft, TRUNK, mailbox="102@default")
    call = left_at_once(story)
    assert (call.voicemail_left, call.mailbox, call.filtered) == (True, "102@default", None)


def test_who_failed_the_pin_of_a_mailbox_is_a_caller_like_any_other(story: Story) -> None:
    story.feed(MailboxRead(story.now))  # of somebody else, before
    story.happens(StateChanged, TRUNK, state=ChannelState.UP)
    story.enters(Doing.MAILBOX_LOGIN)
    assert came_to(left_at_once(story)) == (Verdict.MISSED, Reason.ABANDONED_MENU, None)


def test_who_pressed_a_star_in_the_greeting_and_had_no_pin_is_a_customer_at_voicemail(story: Story) -> None:
    rings_out(story)
    story.enters(Doing.VOICEMAIL)
    story.enters(Doing.MAILBOX_LOGIN)
    assert came_to(left_at_once(story)) == (Verdict.MISSED, Reason.VOICEMAIL, None)


@pytest.mark.parametrize("phone", [MOBILE, DESK])
def test_who_dials_on_after_a_pin_is_of_the_office(story: Story, phone: str) -> None:
    story.enters(Doing.DIAL_LOGIN)
    rings_out(story, phone)
    assert left_at_once(story).filtered is FilterReason.SERVICE


def test_who_had_no_pin_to_dial_out_is_a_caller_like_any_other(story: Story) -> None:
    story.enters(Doing.DIAL_LOGIN)
    assert left_at_once(story).filtered is None


@pytest.mark.parametrize(("phone", "filtered"), [(MOBILE, FilterReason.SERVICE), (DESK, None)])
def test_without_a_pin_only_who_rings_no_phone_of_the_office_came_for_a_service(
    story: Story, phone: str, filtered: FilterReason | None
) -> None:
    story.enters(Doing.SERVICE)
    rings_out(story, phone)
    assert left_at_once(story).filtered is filtered
