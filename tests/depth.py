"""What the suite does a share of, and `make deep` does whole: random offices by the thousand, and axe on every page
at every width in both themes. Any test does the whole with `--hypothesis-profile=thousands`. A loaded
machine is no reason to fail: no deadline, and no complaint that inputs come slowly. The suite's inputs are the same
each time, so that nobody's change is refused for what another night holds; `make deep` draws new ones.
"""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

THOUSANDS = "thousands"
SUITE = "suite"
BY_DEFAULT = settings.get_profile("default").max_examples
settings.register_profile(SUITE, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(THOUSANDS, settings.get_profile(SUITE), derandomize=False, max_examples=2000)
settings.load_profile(SUITE)


T = TypeVar("T")


def is_deep() -> bool:
    return settings().max_examples != BY_DEFAULT


def a_share(share: Sequence[T], whole: Sequence[T]) -> Sequence[T]:
    return whole if is_deep() else share


def runs(share: int) -> int:
    """share: how many there are in the suite, where no profile was asked for."""
    return settings().max_examples if is_deep() else share
