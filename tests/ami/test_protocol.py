"""The framing of AMI: what may be cut, repeated, broken or forged, and what comes out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ami.decode import WANTED, Decoder
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import UNFILTERED, Message, MessageFramer
from bridge.domain.calls.events import Event
from tests.recorded import NAMES

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*/*.ami"))
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
LOGIN = b"Response: Success\r\nActionID: login-1\r\nMessage: Authentication accepted\r\n\r\n"
HANGUP = b"Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nCause: 16\r\n\r\n"
VARSET = b"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: X\r\nValue: \r\n\r\n"


def one(raw: bytes) -> Message:
    [message] = MessageFramer().feed(raw)
    return message


def test_banner_response_and_event_come_one_by_one() -> None:
    banner, login, hangup = MessageFramer().feed(BANNER + LOGIN + HANGUP)
    assert banner.banner == "Asterisk Call Manager/11.0.0"
    assert (login.event, login.get("Response")) == ("", "Success")
    assert (hangup.event, hangup.get("Uniqueid")) == ("Hangup", "1.1")
    assert not any(message.suspicious for message in (banner, login, hangup))


@given(st.lists(st.integers(1, 60), min_size=1))
def test_where_the_stream_is_cut_changes_nothing(cuts: list[int]) -> None:
    stream = BANNER + LOGIN + HANGUP.replace(b"trunk", "José".encode()) + VARSET
    framer, pieces, at = MessageFramer(), [], 0
    for cut in cuts:
        pieces += framer.feed(stream[at : at + cut])
        at += cut
    assert pieces + framer.feed(stream[at:]) == MessageFramer().feed(stream)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_sizes_of_a_recordings_messages_add_up_to_the_recording(recording: Path) -> None:
    raw = recording.read_bytes()
    framer = MessageFramer()
    assert sum(message.raw_size for message in framer.feed(raw)) + framer.pending == len(raw)


def test_unwanted_events_are_dropped_and_responses_stay() -> None:
    events = MessageFramer(wanted={"Hangup"}).feed(BANNER + LOGIN + VARSET + HANGUP + VARSET)
    assert [message.event for message in events] == ["", "", "Hangup"]


def test_keys_match_in_any_case_and_the_first_of_a_repeated_key_wins() -> None:
    message = one(b"Event: UserEvent\r\nUNIQUEID: 1.1\r\nchanvariable: a=1\r\nChanVariable: b=2\r\n\r\n")
    assert message.get("Uniqueid") == "1.1"
    assert message.get("ChanVariable") == "a=1"
    assert message.all("CHANVARIABLE") == ["a=1", "b=2"]
    assert not message.suspicious


def test_a_missing_header_is_an_empty_string_or_what_was_asked() -> None:
    assert one(HANGUP).get("Linkedid") == ""
    assert one(HANGUP).get("Linkedid", "none") == "none"


def test_an_empty_value_and_a_colon_in_a_value_are_kept() -> None:
    message = one(b"Event: Newexten\r\nAccountCode: \r\nAppData: agi://host:4573/x\r\n\r\n")
    assert message.headers == (("Event", "Newexten"), ("AccountCode", ""), ("AppData", "agi://host:4573/x"))
    assert not message.suspicious


def test_an_empty_value_that_lost_its_blank_is_no_reason_for_suspicion() -> None:
    message = one(b"Event: VarSet\r\nValue:\r\n\r\n")
    assert message.get("Value", "none") == ""
    assert not message.suspicious


def test_bytes_that_are_no_utf_8_cost_one_character() -> None:
    assert one(b"Event: Newchannel\r\nCallerIDName: Jos\xe9 B\r\n\r\n").get("CallerIDName") == "Jos\ufffd B"


@pytest.mark.parametrize(
    "raw",
    [
        b"Event: Newchannel\r\nCallerIDNum: 1\r\nEvent\r\nUniqueid: 1.1\r\n\r\n",
        b"Event: Newchannel\r\nCallerIDNum: 1\r\nUniqueid: 9.9\r\nLinkedid: 9.9\r\nUniqueid: 1.1\r\n\r\n",
        b"Event: Newchannel\r\nCallerIDNum: 1\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n",
        b"Event: Newchannel\r\nCallerIDNum: 1\n2\r\nUniqueid: 1.1\r\n\r\n",
        b"Event: Newchannel\r\nCallerIDNum: 1\r\n555:x\r\nUniqueid: 1.1\r\n\r\n",
        b"CallerIDName: the tail of a real event\r\nUniqueid: 1.1\r\n\r\n",
        b"no header at all\r\n\r\n",
        b": no key\r\n\r\n",
    ],
)
def test_what_no_pbx_writes_is_suspicious(raw: bytes) -> None:
    assert one(raw).suspicious


def test_a_message_that_does_not_open_as_an_event_is_none() -> None:
    assert one(b"CallerIDName: x\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n").event == ""


def test_a_test_event_with_two_states_is_what_asterisk_writes() -> None:
    assert not one(b"Event: TestEvent\r\nState: CallIDChange\r\nState: CallIDChange\r\n\r\n").suspicious


def test_an_injected_event_leaves_a_suspicious_tail() -> None:
    """A number of `1%0d%0a%0d%0aEvent:%20Hangup%0d%0aUniqueid:%201.1`, as Asterisk 16 and 22 pass it on."""
    raw = (
        b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/trunk-1\r\nCallerIDNum: 1\r\n\r\n"
        b"Event: Hangup\r\nUniqueid: 1.1\r\nCallerIDName: x\r\nExten: 0205550101\r\nUniqueid: 2.2\r\n\r\n"
    )
    real, forged = MessageFramer().feed(raw)
    assert (real.event, real.get("Uniqueid")) == ("Newchannel", "")
    assert forged.suspicious


def test_the_filter_keeps_a_broken_event_and_what_is_glued_behind_it() -> None:
    """Whatever the caller calls it: without its ending, which stands in the forged block, nobody could mend it."""
    broken = b"Event: VarSet\r\nPrivilege: dialplan,all\r\nChannel: PJSIP/trunk-1\r\nCallerIDNum: 1\r\n\r\n"
    forged = b"Event: Foo\r\nCallerIDName: x\r\nUniqueid: 2.2\r\nLinkedid: 2.2\r\n\r\n"
    kept = MessageFramer(wanted={"Hangup"}).feed(VARSET + broken + forged + HANGUP)
    assert [message.event for message in kept] == ["VarSet", "Foo", "Hangup"]


def test_the_filter_goes_on_some_blocks_after_a_broken_event() -> None:
    framer = MessageFramer(wanted={"Hangup"})
    framer.feed(b"Event: VarSet\r\nCallerIDNum: 1\r\n\r\n" + VARSET * UNFILTERED)
    assert framer.feed(VARSET) == []


def understood(raw: bytes, wanted: frozenset[str] | None) -> list[Event]:
    mender, decoder = InjectionRepair(), Decoder(NAMES)
    whole = (mended for message in MessageFramer(wanted).feed(raw) for mended in mender.feed(message))
    return [event for message in whole if (event := decoder.decode(message, None))]


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_filter_takes_nothing_away_from_what_is_understood(recording: Path) -> None:
    raw = recording.read_bytes()
    assert understood(raw, WANTED) == understood(raw, None)


def test_an_overlong_message_is_let_go_and_the_next_one_read() -> None:
    framer = MessageFramer(max_message=1000)
    raw = b"Event: Newchannel\r\nCallerIDName: " + b"x" * 50_000 + b"\r\n\r\n"
    messages = [message for i in range(0, len(raw), 7) for message in framer.feed(raw[i : i + 7])]
    assert messages == [Message("", (), len(raw), suspicious=True)]
    assert framer.feed(HANGUP) == [one(HANGUP)]


def test_no_more_than_the_cap_is_held_of_a_message_that_never_ends() -> None:
    framer = MessageFramer(max_message=1000)
    for _ in range(1000):
        framer.feed(b"x" * 100)
    assert framer.pending == 100_000
    assert len(framer._buffer) <= 1000


def test_empty_lines_too_many_belong_to_the_next_message() -> None:
    first, second = MessageFramer().feed(HANGUP + b"\r\n\r\n\r\n" + VARSET)
    assert (first.event, second.event) == ("Hangup", "VarSet")
    assert second.raw_size == len(VARSET) + 6


@given(st.binary(max_size=400), st.sampled_from([None, frozenset({"Hangup"})]))
def test_no_bytes_make_it_raise_and_a_real_event_is_read_after_any(noise: bytes, wanted: frozenset[str] | None) -> None:
    framer = MessageFramer(wanted)
    framer.feed(noise)
    assert framer.feed(b"\r\n\r\n" + HANGUP)[-1].event == "Hangup"
