"""What each fact about FreeSWITCH makes of a call. The facts were measured on 1.11.1; recordings hold most of them."""

import pytest

from bridge.domain.calls.calls import FilterReason, Reason, Verdict
from bridge.domain.calls.events import (
    ApplicationEntered,
    ChannelCreated,
    ChannelKind,
    DialEnded,
    DialStatus,
    Doing,
    HungUp,
    LinkLost,
    MailboxRead,
    NobodyDialled,
    QueueJoined,
    QueueLeft,
    SnapshotEnded,
)
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import SUBSCRIPTION, Decoder
from bridge.esl.protocol import Message
from tests.esl.pbx import CALLER, DID, Story


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_caller_who_talks_to_a_phone_is_answered_by_its_extension(story: Story) -> None:
    story.calls_in()
    story.talks("B", "101")
    story.unbridges("A", "B")
    story.hangs_up(by="recv_bye")
    assert (story.call.verdict, story.call.answered_by, story.call.did) == (Verdict.ANSWERED, "101", DID)
    assert not story.tracker.settling


def test_a_caller_who_gives_up_while_it_rings_is_decided_at_once(story: Story) -> None:
    story.calls_in()
    story.dials("B")
    story.rings("B")
    story.later(9)
    story.hangs_up(cause="ORIGINATOR_CANCEL", by="recv_cancel")
    assert [call.reason for call in story.ended] == [Reason.ABANDONED_RINGING]


# --- a bridge is no answer


def test_a_phone_that_sends_early_media_and_is_never_picked_up_has_not_answered(story: Story) -> None:
    story.calls_in()
    story.dials("B")
    story.tells("CHANNEL_PROGRESS_MEDIA", "B", Answer_State="early")
    story.bridges("A", "B")
    story.later(30)
    story.hangs_up(cause="ORIGINATOR_CANCEL", by="recv_cancel", last_bridge_to="B", originate_disposition="SUCCESS")
    story.hangs_up("B", cause="ORIGINATOR_CANCEL")
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.ABANDONED_RINGING)


def test_early_media_behind_a_menu_that_had_answered_is_no_talk_either(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.runs("ivr", "main")
    story.runs("bridge", "sofia/gateway/carrier/0655500001")
    story.dials("B", "0655500001", dialed_user="", sip_gateway_name="carrier", Channel_Name="sofia/external/0655500001")
    story.tells("CHANNEL_PROGRESS_MEDIA", "B", Answer_State="early")
    story.bridges("A", "B")
    story.later(30)
    story.hangs_up(by="recv_bye", last_bridge_to="B")
    assert story.call.verdict is Verdict.MISSED


def test_early_media_that_is_picked_up_after_all_is_a_talk_from_then_on(story: Story) -> None:
    story.calls_in()
    story.dials("B")
    story.tells("CHANNEL_PROGRESS_MEDIA", "B", Answer_State="early")
    story.bridges("A", "B")
    story.later(4)
    story.answers("B", "A")
    story.later(6)
    story.hangs_up("B")
    story.hangs_up(by="send_bye")
    assert (story.call.verdict, story.call.talked.seconds) == (Verdict.ANSWERED, 6)


def test_a_mobile_whose_mailbox_takes_the_call_and_presses_no_key_is_not_bridged_and_missed(story: Story) -> None:
    story.calls_in()
    story.dials("B", "0655500001", dialed_user="", sip_gateway_name="carrier", group_confirm_key="1")
    story.rings("B")
    story.answers("B")
    story.later(8)
    story.hangs_up(by="send_refuse", originate_disposition="NO_ANSWER")
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


def test_two_callers_alone_in_a_conference_do_not_answer_one_another(story: Story) -> None:
    for caller in ("A", "B"):
        story.calls_in(caller)
        story.answers(caller)
        _joins(story, caller)
    story.later(20)
    story.hangs_up("A", by="recv_bye", conference_name="3000")
    story.hangs_up("B", by="recv_bye", conference_name="3000")
    assert [call.verdict for call in story.calls] == [Verdict.MISSED, Verdict.MISSED]


def test_a_colleague_who_joins_the_conference_answers_both(story: Story) -> None:
    for caller in ("A", "B"):
        story.calls_in(caller)
        story.answers(caller)
        _joins(story, caller)
    _desk_phone(story, "C", "102")
    _joins(story, "C")
    story.hangs_up("A", by="recv_bye", conference_name="3000")
    story.hangs_up("B", by="recv_bye", conference_name="3000")
    assert {call.answered_by for call in story.calls} == {"102"}


def _joins(story: Story, uuid: str) -> None:
    story.runs("conference", "3000@default", uuid)
    headers = {"Event_Subclass": "conference::maintenance", "Action": "add-member", "Conference_Unique_ID": "R"}
    story.tells("CUSTOM", uuid, **headers)


def _desk_phone(story: Story, uuid: str, user: str) -> None:
    story.tells(
        "CHANNEL_CREATE",
        uuid,
        Channel_Name=f"sofia/internal/{user}@desk",
        Call_Direction="inbound",
        user_name=user,
        Caller_Caller_ID_Number=user,
        Caller_Destination_Number="3000",
        Caller_Context="default",
    )
    story.answers(uuid)


# --- who belongs to whom


@pytest.mark.parametrize("link", ["originating_leg_uuid", "originator", "cc_member_session_uuid", "Channel_Call_UUID"])
def test_a_leg_is_its_callers_by_the_first_of_several_headers(story: Story, link: str) -> None:
    story.calls_in()
    story.dials("B", **{"originating_leg_uuid": "", link: "A"})
    assert story.of(ChannelCreated)[-1].linkedid == "A"


def test_a_leg_that_mod_fifo_dials_is_the_callers_who_has_the_same_search(story: Story) -> None:
    story.calls_in()
    story.tells("CUSTOM", "A", Event_Subclass="fifo::info", FIFO_Action="pre-dial", fifo_originate_uuid="F")
    story.dials("B", originating_leg_uuid="", fifo_originate_uuid="F")
    assert story.of(ChannelCreated)[-1].linkedid == "A"


def test_whom_the_transferring_phone_asked_belongs_to_the_callers_call(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.dials("C", "103", of="B")
    assert story.of(ChannelCreated)[-1].linkedid == "A"


def test_a_new_bridge_of_a_channel_ends_its_older_one(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.dials("C", "103", of="B")
    story.answers("C")
    story.bridges("B", "C")
    assert story.decoder.talks.open == {frozenset("BC")}
    story.bridges("C", "A")
    assert story.decoder.talks.open == {frozenset("AC")}


def test_whoever_asked_a_colleague_and_is_back_with_the_caller_has_lost_nobody(story: Story) -> None:
    """Of that no bridge is told."""
    story.calls_in()
    story.talks("B")
    story.runs("att_xfer", "user/103@desk", "B")
    story.dials("C", "103", of="B")
    story.rings("C")
    story.answers("C")
    story.bridges("B", "C")
    story.later(4)
    story.unbridges("B", "C")
    story.hangs_up("C")
    story.later(9)
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED


def test_a_leg_outlives_the_colleague_who_asked_for_it(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.dials("C", "103", of="B")
    story.answers("C")
    story.hangs_up("B")
    story.later(3)
    story.bridges("C", "A")
    story.later(3)
    story.hangs_up(by="recv_bye")
    assert (story.call.verdict, story.call.answered_by) == (Verdict.ANSWERED, "101")


def test_the_callers_number_is_the_one_of_the_beginning_though_a_pick_up_writes_the_colleagues_there(
    story: Story,
) -> None:
    story.calls_in()
    _desk_phone(story, "B", "102")
    story.runs("intercept", "A", "B", Caller_Caller_ID_Number="102")
    story.answers("A")
    story.bridges("B", "A")
    story.hangs_up(by="recv_bye", Caller_Caller_ID_Number="102")
    assert str(story.call.caller.number) == CALLER
    assert story.call.answered_by == "102"


# --- how legs end


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("USER_BUSY", Reason.BUSY),
        ("NORMAL_TEMPORARY_FAILURE", Reason.UNREACHABLE),
        ("DESTINATION_OUT_OF_ORDER", Reason.UNREACHABLE),
        ("NO_ANSWER", Reason.UNREACHABLE),  # it did not even say that it rings
    ],
)
def test_a_phone_that_never_rang_says_why_by_its_cause(story: Story, cause: str, reason: Reason) -> None:
    story.calls_in()
    story.dials("B")
    story.later(5)
    story.hangs_up("B", cause)
    story.hangs_up(cause=cause, by="send_refuse", originate_disposition=cause)
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, reason)


def test_an_extension_that_is_not_registered_makes_no_leg_at_all(story: Story) -> None:
    story.calls_in()
    story.runs("bridge", "user/104@desk")
    cause = "USER_NOT_REGISTERED"
    story.hangs_up(cause=cause, by="send_refuse", originate_disposition=cause)
    assert story.call.reason is Reason.UNREACHABLE


def test_an_enterprise_originate_writes_its_dispositions_in_lower_case(story: Story) -> None:
    story.calls_in()
    story.dials("B")
    story.rings("B")
    story.later(20)
    story.hangs_up(by="send_refuse", originate_disposition="no_answer")
    assert [event.status for event in story.of(DialEnded)] == [DialStatus.NOANSWER]


@pytest.mark.parametrize("cause", ["LOSE_RACE", "PICKED_OFF"])
def test_where_somebody_else_took_it_a_phone_is_no_busy_one(story: Story, cause: str) -> None:
    story.calls_in()
    story.dials("B")
    story.hangs_up("B", cause)
    assert [event.status for event in story.of(DialEnded)] == [DialStatus.CANCEL]


# --- hold


def test_a_caller_who_hangs_up_on_hold_is_lost_though_the_phone_takes_them_back_in_that_moment(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.tells("CHANNEL_HOLD", "B")
    story.later(0.15)
    story.runs("playback", "local_stream://moh")
    story.later(30)
    story.tells("CHANNEL_UNHOLD", "B")
    story.unbridges("A", "B")
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED_THEN_LOST


def test_whoever_is_taken_back_is_not_lost(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.tells("CHANNEL_HOLD", "B")
    story.later(30)
    story.tells("CHANNEL_UNHOLD", "B")
    story.later(5)
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED


def test_a_customer_who_holds_us_and_hangs_up_is_not_lost(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.tells("CHANNEL_HOLD", "A")
    story.later(9)
    story.tells("CHANNEL_UNHOLD", "A")
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED


def test_music_on_hold_is_no_announcement(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.runs("playback", "local_stream://moh")
    assert story.of(ApplicationEntered) == []


# --- what the dialplan does


def test_stock_voicemail_behind_a_loopback_is_the_callers_and_its_message_comes_after_the_end(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    _loopback(story)
    story.runs("voicemail", "default desk 102", "L-b")
    story.bridges("A", "L-a")
    story.later(9)
    story.hangs_up("L-a", "ORIGINATOR_CANCEL")
    story.hangs_up(by="recv_bye")
    message = {"VM_Action": "leave-message", "VM_User": "102", "VM_Domain": "desk"}
    story.tells("CUSTOM", "L-b", Event_Subclass="vm::maintenance", **message)
    story.hangs_up("L-b", "ORIGINATOR_CANCEL")
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)
    assert (story.call.voicemail_left, story.call.mailbox) == (True, "102@desk")


def _loopback(story: Story) -> None:
    half = {"Caller_Caller_ID_Number": CALLER}
    story.tells(
        "CHANNEL_CREATE",
        "L-a",
        Channel_Name="loopback/voicemail-a",
        Call_Direction="outbound",
        originating_leg_uuid="A",
        other_loopback_leg_uuid="L-b",
        **half,
    )
    story.tells(
        "CHANNEL_CREATE",
        "L-b",
        Channel_Name="loopback/voicemail-b",
        Call_Direction="inbound",
        other_loopback_leg_uuid="L-a",
        **half,
    )


def test_the_voicemail_of_fusionpbx_is_a_lua_script_and_its_message_a_variable(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.runs("lua", "app.lua voicemail", voicemail_action="save", voicemail_id="101", domain_name="desk")
    story.later(20)
    story.hangs_up(by="recv_bye", voicemail_message_seconds="7")
    assert (story.call.reason, story.call.mailbox) == (Reason.VOICEMAIL, "101@desk")


def test_whoever_hears_the_greeting_and_hangs_up_has_left_no_message(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.runs("voicemail", "default desk 101")
    story.hangs_up(by="recv_bye", voicemail_message_len="00:00:00")
    assert (story.call.reason, story.call.voicemail_left) == (Reason.VOICEMAIL, False)


def test_somebody_who_is_let_in_to_their_own_mailbox_from_outside_is_served(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.runs("voicemail", "check default desk")
    who = {"VM_Action": "authentication", "VM_User": "101", "VM_Domain": "desk"}
    story.tells("CUSTOM", "A", Event_Subclass="vm::maintenance", VM_Auth_Result="success", **who)
    assert len(story.of(MailboxRead)) == 1
    story.later(9)
    story.hangs_up(by="recv_bye")
    assert story.call.filtered is FilterReason.SERVICE


def test_a_caller_who_leaves_a_queue_by_hanging_up_gave_up_in_it(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.runs("callcenter", "sales@default")
    story.later(20)
    story.hangs_up(by="recv_bye")
    assert (story.call.verdict, story.call.reason) == (Verdict.MISSED, Reason.ABANDONED_QUEUE)
    assert len(story.of(QueueJoined)) == len(story.of(QueueLeft)) == 1


def test_a_caller_who_was_sent_on_and_found_nobody_is_lost(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    sent = f"1796025360:{'u' * 36}:bl_xfer:3001/default/XML"
    story.tells("CHANNEL_UNBRIDGE", "A", Bridge_A_Unique_ID="A", Bridge_B_Unique_ID="B", transfer_source=sent)
    story.hangs_up("B")
    story.later(9)
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED_THEN_LOST


def test_a_survey_after_the_talk_loses_nobody(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.unbridges("A", "B")
    story.hangs_up("B")
    story.runs("transfer", "survey XML default")
    story.runs("playback", "how_was_it.wav", transfer_source=f"1796025360:{'u' * 36}:bl_xfer:survey/default/XML")
    story.later(5)
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED


def test_a_caller_parked_after_a_talk_whom_nobody_fetches_is_lost(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    story.unbridges("A", "B")
    story.runs("valet_park", "lot auto in 6001 6009")
    story.later(60)
    story.hangs_up(by="recv_bye")
    assert story.call.verdict is Verdict.ANSWERED_THEN_LOST


def test_what_the_dialplan_sets_for_us_is_told_once_wherever_it_stands_first(story: Story) -> None:
    story.calls_in()
    story.runs("set", "textback_closed=true")
    story.runs("playback", "closed.wav", textback_closed="true")
    story.hangs_up(by="send_bye", textback_number="0687654321", textback_blocked="true")
    call = story.call
    assert (call.told_closed, call.filtered) == (True, FilterReason.REFUSED)
    assert [type(event).__name__ for event in story.events[-5:]] == [
        *("ApplicationEntered", "BlockedTold", "NumberGiven", "HangupRequested", "HungUp"),
    ]


# --- who calls, and which number


def test_whoever_asks_not_to_be_shown_is_withheld_by_the_header_alone(story: Story) -> None:
    story.calls_in(Caller_Privacy_Hide_Number="true", sip_Privacy="none")
    story.hangs_up(by="recv_cancel", cause="ORIGINATOR_CANCEL")
    assert (story.call.caller.withheld, story.call.caller.number) == (True, None)


@pytest.mark.parametrize(
    ("asked", "to", "did"),
    [
        ("account", "0205550101", "0205550101"),
        ("4711", "+31205550101", "+31205550101"),
        ("0205550101", "account", "0205550101"),
        ("0205550101", "+31205550101", "0205550101"),
        ("+31205550101", "0205550101", "+31205550101"),
    ],
)
def test_behind_a_registered_gateway_the_number_called_may_stand_in_the_to_header_only(
    story: Story, asked: str, to: str, did: str
) -> None:
    story.calls_in(Caller_Destination_Number=asked, sip_to_user=to, sip_gateway="carrier", sip_req_user="gw+carrier")
    story.hangs_up(by="recv_cancel", cause="ORIGINATOR_CANCEL")
    assert story.call.did == did


def test_a_line_break_in_a_number_stays_in_it(story: Story) -> None:
    story.calls_in(Caller_Caller_ID_Number="\nEvent-Name: CHANNEL_ANSWER")
    story.hangs_up(by="recv_cancel", cause="ORIGINATOR_CANCEL")
    assert story.call.verdict is Verdict.MISSED


def test_a_call_that_the_switch_sends_to_another_office_is_nobodys_row() -> None:
    story = Story(ChannelNames(("external",), domain="ours.example"))
    story.calls_in()
    story.runs("bridge", "user/201@theirs.example", domain_name="theirs.example")
    story.dials("B", "201", dialed_domain="theirs.example")
    story.rings("B")
    story.later(9)
    story.hangs_up(by="recv_cancel", cause="ORIGINATOR_CANCEL")
    assert story.call.filtered is FilterReason.REFUSED
    assert story.call.offered == ("201@theirs.example",)


# --- what is told late, twice, by another run or not at all


def test_an_unbridge_after_the_end_and_a_repeated_end_change_nothing(story: Story) -> None:
    story.calls_in()
    story.talks("B")
    for _ in range(2):
        story.hangs_up(by="recv_bye")
    story.unbridges("A", "B")
    story.hangs_up("B")
    story.unbridges("A", "B")
    assert len(story.of(HungUp)) == 2
    assert len(story.calls) == 1


def test_a_channel_whose_beginning_nobody_heard_is_unknown_with_its_first_caller_and_number(story: Story) -> None:
    values = {
        "Channel_Name": f"sofia/external/{CALLER}@carrier",
        "Call_Direction": "inbound",
        "Caller_Caller_ID_Number": "101",
        "Caller_Orig_Caller_ID_Number": CALLER,
        "Caller_Destination_Number": "101",
        "sip_req_user": DID,
    }
    story.hangs_up(by="recv_bye", **values)
    assert (story.call.verdict, str(story.call.caller.number), story.call.did) == (Verdict.UNKNOWN, CALLER, DID)


def test_a_talk_of_which_only_the_last_event_tells_makes_a_call_unknown(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    story.later(30)
    story.hangs_up(by="recv_bye", last_bridge_to="somebody")
    assert story.call.verdict is Verdict.UNKNOWN


def test_another_run_of_the_switch_after_a_lost_link_has_none_of_the_old_channels(story: Story) -> None:
    story.tells("HEARTBEAT", Core_UUID="one")
    story.calls_in(Core_UUID="one")
    story.decoder.forget()
    story.tracker.feed(LinkLost(story.now))
    assert [type(event) for event in story.tells("HEARTBEAT", Core_UUID="two")] == [SnapshotEnded]
    assert [call.verdict for call in story.ended] == [Verdict.UNKNOWN]
    assert len(story.decoder.legs) == 0


def test_two_runs_in_one_stream_are_no_restart(story: Story) -> None:
    story.tells("HEARTBEAT", Core_UUID="one")
    assert story.tells("HEARTBEAT", Core_UUID="two") == []


def test_a_stamp_that_no_clock_shows_is_counted_and_our_time_taken(story: Story) -> None:
    for stamp in ("-1", "9" * 40, "soon", "1"):
        told = {"Event-Name": "CHANNEL_CREATE", "Unique-ID": stamp, "Channel-Name": "sofia/external/x"}
        [created] = story.decoder.feed(Message({**told, "Event-Date-Timestamp": stamp}), story.now)[:1]
        assert created.at == story.now
    assert story.decoder.odd_stamps == 4


def test_lists_and_numbers_where_words_are_expected_stop_nothing(story: Story) -> None:
    names = ("Channel_Name", "Unique_ID", "Caller_Caller_ID_Number", "Bridge_A_Unique_ID", "originate_disposition")
    odds: tuple[object, ...] = (["a", "b"], 7, None, {"x": 1}, [[]])
    for event in SUBSCRIPTION.split():
        for odd in odds:
            story.tells(event, "X", **dict.fromkeys(names, odd))
    assert story.calls == []


# --- calls of ours


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("-ERR NO_ANSWER\n", Reason.NO_ANSWER),
        ("-ERR USER_BUSY\n", Reason.BUSY),
        ("-ERR CALL_REJECTED\n", Reason.BUSY),
        ("-ERR USER_NOT_REGISTERED\n", Reason.UNREACHABLE),
        ("-ERR SUBSCRIBER_ABSENT\n", Reason.UNREACHABLE),
        ("-USAGE: <call url> <exten>\n", None),
        ("+OK 1\n", None),
    ],
)
def test_a_desk_phone_that_was_not_picked_up_says_why(story: Story, answer: str, why: Reason | None) -> None:
    story.tells("BACKGROUND_JOB", Job_UUID="attempt-1.x", Job_Command="originate", _body=answer)
    told = [(event.attempt_id, event.why) for event in story.of(NobodyDialled)]
    assert told == ([("attempt-1", why)] if why else [])


def test_a_second_attempt_of_one_name_that_is_refused_while_the_first_lives_is_nothing(story: Story) -> None:
    story.dials("attempt-1", of="")
    body = {"_body": "-ERR DESTINATION_OUT_OF_ORDER\n"}
    story.tells("BACKGROUND_JOB", Job_UUID="attempt-1.second", Job_Command="originate", **body)
    assert story.of(NobodyDialled) == []
    story.hangs_up("attempt-1")
    story.tells("BACKGROUND_JOB", Job_UUID="attempt-1.third", Job_Command="originate", **body)
    assert len(story.of(NobodyDialled)) == 1


def test_what_is_asked_for_has_the_subclasses_last() -> None:
    words = SUBSCRIPTION.split()
    assert words[words.index("CUSTOM") + 1 :] == [word for word in words if "::" in word]
    assert {"CHANNEL_HOLD", "CHANNEL_UNHOLD", "CHANNEL_PROGRESS_MEDIA", "BACKGROUND_JOB"} <= set(words)


def test_events_of_other_names_mean_nothing() -> None:
    assert Decoder(ChannelNames()).feed(Message({"Event-Name": "NEW", "Unique-ID": "A"}), None) == []
    assert ChannelCreated.__name__ not in SUBSCRIPTION


def test_what_runs_is_said_in_neutral_words(story: Story) -> None:
    story.calls_in()
    story.answers("A")
    for application, data in (("play_and_get_digits", "1 1"), ("playback", "x.wav"), ("playback", "local_stream://m")):
        story.runs(application, data)
    assert [event.doing for event in story.of(ApplicationEntered)] == [
        *(Doing.MENU, Doing.ANNOUNCEMENT, Doing.WAIT),
    ]


def test_phones_trunks_and_halves_of_a_loopback_are_told_apart(story: Story) -> None:
    story.calls_in()
    story.dials("B")
    _loopback(story)
    kinds = [event.channel.kind for event in story.of(ChannelCreated)]
    assert kinds == [ChannelKind.TRUNK, ChannelKind.PHONE, ChannelKind.RELAY, ChannelKind.RELAY]
