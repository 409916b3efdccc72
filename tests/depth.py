"""How many random offices are played: a share of the suite's time, or thousands now and then.

`make deep`, or any test with `--hypothesis-profile=thousands`. A loaded machine is no reason to fail: no deadline, and
no complaint that inputs come slowly.
"""

from hypothesis import HealthCheck, settings

THOUSANDS = "thousands"
SUITE = "suite"
BY_DEFAULT = settings.get_profile("default").max_examples
settings.register_profile(SUITE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(THOUSANDS, settings.get_profile(SUITE), max_examples=2000)
settings.load_profile(SUITE)


def runs(share: int) -> int:
    """share: how many there are in the suite, where no profile was asked for."""
    asked = settings().max_examples
    return share if asked == BY_DEFAULT else asked
