"""Tries come slower each time, and spread out."""

from bridge.ops.backoff import Backoff


def test_the_pauses_between_attempts_double_up_to_the_most_and_begin_again() -> None:
    backoff = Backoff(1, 5, jitter=lambda: 1.0)
    assert [backoff.delay() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.delay() == 1


def test_a_pause_may_be_half_as_long_so_that_not_everybody_comes_back_at_once() -> None:
    assert Backoff(4, 8, jitter=lambda: 0.0).delay() == 2
