from datetime import timedelta

import pytest

from bridge.domain.callbacks.queue import Attempt
from bridge.domain.callbacks.tries import in_vain, urgent_again

NO, LEFT, RANG = Attempt.NO_ANSWER, Attempt.LEFT_MESSAGE, Attempt.RANG_OUT


@pytest.mark.parametrize(
    ("tries", "count"), [([], 0), ([RANG, NO, RANG, NO], 2), ([NO, NO, LEFT], 0), ([NO, LEFT, RANG, NO], 1)]
)
def test_only_what_nobody_answered_since_a_message_was_left_was_in_vain(tries: list[Attempt], count: int) -> None:
    assert in_vain(tries) == count


def test_the_longer_nobody_answers_the_later_it_is_tried_and_then_somebody_decides() -> None:
    assert [urgent_again(before) for before in range(5)] == [
        timedelta(minutes=5),
        timedelta(minutes=20),
        timedelta(minutes=60),
        None,
        None,
    ]
