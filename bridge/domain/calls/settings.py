"""How calls of one PBX are followed: its name, its trunks, and how its numbers are read."""

import fnmatch
import re
from dataclasses import dataclass
from datetime import timedelta

from bridge.domain.phone import E164


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """pbx: its name. trunks: fnmatch patterns on channel names; without any, well-known contexts tell. country: how
    numbers without a plus are read (ISO 3166), None to leave them. outside_prefix: dialled before outside numbers.
    extensions: fnmatch patterns of what sister offices call from. own_numbers: of the office, nobody's caller ID.
    """

    pbx: str = "pbx"
    trunks: tuple[str, ...] = ()
    country: str | None = None
    outside_prefix: str = ""
    min_ring: timedelta = timedelta(seconds=4)
    extensions: tuple[str, ...] = ()
    own_numbers: frozenset[E164] = frozenset()

    def trunk_names(self) -> re.Pattern[str]:
        """Matches the channels of the trunks; nothing where no patterns are given."""
        return re.compile("|".join(map(fnmatch.translate, self.trunks)) or r"(?!)")
