"""Which channels there are: made when first heard of, within bounds, and not brought back once they are gone."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.domain.calls.channels import Channel, Switchboard
from bridge.domain.calls.events import ChannelEvent, ChannelKind, Endpoint
from bridge.domain.calls.live_calls import LiveCalls

SILENT_FOR = timedelta(hours=12)  # a channel of which nothing is heard for so long has lost its Hangup
REMEMBERED = 10_000  # hung-up channels that a stray event does not bring back
MAX_CHANNELS = 50_000  # what forged events may make us hold


class ChannelRegistry:
    def __init__(self, board: Switchboard, book: LiveCalls) -> None:
        self._board = board
        self._book = book
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._link = 0

    def heard(self, event: ChannelEvent) -> Channel | None:
        return self.meet(event.uniqueid, event.channel, event.linkedid, event.at)

    def meet(self, uniqueid: str, endpoint: Endpoint, linkedid: str, at: datetime | None) -> Channel | None:
        """The channel, made if need be. None for one that is gone already or has no name."""
        channel = self._board.channels.get(uniqueid)
        if channel is None:
            if not uniqueid or not endpoint.label or uniqueid in self._gone:
                return None
            self._make_room()
            channel = self._board.add(uniqueid, endpoint, linkedid)
        elif linkedid:
            channel.linkedid = linkedid
        if endpoint.kind is ChannelKind.TRUNK and not channel.trunk:
            self._board.become(channel, endpoint)  # its name alone did not tell
        channel.heard, channel.absent = self._link, 0
        channel.heard_at = at or channel.heard_at
        return channel

    def knew(self, uniqueid: str) -> bool:
        """Is there such a channel, or was there?"""
        return uniqueid in self._board.channels or uniqueid in self._gone

    def forget(self, channel: Channel) -> None:
        self._board.remove(channel)
        self._book.forget([channel.uniqueid])
        self._gone[channel.uniqueid] = None
        while len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def next_link(self) -> None:
        """What was heard before may have ended unheard."""
        self._link += 1

    def silent(self, now: datetime) -> Sequence[Channel]:
        return [one for one in self._board.channels.values() if one.heard_at and now - one.heard_at > SILENT_FOR]

    def missing(self) -> Sequence[Channel]:
        """After a snapshot: what we held from before the link was lost, or what is absent twice in a row."""
        return [channel for channel in list(self._board.channels.values()) if self._is_missing(channel)]

    def _is_missing(self, channel: Channel) -> bool:
        if channel.shown:
            channel.shown = False
            return False
        channel.absent += 1
        return channel.heard < self._link or channel.absent >= 2

    def _make_room(self) -> None:
        if len(self._board.channels) >= MAX_CHANNELS:
            oldest = next((c for c in self._board.channels.values() if not self._book.of(c.uniqueid)), None)
            if oldest:
                self.forget(oldest)
