"""What a real FreeSWITCH answered in the middle of calls (`tests/esl/answers`, byte for byte), and what comes of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.domain.calls.calls import EndedCall, Talk, Verdict
from bridge.domain.calls.events import ChannelKind, ChannelSeen, ChannelState, Doing, Held, SnapshotEnded
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from bridge.esl.channels import ChannelNames
from bridge.esl.decode import Decoder
from bridge.esl.protocol import Framer
from bridge.esl.resync import SHOW_BRIDGED, SHOW_CHANNELS, Resync
from bridge.esl.snapshot import Snapshot, seen
from tests.esl.recorded import SETTINGS

ANSWERS = Path(__file__).parent / "answers"
CALLER = E164("+31612345678")
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
NAMES = ChannelNames(("external", "external2", "office"))


def answers(name: str) -> list[str]:
    return [block.text for block in Framer().feed((ANSWERS / f"{name}.esl").read_bytes())]


def snapshot(name: str) -> Snapshot:
    channels, bridged, *dumps = answers(name)
    return Snapshot(channels, bridged, tuple(dumps))


def shown(name: str) -> dict[ChannelKind, list[ChannelSeen]]:
    events = [event for event in seen(snapshot(name), Decoder(NAMES), NOW) if isinstance(event, ChannelSeen)]
    return {kind: [event for event in events if event.channel.kind is kind] for kind in ChannelKind}


def joined(name: str) -> Tracker:
    tracker = Tracker(SETTINGS)
    for event in seen(snapshot(name), Decoder(NAMES), NOW):
        tracker.feed(event)
    return tracker


def given_up(tracker: Tracker) -> list[EndedCall]:
    """What is known of them when their ends are never heard."""
    return tracker.finish()


@pytest.mark.parametrize(
    ("name", "with_whom"),
    [
        ("talk", "101"),
        ("hold", "101"),
        ("talk_after_hold", "101"),
        ("one_profile_talk", "111"),
        ("queue_talk", "102"),
        ("fifo_talk", "103"),
        ("conference", "102"),
        ("loopback_ringgroup_talk", "105"),
        ("after_attended_transfer", "103"),
        ("consultation", "101"),
    ],
)
def test_who_talks_now_is_known_to_whoever_joins(name: str, with_whom: str) -> None:
    assert joined(name).talks() == {CALLER: Talk(with_whom, True, NOW)}


@pytest.mark.parametrize(
    "name", ["ringing", "ringgroup", "menu", "queue_waiting", "fifo_waiting", "park_app", "voicemail"]
)
def test_whoever_talks_with_nobody_yet_is_no_talk(name: str) -> None:
    assert joined(name).talks() == {CALLER: Talk("", False)}


@pytest.mark.parametrize(
    ("name", "doing"),
    [
        ("ringing", Doing.DIAL),
        ("menu", Doing.MENU),
        ("queue_waiting", Doing.QUEUE),
        ("fifo_waiting", Doing.QUEUE),
        ("park_app", Doing.PARK),
        ("park_valet", Doing.PARK),
        ("voicemail", Doing.VOICEMAIL),
        ("closed_announcement", Doing.ANNOUNCEMENT),
        ("conference", Doing.WAIT),
        ("talk_after_hold", Doing.OTHER),  # `playback` still stands there
    ],
)
def test_what_runs_on_a_caller_stands_in_the_list(name: str, doing: Doing) -> None:
    [caller] = shown(name)[ChannelKind.TRUNK]
    assert caller.doing is doing


@pytest.mark.parametrize("name", ["ringing", "queue_waiting", "fifo_waiting", "queue_agent_rings"])
def test_a_phone_that_rings_is_of_its_callers_call(name: str) -> None:
    [caller], [phone] = shown(name)[ChannelKind.TRUNK], shown(name)[ChannelKind.PHONE]
    assert (phone.linkedid, phone.state, phone.dialled) == (caller.uniqueid, ChannelState.RINGING, True)


def test_whom_a_dead_colleague_joined_only_the_bridge_tells() -> None:
    [caller], [phone] = (shown("after_attended_transfer")[kind] for kind in (ChannelKind.TRUNK, ChannelKind.PHONE))
    assert phone.bridge == caller.bridge != ""
    assert phone.linkedid == caller.uniqueid


@pytest.mark.parametrize(
    ("name", "unheard"), [("park_valet", True), ("talk", True), ("ringing", False), ("menu", False)]
)
def test_a_caller_who_has_talked_unheard_says_so(name: str, *, unheard: bool) -> None:
    [caller] = shown(name)[ChannelKind.TRUNK]
    assert caller.unheard is unheard


def test_who_is_on_hold_is_told_before_who_is_there() -> None:
    decoder = Decoder(NAMES)
    list(seen(snapshot("talk"), decoder, NOW))
    decoder.forget()
    first = next(iter(seen(snapshot("hold"), decoder, NOW)))
    assert isinstance(first, Held)
    assert first.on


def test_a_withheld_caller_stays_withheld_and_the_number_called_is_that_of_the_beginning() -> None:
    [caller] = shown("ringing_withheld")[ChannelKind.TRUNK]
    assert (caller.restricted, caller.exten) == (True, "0205550103")
    assert joined("ringing_withheld").talks() == {}


def test_what_the_dialplan_said_of_a_call_is_heard_from_its_dump() -> None:
    [call] = given_up(joined("closed_announcement"))
    assert (call.told_closed, call.verdict) == (True, Verdict.UNKNOWN)


def test_what_uuid_dump_does_not_find_is_gone_whatever_the_list_says() -> None:
    told = snapshot("talk")
    gone = Snapshot(told.channels, told.bridged, ("-ERR No such channel!\n",) * 2)
    assert list(seen(gone, Decoder(NAMES), NOW)) == [SnapshotEnded(NOW)]


@pytest.mark.parametrize(
    "odd", ["", "{", "[]", '{"row_count":1}', '{"row_count":1,"rows":[7,null,{"uuid":7}]}', "-ERR no"]
)
def test_answers_that_are_none_show_nobody(odd: str) -> None:
    assert list(seen(Snapshot(odd, odd, (odd,)), Decoder(NAMES), NOW)) == [SnapshotEnded(NOW)]


def test_a_leg_that_the_lagging_list_leaves_out_once_is_not_given_up() -> None:
    decoder = Decoder(NAMES)
    list(seen(snapshot("talk"), decoder, NOW))
    nobody = Snapshot('{"row_count":0}', '{"row_count":0}', ())
    list(seen(nobody, decoder, NOW))
    assert len(decoder.legs) == 2
    list(seen(nobody, decoder, NOW))
    assert len(decoder.legs) == 0


def test_after_a_lost_link_whoever_is_left_out_is_gone() -> None:
    decoder = Decoder(NAMES)
    list(seen(snapshot("talk"), decoder, NOW))
    decoder.forget()
    list(seen(Snapshot('{"row_count":0}', '{"row_count":0}', ()), decoder, NOW))
    assert len(decoder.legs) == 0


# --- asking


def test_channels_and_bridges_are_asked_for_then_each_channel() -> None:
    resync, (channels, bridged, *dumps) = Resync(), answers("talk")
    assert resync.asks == [SHOW_CHANNELS, SHOW_BRIDGED]
    assert list(resync.answered(channels)) == []
    asked = resync.answered(bridged)
    assert [command.split()[0] for command in asked] == ["uuid_dump", "uuid_dump"]
    for dump in dumps:
        assert resync.snapshot is None
        assert list(resync.answered(dump)) == []
    assert resync.snapshot == snapshot("talk")


def test_where_nobody_lives_nothing_more_is_asked() -> None:
    resync = Resync()
    for _ in resync.asks:
        assert list(resync.answered('{"row_count":0}\n')) == []
    assert resync.snapshot is not None


def test_answers_to_other_questions_are_no_part_of_it() -> None:
    resync, (channels, bridged, *dumps) = Resync(), answers("ringing")
    for answer in ("UP 0 years\n", channels, "+OK", bridged, "Missed 14:05", *dumps, "+OK"):
        resync.answered(answer)
    assert resync.snapshot == snapshot("ringing")


def test_what_happens_meanwhile_waits_and_is_given_back_in_its_order() -> None:
    resync = Resync()
    blocks = Framer().feed((ANSWERS / "talk.esl").read_bytes())
    for block in blocks:
        resync.hold(NOW, block)
    assert resync.octets == sum(block.raw_size for block in blocks)
    assert resync.release() == [(NOW, block) for block in blocks]
    assert (resync.octets, resync.release()) == (0, [])
