import asyncio

import pytest

from bridge.ops.backoff import Backoff
from bridge.smpp.gate import Gate, GateClosedError
from bridge.smpp.pacing import Reconnect, SubmitThrottle, TokenBucket
from bridge.smpp.watch import LinkWatch, WatchAction


def test_the_rate_is_kept_evenly_and_pauses_save_nothing_up() -> None:
    bucket, now, taken = TokenBucket(rate=10), 100.0, []
    for _ in range(3):
        now += bucket.wait(now)
        bucket.take(now)
        taken.append(round(now, 3))
    assert taken == [100.0, 100.1, 100.2]
    assert bucket.wait(200.0) == 0
    bucket.take(200.0)
    assert bucket.wait(200.0) == pytest.approx(0.1)


def test_a_throttled_bind_rests_longer_each_time_and_recovers_with_the_first_acceptance() -> None:
    throttle, now, rests = SubmitThrottle(shortest=1, longest=5), 0.0, []
    for _ in range(5):
        throttle.refused(now)
        rests.append(throttle.wait(now))
        now += throttle.wait(now)
    assert rests == [1, 2, 4, 5, 5]
    throttle.accepted()
    throttle.refused(now)
    assert throttle.wait(now) == 1


def test_a_window_full_of_refusals_counts_once() -> None:
    throttle = SubmitThrottle()
    for _ in range(10):
        throttle.refused(0.5)
    assert throttle.wait(0.5) == 1


def test_only_a_link_that_lasted_makes_the_next_reconnect_quick_again() -> None:
    reconnect = Reconnect(Backoff(1, 8, lambda: 1.0), Backoff(30, 600, lambda: 1.0))
    for lasted, delay in [(0, 1), (29, 2), (5, 4), (30, 1), (0, 2)]:
        reconnect.was_up(lasted)
        assert reconnect.lost.delay() == delay


def test_a_silent_peer_is_asked_once_and_then_dropped() -> None:
    watch = LinkWatch(idle=30, patience=10, heard_at=0)
    verdicts = [watch.check(t) for t in (29, 30, 39, 40)]
    assert verdicts == [WatchAction.WAIT, WatchAction.ENQUIRE, WatchAction.WAIT, WatchAction.DROP]


def test_a_watch_that_looked_late_still_gives_the_peer_its_time() -> None:
    watch = LinkWatch(idle=30, patience=10, heard_at=0)
    assert [watch.check(t) for t in (500, 505, 510)] == [WatchAction.ENQUIRE, WatchAction.WAIT, WatchAction.DROP]


async def test_a_closed_gate_lets_nobody_in_and_says_why() -> None:
    with pytest.raises(GateClosedError, match="not bound"):
        await Gate(1, 1000).enter(urgent=True)


async def test_a_gate_that_is_shut_stays_shut() -> None:
    gate = Gate(1, 1000)
    gate.shut("stopping")
    gate.open()
    assert not gate.is_open
    with pytest.raises(GateClosedError, match="stopping"):
        await gate.enter(urgent=True)


async def test_those_who_wait_are_turned_away_when_the_gate_closes() -> None:
    gate = Gate(1, 1000)
    gate.open()
    await gate.enter(urgent=False)
    waiting = asyncio.create_task(gate.enter(urgent=False))
    await asyncio.sleep(0)
    gate.close("stopping")
    with pytest.raises(GateClosedError, match="stopping"):
        await waiting


async def test_who_gives_up_waiting_leaves_no_hole_in_the_window() -> None:
    gate = Gate(1, 100_000)
    gate.open()
    await gate.enter(urgent=False)
    impatient = asyncio.create_task(gate.enter(urgent=False))
    patient = asyncio.create_task(gate.enter(urgent=False))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.leave()
    await patient
    assert (gate.inside, gate.waiting) == (1, 0)


async def test_who_is_cancelled_at_the_very_moment_of_being_let_in_gives_the_turn_back() -> None:
    gate = Gate(1, 100_000)
    gate.open()
    await gate.enter(urgent=False)
    unlucky = asyncio.create_task(gate.enter(urgent=False))
    await asyncio.sleep(0)
    gate.leave()
    unlucky.cancel()
    await asyncio.wait([unlucky])
    assert gate.inside == 0


async def test_a_gate_that_opens_wakes_everybody_who_waits_for_it() -> None:
    gate = Gate(1, 1000)
    waiting = [asyncio.create_task(gate.wait_open()) for _ in range(3)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*waiting)


async def test_who_waits_for_a_full_window_is_woken_by_the_first_to_leave() -> None:
    gate = Gate(1, 100_000)
    gate.open()
    await gate.enter(urgent=False)
    waiting = asyncio.create_task(gate.wait_open())
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.leave()
    await waiting
