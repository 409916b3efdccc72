"""What is left of a verdict where the stream has a hole: an event that never came, a link that broke in mid call."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.ami.decode import WANTED, Decoder
from bridge.ami.injection import InjectionRepair
from bridge.ami.protocol import Message, MessageFramer
from bridge.ami.recording import GREETING
from bridge.domain.calls.calls import EndedCall, Verdict
from bridge.domain.calls.events import Event, LinkLost, SnapshotEnded
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.pbx.recording import read_times
from tests.recorded import NAMES, Recording, inbound, recordings, track

pytestmark = pytest.mark.slow

SHOWN = (
    *("Channel", "ChannelState", "Linkedid", "Context", "Exten", "Priority"),
    *("CallerIDNum", "CallerIDName", "ConnectedLineNum"),
)
Rows = dict[str, dict[str, str]]


@cache
def eventful() -> list[Recording]:
    return [one for one in recordings() if one.expected["calls"]]


@cache
def unbroken() -> list[Recording]:
    """Those of one connection, so that we can break it where we like."""
    return [one for one in eventful() if len(GREETING.findall(one.path.read_bytes())) == 1]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(eventful()), place=st.integers(0, 10**6))
def test_one_event_that_never_comes_answers_no_call_and_makes_none(recording: Recording, place: int) -> None:
    stream = recording.events()
    place %= len(stream)
    whole = _by_key(track(stream))
    holed = _by_key(track([*stream[:place], *stream[place + 1 :]]))
    assert holed.keys() <= whole.keys()
    answered = {key for key, call in holed.items() if call.verdict in (Verdict.ANSWERED, Verdict.ANSWERED_THEN_LOST)}
    assert all(whole[key].verdict in (Verdict.ANSWERED, Verdict.ANSWERED_THEN_LOST) for key in answered)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(unbroken()), place=st.integers(0, 10**6))
def test_a_link_that_breaks_for_a_moment_changes_no_verdict(recording: Recording, place: int) -> None:
    followed = list(_followed(recording))
    place %= len(followed)
    at, rows = followed[place][0].at, followed[place][1]
    stream = [event for event, _ in followed]
    cut = [*stream[: place + 1], LinkLost(at), *_snapshot(rows, at), *stream[place + 1 :]]
    assert _told(track(cut)) == _told(track(stream))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(unbroken()), place=st.integers(0, 10**6), length=st.integers(1, 40))
def test_what_a_gap_of_some_events_hid_makes_no_talk_a_missed_call(
    recording: Recording, place: int, length: int
) -> None:
    followed = list(_followed(recording))
    place %= len(followed)
    last = min(place + length, len(followed) - 1)
    stream, rows = [event for event, _ in followed], followed[last][1]
    snapshot = _snapshot(rows, followed[last][0].at)
    cut = [*stream[:place], LinkLost(followed[place][0].at), *snapshot, *stream[last + 1 :]]
    whole = _by_key(track(stream))
    missed = [key for key, call in _by_key(track(cut)).items() if call.verdict is Verdict.MISSED]
    talked = (Verdict.ANSWERED, Verdict.ANSWERED_THEN_LOST)
    assert [key for key in missed if key in whole and whole[key].verdict in talked] == []


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(unbroken()), place=st.integers(0, 10**6))
def test_a_daemon_that_starts_in_mid_call_answers_no_call_and_makes_none(recording: Recording, place: int) -> None:
    followed = list(_followed(recording))
    place %= len(followed)
    at, rows = followed[place][0].at, followed[place][1]
    tracker, rest = Tracker(TrackerSettings()), [event for event, _ in followed[place + 1 :]]
    late = [call for event in (*_snapshot(rows, at), *rest) for call in tracker.feed(event)] + tracker.finish()
    whole = _by_key(track([event for event, _ in followed]))
    for key, call in _by_key(late).items():
        assert key in whole
        assert call.verdict is not Verdict.ANSWERED or whole[key].answered_by is not None


def _by_key(calls: list[EndedCall]) -> dict[str, EndedCall]:
    return {call.key.uniqueid: call for call in inbound(calls)}


def _told(calls: list[EndedCall]) -> dict[str, Any]:
    return {key: (call.verdict, call.reason, call.answered_by) for key, call in _by_key(calls).items()}


def _followed(recording: Recording) -> Iterator[tuple[Event, Rows]]:
    """Every event, with what CoreShowChannels would have shown right behind it."""
    times, offset = read_times(recording.path.with_suffix(".idx.jsonl")), 0
    mender, decoder, rows = InjectionRepair(), Decoder(NAMES), Rows()
    for message in MessageFramer().feed(recording.path.read_bytes()):
        at = times.at(offset)
        offset += message.raw_size
        for whole in mender.feed(message):
            _remember(rows, whole)
            event = decoder.decode(whole, at) if whole.event in WANTED else None
            if event:
                yield event, {uniqueid: dict(row) for uniqueid, row in rows.items()}


def _remember(rows: Rows, message: Message) -> None:
    uniqueid = message.get("Uniqueid")
    if message.event == "Newchannel":
        rows[uniqueid] = {"BridgeId": "", "Application": ""}
    row = rows.get(uniqueid)
    if row is None:
        return
    row |= {key: message.get(key) for key in SHOWN if message.get(key)}
    match message.event:
        case "Newexten":
            row |= {"Application": message.get("Application"), "ApplicationData": message.get("AppData")}
        case "BridgeEnter":
            row["BridgeId"] = message.get("BridgeUniqueid")
        case "BridgeLeave" if row["BridgeId"] == message.get("BridgeUniqueid"):
            row["BridgeId"] = ""
        case "Rename":
            row["Channel"] = message.get("Newname")
        case "Hangup":
            del rows[uniqueid]


def _snapshot(rows: Rows, at: datetime | None) -> list[Event]:
    decoder = Decoder(NAMES)
    shown = [Message("CoreShowChannel", (("Uniqueid", uniqueid), *row.items())) for uniqueid, row in rows.items()]
    return [event for message in shown if (event := decoder.decode(message, at))] + [SnapshotEnded(at)]
