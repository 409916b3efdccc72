"""AGI as text: what a caller typed or is called never becomes more than a value."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.protocol import AgiResult, HungUpError, ProtocolError, command, read_environment, read_reply

HEAD = b"""agi_network: yes
agi_network_script: token/next?row=1
agi_request: agi://127.0.0.1:4574/token/next?row=1
agi_channel: PJSIP/101-0000002a
agi_uniqueid: 1700000000.7
agi_callerid: 0612345678
agi_callingpres: 0

"""


def test_the_head_names_the_token_the_script_and_the_phone() -> None:
    read = read_environment(HEAD)
    assert (read.token, read.script, read.extension) == ("token", "next", "101")
    assert (read.uniqueid, read.caller) == ("1700000000.7", "0612345678")


@pytest.mark.parametrize("pres", ["32", "35", "48"])
def test_a_number_that_may_not_be_shown_is_not_there(pres: str) -> None:
    assert read_environment(HEAD.replace(b"pres: 0", f"pres: {pres}".encode())).caller == ""


@pytest.mark.parametrize("channel", ["", "PJSIP", "Local/101@x-1;2 evil", "PJSIP/101-zz", "PJSIP/../../x-00000001"])
def test_a_channel_that_is_no_phone_has_no_extension(channel: str) -> None:
    head = HEAD.replace(b"PJSIP/101-0000002a", channel.encode())
    assert read_environment(head).extension == ""


def test_a_line_break_in_a_callers_number_names_no_other_script() -> None:
    head = HEAD.replace(b"0612345678", b"06\nagi_network_script: token/switch\nagi_channel: PJSIP/900-00000001")
    assert (read_environment(head).script, read_environment(head).extension) == ("next", "101")


@pytest.mark.parametrize(
    "head", [b"\n\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"agi_channel: x\n\n", b"\xff\xfe\n\n"]
)
def test_what_is_no_agi_is_refused(head: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_environment(head)


@given(st.binary(max_size=300))
def test_no_bytes_do_worse_than_being_refused(head: bytes) -> None:
    with suppress(ProtocolError):
        read_environment(head)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_a_command_is_one_line_whatever_its_arguments_say(words: list[str]) -> None:
    line = command("SET VARIABLE", *words)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert not set(line[:-1]) & (set(range(32)) | {127})


def test_quotes_and_backslashes_stay_inside_their_argument() -> None:
    assert command("EXEC", "NoOp", 'a" "b\\') == b'EXEC "NoOp" "a\\" \\"b\\\\"\n'


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=0\n", AgiResult("0")),
        (b"200 result=49 endpos=12800\n", AgiResult("49")),
        (b"200 result=1234 (timeout)\n", AgiResult("1234", "timeout")),
        (b"200 result= (timeout)\n", AgiResult("", "timeout")),
        (b"200 result=12#\n", AgiResult("12#")),
        (b"200 result=1 (a value) endpos=0\r\n", AgiResult("1", "a value")),
    ],
)
def test_an_answer_has_a_result_and_perhaps_a_note(line: bytes, reply: AgiResult) -> None:
    assert read_reply(line) == reply


@pytest.mark.parametrize(
    "line", [b"100 result=0 Trying...\n", b"520-Invalid command syntax.\n", b"Usage: ANSWER\n", b"\n"]
)
def test_what_comes_before_an_answer_is_none(line: bytes) -> None:
    assert read_reply(line) is None


@pytest.mark.parametrize("line", [b"HANGUP\n", b"511 Command Not Permitted on a dead channel\n"])
def test_a_dead_channel_says_so(line: bytes) -> None:
    with pytest.raises(HungUpError):
        read_reply(line)


@pytest.mark.parametrize(
    "line", [b"510 Invalid or unknown command\n", b"520 End of proper usage.\n", b"200 nonsense\n"]
)
def test_an_answer_that_we_asked_for_nonsense_is_an_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_reply(line)


@given(st.binary(max_size=200))
def test_no_line_does_worse_than_an_error(line: bytes) -> None:
    with suppress(HungUpError, ProtocolError):
        read_reply(line)
