"""How many random offices are played: a share of the suite's time, or thousands now and then.

`make deep`, or any test with `--hypothesis-profile=thousands`.
"""

from hypothesis import settings

THOUSANDS = "thousands"
BY_DEFAULT = settings.get_profile("default").max_examples
settings.register_profile(THOUSANDS, max_examples=2000, deadline=None)


def runs(share: int) -> int:
    """share: how many there are in the suite, where no profile was asked for."""
    asked = settings().max_examples
    return share if asked == BY_DEFAULT else asked
