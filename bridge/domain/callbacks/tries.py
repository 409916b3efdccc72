"""How often an urgent customer was tried in vain, and how soon to try again (retry, back-off)."""

from collections.abc import Sequence
from datetime import timedelta

from bridge.domain.callbacks.queue import Attempt

URGENT_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (5, 20, 60))
"""After the first, the second and the third time that an urgent customer does not answer; then a person decides."""


def in_vain(tries: Sequence[Attempt]) -> int:
    """How often nobody answered since somebody last left a message. tries: oldest first."""
    since = max((n for n, result in enumerate(tries) if result is Attempt.LEFT_MESSAGE), default=-1)
    return sum(result is Attempt.NO_ANSWER for result in tries[since + 1 :])


def urgent_again(before: int) -> timedelta | None:
    """When to try again, who did not answer `before` times already and now once more; None where that is enough."""
    return URGENT_AGAIN[before] if before < len(URGENT_AGAIN) else None
