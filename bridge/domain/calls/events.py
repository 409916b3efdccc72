"""What a PBX tells about its channels, in words that any PBX could use.

`ami.decode` makes these from Asterisk's Manager events; another source makes the same values. Times are aware UTC, or
None where a recording carries none. Uniqueids are opaque: unique in one run of one PBX. Whatever came from a caller
(numbers, names, the extension asked for) is hostile text.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.calls.calls import Reason


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
class LinkLost(Event):
    """We no longer hear the PBX."""


@dataclass(frozen=True, slots=True)
class SnapshotEnded(Event):
    """All live channels have been shown: what we hold beyond them is gone."""


@dataclass(frozen=True, slots=True)
class ChannelEvent(Event):
    """Something about one channel. `channel` is its name; `linkedid` groups the channels of one call, for now.

    All three are "" where the PBX does not say whose doing it was (an Originate dials without a dialling channel).
    """

    uniqueid: str
    channel: str
    linkedid: str


@dataclass(frozen=True, slots=True)
class ChannelCreated(ChannelEvent):
    """A channel exists. `exten` is the number it asked for."""

    state: ChannelState
    context: str
    exten: str
    caller_number: str
    caller_name: str


@dataclass(frozen=True, slots=True)
class ChannelSeen(ChannelEvent):
    """A live channel as a snapshot shows it, after connecting in the middle of calls.

    `application`: what the dialplan runs on it. `bridge`: "" if in none. `seconds`: its age, None if not told.
    """

    state: ChannelState
    context: str
    exten: str
    caller_number: str
    caller_name: str
    application: str
    bridge: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class StateChanged(ChannelEvent):
    state: ChannelState


@dataclass(frozen=True, slots=True)
class CallerChanged(ChannelEvent):
    """The caller ID was set anew, mostly by the dialplan. `restricted`: it may not be shown; None if not told."""

    caller_number: str
    caller_name: str
    restricted: bool | None


@dataclass(frozen=True, slots=True)
class Renamed(ChannelEvent):
    """The channel kept its uniqueid; `channel` is its new name (masquerade)."""


@dataclass(frozen=True, slots=True)
class DialBegan(ChannelEvent):
    """`channel` dials `dest_channel`; `dialled` is what it asked for, as the PBX writes it."""

    dest_uniqueid: str
    dest_channel: str
    dest_linkedid: str
    dialled: str


@dataclass(frozen=True, slots=True)
class DialRinging(ChannelEvent):
    dest_uniqueid: str
    dest_channel: str
    dest_linkedid: str


@dataclass(frozen=True, slots=True)
class DialEnded(ChannelEvent):
    dest_uniqueid: str
    dest_channel: str
    dest_linkedid: str
    status: DialStatus


@dataclass(frozen=True, slots=True)
class Bridged(ChannelEvent):
    """The channel shares media with the others in `bridge`; in a `holding` bridge it only waits or hears music."""

    bridge: str
    holding: bool


@dataclass(frozen=True, slots=True)
class Unbridged(ChannelEvent):
    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeDestroyed(Event):
    bridge: str


@dataclass(frozen=True, slots=True)
class Held(ChannelEvent):
    """The party at this channel put the others on hold, or came back."""

    on: bool


@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """Somebody sent the other party on. `reached`: it was joined to a live party, not just sent to an extension."""

    transferee_uniqueid: str
    exten: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Parked(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True)
class QueueJoined(ChannelEvent):
    queue: str


@dataclass(frozen=True, slots=True)
class QueueLeft(ChannelEvent):
    queue: str


@dataclass(frozen=True, slots=True)
class ApplicationEntered(ChannelEvent):
    """The dialplan runs `application` on the channel."""

    application: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft(ChannelEvent):
    """The caller really left a message in `mailbox`, as the PBX wrote it."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class HangupRequested(ChannelEvent):
    """Somebody wants the channel to end: `by_peer` the party behind it, else the PBX. A peer's is told first."""

    by_peer: bool


@dataclass(frozen=True, slots=True)
class HungUp(ChannelEvent):
    """The channel is gone. `cause`: ITU-T Q.850, as the PBX gives it; it does not tell who hung up."""

    cause: int


@dataclass(frozen=True, slots=True)
class PresentationTold(ChannelEvent):
    """Our dialplan snippet says how the caller wants the number presented (CALLERID(pres))."""

    restricted: bool


@dataclass(frozen=True, slots=True)
class ClosedTold(ChannelEvent):
    """A night switch says that the office is closed (or open) for this call, whatever the calendar says."""

    closed: bool


@dataclass(frozen=True, slots=True)
class NobodyDialled(Event):
    """A desk phone that we had the PBX ring was not picked up, or (NOT_OFFERED) it was, and no trunk took the call.

    attempt_id: our own name of it.
    """

    attempt_id: str
    why: Reason


@dataclass(frozen=True, slots=True)
class NumberGiven(ChannelEvent):
    """The caller pressed 1 to be texted, and said at which number: shown or hidden, it may be used now."""

    number: str
