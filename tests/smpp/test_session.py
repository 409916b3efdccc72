from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.messages import Accepted, Refused
from bridge.smpp.codec import Address, CommandId, Pdu, PduFramer, ShortMessage, encode, encode_message
from bridge.smpp.session import (
    MOST_UNSENT,
    REMEMBERED,
    Answered,
    Arrived,
    Bound,
    Event,
    Odd,
    Phase,
    SessionEnded,
    SmppSession,
    TimedOut,
)
from tests.smpp.support import SETTINGS

MESSAGE = ShortMessage(Address("12025550100", 1, 1), Address("12025550123", 1, 1), b"hello")
PATIENT = replace(SETTINGS, response_timeout=10.0, enquire_interval=30.0)


def pdus(octets: bytes) -> list[Pdu]:
    framer = PduFramer()
    framer.feed(octets)
    return list(iter(framer.next, None))


def said(session: SmppSession) -> list[tuple[CommandId, int, int]]:
    return [(CommandId(pdu.command_id), pdu.sequence, pdu.status) for pdu in pdus(session.take())]


def bound_session() -> SmppSession:
    session = SmppSession(PATIENT, CommandId.BIND_TRANSCEIVER, 0.0)
    (bind,) = pdus(session.bind())
    assert session.receive(encode(CommandId.BIND_TRANSCEIVER_RESP, bind.sequence, system_id="smsc"), 0.0) == [
        Bound("smsc")
    ]
    return session


def resp(sequence: int, status: int = 0, message_id: str = "id1") -> bytes:
    return encode(CommandId.SUBMIT_SM_RESP, sequence, status=status, message_id=message_id)


def test_a_bind_says_who_we_are() -> None:
    session = SmppSession(replace(PATIENT, system_type="sms", address_range="1*"), CommandId.BIND_TRANSMITTER, 0.0)
    (bind,) = pdus(session.bind())
    assert bind.command_id == CommandId.BIND_TRANSMITTER
    assert bind.body == b"textback\0secret\0sms\0\x34\0\x001*\0"


@pytest.mark.parametrize("status", [0x05, 0x0D, 0x0E, 0x0F, 0x08])
def test_a_refused_bind_ends_the_session_with_its_status(status: int) -> None:
    session = SmppSession(PATIENT, CommandId.BIND_TRANSCEIVER, 0.0)
    session.bind()
    events = session.receive(encode(CommandId.BIND_TRANSCEIVER_RESP, 1, status=status), 0.0)
    assert events == [SessionEnded(f"bind refused with 0x{status:02x}", status)]


def test_a_bind_refused_by_generic_nack_ends_the_session_too() -> None:
    session = SmppSession(PATIENT, CommandId.BIND_TRANSCEIVER, 0.0)
    session.bind()
    assert session.receive(encode(CommandId.GENERIC_NACK, 1, status=0x03), 0.0) == [
        SessionEnded("bind refused with 0x03", 3)
    ]


def test_a_bind_that_nobody_answers_is_given_up() -> None:
    session = SmppSession(PATIENT, CommandId.BIND_TRANSCEIVER, 0.0)
    session.bind()
    assert session.tick(9.9) == []
    assert session.tick(10.0) == [SessionEnded("no answer while binding")]


def test_the_answer_to_a_submit_is_matched_by_its_sequence_number() -> None:
    session = bound_session()
    first, _ = session.submit(MESSAGE, 71, 1.0)
    second, _ = session.submit(MESSAGE, 72, 1.0)
    assert session.receive(resp(second, message_id="b") + resp(first, message_id="a"), 2.0) == [
        Answered(second, 72, Accepted("b", "sms"), late=False),
        Answered(first, 71, Accepted("a", "sms"), late=False),
    ]


def test_an_accepted_submit_may_have_no_id() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    assert session.receive(resp(sequence, message_id=""), 2.0) == [
        Answered(sequence, 71, Accepted("", "sms"), late=False)
    ]


def test_a_refusal_without_a_body_is_a_refusal() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    octets = encode(CommandId.ENQUIRE_LINK_RESP, sequence, status=0x0B)
    octets = octets[:4] + CommandId.SUBMIT_SM_RESP.to_bytes(4, "big") + octets[8:]
    assert session.receive(octets, 2.0) == [Answered(sequence, 71, Refused(0x0B, permanent=True), late=False)]


def test_generic_nack_with_our_sequence_number_answers_that_request() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    assert session.receive(encode(CommandId.GENERIC_NACK, sequence, status=0x02), 2.0) == [
        Answered(sequence, 71, Refused(0x02, permanent=True), late=False)
    ]


def test_an_answer_after_its_time_out_is_late_and_only_once() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    assert session.tick(10.9) == []
    assert session.tick(11.0) == [TimedOut(sequence, 71)]
    late = Answered(sequence, 71, Accepted("id1", "sms"), late=True)
    assert session.receive(resp(sequence), 500.0) == [late]
    assert [type(event) for event in session.receive(resp(sequence), 501.0)] == [Odd]


def test_only_so_many_unanswered_submits_are_remembered() -> None:
    session = bound_session()
    sequences = [session.submit(MESSAGE, part_id, 1.0)[0] for part_id in range(REMEMBERED + 1)]
    assert len(session.tick(11.0)) == REMEMBERED + 1
    forgotten, remembered = session.receive(resp(sequences[0]) + resp(sequences[1]), 12.0)
    assert isinstance(forgotten, Odd)
    assert isinstance(remembered, Answered)


def test_a_repeated_answer_settles_nothing_twice() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    events = session.receive(resp(sequence) * 2, 2.0)
    assert [type(event) for event in events] == [Answered, Odd]


def test_only_the_overdue_submits_are_given_up() -> None:
    session = bound_session()
    first, _ = session.submit(MESSAGE, 71, 1.0)
    session.submit(MESSAGE, 72, 5.0)
    assert session.tick(12.0) == [TimedOut(first, 71)]
    assert session.unanswered == 1


def test_being_told_that_we_are_not_bound_ends_the_session_so_that_we_bind_again() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    answered, ended = session.receive(resp(sequence, 0x04), 2.0)
    assert answered == Answered(sequence, 71, Refused(0x04, permanent=False, gateway_fault=True), late=False)
    assert isinstance(ended, SessionEnded)


def test_sequence_numbers_start_again_at_one_and_pass_over_what_is_open() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    session._sequence = 0x7FFFFFFE
    numbers = [session.submit(MESSAGE, 72, 1.0)[0] for _ in range(3)]
    assert sequence == 2
    assert numbers == [0x7FFFFFFF, 1, 3]


def test_a_silent_link_is_asked_once_and_then_ended() -> None:
    session = bound_session()
    assert session.tick(29.0) == []
    assert said(session) == []
    assert session.tick(30.0) == []
    assert session.tick(39.0) == []
    assert [command for command, _, _ in said(session)] == [CommandId.ENQUIRE_LINK]
    assert session.tick(40.0) == [SessionEnded("the peer does not answer enquire_link")]


def test_any_pdu_is_a_sign_of_life() -> None:
    session = bound_session()
    session.tick(30.0)
    session.receive(encode(CommandId.ALERT_NOTIFICATION, 5), 35.0)
    assert session.tick(64.0) == []
    assert session.phase is Phase.BOUND


def test_enquire_link_of_the_smsc_is_answered() -> None:
    session = bound_session()
    assert session.receive(encode(CommandId.ENQUIRE_LINK, 77), 1.0) == []
    assert said(session) == [(CommandId.ENQUIRE_LINK_RESP, 77, 0)]


@pytest.mark.parametrize("command_id", [0x00000003, 0x00000004, 0x00000007, 0x00000021, 0x7FFFFFFF])
def test_a_request_we_do_not_serve_gets_a_generic_nack(command_id: int) -> None:
    session = bound_session()
    octets = (16).to_bytes(4, "big") + command_id.to_bytes(4, "big") + bytes(4) + (9).to_bytes(4, "big")
    assert [type(event) for event in session.receive(octets, 1.0)] == [Odd]
    assert said(session) == [(CommandId.GENERIC_NACK, 9, 0x03)]


def test_an_unknown_response_is_passed_over_in_silence() -> None:
    session = bound_session()
    octets = (16).to_bytes(4, "big") + (0x80000003).to_bytes(4, "big") + bytes(4) + (9).to_bytes(4, "big")
    assert [type(event) for event in session.receive(octets, 1.0)] == [Odd]
    assert said(session) == []


def test_a_delivery_waits_for_its_answer() -> None:
    session = bound_session()
    (arrived,) = session.receive(encode_message(CommandId.DELIVER_SM, 5, MESSAGE), 1.0)
    assert isinstance(arrived, Arrived)
    assert (arrived.message, said(session)) == (MESSAGE, [])
    (answer,) = pdus(session.answer(arrived, 0x64))
    assert (answer.command_id, answer.sequence, answer.status) == (CommandId.DELIVER_SM_RESP, 5, 0x64)


def test_a_poison_delivery_is_an_event_with_its_raw_octets_and_the_session_goes_on() -> None:
    session = bound_session()
    poison = bytes.fromhex("00000014 00000005 00000000 00000063 01020304")
    events = session.receive(poison + encode_message(CommandId.DELIVER_SM, 6, MESSAGE), 1.0)
    shelved, delivered = events
    assert isinstance(shelved, Arrived)
    assert isinstance(delivered, Arrived)
    assert (shelved.raw, shelved.message) == (poison, None)
    assert delivered.message == MESSAGE


def test_a_delivery_before_the_bind_is_not_taken() -> None:
    session = SmppSession(PATIENT, CommandId.BIND_TRANSCEIVER, 0.0)
    session.bind()
    assert [type(event) for event in session.receive(encode_message(CommandId.DELIVER_SM, 5, MESSAGE), 1.0)] == [Odd]


def test_an_unbind_of_the_smsc_is_answered_and_open_answers_are_still_heard() -> None:
    session = bound_session()
    sequence, _ = session.submit(MESSAGE, 71, 1.0)
    assert session.receive(encode(CommandId.UNBIND, 8), 2.0) == []
    assert said(session) == [(CommandId.UNBIND_RESP, 8, 0)]
    answered, ended = session.receive(resp(sequence), 2.5)
    assert isinstance(answered, Answered)
    assert ended == SessionEnded("unbound")


def test_after_an_unbind_of_the_smsc_open_answers_are_not_awaited_for_ever() -> None:
    session = bound_session()
    session.submit(MESSAGE, 71, 1.0)
    session.receive(encode(CommandId.UNBIND, 8), 2.0)
    assert session.tick(2.0 + PATIENT.drain_timeout) == [SessionEnded("no answer while unbound")]


def test_our_own_unbind_ends_with_its_answer() -> None:
    session = bound_session()
    (unbind,) = pdus(session.unbind(1.0))
    assert session.receive(encode(CommandId.UNBIND_RESP, unbind.sequence), 1.1) == [SessionEnded("unbound")]


def test_a_peer_that_asks_and_never_reads_is_left_before_it_costs_memory() -> None:
    session = bound_session()
    flood = encode(CommandId.ENQUIRE_LINK, 1) * (MOST_UNSENT // 16 + 1)
    assert session.receive(flood, 1.0) == [SessionEnded("the peer asks and does not read the answers")]


def test_nothing_is_read_after_the_end() -> None:
    session = bound_session()
    octets = bytes(16) + encode_message(CommandId.DELIVER_SM, 6, MESSAGE)
    assert session.receive(octets, 1.0) == [SessionEnded("a PDU of 0 octets was announced")]
    assert session.receive(encode_message(CommandId.DELIVER_SM, 6, MESSAGE), 1.1) == []


def run(chunks: Sequence[bytes]) -> list[Event]:
    session = bound_session()
    for part_id in range(3):
        session.submit(MESSAGE, part_id, 1.0)
    return [event for now, chunk in enumerate(chunks) for event in (*session.receive(chunk, now), *session.tick(now))]


HEADERS = st.builds(
    lambda length, command, status, sequence: b"".join(
        n.to_bytes(4, "big") for n in (length, command, status, sequence)
    ),
    st.integers(16, 60),
    st.sampled_from([*map(int, CommandId), 0x3, 0x80000003]),
    st.sampled_from([0, 4, 0x58, 0xFFFFFFFF]),
    st.integers(0, 6),
)
CHUNKS = st.lists(st.one_of(st.binary(max_size=60), HEADERS), max_size=30)


@given(CHUNKS)
def test_no_octets_raise_and_each_submit_is_settled_at_most_once(chunks: list[bytes]) -> None:
    settled = [event.part_id for event in run(chunks) if isinstance(event, Answered)]
    assert len(settled) == len(set(settled))


@given(CHUNKS, st.integers(1, 7))
def test_it_does_not_matter_how_the_stream_is_cut(chunks: list[bytes], size: int) -> None:
    stream = b"".join(chunks)

    def events(step: int) -> list[Event]:
        session = bound_session()
        for part_id in range(3):
            session.submit(MESSAGE, part_id, 1.0)
        return [event for at in range(0, len(stream), step) for event in session.receive(stream[at : at + step], 1.0)]

    assert events(size) == events(max(1, len(stream)))
