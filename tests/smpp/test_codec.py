"""Every trap of smpplib and of the wire that we know has a sentence here."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.smpp.codec import (
    MAX_PDU,
    Address,
    CommandId,
    FramingError,
    Pdu,
    PduError,
    PduFramer,
    ShortMessage,
    Tag,
    decode_bind,
    decode_id,
    decode_message,
    decode_tlvs,
    encode,
    encode_message,
    tlv_int,
)

TO = Address("12025550123", 1, 1)
FROM = Address("12025550100", 1, 1)
MESSAGE = ShortMessage(FROM, TO, b"hello")


def framed(octets: bytes) -> Pdu:
    framer = PduFramer()
    framer.feed(octets)
    pdu = framer.next()
    assert pdu
    assert framer.next() is None
    return pdu


def deliver(message: ShortMessage = MESSAGE) -> Pdu:
    return framed(encode_message(CommandId.DELIVER_SM, 7, message))


def test_a_submit_sm_has_the_octets_of_the_specification() -> None:
    message = ShortMessage(
        FROM, TO, b"hi", esm_class=0x40, data_coding=8, registered_delivery=1, validity_period="000000001500000R"
    )
    assert encode_message(CommandId.SUBMIT_SM, 0x01020304, message).hex(" ", -4) == (
        b"\0\0\0\x49" + b"\0\0\0\x04" + b"\0\0\0\0" + b"\x01\x02\x03\x04"
        b"\0"
        b"\x01\x01" + b"12025550100\0"
        b"\x01\x01" + b"12025550123\0"
        b"\x40\0\0\0" + b"000000001500000R\0"
        b"\x01\0\x08\0\x02hi"
    ).hex(" ", -4)


@pytest.mark.parametrize("cut", range(1, 30))
def test_pdus_are_framed_however_the_stream_is_cut(cut: int) -> None:
    stream = (
        encode(CommandId.ENQUIRE_LINK, 1)
        + encode_message(CommandId.SUBMIT_SM, 2, MESSAGE)
        + encode(CommandId.UNBIND, 3)
    )
    framer, sequences = PduFramer(), []
    for start in range(0, len(stream), cut):
        framer.feed(stream[start : start + cut])
        while pdu := framer.next():
            sequences.append(pdu.sequence)
    assert sequences == [1, 2, 3]


@pytest.mark.parametrize("length", [0, 1, 15, MAX_PDU + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_stream(length: int) -> None:
    framer = PduFramer()
    framer.feed(struct.pack(">LLLL", length, 5, 0, 1))
    with pytest.raises(FramingError, match=f"of {length} octets"):
        framer.next()


def test_the_largest_pdu_passes() -> None:
    octets = struct.pack(">LLLL", MAX_PDU, 5, 0, 1) + bytes(MAX_PDU - 16)
    assert len(framed(octets).raw) == MAX_PDU


@pytest.mark.parametrize("number", ["1" * 21, "", "1202\x005550123", "+1202é", "12 02\n"])
def test_an_address_is_never_cut_and_never_holds_what_a_c_string_cannot(number: str) -> None:
    with pytest.raises(ValueError, match="address"):
        encode_message(CommandId.SUBMIT_SM, 1, ShortMessage(FROM, Address(number)))


def test_the_longest_address_goes_out_whole() -> None:
    message = ShortMessage(FROM, Address("1" * 20))
    assert decode_message(CommandId.SUBMIT_SM, framed(encode_message(CommandId.SUBMIT_SM, 1, message))) == message


def test_a_short_message_beyond_254_octets_is_refused() -> None:
    with pytest.raises(ValueError, match="255 octets"):
        encode_message(CommandId.SUBMIT_SM, 1, ShortMessage(FROM, TO, bytes(255)))


def test_more_optional_parameters_than_a_pdu_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="optional parameters"):
        encode_message(CommandId.SUBMIT_SM, 1, ShortMessage(FROM, TO, tlvs={Tag.MESSAGE_PAYLOAD: bytes(0xF001)}))


def test_the_sequence_number_is_ours_and_not_smpplibs() -> None:
    assert framed(encode(CommandId.ENQUIRE_LINK, 0x7FFFFFFF)).sequence == 0x7FFFFFFF
    assert framed(encode(CommandId.DELIVER_SM_RESP, 9, status=0x64, message_id="")).sequence == 9


def test_a_deliver_sm_without_its_last_field_is_poison_and_no_traceback() -> None:
    pdu = deliver(ShortMessage(FROM, TO, b""))
    short = struct.pack(">L", len(pdu.raw) - 1) + pdu.raw[4:-1]
    with pytest.raises(PduError):
        decode_message(CommandId.DELIVER_SM, framed(short))


def test_an_address_without_its_nul_is_poison() -> None:
    with pytest.raises(PduError):
        decode_message(CommandId.DELIVER_SM, framed(struct.pack(">LLLL", 25, 5, 0, 1) + b"\0\1\x01120255"))


@pytest.mark.parametrize("announced", [6, 200, 255])
def test_a_message_shorter_than_its_sm_length_is_poison(announced: int) -> None:
    raw = deliver().raw
    with pytest.raises(PduError):
        decode_message(CommandId.DELIVER_SM, framed(raw[:-6] + bytes([announced]) + raw[-5:]))


def test_a_source_address_longer_than_allowed_is_read_whole() -> None:
    raw = deliver(ShortMessage(Address("1" * 20, 1, 1), TO, b"hello")).raw
    longer = raw.replace(b"1" * 20, b"1" * 30)
    pdu = framed(struct.pack(">L", len(longer)) + longer[4:])
    assert decode_message(CommandId.DELIVER_SM, pdu).source == Address("1" * 30, 1, 1)


def test_a_tlv_that_the_pdu_does_not_list_is_read_all_the_same() -> None:
    """smpplib: KeyError for a known tag where it does not expect it, for instance 0x0423."""
    tlvs = {Tag.NETWORK_ERROR_CODE: b"\x03\x00\x01", 0x1403: b"vendor", Tag.SAR_TOTAL_SEGMENTS: b"\x02"}
    assert decode_message(CommandId.DELIVER_SM, deliver(ShortMessage(FROM, TO, b"x", tlvs=tlvs))).tlvs == tlvs


def test_a_submit_sm_resp_with_a_known_tlv_keeps_its_id() -> None:
    octets = encode(CommandId.SUBMIT_SM_RESP, 3, message_id="abc", tlvs={Tag.NETWORK_ERROR_CODE: b"\3\0\1"})
    assert decode_id(framed(octets)) == "abc"


@pytest.mark.parametrize("value", [b"\x02", b"\x00\x02", b"\x00\x00\x00\x02"])
def test_an_integer_tlv_of_another_length_is_read_and_the_next_one_too(value: bytes) -> None:
    """smpplib reads its own length and loses the rest."""
    tlvs = decode_tlvs(
        struct.pack(">HH", Tag.SAR_TOTAL_SEGMENTS, len(value)) + value + struct.pack(">HHB", Tag.MESSAGE_STATE, 1, 2)
    )
    assert tlv_int(tlvs, Tag.SAR_TOTAL_SEGMENTS) == 2
    assert tlv_int(tlvs, Tag.MESSAGE_STATE) == 2


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0\2"])
def test_an_integer_tlv_of_an_impossible_length_says_nothing(value: bytes) -> None:
    assert tlv_int({Tag.MESSAGE_STATE: value}, Tag.MESSAGE_STATE) is None


def test_a_tlv_that_overruns_the_pdu_ends_the_list_and_what_came_before_stays() -> None:
    assert decode_tlvs(struct.pack(">HHB", 0x0427, 1, 2) + struct.pack(">HH", 0x0424, 500) + b"abc") == {0x0427: b"\2"}


def test_a_repeated_tlv_keeps_its_first_value() -> None:
    assert decode_tlvs(struct.pack(">HHB", 0x0427, 1, 2) * 2 + struct.pack(">HHB", 0x0427, 1, 5)) == {0x0427: b"\2"}


@pytest.mark.parametrize("body", [b"abc", b"abc\0", b"abc\0\x04\x23\0\1x"])
def test_a_message_id_is_read_with_and_without_its_nul(body: bytes) -> None:
    """smpplib loses the last character where the NUL is missing."""
    assert decode_id(Pdu(CommandId.SUBMIT_SM_RESP, 0, 1, struct.pack(">LLLL", 16 + len(body), 0, 0, 1) + body)) == "abc"


def test_a_response_without_a_body_has_an_empty_id() -> None:
    assert decode_id(framed(encode(CommandId.UNBIND_RESP, 1))) == ""


def test_a_data_sm_is_read_with_its_payload() -> None:
    payload: dict[int, bytes] = {Tag.MESSAGE_PAYLOAD: b"hello"}
    pdu = framed(
        encode(
            CommandId.DATA_SM, 5, tlvs=payload, source_addr="1202", destination_addr="1303", esm_class=4, data_coding=3
        )
    )
    message = decode_message(CommandId.DATA_SM, pdu)
    assert (message.source.value, message.user_data, message.esm_class, message.data_coding) == ("1202", b"hello", 4, 3)


def test_a_bind_is_read_as_the_simulator_needs_it() -> None:
    pdu = framed(encode(CommandId.BIND_TRANSCEIVER, 1, system_id="textback", password="secret"))
    assert decode_bind(CommandId.BIND_TRANSCEIVER, pdu) == ("textback", "secret")


ADDRESSES = st.builds(
    Address, st.text("0123456789+abc", min_size=1, max_size=20), st.integers(0, 6), st.integers(0, 18)
)
MESSAGES = st.builds(
    ShortMessage,
    source=ADDRESSES,
    destination=ADDRESSES,
    short_message=st.binary(max_size=254),
    esm_class=st.integers(0, 255),
    data_coding=st.integers(0, 255),
    registered_delivery=st.integers(0, 255),
    tlvs=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=300), max_size=5),
)


@given(MESSAGES, st.sampled_from([CommandId.SUBMIT_SM, CommandId.DELIVER_SM]), st.integers(1, 0x7FFFFFFF))
def test_what_is_encoded_decodes_to_the_same(message: ShortMessage, command: CommandId, sequence: int) -> None:
    pdu = framed(encode_message(command, sequence, message))
    assert pdu.sequence == sequence
    assert decode_message(command, pdu) == message


@given(st.sampled_from([CommandId.DELIVER_SM, CommandId.DATA_SM, CommandId.SUBMIT_SM]), st.binary(max_size=400))
def test_any_body_is_read_or_refused_as_poison(command: CommandId, body: bytes) -> None:
    pdu = Pdu(command, 0, 1, struct.pack(">LLLL", 16 + len(body), command, 0, 1) + body)
    try:
        message = decode_message(command, pdu)
    except PduError:
        return
    assert len(message.short_message) <= len(body)


@given(MESSAGES, st.data())
def test_a_mutated_deliver_sm_is_read_or_refused_as_poison(message: ShortMessage, data: st.DataObject) -> None:
    raw = bytearray(encode_message(CommandId.DELIVER_SM, 1, message))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(16, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PduError):
        decode_message(CommandId.DELIVER_SM, Pdu(CommandId.DELIVER_SM, 0, 1, bytes(raw)))


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_octets_are_framed_or_end_the_stream_and_little_is_held(chunks: list[bytes]) -> None:
    framer = PduFramer()
    for chunk in chunks:
        framer.feed(chunk)
        try:
            while framer.next():
                pass
        except FramingError:
            return
    assert len(framer._buffer) < MAX_PDU


@given(st.binary(max_size=300))
def test_any_octets_are_read_as_tlvs(data: bytes) -> None:
    assert sum(len(value) + 4 for value in decode_tlvs(data).values()) <= len(data)
