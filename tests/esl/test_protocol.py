"""The framing of FreeSWITCH's event socket: what may be cut, too large, broken or forged, and what comes out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.esl.protocol import EVENT, Block, Framer, parsed, read
from bridge.pbx.recording import read_times
from tests.recorded import FOLDER

RECORDINGS = sorted(FOLDER.glob("freeswitch-*/*.esl"))
GREETING = b"Content-Type: auth/request\n\n"
REFUSED = b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n"
ANSWER = b"Content-Type: api/response\nContent-Length: 33\n\n-ERR nonsense Command not found!\n"


def event(**values: object) -> bytes:
    return body_of(json.dumps({"Event-Name": "CHANNEL_CREATE", **values}, separators=(",", ":")).encode())


def body_of(octets: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(octets), octets)


HANGUP = event(**{"Unique-ID": "A", "Caller-Caller-ID-Name": "José\n\nContent-Length: 4\n\n{}"})
STREAM = GREETING + REFUSED + ANSWER + HANGUP + b"\n\n" + HANGUP


def one(raw: bytes) -> Block:
    [block] = Framer().feed(raw)
    return block


def test_a_greeting_a_reply_an_answer_and_an_event_come_one_by_one() -> None:
    greeting, refused, answer, hangup = Framer().feed(GREETING + REFUSED + ANSWER + HANGUP)
    assert greeting.kind == "auth/request"
    assert refused.reply == "-ERR invalid"
    assert answer.text == "-ERR nonsense Command not found!\n"
    assert (hangup.kind, hangup.event, hangup.read().get("Unique-ID")) == (EVENT, "CHANNEL_CREATE", "A")
    assert not any(block.suspicious for block in (greeting, refused, answer, hangup))


@given(st.lists(st.integers(1, 60), min_size=1))
def test_where_the_stream_is_cut_changes_nothing(cuts: list[int]) -> None:
    framer, blocks, at = Framer(), list[Block](), 0
    for cut in cuts:
        blocks += framer.feed(STREAM[at : at + cut])
        at += cut
    assert blocks + framer.feed(STREAM[at:]) == Framer().feed(STREAM)


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n\n", b"Content-Length: 7\n", GREETING, HANGUP])))
def test_of_garbage_every_octet_is_accounted_for_and_nothing_is_raised(pieces: list[bytes]) -> None:
    framer = Framer(max_head=64, max_body=128)
    blocks = [block for piece in pieces for block in framer.feed(piece)]
    assert sum(block.raw_size for block in blocks) + framer.pending == sum(map(len, pieces))
    assert all(isinstance(block.name, str) for block in blocks)


def test_the_blocks_of_a_recording_are_those_of_its_index() -> None:
    for path in RECORDINGS:
        times, offset, raw = read_times(path.with_suffix(".idx.jsonl")), 0, path.read_bytes()
        for block in Framer().feed(raw):
            assert not block.suspicious
            assert times.at(offset) is not None
            offset += block.raw_size
        assert offset == len(raw)


def test_line_breaks_and_a_whole_block_in_a_name_stay_in_the_name() -> None:
    first, second = Framer().feed(HANGUP + HANGUP)
    assert first == second
    assert first.read().get("Caller-Caller-ID-Name").endswith("Content-Length: 4\n\n{}")


@pytest.mark.parametrize(
    ("value", "word"),
    [(["a", "b"], "a"), ([], ""), ([{"x": 1}, "b"], "b"), (7, "7"), (None, ""), ({"x": "y"}, ""), ("plain", "plain")],
)
def test_a_list_where_a_word_is_expected_is_its_first_word(value: object, word: str) -> None:
    assert one(event(variable_transfer_history=value)).read().variable("transfer_history") == word


def test_a_missing_header_is_an_empty_string_or_what_was_asked() -> None:
    message = one(HANGUP).read()
    assert message.get("Nothing") == ""
    assert message.get("Nothing", "none") == "none"


@pytest.mark.parametrize("octets", [b"", b"{", b"[1]", b"null", b'"x"', b"[" * 100_000, b"\xff\xfe", b'{"a":1e999}'])
def test_a_body_that_is_no_event_says_nothing(octets: bytes) -> None:
    assert one(body_of(octets)).read().get("Unique-ID") == ""


def test_bytes_that_are_no_utf_8_and_halves_of_characters_cost_that_character_only() -> None:
    assert read(one(body_of(b'{"n":"Jos\xe9 B"}')).text).get("n") == "Jos\ufffd B"
    assert parsed('{"n":"a\\ud83db","m":["\\ude00"],"k":"\\ud83d\\ude00"}') == {
        "n": "a\ufffdb",
        "m": ["\ufffd"],
        "k": "😀",
    }


@pytest.mark.parametrize(
    "head",
    [
        b"no header at all\n\n",
        b"Content-Length: 0\n\n",
        b"Content-Type: command/reply\nContent-Length: -1\n\n",
        b"Content-Type: command/reply\nContent-Length: 10000000000\n\n",
        b"Content-Type: command/reply\nContent-Length: \xc2\xb2\n\n",
        b"Content-Type: command/reply\nContent-Type: text/event-json\n\n",
    ],
)
def test_a_head_that_no_switch_writes_is_suspicious_and_what_follows_is_read(head: bytes) -> None:
    odd, good = Framer().feed(head + HANGUP)
    assert odd.suspicious
    assert good.event == "CHANNEL_CREATE"


@given(st.integers(1, 300))
def test_an_endless_head_is_let_go_of_until_an_empty_line(chunk: int) -> None:
    framer, stream = Framer(max_head=256), b"X" * 2000 + b"\n\n" + HANGUP
    blocks = []
    for start in range(0, len(stream), chunk):
        blocks += framer.feed(stream[start : start + chunk])
        assert framer.held <= 256 + chunk
    assert [block.suspicious for block in blocks] == [True, False]
    assert blocks[1].event == "CHANNEL_CREATE"


@given(st.integers(1, 300))
def test_a_huge_body_is_passed_over_by_its_length(chunk: int) -> None:
    framer, stream = Framer(max_body=512), body_of(b"{" + b" " * 3000 + b"}") + HANGUP
    blocks = []
    for start in range(0, len(stream), chunk):
        blocks += framer.feed(stream[start : start + chunk])
        assert framer.held <= 512 + chunk
    assert [(block.suspicious, len(block.body) > 0) for block in blocks] == [(True, False), (False, True)]
