"""Every recorded call gets its verdict, however its bytes and its events arrive."""

import random
from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.ami.decode import Decoder
from bridge.ami.protocol import Message
from bridge.domain.calls.events import ChannelEvent, Event, LinkLost, SnapshotEnded
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from tests.recorded import NAMES, Recording, differences, inbound, recordings, track

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("recording", recordings(), ids=str)
def test_every_recorded_call_gets_its_verdict(recording: Recording) -> None:
    calls = inbound(track(recording.events()))
    assert differences(calls, recording.expected["calls"]) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(recordings()), chunk=st.integers(1, 900))
def test_the_size_of_the_reads_changes_nothing(recording: Recording, chunk: int) -> None:
    assert recording.events(chunk) == recording.events()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(recording=st.sampled_from(recordings()), seed=st.integers(0, 2**32))
def test_events_of_one_moment_may_be_reordered_and_repeated(recording: Recording, seed: int) -> None:
    stream = list(_disturbed(recording.events(), random.Random(seed)))
    calls = inbound(track(stream))
    assert differences(calls, recording.expected["calls"]) == []


@pytest.mark.parametrize("recording", recordings(), ids=str)
def test_no_complete_recording_makes_a_verdict_wait(recording: Recording) -> None:
    tracker = Tracker(TrackerSettings())
    for event in recording.events():
        tracker.feed(event)
        assert not tracker.settling or tracker_met_a_gap(recording)


def tracker_met_a_gap(recording: Recording) -> bool:
    return any(isinstance(event, LinkLost) for event in recording.events())


def test_events_of_other_names_mean_nothing() -> None:
    assert (
        Decoder(NAMES).decode(Message("SomethingNew", (("Uniqueid", "1.1"), ("Channel", "PJSIP/trunk-1"))), None)
        is None
    )


@pytest.mark.parametrize("recording", recordings(), ids=str)
def test_nothing_is_left_behind_when_all_have_hung_up(recording: Recording) -> None:
    tracker = Tracker(TrackerSettings())
    for event in recording.events():
        tracker.feed(event)
    tracker.finish()
    assert tracker.live_calls == 0


def _disturbed(events: list[Event], chance: random.Random) -> Iterator[Event]:
    """Events of one millisecond in any order that keeps each channel's own, some of them twice."""
    for _, group in groupby(events, key=_moment):
        yield from _shuffled([event for event in group for _ in range(chance.choice((1, 1, 2)))], chance)


def _moment(event: Event) -> object:
    if event.at is None or isinstance(event, LinkLost | SnapshotEnded):
        return event
    return int(event.at.timestamp() * 1000)


def _shuffled(events: list[Event], chance: random.Random) -> Iterator[Event]:
    """A random merge of the channels' own sequences."""
    lanes: dict[str, list[Event]] = {}
    for event in events:
        lanes.setdefault(event.uniqueid if isinstance(event, ChannelEvent) else "", []).append(event)
    while lanes:
        lane = chance.choice(sorted(lanes))
        yield lanes[lane].pop(0)
        if not lanes[lane]:
            del lanes[lane]
