"""What Asterisk says by a name or a number, in the words of the domain."""

import pytest

from bridge.ami.channels import ChannelNames
from bridge.ami.decode import Decoder
from bridge.ami.protocol import Message
from bridge.domain.calls.events import (
    ApplicationEntered,
    ChannelCreated,
    ChannelEvent,
    ChannelKind,
    ChannelSeen,
    DialBegan,
    Doing,
    Ended,
    Endpoint,
    HungUp,
)
from tests.recorded import NAMES


def told(event: str, names: ChannelNames = NAMES, **headers: str) -> ChannelEvent:
    """Of a channel of the trunk, unless it is said otherwise."""
    found = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.1", "Linkedid": "1.1"} | headers
    decoded = Decoder(names).decode(Message(event, tuple(found.items())), None)
    assert isinstance(decoded, ChannelEvent)
    return decoded


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("PJSIP/101-00000005", Endpoint("PJSIP/101-00000005", ChannelKind.PHONE, "101")),
        ("PJSIP/front-desk-00000005", Endpoint("PJSIP/front-desk-00000005", ChannelKind.PHONE, "front-desk")),
        ("PJSIP/trunk-00000001", Endpoint("PJSIP/trunk-00000001", ChannelKind.TRUNK, "trunk")),
        ("Local/1@q-0000000a;2", Endpoint("Local/1@q-0000000a;2", ChannelKind.RELAY, "1@q", "Local/1@q-0000000a")),
    ],
)
def test_a_channel_says_who_may_be_there(name: str, endpoint: Endpoint) -> None:
    assert told("Newstate", Channel=name).channel == endpoint


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
        ("VoiceMailMain", Doing.OTHER),
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
