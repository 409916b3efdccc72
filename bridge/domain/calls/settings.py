"""How calls of one PBX are followed: its name, and how its numbers and its times are read."""

from dataclasses import dataclass
from datetime import timedelta

from bridge.domain.phone import E164


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """pbx: its name. country: how numbers without a plus are read (ISO 3166), None to leave them. outside_prefix:
    dialled before outside numbers. extensions: fnmatch patterns of what sister offices call from. own_numbers: of the
    office, nobody's caller ID. moment: what one thing sets off may come in any order within it.
    """

    pbx: str = "pbx"
    country: str | None = None
    outside_prefix: str = ""
    min_ring: timedelta = timedelta(seconds=4)
    extensions: tuple[str, ...] = ()
    own_numbers: frozenset[E164] = frozenset()
    moment: timedelta = timedelta(milliseconds=2)
