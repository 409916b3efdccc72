"""One SMPP 3.4 session as a state machine: octets and time in, events and octets out. No socket, no clock.

`bind`, `submit`, `answer` and `unbind` return the octets to write. What the session has to say by itself (answers to
enquire_link, its own enquire_link, generic_nack) waits in `take()`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.texts.messages import Accepted, Refused
from bridge.smpp import status
from bridge.smpp.codec import (
    MAX_SEQUENCE,
    RESPONSE,
    CommandId,
    FramingError,
    Pdu,
    PduError,
    PduFramer,
    ShortMessage,
    decode_id,
    decode_message,
    encode,
    encode_message,
)
from bridge.smpp.settings import SmppSettings
from bridge.smpp.watch import LinkWatch, WatchAction

REMEMBERED = 10_000
MOST_UNSENT = 256 * 1024


class Phase(StrEnum):
    BINDING = "binding"
    BOUND = "bound"
    UNBINDING = "unbinding"  # we asked to leave
    UNBOUND = "unbound"  # the SMSC asked us to leave: no new submits, answers to the old ones still count
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Bound:
    system_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A submit has its answer. late: after its time-out, when it had been given up."""

    sequence: int
    part_id: int
    outcome: Accepted | Refused
    late: bool


@dataclass(frozen=True, slots=True)
class TimedOut:
    sequence: int
    part_id: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """The SMSC delivers. It waits for `answer(command, sequence, ...)`. message: None where nobody can read it."""

    command: CommandId
    sequence: int
    message: ShortMessage | None
    raw: bytes
    error: str = ""


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that no well-behaved peer sends; worth a line in the log."""

    what: str
    command_id: int
    sequence: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Close the connection now. status: that of a refused bind, else None."""

    why: str
    status: int | None = None


Event = Bound | Answered | TimedOut | Arrived | Odd | SessionEnded


@dataclass(frozen=True, slots=True)
class _Pending:
    part_id: int
    deadline: float


class SmppSession:
    """bind_command: which of the three binds this connection makes. now: seconds, of any clock that never goes back."""

    def __init__(self, settings: SmppSettings, bind_command: CommandId, now: float) -> None:
        self.phase = Phase.BINDING
        self._settings = settings
        self._dispositions = settings.dispositions
        self._dialect = settings.spoken
        self._bind_command = bind_command
        self._framer = PduFramer()
        self._watch = LinkWatch(settings.enquire_interval, settings.response_timeout, now)
        self._deadline = now + settings.response_timeout  # of the bind, later of the unbind
        self._sequence = 0
        self._pending: dict[int, _Pending] = {}
        self._given_up: dict[int, int] = {}
        self._unsent = bytearray()

    @property
    def unanswered(self) -> int:
        return len(self._pending)

    @property
    def wants_to_speak(self) -> bool:
        return bool(self._unsent)

    def bind(self) -> bytes:
        return encode(
            self._bind_command,
            self._next_sequence(),
            system_id=self._settings.system_id,
            password=self._settings.password,
            system_type=self._settings.system_type,
            address_range=self._settings.address_range,
        )

    def submit(self, message: ShortMessage, part_id: int, now: float) -> tuple[int, bytes]:
        """The sequence number that its `Answered` or `TimedOut` will carry, and the octets."""
        sequence = self._next_sequence()
        octets = encode_message(CommandId.SUBMIT_SM, sequence, message)
        self._pending[sequence] = _Pending(part_id, now + self._settings.response_timeout)
        return sequence, octets

    def forget(self, sequence: int) -> None:
        """The submit was not written after all."""
        self._pending.pop(sequence, None)

    def answer(self, delivery: Arrived, command_status: int) -> bytes:
        """The response to a delivery; message_id is always empty there (SMPP 3.4, 4.6.2)."""
        return encode(delivery.command.response, delivery.sequence, status=command_status, message_id="")

    def unbind(self, now: float) -> bytes:
        self._leave(Phase.UNBINDING, now)
        return encode(CommandId.UNBIND, self._next_sequence())

    def say(self, octets: bytes) -> None:
        """Leave octets for the next `take`."""
        self._unsent += octets

    def take(self) -> bytes:
        unsent = bytes(self._unsent)
        self._unsent.clear()
        return unsent

    def receive(self, data: bytes, now: float) -> list[Event]:
        self._framer.feed(data)
        events: list[Event] = []
        try:
            while self.phase is not Phase.ENDED and (pdu := self._framer.next()):
                self._watch.heard(now)
                events += self._received(pdu)
        except FramingError as error:
            events += self._end(str(error))
        if len(self._unsent) > MOST_UNSENT:
            events += self._end("the peer asks and does not read the answers")
        return events

    def tick(self, now: float) -> list[Event]:
        """Everything that time alone brings; call it about once a second."""
        events: list[Event] = [self._give_up(sequence) for sequence in self._overdue(now)]
        if self.phase is Phase.BOUND:
            events += self._watch_link(now)
        elif now >= self._deadline:
            events += self._end(f"no answer while {self.phase}")
        return events

    def _watch_link(self, now: float) -> list[Event]:
        verdict = self._watch.check(now)
        if verdict is WatchAction.ENQUIRE:
            self.say(encode(CommandId.ENQUIRE_LINK, self._next_sequence()))
        return self._end("the peer does not answer enquire_link") if verdict is WatchAction.DROP else []

    def _received(self, pdu: Pdu) -> list[Event]:
        handler = _HANDLERS.get(pdu.command_id)
        if handler:
            return handler(self, pdu)
        if pdu.command_id & RESPONSE:
            return [Odd("a response to nothing we ask", pdu.command_id, pdu.sequence)]
        self.say(encode(CommandId.GENERIC_NACK, pdu.sequence, status=status.INVALID_COMMAND))
        return [Odd("an unknown command", pdu.command_id, pdu.sequence)]

    def _on_bind_resp(self, pdu: Pdu) -> list[Event]:
        if self.phase is not Phase.BINDING or pdu.command_id != self._bind_command.response:
            return [Odd("an answer to a bind that is not ours", pdu.command_id, pdu.sequence)]
        if pdu.status != status.OK:
            return self._end(f"bind refused with 0x{pdu.status:02x}", pdu.status)
        self.phase = Phase.BOUND
        return [Bound(decode_id(pdu))]

    def _on_submit_resp(self, pdu: Pdu) -> list[Event]:
        if pdu.status == status.OK:
            return self._settle(pdu, Accepted(decode_id(pdu), self._settings.account_name))
        return self._settle(pdu, status.refusal(pdu.status, self._dispositions, self._dialect))

    def _on_generic_nack(self, pdu: Pdu) -> list[Event]:
        """With our sequence number it answers that request (SMPP 3.4, 4.3.1)."""
        if self.phase is Phase.BINDING:
            return self._end(f"bind refused with 0x{pdu.status:02x}", pdu.status)
        return self._settle(pdu, status.refusal(pdu.status, self._dispositions, self._dialect))

    def _settle(self, pdu: Pdu, outcome: Accepted | Refused) -> list[Event]:
        """Whether in time or late, each submit is settled once."""
        pending = self._pending.pop(pdu.sequence, None)
        part_id = pending.part_id if pending else self._given_up.pop(pdu.sequence, None)
        if part_id is None:
            return [Odd("an answer to no submit of ours", pdu.command_id, pdu.sequence)]
        events: list[Event] = [Answered(pdu.sequence, part_id, outcome, late=pending is None)]
        if pdu.status == status.NOT_BOUND:
            events += self._end("the SMSC says that we are not bound")
        return events + self._end_when_settled()

    def _on_delivery(self, pdu: Pdu) -> list[Event]:
        command = CommandId(pdu.command_id)
        if self.phase is not Phase.BOUND:
            return [Odd("a delivery outside a bind", pdu.command_id, pdu.sequence)]
        try:
            return [Arrived(command, pdu.sequence, decode_message(command, pdu), pdu.raw)]
        except PduError as error:
            return [Arrived(command, pdu.sequence, None, pdu.raw, str(error))]

    def _on_enquire_link(self, pdu: Pdu) -> list[Event]:
        self.say(encode(CommandId.ENQUIRE_LINK_RESP, pdu.sequence))
        return []

    def _on_enquire_link_resp(self, _pdu: Pdu) -> list[Event]:
        return []

    def _on_unbind(self, pdu: Pdu) -> list[Event]:
        """Answers still under way may follow; a peer that is done closes, and so do we when nothing is open."""
        self.say(encode(CommandId.UNBIND_RESP, pdu.sequence))
        self._leave(Phase.UNBOUND, self._watch.heard_at)
        return self._end_when_settled()

    def _on_unbind_resp(self, _pdu: Pdu) -> list[Event]:
        return self._end("unbound")

    def _on_notice(self, pdu: Pdu) -> list[Event]:
        """alert_notification and outbind have no response."""
        return [Odd("a notice we have no use for", pdu.command_id, pdu.sequence)]

    def _leave(self, phase: Phase, now: float) -> None:
        self.phase = phase
        self._deadline = now + min(self._settings.response_timeout, self._settings.drain_timeout)

    def _end_when_settled(self) -> list[Event]:
        return self._end("unbound") if self.phase is Phase.UNBOUND and not self._pending else []

    def _end(self, why: str, refused_with: int | None = None) -> list[Event]:
        if self.phase is Phase.ENDED:
            return []
        self.phase = Phase.ENDED
        return [SessionEnded(why, refused_with)]

    def _overdue(self, now: float) -> list[int]:
        """Submits wait equally long, so the oldest ones are the first of the table."""
        overdue = []
        for sequence, pending in self._pending.items():
            if pending.deadline > now:
                break
            overdue.append(sequence)
        return overdue

    def _give_up(self, sequence: int) -> TimedOut:
        part_id = self._pending.pop(sequence).part_id
        self._given_up[sequence] = part_id
        if len(self._given_up) > REMEMBERED:
            del self._given_up[next(iter(self._given_up))]
        return TimedOut(sequence, part_id)

    def _next_sequence(self) -> int:
        """1 to 0x7FFFFFFF, then again from 1, past what is still open."""
        self._sequence = self._sequence % MAX_SEQUENCE + 1
        while self._sequence in self._pending or self._sequence in self._given_up:
            self._sequence = self._sequence % MAX_SEQUENCE + 1
        return self._sequence


_HANDLERS: Mapping[int, Callable[[SmppSession, Pdu], list[Event]]] = {
    CommandId.BIND_RECEIVER_RESP: SmppSession._on_bind_resp,
    CommandId.BIND_TRANSMITTER_RESP: SmppSession._on_bind_resp,
    CommandId.BIND_TRANSCEIVER_RESP: SmppSession._on_bind_resp,
    CommandId.SUBMIT_SM_RESP: SmppSession._on_submit_resp,
    CommandId.GENERIC_NACK: SmppSession._on_generic_nack,
    CommandId.DELIVER_SM: SmppSession._on_delivery,
    CommandId.DATA_SM: SmppSession._on_delivery,
    CommandId.ENQUIRE_LINK: SmppSession._on_enquire_link,
    CommandId.ENQUIRE_LINK_RESP: SmppSession._on_enquire_link_resp,
    CommandId.UNBIND: SmppSession._on_unbind,
    CommandId.UNBIND_RESP: SmppSession._on_unbind_resp,
    CommandId.ALERT_NOTIFICATION: SmppSession._on_notice,
    CommandId.OUTBIND: SmppSession._on_notice,
}
