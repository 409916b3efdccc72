"""From a deliver_sm (or data_sm) to what the inbox knows: a text, a receipt, or something nobody can read."""

from bridge.domain import phone
from bridge.domain.texts.messages import Inbound, InboundText, Poison, Receipt
from bridge.smpp import multipart, pictures, receipts
from bridge.smpp.alphabets import decode_text
from bridge.smpp.codec import Address, ShortMessage
from bridge.smpp.settings import SmppSettings

MESSAGE_TYPE = 0x3C
RECEIPT = 0x04
INTERMEDIATE = 0x20
INTERNATIONAL = 1
ALPHANUMERIC = 5


def read(message: ShortMessage, raw: bytes, settings: SmppSettings) -> Inbound:
    """SMPP 3.4, 5.2.12: bits 5 to 2 of esm_class say whether it is a receipt; bit 6 announces a user data header."""
    kind = message.esm_class & MESSAGE_TYPE
    if kind in (RECEIPT, INTERMEDIATE) or receipts.names_a_message(message.tlvs):
        return _receipt(message, raw, settings, intermediate=kind == INTERMEDIATE)
    if pictures.is_pushed(message):
        return _pushed(message, raw, settings)
    return _text(message, raw, settings)


def _pushed(message: ShortMessage, raw: bytes, settings: SmppSettings) -> InboundText | Poison:
    """A picture's notice shows as a text without words; of what else is pushed, what people can read."""
    pushed = message.user_data
    if message.esm_class & multipart.UDH_INDICATOR:
        _, pushed = multipart.take_header(pushed)
    if not pictures.is_notice(pushed):
        text = _text(message, raw, settings)
        return (
            text if text.text else Poison(settings.account_name, raw, "pushed to an application, and nothing to read")
        )
    return InboundText(
        gateway=settings.account_name,
        source=pictures.sender(pushed) or number_as_written(message.source, settings),
        destination=number_as_written(message.destination, settings),
        text=None,
        raw=raw,
        alphanumeric=pictures.sender(pushed) is None and is_name(message.source),
        picture=True,
    )


def _receipt(message: ShortMessage, raw: bytes, settings: SmppSettings, *, intermediate: bool) -> Receipt | Poison:
    text = decode_text(message.data_coding, message.user_data, settings.default_alphabet) or ""
    told = receipts.parse(text, message.tlvs, settings.id_base, intermediate=intermediate, dialect=settings.spoken)
    if told is None:
        return Poison(settings.account_name, raw, "a receipt that names no message")
    return Receipt(
        settings.account_name, told.message_ids, told.state, told.error, told.final, raw, landline=told.landline
    )


def _text(message: ShortMessage, raw: bytes, settings: SmppSettings) -> InboundText:
    part, user_data = None, message.user_data
    if message.esm_class & multipart.UDH_INDICATOR:
        part, user_data = multipart.take_header(user_data)
    return InboundText(
        gateway=settings.account_name,
        source=number_as_written(message.source, settings),
        destination=number_as_written(message.destination, settings),
        text=decode_text(message.data_coding, user_data, settings.default_alphabet),
        raw=raw,
        alphanumeric=is_name(message.source),
        part=part or multipart.from_sar(message.tlvs),
    )


def number_as_written(address: Address, settings: SmppSettings) -> str:
    """TON 1 says that the plus was left out."""
    value = address.value
    international = settings.by_ton and address.ton == INTERNATIONAL and 7 <= len(value) <= 15
    return f"+{value}" if international and value.isascii() and value.isdigit() else value


def is_name(address: Address) -> bool:
    """A sender nobody can answer to. Some gateways mark every sender so: as many digits as a number has are one."""
    marked = address.ton == ALPHANUMERIC and len(phone.digits_of(address.value)) < phone.LEAST_DIGITS
    return marked or phone.is_name(address.value)
