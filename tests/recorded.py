"""The recordings under tests/recordings: raw AMI streams of real calls, and what each call must come to."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bridge.ami.channels import ChannelNames
from bridge.ami.recording import events
from bridge.domain.calls.calls import Direction, EndedCall, Verdict
from bridge.domain.calls.events import Event
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import is_withheld
from bridge.pbx.recording import read_times

FOLDER = Path(__file__).parent / "recordings"
NAMES = ChannelNames(("PJSIP/trunk-*",))
"""Of all recordings, and of most other tests."""


@dataclass(frozen=True)
class Recording:
    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def expected(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.with_suffix(".expected.json").read_text("utf-8"))
        return found

    @property
    def names(self) -> ChannelNames:
        return ChannelNames(self.expected["trunks"])

    def events(self, chunk: int = 1 << 16) -> list[Event]:
        times = read_times(self.path.with_suffix(".idx.jsonl"))
        return list(events(self.path.read_bytes(), times, self.names, chunk))

    @property
    def cel(self) -> list[dict[str, str]]:
        """The rows of CEL that the stream brought as well, by the columns of a table `cel`."""
        blocks = self.path.read_bytes().split(b"\r\n\r\n")
        told = [_headers(block) for block in blocks if block.startswith(b"Event: CEL\r\n")]
        return [{column: headers.get(name, "") for column, name in CEL_HEADERS.items()} for headers in told]


CEL_HEADERS = {
    "eventtype": "EventName",
    "eventtime": "EventTime",
    "cid_name": "CallerIDname",
    "cid_num": "CallerIDnum",
    "cid_ani": "CallerIDani",
    "cid_rdnis": "CallerIDrdnis",
    "cid_dnid": "CallerIDdnid",
    "exten": "Exten",
    "context": "Context",
    "channame": "Channel",
    "appname": "Application",
    "appdata": "AppData",
    "accountcode": "AccountCode",
    "uniqueid": "UniqueID",
    "linkedid": "LinkedID",
    "peer": "Peer",
    "extra": "Extra",
}


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode("utf-8", "replace").split("\r\n")
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


@cache
def recordings() -> list[Recording]:
    return [Recording(path) for path in sorted(FOLDER.glob("*/*.ami"))]


def track(stream: Iterable[Event], settings: TrackerSettings | None = None) -> list[EndedCall]:
    """Every call, inbound and outbound, in the order in which they ended."""
    tracker = Tracker(settings or TrackerSettings())
    return [call for event in stream for call in tracker.feed(event)] + tracker.finish()


def inbound(calls: Iterable[EndedCall]) -> list[EndedCall]:
    found = [call for call in calls if call.direction is Direction.INBOUND]
    return sorted(found, key=lambda call: (call.started_at is None, call.started_at))


def differences(got: Sequence[EndedCall], wanted: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with these inbound calls, in words; `also_ok` counts as right."""
    if len(got) != len(wanted):
        return [f"{len(got)} calls instead of {len(wanted)}"]
    return [said for call, want in zip(got, wanted, strict=True) for said in wrong(call, want)]


def wrong(call: EndedCall, want: dict[str, Any]) -> list[str]:
    also = want.get("also_ok") or {}
    caller = call.caller.number.value if call.caller.number else call.caller.digits
    facts = {"verdict": str(call.verdict), "did": call.did, "caller": caller}
    if call.verdict is Verdict.MISSED:
        facts["reason"] = str(call.reason)
    facts |= {key: str(getattr(call, key)) for key in ("filtered", "attestation") if key in want}
    if call.verdict == want["verdict"]:
        facts["answered_by"] = call.answered_by or ""
    return [
        f"{key}: {value!r} instead of {want[key]!r}"
        for key, value in facts.items()
        if value != (_plain_caller(want) if key == "caller" else want[key] or "") and value not in also.get(key, ())
    ]


def _plain_caller(want: dict[str, Any]) -> str:
    """The contract shows a withheld number as null, the recordings' notes call it anonymous."""
    caller: str = want["caller"] or ""
    return "" if is_withheld(caller) else caller
