"""What Asterisk says by a name or a number, in the words of the domain."""

import pytest

from bridge.ami.channels import ChannelNames
from bridge.ami.decode import Decoder
from bridge.ami.protocol import Message
from bridge.domain.calls.calls import Attestation
from bridge.domain.calls.events import (
    ApplicationEntered,
    AttestationTold,
    BlockedTold,
    ChannelCreated,
    ChannelEvent,
    ChannelKind,
    ChannelSeen,
    DialBegan,
    Doing,
    Ended,
    Endpoint,
    HungUp,
    MailboxRead,
)
from tests.recorded import NAMES


def told(event: str, names: ChannelNames = NAMES, **headers: str) -> ChannelEvent:
    """Of a channel of the trunk, unless it is said otherwise."""
    found = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.1", "Linkedid": "1.1"} | headers
    decoded = Decoder(names).decode(Message(event, tuple(found.items())), None)
    assert isinstance(decoded, ChannelEvent)
    return decoded


@pytest.mark.parametrize(
    ("name", "kind", "party", "twin", "pattern"),
    [
        ("PJSIP/101-00000005", ChannelKind.PHONE, "101", "", "PJSIP/101-*"),
        ("PJSIP/front-desk-00000005", ChannelKind.PHONE, "front-desk", "", "PJSIP/front-desk-*"),
        ("PJSIP/trunk-00000001", ChannelKind.TRUNK, "trunk", "", "PJSIP/trunk-*"),
        ("Local/1@q-0000000a;2", ChannelKind.RELAY, "1@q", "Local/1@q-0000000a", "Local/1@q-*"),
    ],
)
def test_a_channel_says_who_may_be_there(name: str, kind: ChannelKind, party: str, twin: str, pattern: str) -> None:
    assert told("Newstate", Channel=name).channel == Endpoint(name, kind, party, twin, pattern)


def test_the_halves_of_a_local_pair_have_a_twin_in_common_and_no_other_pair_has_it() -> None:
    names = ("Local/1@q-0000000a;1", "Local/1@q-0000000a;2", "Local/1@q-0000000b;1", "PJSIP/101-00000005")
    one, other, stranger, phone = (told("Newstate", Channel=name).channel.twin for name in names)
    assert one == other != stranger
    assert phone == ""


@pytest.mark.parametrize(("context", "kind"), [("from-pstn", ChannelKind.TRUNK), ("from-internal", ChannelKind.PHONE)])
def test_without_trunk_patterns_the_context_in_which_a_channel_begins_tells(context: str, kind: ChannelKind) -> None:
    anything = ChannelNames()
    assert told("Newchannel", anything, Context=context).channel.kind is kind
    assert told("CoreShowChannel", anything, Context=context).channel.kind is kind
    assert told("Newchannel", anything, Context=context, Channel="Local/1@q-1;1").channel.kind is ChannelKind.RELAY


def test_with_trunk_patterns_no_context_counts() -> None:
    phone = told("Newchannel", Context="from-pstn", Channel="PJSIP/101-00000005")
    assert phone.channel.kind is ChannelKind.PHONE


@pytest.mark.parametrize(("exten", "asks"), [("0205550101", True), ("102", True), ("s", False), ("", False)])
def test_who_asked_for_an_extension_is_told_from_who_asked_for_none(exten: str, asks: bool) -> None:
    event = told("Newchannel", Exten=exten)
    assert isinstance(event, ChannelCreated)
    assert (event.exten, event.asks) == (exten, asks)


@pytest.mark.parametrize(
    ("application", "doing"),
    [
        ("Dial", Doing.DIAL),
        ("Queue", Doing.QUEUE),
        ("BackGround", Doing.MENU),
        ("Playback", Doing.ANNOUNCEMENT),
        ("VoiceMail", Doing.VOICEMAIL),
        ("MusicOnHold", Doing.WAIT),
        ("Park", Doing.PARK),
        ("Busy", Doing.BUSY_TONE),
        ("Goto", Doing.OTHER),
    ],
)
def test_an_application_says_what_it_does(application: str, doing: Doing) -> None:
    event = told("Newexten", Application=application, Extension="101")
    assert isinstance(event, ApplicationEntered)
    assert (event.doing, event.name, event.exten) == (doing, application, "101")


@pytest.mark.parametrize(
    ("application", "doing", "dialled"),
    [("AppDial", Doing.OTHER, True), ("AppQueue", Doing.OTHER, True), ("Dial", Doing.DIAL, False)],
)
def test_a_snapshot_tells_who_was_dialled(application: str, doing: Doing, dialled: bool) -> None:
    event = told("CoreShowChannel", Application=application, Duration="00:01:05")
    assert isinstance(event, ChannelSeen)
    assert (event.doing, event.dialled, event.seconds) == (doing, dialled, 65)


@pytest.mark.parametrize(
    ("cause", "ended"),
    [
        ("16", Ended.NORMAL),
        ("17", Ended.BUSY),
        ("3", Ended.NO_ROUTE),
        ("20", Ended.ABSENT),
        ("1", Ended.NO_SUCH_NUMBER),
        ("28", Ended.NO_SUCH_NUMBER),
        ("127", Ended.OTHER),
        ("", Ended.OTHER),
    ],
)
def test_a_cause_says_how_a_channel_ended(cause: str, ended: Ended) -> None:
    event = told("Hangup", Cause=cause)
    assert isinstance(event, HungUp)
    assert event.ended is ended


@pytest.mark.parametrize(
    ("dial_string", "dialled"),
    [
        ("0655500001@trunk", "0655500001"),
        ("trunk/0655500001", "0655500001"),
        ("PJSIP/t/sip:+31655500001@192.0.2.7", "+31655500001"),
        ("sip:101@host;rinstance=123456", "101"),
        ("front-desk", "front-desk"),
    ],
)
def test_a_dial_tells_the_number_where_there_is_one(dial_string: str, dialled: str) -> None:
    event = told("DialBegin", DestChannel="PJSIP/101-00000005", DestUniqueid="1.2", DialString=dial_string)
    assert isinstance(event, DialBegan)
    assert event.dialled == dialled


# --- callers who are no customers


@pytest.mark.parametrize(
    ("application", "arguments", "what"),
    [
        ("ReceiveFAX", "/tmp/fax.tif", Doing.MACHINE),
        ("AlarmReceiver", "", Doing.MACHINE),
        ("VoiceMailMain", "101@default", Doing.MAILBOX_LOGIN),
        ("VoiceMailMain", "staff,g(3)", Doing.MAILBOX_LOGIN),
        ("VoiceMailMain", "101,sp(s)", Doing.SERVICE),
        ("VoiceMailMain", "101,a(sales)", Doing.MAILBOX_LOGIN),
        ("DISA", "/etc/asterisk/disa-1.conf", Doing.DIAL_LOGIN),
        ("DISA", "no-password,disa-dial", Doing.SERVICE),
        ("NoOp", "ReceiveFAX", Doing.OTHER),
    ],
)
def test_what_callers_come_for_is_told_by_the_application_and_what_it_is_given(
    application: str, arguments: str, what: Doing
) -> None:
    entered = told("Newexten", Application=application, AppData=arguments)
    seen = told("CoreShowChannel", Application=application, ApplicationData=arguments)
    assert isinstance(entered, ApplicationEntered)
    assert isinstance(seen, ChannelSeen)
    assert entered.doing is seen.doing is what


def test_the_extension_for_faxes_is_reached_by_a_fax_tone() -> None:
    entered = told("Newexten", Application="Goto", Extension="fax")
    assert isinstance(entered, ApplicationEntered)
    assert entered.doing is Doing.FAX_TONE


IGNORING = ChannelNames(("PJSIP/trunk-*",), ignored=("blocked-*", "screen,t"))


@pytest.mark.parametrize(
    ("context", "exten", "refused"),
    [
        ("app-blacklist-check", "s", True),
        ("app-blackhole", "zapateller", True),
        ("app-blackhole", "hangup", False),
        ("blocked-callers", "h", True),
        ("screen", "t", True),
        ("screen", "1", False),
        ("from-trunk", "0205550101", False),
    ],
)
def test_where_a_call_ends_tells_who_was_turned_away(context: str, exten: str, refused: bool) -> None:
    ended = told("Hangup", IGNORING, Context=context, Exten=exten, Cause="16")
    begun = told("Newchannel", IGNORING, Context=context, Exten=exten, ChannelState="4")
    assert isinstance(ended, HungUp)
    assert isinstance(begun, ChannelCreated)
    assert ended.refused is begun.refused is refused


@pytest.mark.parametrize(("application", "refused"), [("Answer", True), ("Playback", True), ("GotoIf", False)])
def test_a_blacklist_that_only_looks_turns_nobody_away(application: str, refused: bool) -> None:
    entered = told("Newexten", Application=application, Context="app-blacklist-check")
    assert isinstance(entered, ApplicationEntered)
    assert entered.refused is refused


def test_what_a_carrier_vouches_for_comes_by_the_dialplan() -> None:
    event = told("UserEvent", UserEvent="Textback", Attestation="A", Verstat="", Verified="cid_orig_tn_mismatch")
    assert isinstance(event, AttestationTold)
    assert event.attestation is Attestation.FAILED


@pytest.mark.parametrize(("said", "blocked"), [("yes", True), ("1", True), ("no", False)])
def test_the_dialplan_may_say_that_it_blocks_a_caller(said: str, blocked: bool) -> None:
    event = told("UserEvent", UserEvent="Textback", Blocked=said)
    assert isinstance(event, BlockedTold)
    assert event.blocked is blocked


def test_a_mailbox_that_is_read_on_no_channel_is_somebodys() -> None:
    message = Message("MessageWaiting", (("Mailbox", "101@default"), ("Waiting", "0")))
    assert Decoder(NAMES).decode(message, None) == MailboxRead(None, "101@default")
