"""SMPP 3.4 PDUs to values and back. Framing and TLVs are ours, the mandatory fields are smpplib's.

smpplib reads past what is there and cuts what is too long without a word, so everything is checked before it encodes
and counted after it decodes. What stays of a PDU that nobody could read is its raw octets.
"""

import struct
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from smpplib import consts, smpp
from smpplib.ptypes import ostr

HEADER = struct.Struct(">LLLL")
MAX_PDU = 0x10000
MAX_SEQUENCE = 0x7FFFFFFF
RESPONSE = 0x80000000
LONGEST_ADDRESS = 20
LONGEST_SHORT_MESSAGE = 254
LONGEST_TLVS = 0xF000  # so that the whole PDU stays within MAX_PDU


_make_pdu: Callable[..., Any] = smpp.make_pdu


class CommandId(IntEnum):
    """command_id (SMPP 3.4, 5.1.2.1); the names are those of the specification."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103

    @property
    def wire_name(self) -> str:
        return self.name.lower()

    @property
    def response(self) -> "CommandId":
        return CommandId(self | RESPONSE)


class Tag(IntEnum):
    """Optional parameters that we read or write (SMPP 3.4, 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class FramingError(Exception):
    """The peer announced a PDU that cannot be: where the next one starts is unknown, so the link must go."""


class PduError(Exception):
    """One PDU cannot be read; those around it can."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU with its header read. raw: header and body as they came."""

    command_id: int
    status: int
    sequence: int
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw[HEADER.size :]


@dataclass(frozen=True, slots=True)
class Address:
    value: str
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """What submit_sm, deliver_sm and data_sm carry; the text of a data_sm can only be a payload TLV."""

    source: Address
    destination: Address
    short_message: bytes = b""
    esm_class: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    validity_period: str = ""
    service_type: str = ""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def user_data(self) -> bytes:
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")


class PduFramer:
    """Cuts a stream of octets into PDUs; holds at most one unfinished PDU and what one read brought."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Pdu | None:
        """The next whole PDU, None until more octets come; FramingError below 16 or above 64 KB."""
        if len(self._buffer) < HEADER.size:
            return None
        length, command_id, status, sequence = HEADER.unpack_from(self._buffer)
        if not HEADER.size <= length <= MAX_PDU:
            raise FramingError(f"a PDU of {length} octets was announced")
        if len(self._buffer) < length:
            return None
        raw = bytes(self._buffer[:length])
        del self._buffer[:length]
        return Pdu(command_id, status, sequence, raw)


class _Numberless:
    """smpplib takes a sequence number from its client for every PDU it makes, also for those it only reads."""

    sequence = 0

    def next_sequence(self) -> int:
        return 0


def _mandatory_only(smpplib_class: Any) -> Any:
    """A command of smpplib without the optional parameters: those it reads wrongly, and looking for them costs most."""
    order = tuple(name for name in smpplib_class.params_order if name not in consts.OPTIONAL_PARAMS)

    def keep_tail(self: Any, octets: bytes) -> None:
        self.tail = octets

    members = {
        "params": {name: smpplib_class.params[name] for name in order},
        "params_order": order,
        "field_is_optional": lambda _self, _name: False,
        "parse_optional_params": keep_tail,
        "tail": b"",
    }
    return type(smpplib_class.__name__, (smpplib_class,), members)


def _blank(command: CommandId) -> Any:
    made = _make_pdu(command.wire_name, client=_Numberless())
    return _mandatory_only(type(made))(command.wire_name, client=_Numberless())


_BLANKS: Mapping[CommandId, Any] = {
    command: _blank(command)
    for command in CommandId
    if command is not CommandId.OUTBIND  # unknown to smpplib
}
"""To copy and fill in: making one anew costs smpplib more than all the rest."""


def encode(
    command: CommandId, sequence: int, *, status: int = 0, tlvs: Mapping[int, bytes] | None = None, **fields: object
) -> bytes:
    """One PDU. fields: mandatory ones by their name in SMPP 3.4, strings as str, short_message as bytes."""
    made = copy(_BLANKS[command])
    vars(made).update(fields, status=status)
    made.sequence = sequence
    pdu: bytes = made.generate()
    tail = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in (tlvs or {}).items())
    return struct.pack(">L", len(pdu) + len(tail)) + pdu[4:] + tail if tail else pdu


def encode_message(command: CommandId, sequence: int, message: ShortMessage) -> bytes:
    """A submit_sm or deliver_sm. ValueError where smpplib would cut something in silence."""
    check_message(message)
    return encode(
        command,
        sequence,
        tlvs=message.tlvs,
        service_type=message.service_type,
        source_addr=message.source.value,
        source_addr_ton=message.source.ton,
        source_addr_npi=message.source.npi,
        destination_addr=message.destination.value,
        dest_addr_ton=message.destination.ton,
        dest_addr_npi=message.destination.npi,
        esm_class=message.esm_class,
        data_coding=message.data_coding,
        registered_delivery=message.registered_delivery,
        validity_period=message.validity_period,
        short_message=message.short_message,
    )


def check_message(message: ShortMessage) -> None:
    """ValueError where a field holds more, or something else, than SMPP can carry."""
    if len(message.short_message) > LONGEST_SHORT_MESSAGE:
        raise ValueError(f"a short message of {len(message.short_message)} octets: {LONGEST_SHORT_MESSAGE} is the most")
    if sum(len(value) for value in message.tlvs.values()) > LONGEST_TLVS:
        raise ValueError(f"optional parameters of more than {LONGEST_TLVS} octets")
    check_address(message.source)
    check_address(message.destination)


def check_address(address: Address) -> None:
    """A text to a number cut short is a text to somebody else."""
    if not 0 < len(address.value) <= LONGEST_ADDRESS:
        raise ValueError(f"an address of {len(address.value)} characters: 1 to {LONGEST_ADDRESS} are possible")
    if not address.value.isascii() or not address.value.isprintable():
        raise ValueError("an address with characters outside printable ASCII")


def decode_message(command: CommandId, pdu: Pdu) -> ShortMessage:
    """Read a submit_sm, deliver_sm or data_sm. PduError where its fields do not fit into its length."""
    fields, tail = _mandatory_fields(command, pdu)
    return ShortMessage(
        source=Address(_text(fields.source_addr), fields.source_addr_ton, fields.source_addr_npi),
        destination=Address(_text(fields.destination_addr), fields.dest_addr_ton, fields.dest_addr_npi),
        short_message=getattr(fields, "short_message", None) or b"",
        esm_class=fields.esm_class,
        data_coding=fields.data_coding,
        registered_delivery=fields.registered_delivery,
        validity_period=_text(getattr(fields, "validity_period", b"")),
        service_type=_text(fields.service_type),
        tlvs=decode_tlvs(tail),
    )


def decode_bind(command: CommandId, pdu: Pdu) -> tuple[str, str]:
    """system_id and password of a bind request."""
    fields, _ = _mandatory_fields(command, pdu)
    return _text(fields.system_id), _text(fields.password)


def decode_id(pdu: Pdu) -> str:
    """The one string of a response's body (message_id or system_id); empty or without its NUL where a peer is careless.

    smpplib loses the last character of a string without a NUL, and an id that lost one matches no receipt.
    """
    return _text(pdu.body.partition(b"\0")[0])


def decode_tlvs(data: bytes) -> dict[int, bytes]:
    """Optional parameters by tag. A repeated tag keeps its first value; one that overruns the PDU ends the list."""
    tlvs: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        tag, length = struct.unpack_from(">HH", data, at)
        at += 4
        if at + length > len(data):
            break
        tlvs.setdefault(tag, data[at : at + length])
        at += length
    return tlvs


def tlv_int(tlvs: Mapping[int, bytes], tag: Tag) -> int | None:
    """An integer of whatever length the peer wrote it in, 1 to 4 octets."""
    value = tlvs.get(tag, b"")
    return int.from_bytes(value, "big") if 0 < len(value) <= 4 else None


def _mandatory_fields(command: CommandId, pdu: Pdu) -> tuple[Any, bytes]:
    """smpplib's reading of the mandatory fields, and the octets behind them."""
    made = copy(_BLANKS[command])
    try:
        made.parse(pdu.raw)
        length = sum(_octets(made, name) for name in made.params_order) + len(made.tail)
    except (struct.error, TypeError, ValueError, IndexError) as error:
        raise PduError(f"{command.wire_name} ends within its fields") from error
    if length != len(pdu.body):
        raise PduError(f"{command.wire_name} has fields that do not fit into its length")
    return made, made.tail


def _octets(made: Any, name: str) -> int:
    """How many octets the field took; TypeError for one that smpplib did not find."""
    value, param = getattr(made, name), made.params[name]
    if param.type is ostr:
        if len(value or b"") != getattr(made, param.len_field):
            raise ValueError(f"{name} is shorter than announced")
        return len(value or b"")
    return len(value) + 1 if param.type is str else _size(value, param)


def _size(value: int | None, param: Any) -> int:
    if value is None:
        raise TypeError("an integer is missing")
    return int(param.size)


def _text(octets: bytes) -> str:
    return octets.decode("latin-1")
