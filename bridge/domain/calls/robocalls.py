"""Names by which networks and dialplans warn of a robocall: spam names, such as "SPAM LIKELY" in place of a CNAM."""

import re
import unicodedata
from collections.abc import Iterable

WARNINGS = (
    *("spam", "scam", "robocall", "robocaller", "telemarketer", "telemarketing", "spamlikely", "scamlikely"),
    *("fraud likely", "fraud risk", "potential fraud", "suspected fraud", "nuisance likely", "nuisance call"),
    *("posible fraude", "posible estafa"),
)
"""Whole words of a name, in any case: nobody is called so, and "Scamardo Roofing" is a customer."""

WORDS = re.compile(r"[^\W_]+")
LONGEST = 200


def warns(names: Iterable[str], warnings: Iterable[str]) -> bool:
    """Does one of these names say one of these words, or phrases? Names are hostile text."""
    shown = [_plain(name) for name in names]
    return any(_plain(warning) in name for name in shown for warning in warnings if WORDS.search(warning))


def _plain(text: str) -> str:
    """` spam likely `: words between spaces, without what is not seen."""
    seen = (one for one in unicodedata.normalize("NFKC", text[:LONGEST]) if unicodedata.category(one) != "Cf")
    return f" {' '.join(WORDS.findall(''.join(seen).casefold()))} "
