"""What an office agrees with its SMS gateway, as far as the protocol is concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bridge.domain.texts.gsm import Alphabet
from bridge.domain.texts.messages import ReceiptState
from bridge.domain.words.pictures import NOTICES, SHORTEST
from bridge.smpp.dialects import USUAL, Dialect, dialects


class BindMode(StrEnum):
    TRANSCEIVER = "transceiver"
    TX_RX = "tx_rx"  # one connection to send, one to receive


class Concat(StrEnum):
    """How a gateway is told that submits belong together."""

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"  # the whole text in one submit: the gateway cuts


class IdBase(StrEnum):
    """In which bases a gateway writes one message id: in its answer, and in its receipt."""

    AS_IS = "as_is"
    HEX_DEC = "hex_dec"
    DEC_HEX = "dec_hex"


class Disposition(StrEnum):
    """What a refusal means for the part and for the bind."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    THROTTLED = "throttled"
    GATEWAY_FAULT = "gateway_fault"


@dataclass(frozen=True, slots=True)
class Numbering:
    """Type of number and numbering plan of one kind of address (SMPP 3.4, 5.2.5 and 5.2.6)."""

    ton: int
    npi: int
    plus: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.ton <= 255 and 0 <= self.npi <= 255):
            raise ValueError("ton and npi are numbers from 0 to 255")


_REFERENCE_BITS = {Concat.UDH8: 8, Concat.UDH16: 16, Concat.SAR: 8, Concat.PAYLOAD: 0}
_LONGEST = {"system_id": 15, "password": 8, "system_type": 12, "address_range": 40, "service_type": 5}
_POSITIVE = (
    "window",
    "rate",
    "enquire_interval",
    "response_timeout",
    "connect_timeout",
    "drain_timeout",
    "reconnect_after",
    "reconnect_longest",
    "backlog",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppSettings:
    """An account at an SMS gateway (SMPP 3.4). Times are seconds.

    host, port: of the SMSC. system_id, password: of the account. name: what it is called here. tls: speak TLS.
    ca_file: who may vouch for the gateway's certificate, the machine's own authorities where there is none.
    system_type, address_range, service_type: as the provider says, mostly nothing. bind: one connection
    (`transceiver`), or one each way (`tx_rx`). window: submits that may wait for an answer. rate: submits a second.
    enquire_interval: so long silent, and the peer is asked (enquire_link). response_timeout: how long an answer may
    take. connect_timeout: how long connecting may take. drain_timeout: how long open submits may take when we stop.
    reconnect_after: the first wait after a lost connection. reconnect_longest: the longest such wait. backlog:
    deliveries that may wait for the disk before the gateway is asked to keep the next ones. international, national,
    alphanumeric: TON and NPI of such addresses, and whether a plus is written. by_ton: an address of TON 1 is
    international, so it gets its plus; switch it off for a gateway that marks every one so. default_alphabet: what
    the gateway means by data_coding 0. concat: how parts of a long text are marked (concatenated SMS). id_base: in
    which bases the gateway writes a message id, in its answer and in its delivery receipt (DLR). error_map:
    command_status, written in decimal or as 0x4a1, to what it means at this gateway. registered_delivery: which
    receipts are asked for; 1: all. validity: how long the gateway may try. picture_notices: how the gateway words it
    that a picture (MMS) was sent, instead of the ways we know; it is told by its beginning. account: gateways with the
    same one are binds of one account, which share message ids, parts and repeats; those with the same credentials are.
    dialect: whose codes and words its receipts speak: `usual`, `twilio`, `sinch` or `gsm`. landline_codes: `err:`
    codes, or a command_status as 0x4a1, by which it says that a number takes no texts (a landline), each with what it
    means, or as a list; one that means "" says no such thing. receipt_states: words behind `stat:` that are its own,
    and the state each means. trace: every PDU into the log, numbers masked, no words.

    Raises ValueError, which says what cannot be.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    name: str = "sms"
    account: str = ""
    tls: bool = False
    ca_file: str | None = None
    system_type: str = ""
    address_range: str = ""
    service_type: str = ""
    bind: BindMode = BindMode.TRANSCEIVER
    window: int = 10
    rate: float = 10.0
    enquire_interval: float = 30.0
    response_timeout: float = 30.0
    connect_timeout: float = 10.0
    drain_timeout: float = 5.0
    reconnect_after: float = 1.0
    reconnect_longest: float = 60.0
    backlog: int = 200
    international: Numbering = Numbering(1, 1)
    national: Numbering = Numbering(0, 1)
    alphanumeric: Numbering = Numbering(5, 0)
    by_ton: bool = True
    default_alphabet: Alphabet = Alphabet.GSM7
    concat: Concat = Concat.UDH8
    id_base: IdBase = IdBase.AS_IS
    error_map: Mapping[str, Disposition] = field(default_factory=dict)
    dialect: str = USUAL
    landline_codes: Mapping[str, str] | tuple[str, ...] = ()
    receipt_states: Mapping[str, ReceiptState] = field(default_factory=dict)
    registered_delivery: int = 1
    validity: timedelta | None = None
    picture_notices: tuple[str, ...] = NOTICES
    trace: bool = False

    def __post_init__(self) -> None:
        for name, longest in _LONGEST.items():
            _check_c_string(name, getattr(self, name), longest)
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0")
        if not 0 < self.port < 65536:
            raise ValueError("port must be from 1 to 65535")
        if not self.host or not self.system_id:
            raise ValueError("host and system_id must not be empty")
        for status in self.error_map:
            _status(status)
        if self.dialect not in dialects():
            raise ValueError(f"dialect: {self.dialect!r} is none of {', '.join(dialects())}")
        for notice in self.picture_notices:
            if len(notice.strip()) < SHORTEST:
                raise ValueError(f"picture_notices: {notice!r} is too short to tell a notice by")

    @property
    def reference_bits(self) -> int:
        """For `gsm.split`: 8 or 16 of concatenation reference, 0 where the gateway cuts by itself."""
        return _REFERENCE_BITS[self.concat]

    @property
    def account_name(self) -> str:
        """Whose message ids, parts and repeats are told apart from those of others."""
        return self.account or self.name

    @property
    def spoken(self) -> Dialect:
        """The gateway's dialect, with what the site knows better."""
        codes = self.landline_codes
        own = codes if isinstance(codes, Mapping) else dict.fromkeys(codes, "landline")
        return dialects()[self.dialect].with_own(own, self.receipt_states)

    @property
    def dispositions(self) -> Mapping[int, Disposition]:
        return {_status(status): meaning for status, meaning in self.error_map.items()}


def _check_c_string(name: str, value: str, longest: int) -> None:
    """SMPP strings end at a NUL and have a fixed longest size; the value itself stays out of the message."""
    if len(value) > longest:
        raise ValueError(f"{name} is longer than the {longest} characters that SMPP allows")
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} may hold only printable ASCII characters")


def _status(written: str) -> int:
    try:
        return int(written, 0)
    except ValueError:
        raise ValueError(f"error_map: {written!r} is not a command_status such as 0x45") from None
