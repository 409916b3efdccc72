"""Who is at a channel of FreeSWITCH, and what its applications do."""

import pytest

from bridge.domain.calls.events import ChannelKind, Doing
from bridge.esl.applications import doing, mailbox
from bridge.esl.channels import ChannelNames
from bridge.esl.protocol import Message

PHONE, TRUNK, RELAY, MACHINE = ChannelKind.PHONE, ChannelKind.TRUNK, ChannelKind.RELAY, ChannelKind.MACHINE


def channel(name: str, direction: str, context: str = "default", **variables: str) -> Message:
    told = {f"variable_{key}": value for key, value in variables.items()}
    return Message(
        {"Channel-Name": name, "Call-Direction": direction, "Caller-Context": context, "Unique-ID": "A"} | told
    )


IN_TRUNK = channel("sofia/external/+316@x", "inbound", "public")
IN_GATEWAY = channel("sofia/external/+316@x", "inbound", "public", sip_gateway="carrier")
IN_PHONE = channel("sofia/internal/101@x", "inbound", user_name="101")
IN_PHONE_MIXED = channel("sofia/office/101@x", "inbound", user_name="101")
IN_TRUNK_MIXED = channel("sofia/office/+316@x", "inbound", "public")
OUT_PHONE = channel("sofia/internal/101@x:5061", "outbound", dialed_user="101")
OUT_TRUNK = channel("sofia/external/0655500001", "outbound", sip_gateway_name="carrier")
OUT_MOBILE_OF_A_USER = channel("sofia/external/0655500001", "outbound", sip_gateway_name="carrier", dialed_user="101")
CALLER_WHO_DIALLED = channel("sofia/external/+316@x", "inbound", "public", dialed_user="101")


@pytest.mark.parametrize(
    ("trunks", "told", "kind"),
    [
        (("external",), IN_TRUNK, TRUNK),
        (("ext*",), IN_TRUNK, TRUNK),
        (("carrier",), IN_GATEWAY, TRUNK),
        (("carrier",), IN_TRUNK, PHONE),
        (("external",), IN_PHONE, PHONE),
        (("office",), IN_PHONE_MIXED, PHONE),
        (("office",), IN_TRUNK_MIXED, TRUNK),
        (("external",), OUT_PHONE, PHONE),
        (("external",), OUT_TRUNK, TRUNK),
        (("carrier",), OUT_TRUNK, TRUNK),
        (("carrier",), OUT_MOBILE_OF_A_USER, TRUNK),
        (("external",), CALLER_WHO_DIALLED, TRUNK),
        (("external",), channel("sofia/internal/external@x", "inbound"), PHONE),
        (("freetdm",), channel("freetdm/1:1/0201234567", "inbound", "public"), TRUNK),
        (("external",), channel("loopback/external-a", "outbound"), RELAY),
        (("external",), channel("null/external", "outbound"), MACHINE),
        (("external",), channel("", "inbound"), MACHINE),
    ],
)
def test_a_trunk_is_told_by_profile_or_gateway_and_a_phone_by_its_user(
    trunks: tuple[str, ...], told: Message, kind: ChannelKind
) -> None:
    assert ChannelNames(trunks).endpoint(told).kind is kind


def test_without_any_trunk_in_the_settings_calls_come_in_where_the_context_is_public() -> None:
    names = ChannelNames()
    kinds = [names.endpoint(told).kind for told in (IN_TRUNK, IN_PHONE, OUT_PHONE, OUT_TRUNK)]
    assert kinds == [TRUNK, PHONE, PHONE, TRUNK]
    assert names.endpoint(channel("sofia/internal/x@y", "inbound", "publicity")).kind is PHONE


def test_contexts_tell_where_one_profile_carries_phones_too() -> None:
    names = ChannelNames(contexts=("from_carrier",))
    assert names.endpoint(channel("sofia/office/+316@x", "inbound", "from_carrier")).kind is TRUNK
    assert names.endpoint(channel("sofia/office/door@x", "inbound", "default")).kind is PHONE


def test_where_nobody_is_behind_an_extension_or_a_gateway_it_is_a_machine() -> None:
    names = ChannelNames(("external",), machines=("19?", "voicebot"))
    assert names.endpoint(channel("sofia/internal/199@x", "outbound", dialed_user="199")).kind is MACHINE
    assert names.endpoint(channel("sofia/external/1", "outbound", sip_gateway_name="voicebot")).kind is MACHINE
    assert names.endpoint(OUT_PHONE).kind is PHONE


def test_an_extension_of_another_office_is_a_stranger() -> None:
    names = ChannelNames(("external",), domain="ours.example")
    other = channel("sofia/internal/101@x", "outbound", dialed_user="101", dialed_domain="theirs.example")
    own = channel("sofia/internal/101@x", "outbound", dialed_user="101", dialed_domain="ours.example")
    assert [names.endpoint(told).party for told in (other, own)] == ["101@theirs.example", "101"]


def test_both_halves_of_a_loopback_have_one_name_in_common() -> None:
    halves = [
        Message({"Channel-Name": f"loopback/9-{half}", "Unique-ID": one, "variable_other_loopback_leg_uuid": other})
        for half, one, other in (("a", "X", "Y"), ("b", "Y", "X"))
    ]
    one, other = (ChannelNames().endpoint(half).twin for half in halves)
    assert one == other != ""


@pytest.mark.parametrize(
    ("application", "arguments", "what"),
    [
        ("bridge", "user/101", Doing.DIAL),
        ("ivr", "main", Doing.MENU),
        ("playback", "welcome.wav", Doing.ANNOUNCEMENT),
        ("playback", "local_stream://moh", Doing.WAIT),
        ("voicemail", "default example.org 101", Doing.VOICEMAIL),
        ("voicemail", "check default example.org 101", Doing.MAILBOX_LOGIN),
        ("voicemail", "check auth default example.org 101", Doing.SERVICE),
        ("fifo", "support in", Doing.QUEUE),
        ("fifo", "support out nowait", Doing.OTHER),
        ("fifo", "", Doing.OTHER),
        ("lua", "app.lua ring_groups", Doing.DIAL),
        ("lua", "app.lua voicemail", Doing.VOICEMAIL),
        ("lua", "/usr/share/ivr_menu.lua", Doing.MENU),
        ("lua", "lookup.lua", Doing.OTHER),
        ("redirect", "sip:0655500001@carrier", Doing.TRANSFER),
        ("rxfax", "/tmp/x.tif", Doing.MACHINE),
        ("set", "a=b", Doing.OTHER),
        ("", "", Doing.OTHER),
    ],
)
def test_what_an_application_does_with_a_caller(application: str, arguments: str, what: Doing) -> None:
    assert doing(application, arguments, lambda _: "") is what


def test_fusionpbx_says_by_a_variable_whether_its_voicemail_is_to_be_heard() -> None:
    assert doing("lua", "app.lua voicemail", {"voicemail_action": "check"}.get) is Doing.MAILBOX_LOGIN  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "which"),
    [
        ("default example.org 101", "101@example.org"),
        ("check auth default example.org 101", "101@example.org"),
        ("check default example.org", ""),
        ("", ""),
    ],
)
def test_which_mailbox_it_is_about(arguments: str, which: str) -> None:
    assert mailbox("voicemail", arguments) == which
