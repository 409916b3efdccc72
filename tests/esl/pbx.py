"""A small FreeSWITCH for tests: messages as it would send them, and what the tracker makes of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bridge.domain.calls.calls import Direction, EndedCall
from bridge.domain.calls.events import Event
from bridge.domain.calls.tracker import Tracker
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import Decoder
from bridge.esl.protocol import Message
from tests.esl.recorded import SETTINGS

CALLER, DID = "+31612345678", "0205550101"
STAY = ("variable_", "Caller-", "Channel-", "Call-")
"""How the headers begin that stand in every later event of a channel."""


Told = TypeVar("Told", bound=Event)


class Story:
    """Tells of channels by short names; time passes only by `later`."""

    def __init__(self, names: ChannelNames | None = None) -> None:
        self.decoder = Decoder(names or ChannelNames(("external",)))
        self.tracker = Tracker(SETTINGS)
        self.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
        self.events: list[Event] = []
        self.ended: list[EndedCall] = []
        self._told: dict[str, dict[str, object]] = {}

    @property
    def calls(self) -> list[EndedCall]:
        self.ended += self.tracker.finish()
        return [call for call in self.ended if call.direction is Direction.INBOUND]

    @property
    def call(self) -> EndedCall:
        [call] = self.calls
        return call

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tells(self, event: str, uuid: str = "", **values: object) -> list[Event]:
        """Names of headers with `_` for `-`; those in lower case are variables, and stay on the channel."""
        headers = {_header(name): value for name, value in values.items()}
        channel = self._told.setdefault(uuid, {"Unique-ID": uuid}) if uuid else {}
        channel |= {name: value for name, value in headers.items() if name.startswith(STAY)}
        stamp = str(int(self.now.timestamp() * 1_000_000))
        events = self.decoder.feed(
            Message({"Event-Name": event, "Event-Date-Timestamp": stamp} | channel | headers), None
        )
        for told in events:
            self.ended += self.tracker.feed(told)
        self.events += events
        return events

    def calls_in(self, uuid: str = "A", **values: object) -> None:
        usual = {
            "Channel_Name": f"sofia/external/{CALLER}@carrier",
            "Call_Direction": "inbound",
            "Caller_Caller_ID_Number": CALLER,
            "Caller_Destination_Number": DID,
            "Caller_Context": "public",
        }
        self.tells("CHANNEL_CREATE", uuid, **usual | values)

    def dials(self, uuid: str, user: str = "101", of: str = "A", **values: object) -> None:
        usual = {
            "Channel_Name": f"sofia/internal/{user}@desk",
            "Call_Direction": "outbound",
            "Caller_Caller_ID_Number": CALLER,
            "Caller_Destination_Number": user,
            "dialed_user": user,
            "originating_leg_uuid": of,
        }
        self.tells("CHANNEL_CREATE", uuid, **usual | values)

    def rings(self, uuid: str) -> None:
        self.tells("CHANNEL_PROGRESS", uuid)

    def answers(self, *uuids: str) -> None:
        for uuid in uuids:
            self.tells("CHANNEL_ANSWER", uuid, Answer_State="answered")

    def bridges(self, one: str, other: str) -> None:
        self.tells("CHANNEL_BRIDGE", one, Bridge_A_Unique_ID=one, Bridge_B_Unique_ID=other)

    def unbridges(self, one: str, other: str) -> None:
        self.tells("CHANNEL_UNBRIDGE", one, Bridge_A_Unique_ID=one, Bridge_B_Unique_ID=other)

    def runs(self, application: str, data: str = "", uuid: str = "A", **values: object) -> None:
        self.tells("CHANNEL_EXECUTE", uuid, Application=application, Application_Data=data, **values)

    def hangs_up(self, uuid: str = "A", cause: str = "NORMAL_CLEARING", by: str = "", **values: object) -> None:
        """by: as `sip_hangup_disposition` has it."""
        told = {"sip_hangup_disposition": by} if by else {}
        self.tells("CHANNEL_HANGUP_COMPLETE", uuid, Hangup_Cause=cause, Answer_State="hangup", **told, **values)

    def talks(self, uuid: str = "B", user: str = "101") -> None:
        self.dials(uuid, user)
        self.rings(uuid)
        self.later(2)
        self.answers(uuid, "A")
        self.bridges("A", uuid)
        self.later(5)

    def of(self, kind: type[Told]) -> Sequence[Told]:
        return [event for event in self.events if isinstance(event, kind)]


def _header(name: str) -> str:
    if name.startswith("_"):
        return name
    return f"variable_{name}" if name[0].islower() else name.replace("_", "-")
