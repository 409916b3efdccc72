"""What a PBX tells about its channels, in words that any PBX could use.

`ami.decode` makes these from Asterisk's Manager events; another source makes the same values. What a channel is, what
an application does and how a hang-up came about is said by whoever decodes, and read out of no name here. Times are
aware UTC, or None where a recording carries none. Uniqueids are opaque: unique in one run of one PBX. Whatever came
from a caller (numbers, names, the extension asked for) is hostile text.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.calls.calls import Attestation, Reason


class ChannelKind(StrEnum):
    """What is behind a channel."""

    PHONE = "phone"  # one of ours: somebody may be there
    TRUNK = "trunk"  # the world outside: somebody may be there
    RELAY = "relay"  # whoever is behind its twin
    MACHINE = "machine"  # nobody


class ChannelState(StrEnum):
    DOWN = "down"
    RING = "ring"  # the far end of an inbound call is waiting for us
    RINGING = "ringing"  # we are ringing the far end
    UP = "up"
    BUSY = "busy"
    OTHER = "other"


class DialStatus(StrEnum):
    """How one dialled leg ended."""

    ANSWER = "ANSWER"
    BUSY = "BUSY"
    NOANSWER = "NOANSWER"
    CANCEL = "CANCEL"
    CONGESTION = "CONGESTION"
    CHANUNAVAIL = "CHANUNAVAIL"
    OTHER = "OTHER"


class Doing(StrEnum):
    """What the dialplan does with whoever is on a channel."""

    DIAL = "dial"
    QUEUE = "queue"
    MENU = "menu"
    ANNOUNCEMENT = "announcement"
    VOICEMAIL = "voicemail"  # they may leave a message
    WAIT = "wait"
    PARK = "park"
    BUSY_TONE = "busy_tone"
    TRANSFER = "transfer"  # the network is asked to connect them somewhere else
    MACHINE = "machine"  # connected to what only a fax or an alarm panel has use for
    FAX_TONE = "fax_tone"  # the PBX heard a fax calling
    SERVICE = "service"  # let in to what the PBX does by itself
    MAILBOX_LOGIN = "mailbox_login"  # asked for the PIN of a mailbox
    DIAL_LOGIN = "dial_login"  # asked for a PIN, to dial out through the PBX
    OTHER = "other"  # nothing that tells anything of a call


class Ended(StrEnum):
    """How a channel came to its end, as far as the network or the PBX says. It does not tell who hung up."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ROUTE = "no_route"
    ABSENT = "absent"  # the one asked for is not there now
    NO_SUCH_NUMBER = "no_such_number"
    ELSEWHERE = "elsewhere"  # answered elsewhere
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which channel it is, and who may be there.

    label: the PBX's name of the channel, for people to read. party: an extension, a trunk, a device; "" where the PBX
    names nobody. twin: what a relay and its other half have in common, and no other channel has; "" where unknown.
    pattern: what means this channel and all others like it, in the settings of that PBX.
    """

    label: str
    kind: ChannelKind = ChannelKind.PHONE
    party: str = ""
    twin: str = ""
    pattern: str = ""


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
    """Something about one channel; it may be the first that is heard of it.

    `linkedid` groups the channels of one call, for now. Without uniqueid, label and linkedid where the PBX does not
    say whose doing it was (an Originate dials without a dialling channel).
    """

    uniqueid: str
    channel: Endpoint
    linkedid: str


@dataclass(frozen=True, slots=True)
class ChannelCreated(ChannelEvent):
    """A channel exists. `exten` is what it asked for, as written; `asks`: that is somebody's choice, no stand-in.

    from_outside: it begins where calls from outside usually do. restricted: the caller may not be shown; None if not
    told. refused: it began where callers are turned away.
    """

    state: ChannelState
    exten: str
    asks: bool
    from_outside: bool
    caller_number: str
    caller_name: str
    restricted: bool | None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class ChannelSeen(ChannelEvent):
    """A live channel as a snapshot shows it, after connecting in the middle of calls.

    doing, name: what the dialplan runs on it. dialled: another channel rang it. bridge: "" if in none. seconds: its
    age, None if not told. place: as of `ApplicationEntered`. connected: the number of whom it is connected with, or
    was last, or is to be; "" if none is told. unheard: it has shared media with somebody, and we were not told; None
    where the PBX does not say.
    """

    state: ChannelState
    exten: str
    asks: bool
    caller_number: str
    caller_name: str
    restricted: bool | None
    doing: Doing
    name: str
    dialled: bool
    bridge: str
    seconds: int | None
    place: str = ""
    connected: str = ""
    unheard: bool | None = None


@dataclass(frozen=True, slots=True)
class StateChanged(ChannelEvent):
    """refused: it did so where callers are turned away."""

    state: ChannelState
    refused: bool = False


@dataclass(frozen=True, slots=True)
class CallerChanged(ChannelEvent):
    """The caller ID was set anew, mostly by the dialplan. `restricted`: it may not be shown; None if not told."""

    caller_number: str
    caller_name: str
    restricted: bool | None


@dataclass(frozen=True, slots=True)
class Renamed(ChannelEvent):
    """The channel kept its uniqueid; `channel` is what it is from now on (masquerade)."""


@dataclass(frozen=True, slots=True)
class DialBegan(ChannelEvent):
    """`channel` dials `dest_channel`; `dialled` is the number, or else what it asked for, as the PBX writes it."""

    dest_uniqueid: str
    dest_channel: Endpoint
    dest_linkedid: str
    dialled: str


@dataclass(frozen=True, slots=True)
class DialRinging(ChannelEvent):
    dest_uniqueid: str
    dest_channel: Endpoint
    dest_linkedid: str


@dataclass(frozen=True, slots=True)
class DialEnded(ChannelEvent):
    dest_uniqueid: str
    dest_channel: Endpoint
    dest_linkedid: str
    status: DialStatus


@dataclass(frozen=True, slots=True)
class Bridged(ChannelEvent):
    """The channel shares media with the others in `bridge`; in a `holding` bridge it only waits or hears music.

    holding: None where the PBX does not tell whether people talk there.
    """

    bridge: str
    holding: bool | None


@dataclass(frozen=True, slots=True)
class Unbridged(ChannelEvent):
    bridge: str


@dataclass(frozen=True, slots=True)
class Unheard(ChannelEvent):
    """Something came of this channel that nobody heard: whoever calls on it may have talked."""


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
    """The dialplan does something with the channel. name: of the application, for people. exten: where it got to.

    refused: it is how callers are turned away. place: where exactly, and with whom it was connected last; told in the
    same words as before, nothing has changed; "" if not told. mailbox: which one they ask for, "" if not told.
    """

    doing: Doing
    name: str
    exten: str
    refused: bool = False
    place: str = ""
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class VoicemailLeft(ChannelEvent):
    """The caller really left a message in `mailbox`, as the PBX wrote it."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class HangupRequested(ChannelEvent):
    """Somebody wants the channel to end: `by_peer` the party behind it, else the PBX. A peer's is told first.

    ended: what they say it came to. refused: they say so where callers are turned away.
    """

    by_peer: bool
    ended: Ended
    refused: bool = False


@dataclass(frozen=True, slots=True)
class HungUp(ChannelEvent):
    """The channel is gone. refused: it ended where callers are turned away. tidied: the dialplan did something more
    once it had ended, so that where that was does not show.
    """

    ended: Ended
    refused: bool = False
    tidied: bool = False


@dataclass(frozen=True, slots=True)
class PresentationTold(ChannelEvent):
    """Our dialplan snippet says how the caller wants the number presented."""

    restricted: bool


@dataclass(frozen=True, slots=True)
class ClosedTold(ChannelEvent):
    """A night switch says that the office is closed (or open) for this call, whatever the calendar says."""

    closed: bool


@dataclass(frozen=True, slots=True)
class BlockedTold(ChannelEvent):
    """The dialplan says that it turns this caller away."""

    blocked: bool


@dataclass(frozen=True, slots=True)
class AttestationTold(ChannelEvent):
    """What the carrier vouches for, as the dialplan hands it on."""

    attestation: Attestation


@dataclass(frozen=True, slots=True)
class MailboxRead(Event):
    """Somebody was let in to a mailbox, and leaves it; the PBX does not say on which channel."""

    mailbox: str = ""


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
