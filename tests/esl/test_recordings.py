"""Every recorded call of FreeSWITCH gets its verdict, however its bytes and its events arrive, or fail to.

The suite looks at a share of the places where a stream can break; `make deep` at all of them.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.calls.calls import Direction, EndedCall, Reason, Verdict
from bridge.domain.calls.events import Event, LinkLost, NobodyDialled
from bridge.esl.decode import Decoder
from bridge.esl.protocol import Message
from bridge.esl.snapshot import seen
from bridge.esl.variables import stamp_of
from tests.depth import a_share
from tests.esl.mixed import Mix
from tests.esl.recorded import SETTINGS, Recording, Switch, decoded, recordings, unbroken
from tests.recorded import differences, inbound, track, wrong

pytestmark = pytest.mark.slow

STEP = 20_000  # microseconds, of a switch's stamps
GAP = 3  # events that nobody hears
AHEAD = 5  # so many events less one a switch may be ahead of what we have read
ATTEMPTED = {"no_answer": Reason.NO_ANSWER, "busy": Reason.BUSY}


def test_every_recorded_call_gets_its_verdict() -> None:
    got = {str(one): differences(inbound(track(one.events(), SETTINGS)), one.expected["calls"]) for one in recordings()}
    assert {name: said for name, said in got.items() if said} == {}
    assert len(got) == 112


def test_calls_that_the_office_makes_are_told_with_who_made_them_and_whether_somebody_answered() -> None:
    for recording in recordings():
        calls = [call for call in track(recording.events(), SETTINGS) if call.direction is Direction.OUTBOUND]
        for call, made in zip(calls, recording.expected.get("outbound", ()), strict=False):
            assert (call.answered_by, call.did) == (made["by"], made["number"])
            assert (call.verdict is Verdict.ANSWERED) == made["answered"]


@pytest.mark.parametrize("recording", [one for one in recordings() if "originates" in one.expected], ids=str)
def test_what_came_of_an_attempt_of_ours_is_told_by_its_own_name(recording: Recording) -> None:
    events = recording.events()
    nobody = {event.attempt_id: event.why for event in events if isinstance(event, NobodyDialled)}
    calls = {call.attempt_id: call for call in track(events, SETTINGS) if call.direction is Direction.OUTBOUND}
    for attempt in recording.expected["originates"]:
        name, result = attempt["attempt"], attempt["result"]
        if result == "nobody_dialled":
            assert nobody == {name: ATTEMPTED[attempt["why"]]}
        elif result == "not_offered":
            assert nobody == {name: Reason.NOT_OFFERED}
        elif result != "listen":
            assert nobody == {}
            assert calls[name].answered_by == attempt["phone"]
            assert (calls[name].verdict is Verdict.ANSWERED) == (result == "answered")


def test_what_the_dialplan_set_for_us_is_told() -> None:
    closed = [one for one in recordings() if "closed" in one.expected]
    told = {str(one): [call.told_closed for call in inbound(track(one.events(), SETTINGS))] for one in closed}
    assert told == {str(one): [True] for one in closed}
    assert len(closed) == 4


@given(recording=st.sampled_from(recordings()), chunk=st.integers(1, 900))
def test_the_size_of_the_reads_changes_nothing(recording: Recording, chunk: int) -> None:
    assert recording.events(chunk) == recording.events()


def test_nothing_is_left_behind_when_all_have_hung_up() -> None:
    for recording in unbroken():
        decoder = Decoder(recording.names)
        list(decoded(recording.messages, decoder))
        assert (len(decoder.legs), decoder.talks.open) == (0, set())


# --- disturbed


@given(recording=st.sampled_from(unbroken()), seed=st.integers(0, 2**32))
def test_ends_of_one_moment_may_come_in_any_order(recording: Recording, seed: int) -> None:
    assert _judged(_ends_shuffled(recording.messages, random.Random(seed)), recording) == []


@given(recording=st.sampled_from(unbroken()), seed=st.integers(0, 2**32))
def test_events_may_be_repeated_at_once_or_a_little_later(recording: Recording, seed: int) -> None:
    chance, messages = random.Random(seed), list(recording.messages)
    for _ in range(len(messages) // 3):
        place = chance.randrange(len(messages))
        messages.insert(place + chance.choice((1, 1, 2, 4)), messages[place])
    assert _judged(messages, recording) == []


def _judged(messages: Iterable[Message], recording: Recording) -> list[str]:
    calls = inbound(track(decoded(messages, Decoder(recording.names)), SETTINGS))
    return differences(calls, recording.expected["calls"])


def _ends_shuffled(messages: Sequence[Message], chance: random.Random) -> list[Message]:
    """What ends something changes places with what else ends within a step of the clock."""
    found, begin = list(messages), 0
    while begin < len(found):
        end = begin
        while end < len(found) and _stamp(found[end]) - _stamp(found[begin]) <= STEP:
            end += 1
        places = [place for place in range(begin, end) if found[place].event in ENDS]
        shuffled = [found[place] for place in chance.sample(places, len(places))]
        for place, message in zip(places, shuffled, strict=True):
            found[place] = message
        begin = end
    return found


ENDS = ("CHANNEL_HANGUP_COMPLETE", "CHANNEL_UNBRIDGE", "CHANNEL_UNHOLD", "CUSTOM")


# --- broken off


@cache
def places() -> list[tuple[Recording, int]]:
    found = [(one, place) for one in unbroken() for place in range(len(one.messages) + 1)]
    return list(a_share(random.Random(1).sample(found, 250), found))


def test_whoever_joins_at_any_event_judges_the_rest_right_or_says_unknown() -> None:
    said = [said for recording, place in places() for said in _joined_at(recording, place)]
    assert said == []


@pytest.mark.parametrize("resynced", [True, False], ids=["resynced", "without an answer"])
def test_a_cut_of_some_events_anywhere_leaves_calls_right_or_unknown(resynced: bool) -> None:
    said = [said for recording, place in places() for said in _cut_at(recording, place, resynced=resynced)]
    assert said == []


def test_looking_at_who_lives_now_and_then_changes_no_verdict_though_the_switch_is_ahead_of_its_events() -> None:
    said = [said for recording, place in places() for said in _looked_at(recording, place)]
    assert said == []


def test_most_calls_that_a_cut_goes_through_are_known_all_the_same() -> None:
    unknown = whole = 0
    for recording, place in places():
        calls = inbound(track(_stream_cut_at(recording, place, resynced=True), SETTINGS))
        unknown += sum(call.verdict is Verdict.UNKNOWN for call in calls)
        whole += len(calls)
    assert unknown / whole < 0.2


def _joined_at(recording: Recording, place: int) -> list[str]:
    before, after = recording.messages[:place], recording.messages[place:]
    decoder, switch = Decoder(recording.names), Switch()
    for message in before:
        switch.tells(message)
    snapshot = seen(switch.snapshot(), decoder, _when(before[-1]) if before else None)
    calls = track([*snapshot, *decoded(after, decoder)], SETTINGS)
    lives = {uuid for uuid in _wanted(recording) if any(_ends(message, uuid) for message in after)}
    return [f"{recording} at {place}: {said}" for said in _never_wrong(calls, _wanted(recording), lives)]


def _looked_at(recording: Recording, place: int) -> list[str]:
    decoder, switch = Decoder(recording.names), Switch()
    stream = list(decoded(recording.messages[:place], decoder))
    for message in recording.messages[: place + place % AHEAD]:
        switch.tells(message)
    stream += seen(switch.snapshot(), decoder, _when(recording.messages[place - 1]) if place else None)
    stream += decoded(recording.messages[place:], decoder)
    calls, wanted = track(stream, SETTINGS), _wanted(recording)
    said = _never_wrong(calls, wanted, set(wanted)) + [f"{call.did} unknown" for call in inbound(calls) if _lost(call)]
    return [f"{recording} at {place}: {one}" for one in said]


def _lost(call: EndedCall) -> bool:
    return call.verdict is Verdict.UNKNOWN


def _cut_at(recording: Recording, place: int, *, resynced: bool) -> list[str]:
    gap = recording.messages[place : place + GAP]
    calls = track(_stream_cut_at(recording, place, resynced=resynced), SETTINGS)
    wanted = _wanted(recording)
    heard = {message.get("Unique-ID") for message in recording.messages if message not in gap}
    said = _never_wrong(calls, wanted, {uuid for uuid in wanted if uuid in heard})
    return [f"{recording} at {place}: {one}" for one in said]


def _stream_cut_at(recording: Recording, place: int, *, resynced: bool) -> list[Event]:
    before, gap = recording.messages[:place], recording.messages[place : place + GAP]
    decoder, switch = Decoder(recording.names), Switch()
    stream = list(decoded(before, decoder))
    for message in (*before, *gap):
        switch.tells(message)
    decoder.forget()
    lost, back = _when(before[-1]) if before else None, _when(gap[-1]) if gap else None
    stream.append(LinkLost(lost))
    if resynced:
        stream += seen(switch.snapshot(), decoder, back or lost)
    return [*stream, *decoded(recording.messages[place + GAP :], decoder)]


def _never_wrong(calls: Iterable[EndedCall], wanted: Mapping[str, dict[str, Any]], must: set[str]) -> list[str]:
    said: list[str] = []
    told: dict[str, EndedCall] = {}
    for call in inbound(calls):
        uuid = call.key.uniqueid
        if uuid in told or uuid not in wanted:
            said.append(f"a call that is none: {call.channel}")
        elif call.verdict is not Verdict.UNKNOWN:
            said += wrong(call, wanted[uuid])
        told[uuid] = call
    return said + [f"no word of the call to {wanted[uuid]['did']}" for uuid in sorted(must - told.keys())]


@cache
def _wanted(recording: Recording) -> Mapping[str, dict[str, Any]]:
    """What each inbound call must come to, by its uuid."""
    calls = inbound(track(recording.events(), SETTINGS))
    return {call.key.uniqueid: want for call, want in zip(calls, recording.expected["calls"], strict=True)}


def _ends(message: Message, uuid: str) -> bool:
    return message.event == "CHANNEL_HANGUP_COMPLETE" and message.get("Unique-ID") == uuid


def _when(message: Message) -> datetime | None:
    return stamp_of(message.get("Event-Date-Timestamp"))


def _stamp(message: Message) -> int:
    return int(message.get("Event-Date-Timestamp", "0"))


# --- all at once


@pytest.mark.parametrize("seed", a_share([0], range(1, 21)))
def test_hundreds_of_calls_at_once_with_names_that_lead_astray_are_each_judged_by_itself(seed: int) -> None:
    mix = Mix(unbroken(), calls=400, chance=random.Random(seed))
    decoder = Decoder(mix.names)
    calls = {call.key.uniqueid: call for call in inbound(track(decoded(mix.messages, decoder), SETTINGS))}
    assert calls.keys() == mix.wanted.keys()
    said = {name: found for name, want in mix.wanted.items() if (found := _not_as_wanted(calls[name], want))}
    assert said == {}
    assert (len(decoder.legs), decoder.talks.open) == (0, set())


def _not_as_wanted(call: EndedCall, want: dict[str, Any]) -> list[str]:
    """The caller was written anew."""
    return [said for said in wrong(call, want) if not said.startswith("caller")]
