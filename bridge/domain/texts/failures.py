"""Whose fault it is that texts fail: the number's (a landline), or the gateway's (a campaign that lapsed, an outage).

A failure alone proves nothing of the number: the phone may be off, the account empty, the text taken for spam. It is
the number's where the gateway says so by a code, or where it comes back on another day; and never where other numbers
failed as well and hardly a text got through.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.phone import E164

REMEMBERED = timedelta(days=183)
"""So long a learned landline is not texted; then it may have moved to a mobile."""

LOOKED_BACK = timedelta(days=1)
MANY = 5
"""So many numbers fail, and at most half as many get through: the gateway."""

THROUGH_AGAIN = 3
"""So many numbers in a row get through: it works again."""

ANOTHER_DAY = timedelta(hours=20)
ABOUT_THEN = ((timedelta(hours=2), 3), (timedelta(hours=12), 1))
"""Of a failure that is long over: so many other numbers that failed within that span of it make it the gateway's."""


@dataclass(frozen=True, slots=True)
class TextOutcome:
    """What became of a text to a customer. landline: known as one, so that this failure says nothing of the gateway."""

    number: E164
    at: datetime
    failed: bool
    code: str = ""
    landline: bool = False


@dataclass(frozen=True, slots=True)
class Burst:
    """Texts that fail one after the other. numbers: how many failed; code: the commonest, "" where there is none."""

    since: datetime
    numbers: int
    code: str


def burst(fates: Iterable[TextOutcome]) -> Burst | None:
    """Do texts fail now? fates: of the last day, newest first; of each number the newest counts."""
    failed: dict[E164, TextOutcome] = {}
    through: set[E164] = set()
    found = None
    for fate in fates:
        if fate.number in failed or fate.number in through:
            continue
        if not fate.failed:
            through.add(fate.number)
            if not failed and len(through) >= THROUGH_AGAIN:
                return None
            continue
        failed[fate.number] = fate
        unexplained = sum(not one.landline for one in failed.values())
        if len(failed) >= MANY and 2 * len(through) <= unexplained:
            found = Burst(fate.at, len(failed), _commonest(failed.values()))
    return found


def is_landline(failures: Sequence[datetime], others: Sequence[TextOutcome]) -> bool:
    """Do the failures of one number, on more than one day, speak of it? others: fates of other numbers since then."""
    own = [at for at in failures if not _was_the_gateway(at, others)]
    return bool(own) and max(own) - min(own) >= ANOTHER_DAY


def _was_the_gateway(at: datetime, others: Sequence[TextOutcome]) -> bool:
    return any(_failed_about(at, span, others) >= least for span, least in ABOUT_THEN)


def _failed_about(at: datetime, span: timedelta, others: Sequence[TextOutcome]) -> int:
    """How many other numbers failed about then; 0 where more than half as many got through."""
    near = [fate for fate in others if abs(fate.at - at) <= span]
    through = {fate.number for fate in near if not fate.failed}
    failed = {fate.number for fate in near if fate.failed and not fate.landline} - through
    return len(failed) if 2 * len(through) <= len(failed) else 0


def _commonest(failed: Iterable[TextOutcome]) -> str:
    return Counter(fate.code for fate in failed).most_common(1)[0][0]
