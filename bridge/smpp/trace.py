"""Every PDU as one line of the log, for the day when a gateway's support asks: numbers masked, no text, no password."""

from collections.abc import Iterator

import structlog

from bridge.smpp.codec import Address, CommandId, FramingError, Pdu, PduError, PduFramer, decode_id, decode_message

log = structlog.get_logger()

_MESSAGES = frozenset({CommandId.SUBMIT_SM, CommandId.DELIVER_SM, CommandId.DATA_SM})
_KNOWN = frozenset(int(command) for command in CommandId)
_NAMED = {
    CommandId.SUBMIT_SM_RESP: "message_id",
    CommandId.DATA_SM_RESP: "message_id",
    CommandId.BIND_TRANSCEIVER_RESP: "system_id",
    CommandId.BIND_TRANSMITTER_RESP: "system_id",
    CommandId.BIND_RECEIVER_RESP: "system_id",
}


class Tracer:
    """One for each direction of a connection. It frames by itself, so that it shows also what the session refuses."""

    def __init__(self, direction: str, gateway: str) -> None:
        self._direction = direction
        self._gateway = gateway
        self._framer = PduFramer()

    def see(self, octets: bytes) -> None:
        self._framer.feed(octets)
        for pdu in self._pdus():
            log.debug("smpp.pdu", gateway=self._gateway, direction=self._direction, **describe(pdu))

    def _pdus(self) -> Iterator[Pdu]:
        try:
            while pdu := self._framer.next():
                yield pdu
        except FramingError as error:
            log.debug("smpp.pdu", gateway=self._gateway, direction=self._direction, error=str(error))
            self._framer = PduFramer()


def describe(pdu: Pdu) -> dict[str, object]:
    """The fields of a PDU that may stand in a log."""
    name = CommandId(pdu.command_id).wire_name if pdu.command_id in _KNOWN else f"0x{pdu.command_id:08x}"
    shown: dict[str, object] = {"command": name, "status": f"0x{pdu.status:02x}", "sequence": pdu.sequence}
    if pdu.command_id in _MESSAGES:
        shown |= _message(pdu)
    elif pdu.command_id in _NAMED:
        shown[_NAMED[CommandId(pdu.command_id)]] = decode_id(pdu)
    return shown | {"octets": len(pdu.raw)}


def _message(pdu: Pdu) -> dict[str, object]:
    try:
        message = decode_message(CommandId(pdu.command_id), pdu)
    except PduError as error:
        return {"error": str(error)}
    return {
        "source": masked(message.source),
        "destination": masked(message.destination),
        "esm_class": f"0x{message.esm_class:02x}",
        "data_coding": f"0x{message.data_coding:02x}",
        "validity_period": message.validity_period,
        "text_octets": len(message.user_data),
        "tlvs": [f"0x{tag:04x}:{len(value)}" for tag, value in message.tlvs.items()],
    }


def masked(address: Address) -> str:
    """`15551234477/1.1` as `1555•••4477/1.1`; what is too short for that shows only its length."""
    value = address.value
    shown = f"{value[:4]}•••{value[-4:]}" if len(value) > 10 else "•" * len(value)
    return f"{shown}/{address.ton}.{address.npi}"
