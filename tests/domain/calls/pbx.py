"""A few words in which tests tell what a PBX did: `Story` writes the neutral events of one PBX, one second apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.early_hangups import SETTLE
from bridge.domain.calls.events import (
    Bridged,
    ChannelCreated,
    ChannelSeen,
    ChannelState,
    DialBegan,
    DialEnded,
    DialStatus,
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
SETTINGS = TrackerSettings(trunks=("PJSIP/trunk-*",), country="NL", outside_prefix="9")


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
        self.feed(kind(self.now, channel, channel, linkedid or channel, **fields))  # type: ignore[call-arg]

    def created(
        self,
        channel: str,
        linkedid: str = "",
        state: ChannelState = ChannelState.DOWN,
        exten: str = "s",
        number: str = "",
        context: str = "",
    ) -> None:
        told = {"state": state, "context": context, "exten": exten, "caller_number": number, "caller_name": ""}
        self.happens(ChannelCreated, channel, linkedid, **told)

    def calls_in(self, channel: str = TRUNK, did: str = DID, number: str = CALLER) -> None:
        self.created(channel, state=ChannelState.RING, exten=did, number=number, context="from-trunk")

    def dials(self, channel: str, dest: str, dialled: str = "", linkedid: str = TRUNK) -> None:
        self.created(dest, linkedid)
        self.wait(1)
        self.feed(DialBegan(self.now, channel, channel, linkedid, dest, dest, linkedid, dialled or dest))

    def rings(self, channel: str) -> None:
        self.happens(StateChanged, channel, TRUNK, state=ChannelState.RINGING)

    def dial_ends(self, channel: str, dest: str, status: DialStatus) -> None:
        self.wait(1)
        self.feed(DialEnded(self.now, channel, channel, TRUNK, dest, dest, TRUNK, status))

    def meet(self, *channels: str, bridge: str = "b1", holding: bool = False) -> None:
        for channel in channels:
            self.happens(Bridged, channel, TRUNK, bridge=bridge, holding=holding)

    def part(self, *channels: str, bridge: str = "b1") -> None:
        for channel in channels:
            self.happens(Unbridged, channel, TRUNK, bridge=bridge)

    def hangs_up(self, channel: str = TRUNK, *, caller: bool = False, cause: int = 16) -> None:
        self.happens(HangupRequested, channel, TRUNK, by_peer=caller)
        self.happens(HungUp, channel, TRUNK, cause=cause)

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
        application: str = "Dial",
        bridge: str = "",
        number: str = CALLER,
    ) -> ChannelSeen:
        return ChannelSeen(
            self.now,
            channel,
            channel,
            linkedid or channel,
            state=state,
            context="from-trunk",
            exten=DID,
            caller_number=number,
            caller_name="",
            application=application,
            bridge=bridge,
            seconds=30,
        )
