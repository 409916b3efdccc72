"""How a dialplan dials a number by a trunk: each technology's own dial string, out of the pattern of its channels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.ami.channels import PORTS

NAMED = re.compile(r"(\w+)/([\w.+@-]+?)(?:-[*?]+)?")
SPAN = re.compile(r"(DAHDI|Zap)/(i\d+)/\*")
LINE = re.compile(r"(DAHDI|Zap)/(\d+)-[*?\d]+")
CARD = re.compile(r"(DAHDI|Zap)/[*i?]*")
NOT_NAMED = "trunk"


@dataclass(frozen=True, slots=True)
class WayOut:
    """by: what stands for a trunk, a span or a line. told: it was named by a pattern."""

    technology: str
    by: str
    told: bool = True

    @property
    def knows_plus(self) -> bool:
        """Telephone lines have no key for it."""
        return self.technology not in PORTS

    def dial(self, number: str) -> str:
        """number: an expression of the dialplan."""
        if self.technology == "PJSIP":
            return f"PJSIP/{number}@{self.by}"
        return f"{self.technology}/{self.by}/{number}"


def way_out(trunks: Sequence[str]) -> WayOut:
    """By the first pattern that names one trunk; where none does, as shipped, to be filled in by hand."""
    return next((found for found in map(_by, trunks) if found), WayOut("PJSIP", NOT_NAMED, told=False))


def _by(pattern: str) -> WayOut | None:
    for shape in (SPAN, LINE, NAMED):
        if found := shape.fullmatch(pattern):
            return WayOut(found[1], found[2])
    if found := CARD.fullmatch(pattern):
        return WayOut(found[1], "g0")
    return None
