"""Asterisk's Manager events (AMI) as those of `domain.calls.events`. Pure: one message in, at most one event out.

Source of names and headers: the Manager documentation of Asterisk 16 to 22 and recordings of real calls. A message
that lacks what its event needs decodes to nothing; it is the caller's to count. What Asterisk tells by a name or a
number (the technology of a channel, an application, a context, a cause of Q.850) is said in words here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bridge.ami.applications import doing, is_dialled, is_heard, mailbox
from bridge.ami.attestation import attestation
from bridge.ami.channels import NOBODY, ChannelNames, dialled_number
from bridge.ami.contexts import is_from_outside
from bridge.ami.protocol import Message
from bridge.domain.calls.calls import Reason
from bridge.domain.calls.events import (
    ApplicationEntered,
    AttestationTold,
    BlockedTold,
    Bridged,
    BridgeDestroyed,
    CallerChanged,
    ChannelCreated,
    ChannelSeen,
    ChannelState,
    ClosedTold,
    DialBegan,
    DialEnded,
    DialRinging,
    DialStatus,
    Doing,
    Ended,
    Endpoint,
    Event,
    HangupRequested,
    Held,
    HungUp,
    MailboxRead,
    NobodyDialled,
    NumberGiven,
    Parked,
    PresentationTold,
    QueueJoined,
    QueueLeft,
    Renamed,
    SnapshotEnded,
    StateChanged,
    Transferred,
    Unbridged,
    VoicemailLeft,
)
from bridge.pbx.clock import moment

USER_EVENT = "Textback"  # the name that our dialplan snippets give their UserEvents

STATES = {  # Asterisk's enum ast_channel_state, as ChannelState writes it
    "0": ChannelState.DOWN,
    "4": ChannelState.RING,
    "5": ChannelState.RINGING,
    "6": ChannelState.UP,
    "7": ChannelState.BUSY,
}
ENDED = {  # ITU-T Q.850
    "16": Ended.NORMAL,
    "17": Ended.BUSY,
    "3": Ended.NO_ROUTE,  # to the destination
    "20": Ended.ABSENT,  # subscriber absent
    "1": Ended.NO_SUCH_NUMBER,  # unallocated
    "28": Ended.NO_SUCH_NUMBER,  # invalid number format
    "26": Ended.ELSEWHERE,  # non-selected user clearing, which SIP and Asterisk call "answered elsewhere"
}
NOT_TAKEN = {"3": Reason.NO_ANSWER, "5": Reason.BUSY}  # the Reason of an Originate that came to nothing
NO_WAY_OUT = (DialStatus.CHANUNAVAIL, DialStatus.CONGESTION)
ATTESTED = ("Attestation", "Verstat", "Verified")
YES = ("yes", "1", "true", "on")
UNKNOWN = "<unknown>"  # what the manager writes where a channel has no number
TIDYING = "h"  # the extension that runs once a channel has ended
START = "s"  # the extension of whoever asked for none
RESTRICTED = (
    "prohib",
    "restrict",
    "unavailable",
)  # values of CALLERID(pres) and of CID-CallingPres, by their beginning


class Decoder:
    """Of one PBX, whose channels `names` knows. odd_stamps: how many times of day no clock shows."""

    def __init__(self, names: ChannelNames) -> None:
        self._names = names
        self.odd_stamps = 0

    def decode(self, message: Message, at: datetime | None) -> Event | None:
        """What the message tells, or None: not ours to know, or incomplete. `at` is used where it has no Timestamp."""
        read = READERS.get(message.event)
        return read(message, self._time(message, at), self._names) if read else None

    def _time(self, message: Message, at: datetime | None) -> datetime | None:
        """The `Timestamp` header of `timestampevents = yes`: seconds since 1970."""
        stamp = message.get("Timestamp")
        if not stamp:
            return at
        try:
            told = moment(float(stamp))
        except ValueError:
            told = None
        self.odd_stamps += told is None
        return told or at


Whose = tuple[str, Endpoint, str]
"""uniqueid, channel and linkedid."""


def _whose(message: Message, names: ChannelNames) -> Whose | None:
    """None where the message does not say which channel it is about."""
    uniqueid = message.get("Uniqueid")
    return (uniqueid, names.endpoint(message.get("Channel")), message.get("Linkedid")) if uniqueid else None


def _begun(message: Message, names: ChannelNames) -> Whose | None:
    """As `_whose`, where the context of the channel tells something too."""
    uniqueid, context = message.get("Uniqueid"), message.get("Context")
    return (uniqueid, names.in_context(message.get("Channel"), context), message.get("Linkedid")) if uniqueid else None


def _state(message: Message) -> ChannelState:
    return STATES.get(message.get("ChannelState"), ChannelState.OTHER)


def _shown(message: Message) -> dict[str, Any]:
    """What the event of a new and of a seen channel have in common."""
    exten = message.get("Exten")
    return {
        "state": _state(message),
        "exten": exten,
        "asks": exten not in ("", START),
        "caller_number": message.get("CallerIDNum"),
        "caller_name": message.get("CallerIDName"),
        "restricted": None,  # AMI tells it later, if at all
    }


def _created(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _begun(message, names)
    outside, refused = is_from_outside(message.get("Context")), _is_ignored(message, names)
    return whose and ChannelCreated(at, *whose, **_shown(message), from_outside=outside, refused=refused)


def _is_ignored(message: Message, names: ChannelNames) -> bool:
    return names.ignores(message.get("Context"), message.get("Exten"))


def _seen(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose, application = _begun(message, names), message.get("Application")
    return whose and ChannelSeen(
        at,
        *whose,
        **_shown(message),
        doing=doing(application, message.get("ApplicationData")),
        name=application,
        dialled=is_dialled(application),
        bridge=message.get("BridgeId"),
        seconds=_seconds(message.get("Duration")),
        place=_place(message, application, message.get("ApplicationData")),
        connected=_connected(message),
    )


def _connected(message: Message) -> str:
    number = message.get("ConnectedLineNum")
    return "" if number == UNKNOWN else number


def _place(message: Message, application: str, arguments: str) -> str:
    priority, connected = message.get("Priority"), _connected(message)
    if not priority or not application:
        return ""
    context, exten = message.get("Context"), message.get("Exten") or message.get("Extension")
    return f"{context},{exten},{priority} {application}({arguments}) {connected}"


def _seconds(duration: str) -> int | None:
    """`HH:MM:SS`, the hours without a limit."""
    parts = duration.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return None
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


def _snapshot_ended(_: Message, at: datetime | None, _names: ChannelNames) -> Event | None:
    return SnapshotEnded(at)


def _state_changed(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    refused = names.turns_away(message.get("Context"))
    return whose and StateChanged(at, *whose, state=_state(message), refused=refused)


def _caller_changed(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    return whose and CallerChanged(
        at,
        *whose,
        caller_number=message.get("CallerIDNum"),
        caller_name=message.get("CallerIDName"),
        restricted=_is_restricted_code(message.get("CID-CallingPres")),
    )


def _is_restricted_code(pres: str) -> bool | None:
    """`32 (Presentation Prohibited, ...)`: bits 6 and 7 of octet 3a (Q.931) are 01 when restricted."""
    code = pres.split(" ", 1)[0]
    return int(code) & 0x60 == 0x20 if code.isascii() and code.isdigit() and len(code) < 4 else None


def _renamed(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    uniqueid, name = message.get("Uniqueid"), message.get("Newname")
    return Renamed(at, uniqueid, names.endpoint(name), "") if uniqueid and name else None


def _dest(message: Message, names: ChannelNames) -> Whose | None:
    uniqueid = message.get("DestUniqueid")
    return (uniqueid, names.endpoint(message.get("DestChannel")), message.get("DestLinkedid")) if uniqueid else None


def _dialler(message: Message, names: ChannelNames) -> Whose:
    return _whose(message, names) or ("", NOBODY, "")


def _dial_began(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    dest = _dest(message, names)
    dialled = message.get("DialString")
    return dest and DialBegan(at, *_dialler(message, names), *dest, dialled=dialled_number(dialled) or dialled)


def _dial_state(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    dest = _dest(message, names)
    if message.get("DialStatus") != "RINGING":
        return None
    return dest and DialRinging(at, *_dialler(message, names), *dest)


def _dial_ended(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    dest = _dest(message, names)
    return dest and DialEnded(at, *_dialler(message, names), *dest, _dial_status(message.get("DialStatus")))


def _dial_status(text: str) -> DialStatus:
    return DialStatus(text) if text in DialStatus.__members__ else DialStatus.OTHER


def _bridged(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose, bridge = _whose(message, names), message.get("BridgeUniqueid")
    if not whose or not bridge:
        return None
    return Bridged(at, *whose, bridge=bridge, holding=message.get("BridgeTechnology") == "holding_bridge")


def _unbridged(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose, bridge = _whose(message, names), message.get("BridgeUniqueid")
    return Unbridged(at, *whose, bridge=bridge) if whose and bridge else None


def _bridge_destroyed(message: Message, at: datetime | None, _names: ChannelNames) -> Event | None:
    bridge = message.get("BridgeUniqueid")
    return BridgeDestroyed(at, bridge) if bridge else None


def _held(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    return whose and Held(at, *whose, on=message.event == "Hold")


def _blind_transfer(message: Message, at: datetime | None, _names: ChannelNames) -> Event | None:
    transferee = message.get("TransfereeUniqueid")
    if not transferee or message.get("Result") != "Success":
        return None
    return Transferred(at, transferee, message.get("Extension"), reached=False)


def _attended_transfer(message: Message, at: datetime | None, _names: ChannelNames) -> Event | None:
    transferee = message.get("TransfereeUniqueid")
    if not transferee or message.get("Result") != "Success":
        return None
    return Transferred(at, transferee, message.get("DestApp"), reached=message.get("DestType") != "App")


def _parked(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    uniqueid = message.get("ParkeeUniqueid")
    if not uniqueid:
        return None
    return Parked(at, uniqueid, names.endpoint(message.get("ParkeeChannel")), message.get("ParkeeLinkedid"))


def _queue_joined(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    return whose and QueueJoined(at, *whose, queue=message.get("Queue"))


def _queue_left(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    return whose and QueueLeft(at, *whose, queue=message.get("Queue"))


def _application(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose, application = _whose(message, names), message.get("Application")
    exten, arguments = message.get("Exten") or message.get("Extension"), message.get("AppData")
    what = doing(application, arguments, exten)
    stays = what is not Doing.OTHER
    return whose and ApplicationEntered(
        at,
        *whose,
        doing=what,
        name=application,
        exten=exten,
        refused=is_heard(application) and names.turns_away(message.get("Context")),
        place=_place(message, application, arguments) if stays else "",
        mailbox=mailbox(application, arguments) if stays else "",
    )


def _message_waiting(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose, which = _whose(message, names), message.get("Mailbox")
    return VoicemailLeft(at, *whose, mailbox=which) if whose else MailboxRead(at, which)


def _hangup_requested(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    by_peer, refused = message.event == "HangupRequest", _is_ignored(message, names)
    return whose and HangupRequested(at, *whose, by_peer=by_peer, ended=_ended(message), refused=refused)


def _hung_up(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    whose = _whose(message, names)
    refused, tidied = _is_ignored(message, names), message.get("Exten") == TIDYING
    return whose and HungUp(at, *whose, ended=_ended(message), refused=refused, tidied=tidied)


def _ended(message: Message) -> Ended:
    return ENDED.get(message.get("Cause"), Ended.OTHER)


def _user_event(message: Message, at: datetime | None, names: ChannelNames) -> Event | None:
    """`Pres: prohib_passed_screen`, `Closed: yes`, `Number: +12125550142`, `Blocked: yes`, `Dialled: CHANUNAVAIL`,
    or what `ATTESTED` names: of that channel.
    """
    whose = _whose(message, names)
    if not whose or message.get("UserEvent") != USER_EVENT:
        return None
    if pres := message.get("Pres"):
        return PresentationTold(at, *whose, restricted=pres.casefold().startswith(RESTRICTED))
    if closed := message.get("Closed"):
        return ClosedTold(at, *whose, closed=closed.casefold() in YES)
    if blocked := message.get("Blocked"):
        return BlockedTold(at, *whose, blocked=blocked.casefold() in YES)
    if attested := attestation(*map(message.get, ATTESTED)):
        return AttestationTold(at, *whose, attestation=attested)
    if number := message.get("Number"):
        return NumberGiven(at, *whose, number=number)
    if message.get("Dialled") in NO_WAY_OUT:
        return NobodyDialled(at, whose[0], Reason.NOT_OFFERED)
    return None


def _originated(message: Message, at: datetime | None, _names: ChannelNames) -> Event | None:
    """The ActionID begins with our attempt's id and a dot. Reason 0: the phone has no contact, or refused."""
    attempt_id, dot, _ = message.get("ActionID").partition(".")
    if not dot or message.get("Response") != "Failure":
        return None
    return NobodyDialled(at, attempt_id, NOT_TAKEN.get(message.get("Reason"), Reason.UNREACHABLE))


Reader = Callable[[Message, datetime | None, ChannelNames], Event | None]

READERS: dict[str, Reader] = {
    "Newchannel": _created,
    "CoreShowChannel": _seen,
    "CoreShowChannelsComplete": _snapshot_ended,
    "Newstate": _state_changed,
    "NewCallerid": _caller_changed,
    "Rename": _renamed,
    "DialBegin": _dial_began,
    "DialState": _dial_state,
    "DialEnd": _dial_ended,
    "BridgeEnter": _bridged,
    "BridgeLeave": _unbridged,
    "BridgeDestroy": _bridge_destroyed,
    "Hold": _held,
    "Unhold": _held,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "ParkedCall": _parked,
    "QueueCallerJoin": _queue_joined,
    "QueueCallerLeave": _queue_left,
    "Newexten": _application,
    "MessageWaiting": _message_waiting,
    "HangupRequest": _hangup_requested,
    "SoftHangupRequest": _hangup_requested,
    "Hangup": _hung_up,
    "UserEvent": _user_event,
    "OriginateResponse": _originated,
}
WANTED = frozenset(READERS)
"""Names of the events that mean something here; a framer may drop the others before it builds anything."""
