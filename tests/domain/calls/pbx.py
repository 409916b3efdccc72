"""A few words in which tests tell what a PBX did: `Story` writes the neutral events of one PBX, one second apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.ami.channels import ChannelNames
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.early_hangups import SETTLE
from bridge.domain.calls.events import (
    ApplicationEntered,
    Bridged,
    ChannelCreated,
    ChannelSeen,
    ChannelState,
    DialBegan,
    DialEnded,
    DialStatus,
    Doing,
    Ended,
    Event,
    HangupRequested,
    HungUp,
    LinkLost,
    SnapshotEnded,
    StateChanged,
    Unbridged,
)
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CALLER = "+31612345678"
DID = "0205550101"
TRUNK = "PJSIP/trunk-00000001"
SETTINGS = TrackerSettings(country="NL", outside_prefix="9")
NAMES = ChannelNames(("PJSIP/trunk-*",))


class Story:
    """Feeds a tracker and keeps what ended. Channels are told by name; their uniqueid is the name."""

    def __init__(self, settings: TrackerSettings = SETTINGS) -> None:
        self.tracker = Tracker(settings)
        self.now = NINE
        self.ended: list[EndedCall] = []

    @property
    def call(self) -> EndedCall:
        """The one call that ended, by now or after the moment that an incomplete story costs."""
        self.ended += self.tracker.settle(self.now + SETTLE)
        [call] = self.ended
        return call

    def feed(self, event: Event) -> None:
        self.ended += self.tracker.feed(event)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def happens(self, kind: type[Event], channel: str, linkedid: str = "", **fields: Any) -> None:
        self.wait(1)
        self.feed(kind(self.now, channel, NAMES.endpoint(channel), linkedid or channel, **fields))  # type: ignore[call-arg]

    def created(
        self,
        channel: str,
        linkedid: str = "",
        state: ChannelState = ChannelState.DOWN,
        exten: str = "s",
        number: str = "",
        restricted: bool | None = None,
        from_outside: bool = False,
    ) -> None:
        told = {
            "from_outside": from_outside,
            "exten": exten,
            "asks": exten not in ("", "s"),
            "caller_number": number,
            "caller_name": "",
        }
        self.happens(ChannelCreated, channel, linkedid, state=state, restricted=restricted, **told)

    def calls_in(self, channel: str = TRUNK, did: str = DID, number: str = CALLER) -> None:
        self.created(channel, state=ChannelState.RING, exten=did, number=number)

    def dials(self, channel: str, dest: str, dialled: str = "", linkedid: str = TRUNK) -> None:
        self.created(dest, linkedid)
        self.wait(1)
        ends = (channel, NAMES.endpoint(channel), linkedid, dest, NAMES.endpoint(dest), linkedid)
        self.feed(DialBegan(self.now, *ends, dialled or dest))

    def rings(self, channel: str) -> None:
        self.happens(StateChanged, channel, TRUNK, state=ChannelState.RINGING)

    def dial_ends(self, channel: str, dest: str, status: DialStatus) -> None:
        self.wait(1)
        ends = (channel, NAMES.endpoint(channel), TRUNK, dest, NAMES.endpoint(dest), TRUNK)
        self.feed(DialEnded(self.now, *ends, status))

    def meet(self, *channels: str, bridge: str = "b1", holding: bool = False) -> None:
        for channel in channels:
            self.happens(Bridged, channel, TRUNK, bridge=bridge, holding=holding)

    def part(self, *channels: str, bridge: str = "b1") -> None:
        for channel in channels:
            self.happens(Unbridged, channel, TRUNK, bridge=bridge)

    def enters(self, doing: Doing, channel: str = TRUNK, exten: str = "", place: str = "") -> None:
        self.happens(ApplicationEntered, channel, TRUNK, doing=doing, name=doing.value, exten=exten, place=place)

    def hangs_up(self, channel: str = TRUNK, *, caller: bool = False, ended: Ended = Ended.NORMAL) -> None:
        self.happens(HangupRequested, channel, TRUNK, by_peer=caller, ended=ended)
        self.happens(HungUp, channel, TRUNK, ended=ended)

    def link_breaks(self) -> None:
        self.wait(1)
        self.feed(LinkLost(self.now))

    def snapshot(self, *rows: ChannelSeen) -> None:
        self.wait(1)
        for row in rows:
            self.feed(row)
        self.feed(SnapshotEnded(self.now))

    def row(
        self,
        channel: str,
        linkedid: str = "",
        *,
        state: ChannelState = ChannelState.UP,
        doing: Doing = Doing.DIAL,
        dialled: bool = False,
        bridge: str = "",
        number: str = CALLER,
        seconds: int = 30,
        place: str = "",
        connected: str = "",
    ) -> ChannelSeen:
        return ChannelSeen(
            self.now,
            channel,
            NAMES.endpoint(channel),
            linkedid or channel,
            state=state,
            exten=DID,
            asks=True,
            caller_number=number,
            caller_name="",
            restricted=None,
            doing=doing,
            name=doing.value,
            dialled=dialled,
            bridge=bridge,
            seconds=seconds,
            place=place,
            connected=connected,
        )
