"""What a PBX tells about its channels, in words that any PBX could use.

`ami.decode` makes these from Asterisk's Manager events; another source makes the same values. Times are aware UTC, or
None where a recording carries none. Uniqueids are opaque: unique in one run of one PBX.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChannelState(StrEnum):
    DOWN = "down"
    RING = "ring"  # the far end of an inbound call is waiting for us
    RINGING = "ringing"  # we are ringing the far end
    UP = "up"
    BUSY = "busy"
    OTHER = "other"


class DialStatus(StrEnum):
    """How one dialled leg ended (Asterisk's DIALSTATUS)."""

    ANSWER = "ANSWER"
    BUSY = "BUSY"
    NOANSWER = "NOANSWER"
    CANCEL = "CANCEL"
    CONGESTION = "CONGESTION"
    CHANUNAVAIL = "CHANUNAVAIL"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelCreated(Event):
    """A channel exists. `exten` is the number it asked for; `linkedid` groups the channels of one call, for now."""

    channel: str
    uniqueid: str
    linkedid: str
    state: ChannelState
    context: str
    exten: str
    caller_number: str
    caller_name: str


@dataclass(frozen=True, slots=True)
class ChannelSeen(Event):
    """A live channel as a snapshot shows it (Asterisk: CoreShowChannel), after connecting in the middle of calls."""

    channel: str
    uniqueid: str
    linkedid: str
    state: ChannelState
    context: str
    exten: str
    caller_number: str
    caller_name: str
    connected_number: str
    application: str
    bridge: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class SnapshotEnded(Event):
    """All live channels have been shown: what we hold beyond them is gone."""


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    uniqueid: str
    state: ChannelState


@dataclass(frozen=True, slots=True)
class CallerChanged(Event):
    uniqueid: str
    caller_number: str
    caller_name: str


@dataclass(frozen=True, slots=True)
class Renamed(Event):
    """The channel kept its uniqueid and got another name (masquerade)."""

    uniqueid: str
    channel: str


@dataclass(frozen=True, slots=True)
class DialBegan(Event):
    """`uniqueid` is the dialling channel, empty where the PBX dials by itself (Originate, a feature code)."""

    uniqueid: str
    dest_uniqueid: str
    dest_channel: str
    dialled: str


@dataclass(frozen=True, slots=True)
class DialRinging(Event):
    uniqueid: str
    dest_uniqueid: str


@dataclass(frozen=True, slots=True)
class DialEnded(Event):
    """`forward` is where a phone sent the call on to (SIP 302), empty otherwise."""

    uniqueid: str
    dest_uniqueid: str
    dest_channel: str
    status: DialStatus
    forward: str


@dataclass(frozen=True, slots=True)
class BridgeCreated(Event):
    bridge: str
    holding: bool


@dataclass(frozen=True, slots=True)
class Bridged(Event):
    """The channel shares media with the others in `bridge`; in a `holding` bridge it only hears music or waits."""

    uniqueid: str
    bridge: str
    holding: bool


@dataclass(frozen=True, slots=True)
class Unbridged(Event):
    uniqueid: str
    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeDestroyed(Event):
    bridge: str


@dataclass(frozen=True, slots=True)
class LocalPair(Event):
    """Two halves of a Local channel: media that enters one leaves by the other."""

    one_uniqueid: str
    two_uniqueid: str


@dataclass(frozen=True, slots=True)
class LocalOptimized(Event):
    """The pair is being taken out of the path: its two neighbours are joined directly."""

    one_uniqueid: str
    two_uniqueid: str


@dataclass(frozen=True, slots=True)
class PickedUp(Event):
    """`uniqueid` answered the call that rang at `target_uniqueid`."""

    uniqueid: str
    target_uniqueid: str


@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """Somebody in the call sent the other party on. `transferee` and `target` are empty where the PBX does not say."""

    transferer: str
    transferee: str
    target: str
    exten: str
    attended: bool


@dataclass(frozen=True, slots=True)
class Parked(Event):
    uniqueid: str


class Unparking(StrEnum):
    RETRIEVED = "retrieved"
    TIMED_OUT = "timed_out"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Unparked(Event):
    uniqueid: str
    how: Unparking
    retriever: str


@dataclass(frozen=True, slots=True)
class QueueJoined(Event):
    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True)
class QueueLeft(Event):
    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True)
class QueueAbandoned(Event):
    """The caller left unserved; sent on a queue time-out as well, with the caller still there."""

    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True)
class ApplicationEntered(Event):
    """The dialplan runs `application` on the channel (Asterisk: Newexten)."""

    uniqueid: str
    application: str
    data: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft(Event):
    """The caller really left a message (Asterisk: MessageWaiting that names the caller's channel)."""

    channel: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class HangupRequested(Event):
    """`by_peer`: the party behind the channel hung up (HangupRequest); else the PBX did (SoftHangupRequest)."""

    uniqueid: str
    by_peer: bool
    cause: int


@dataclass(frozen=True, slots=True)
class HungUp(Event):
    uniqueid: str
    channel: str
    cause: int


@dataclass(frozen=True, slots=True)
class PresentationTold(Event):
    """Our dialplan snippet says how the caller wants the number presented (CALLERID(pres)); AMI has no such field."""

    uniqueid: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class NightTold(Event):
    """A night switch says that this call came in while the office is closed, whatever the calendar says."""

    uniqueid: str
    closed: bool


@dataclass(frozen=True, slots=True)
class PbxStopping(Event):
    """The PBX says that it stops. Believed only when the connection ends too: a caller can forge the line."""


@dataclass(frozen=True, slots=True)
class LinkLost(Event):
    """We no longer hear the PBX."""
