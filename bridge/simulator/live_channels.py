"""What a switch would answer when it is asked who lives: every channel with all that its events told of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

STATES = {
    "CHANNEL_PROGRESS": "RINGING",
    "CHANNEL_PROGRESS_MEDIA": "EARLY",
    "CHANNEL_ANSWER": "ACTIVE",
    "CHANNEL_HOLD": "HELD",
    "CHANNEL_UNHOLD": "ACTIVE",
}
GONE = "-ERR No such channel!\n"


class LiveChannels:
    def __init__(self) -> None:
        self._channels: dict[str, dict[str, Any]] = {}
        self._first: dict[str, str] = {}
        self._pairs: dict[str, str] = {}
        self._ended: set[str] = set()
        self._now = "0"

    def __len__(self) -> int:
        return len(self._channels)

    def happens(self, event: Mapping[str, Any]) -> None:
        self._now = event.get("Event-Date-Timestamp", self._now)
        uuid, name = event.get("Unique-ID", ""), event["Event-Name"]
        if not uuid or uuid in self._ended:
            return
        if name == "CHANNEL_HANGUP_COMPLETE":
            self._end(uuid)
            return
        channel = self._channels.setdefault(uuid, {})
        self._first.setdefault(uuid, event.get("Caller-Destination-Number", ""))
        before = channel.get("Channel-Call-State", "DOWN")
        channel |= {**event, "Channel-Call-State": STATES.get(name, before)}
        self._bridge(event)

    def _end(self, uuid: str) -> None:
        self._channels.pop(uuid, None)
        self._first.pop(uuid, None)
        self._ended.add(uuid)
        self._pairs = {one: other for one, other in self._pairs.items() if uuid not in (one, other)}

    def _bridge(self, event: Mapping[str, Any]) -> None:
        one, other = event.get("Bridge-A-Unique-ID", ""), event.get("Bridge-B-Unique-ID", "")
        if event["Event-Name"] == "CHANNEL_BRIDGE":
            self._pairs = {a: b for a, b in self._pairs.items() if not {a, b} & {one, other}} | {one: other}
            for here, there in ((one, other), (other, one)):
                self._channels.get(here, {})["variable_last_bridge_to"] = there
        elif event["Event-Name"] == "CHANNEL_UNBRIDGE" and self._pairs.get(one) == other:
            del self._pairs[one]
        elif event.get("Action") == "add-member":
            member = self._channels[event["Unique-ID"]]
            member["variable_conference_uuid"] = event.get("Conference-Unique-ID", "")
            member["variable_conference_name"] = event.get("Conference-Name", "")

    def show_channels(self) -> str:
        return _shown(
            [
                {
                    "uuid": uuid,
                    "application": channel.get("Application", ""),
                    "application_data": channel.get("Application-Data", ""),
                    "initial_dest": self._first[uuid],
                }
                for uuid, channel in self._channels.items()
            ]
        )

    def show_bridged_calls(self) -> str:
        return _shown([{"uuid": one, "b_uuid": other} for one, other in self._pairs.items()])

    def uuid_dump(self, uuid: str) -> str:
        channel = self._channels.get(uuid)
        if channel is None:
            return GONE
        return json.dumps(channel | {"Event-Name": "CHANNEL_DATA", "Event-Date-Timestamp": self._now})

    def dumps(self) -> list[str]:
        return [self.uuid_dump(uuid) for uuid in self._channels]


def _shown(rows: Sequence[Mapping[str, str]]) -> str:
    return json.dumps({"row_count": len(rows)} | ({"rows": rows} if rows else {}))
