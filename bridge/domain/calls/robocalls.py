"""Names by which networks and dialplans warn of a robocall: spam names, such as "SPAM LIKELY" in place of a CNAM."""

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache

from bridge.domain.lookalikes import as_seen

WARNINGS = (
    *("spam", "scam", "robocall", "robocaller", "telemarketer", "telemarketing", "scammer", "spammer"),
    *("spam likely", "spam risk", "spam call", "spam caller", "spam alert", "scam likely", "scam risk", "scam call"),
    *("scam caller", "scam alert", "likely spam", "likely scam", "possible spam", "suspected spam", "potential spam"),
    *("fraud likely", "fraud risk", "fraud alert", "potential fraud", "suspected fraud", "possible fraud"),
    *("nuisance likely", "nuisance call", "nuisance caller", "junk", "junk call", "junk caller"),
    *("posible fraude", "posible estafa", "posible spam"),
)
"""Whole words of a name, in any case, script and spacing: nobody is called so, and "Scamardo Roofing" is a customer."""

ALONE = frozenset({"junk"})
"""What people haul as well: a warning only where it is the whole name."""

WORDS = re.compile(r"[^\W_]+")
DIGITS = str.maketrans("3457$@", "eastsa")
"""Which stand for letters ("SP4M"); those that look like one are read as it anyway."""

PATTERN = re.compile(r"[|^$\\(){}\[\]+?]|\.\*")
LONGEST, MOST_WORDS = 200, 16
SHORTEST = 3


def warns(names: Iterable[str], warnings: Iterable[str]) -> bool:
    """Does one of these names say one of these words, or phrases? Names are hostile text."""
    wanted = _wanted(tuple(warnings))
    return any(_says(_words(name), wanted) for name in names)


def why_no_warning(warning: str) -> str:
    """Why a setting of such names cannot be meant, and what to write; "" where it can."""
    words = WORDS.findall(warning)
    if not words:
        return 'has no letter, so no name says it: a word or a phrase, such as "spam likely"'
    if PATTERN.search(warning) or "*" in warning:
        return f"is a word or a phrase and no pattern: {', '.join(words)}"
    if sum(map(len, words)) < SHORTEST:
        return f"is so short that customers are called so: {SHORTEST} letters at least"
    return ""


@lru_cache(maxsize=16)
def _wanted(warnings: tuple[str, ...]) -> frozenset[str]:
    return frozenset("".join(_words(warning)) for warning in warnings) - {""}


def _says(shown: Sequence[str], wanted: Set[str]) -> bool:
    """Words run together, or apart, are the same words: "ROBO-CALL", "SpamRisk", "S P A M"; "S. Cam" is a name."""
    for start in range(len(shown)):
        for end in range(start + 1, min(start + MOST_WORDS, len(shown)) + 1):
            said = "".join(shown[start:end])
            alone = said not in _ALONE or end - start == len(shown)
            if said in wanted and alone and not _is_initial(shown[start:end]):
                return True
    return False


def _is_initial(words: Sequence[str]) -> bool:
    """Is one letter among longer words?"""
    return len({len(word) == 1 for word in words}) > 1


def _words(text: str) -> Sequence[str]:
    """As they look; "spam likely" comes out as "spam" and "llkely", here and there."""
    return WORDS.findall(as_seen(text[:LONGEST]).translate(DIGITS))


_ALONE = frozenset("".join(_words(word)) for word in ALONE)
