"""A caller who writes `%0d%0a` into the From header plants lines, and whole events, into the stream."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.ami.decode import WANTED, Decoder
from bridge.ami.injection import MAX_PLANTED, InjectionRepair
from bridge.ami.protocol import Message, MessageFramer
from bridge.domain.calls.events import ChannelCreated, HungUp
from tests.recorded import NAMES

DECODER = Decoder(NAMES)


def newchannel(number: str, uniqueid: str = "9.1") -> bytes:
    """As Asterisk 22 writes it, the caller's number as it stands in the From header."""
    lines = [
        "Event: Newchannel",
        "Privilege: call,all",
        f"Channel: PJSIP/trunk-{uniqueid}",
        "ChannelState: 4",
        "ChannelStateDesc: Ring",
        f"CallerIDNum: {number}",
        "CallerIDName: <unknown>",
        "ConnectedLineNum: <unknown>",
        "ConnectedLineName: <unknown>",
        "Language: en",
        "AccountCode: ",
        "Context: from-trunk",
        "Exten: 0205550101",
        "Priority: 1",
        f"Uniqueid: {uniqueid}",
        f"Linkedid: {uniqueid}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def feed(raw: bytes) -> list[Message]:
    mender = InjectionRepair()
    return [whole for message in MessageFramer(WANTED).feed(raw) for whole in mender.feed(message)]


def test_an_honest_event_passes_as_it_is() -> None:
    [message] = feed(newchannel("0612345678"))
    assert not message.suspicious
    assert message.get("CallerIDNum") == "0612345678"


def test_a_planted_hangup_is_dropped_and_the_real_event_is_whole_again() -> None:
    messages = feed(newchannel("1\r\n\r\nEvent: Hangup\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nCause: 16\r\nX: "))
    [event] = [DECODER.decode(message, None) for message in messages]
    assert isinstance(event, ChannelCreated)
    assert (event.uniqueid, event.linkedid, event.exten) == ("9.1", "9.1", "0205550101")
    assert messages[0].suspicious


def test_a_planted_event_of_a_name_that_is_filtered_out_hides_nothing_that_follows() -> None:
    raw = newchannel("1\r\n\r\nEvent: Whatever\r\nX: ") + newchannel("0612345678", "9.2")
    events = [DECODER.decode(message, None) for message in feed(raw)]
    assert [event.uniqueid for event in events if isinstance(event, ChannelCreated)] == ["9.1", "9.2"]


def test_planted_headers_inside_an_event_do_not_replace_its_own() -> None:
    [message] = feed(newchannel("1\r\nEvent: Hangup\r\nUniqueid: 1.1\r\nChannel: PJSIP/101-1\r\nX: "))
    assert (message.event, message.get("Uniqueid"), message.get("Channel")) == ("Newchannel", "9.1", "PJSIP/trunk-9.1")


def test_an_originate_response_is_short_and_not_broken() -> None:
    raw = b"Event: OriginateResponse\r\nCallerIDNum: 101\r\nCallerIDName: Ann\r\n\r\n" + newchannel("0612345678")
    assert [message.event for message in feed(raw)][-1] == "Newchannel"


def test_an_ending_that_never_comes_swallows_only_so_much() -> None:
    broken = b"Event: Newchannel\r\nChannelStateDesc: Ring\r\nCallerIDNum: 1\r\n\r\n"
    noise = b"Event: Newstate\r\nFoo: bar\r\n\r\n" * (MAX_PLANTED - 1)
    hangup = b"Event: Hangup\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n"
    [message] = feed(broken + noise + hangup)
    assert isinstance(DECODER.decode(message, None), HungUp)


@given(st.lists(st.sampled_from(["Event: Hangup", "Uniqueid: 1.1", "Linkedid: 1.1", "CallerIDNum: 2", "", "x"])))
def test_the_call_after_a_hostile_one_is_always_seen(lines: list[str]) -> None:
    hostile = newchannel("\r\n".join(["1", *lines, "X: "]))
    honest = newchannel("0612345678", "9.2") * (MAX_PLANTED + 1)
    assert [m for m in feed(hostile + honest) if m.get("Uniqueid") == "9.2" and not m.suspicious]
