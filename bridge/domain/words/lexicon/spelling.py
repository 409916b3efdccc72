"""Slips of the pen: which known word an unknown one was meant to be."""

import re
from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

_REPEATED = re.compile(r"(.)\1+")
_DROPPED_G = re.compile(r"in$")
LONGEST = 20
MOST_PIECES = 3


class Speller:
    """Corrects towards `vocabulary`; words in `known` are right as they are.

    One slip (a letter wrong, missing, added or two swapped) from five letters on, two from eight on; in a word of
    four letters only a swap. The first letter is always right, and a letter held down counts as written once.
    """

    def __init__(self, vocabulary: Iterable[str], known: Iterable[str]) -> None:
        self._vocabulary = frozenset(word for word in vocabulary if len(word) >= 4)
        self._known = frozenset(known) | self._vocabulary
        self._singled = {_REPEATED.sub(r"\1", word): word for word in sorted(self._vocabulary)}
        buckets: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._vocabulary):
            buckets[word[0]].append(word)
        self._buckets = dict(buckets)

    def correct(self, word: str) -> str:
        """The known word meant by `word`; "" where it is known itself or nothing is near."""
        if not 4 <= len(word) <= LONGEST or word in self._known or not word.isalpha():
            return ""
        whole = _with_g(word)
        if whole in self._known:
            return whole
        return self._nearest(word) or (self._nearest(whole) if whole else "")

    def apart(self, word: str, joints: frozenset[str]) -> tuple[str, ...]:
        """The words that one wrote without the blank between them: "noheat", "acnotworking"."""
        if not 4 <= len(word) <= LONGEST or word in self._known:
            return (word,)
        return self._cut(word, joints, MOST_PIECES) or (word,)

    def _cut(self, word: str, joints: frozenset[str], pieces: int) -> tuple[str, ...]:
        if word in joints or word in self._vocabulary:
            return (word,)
        if pieces == 1:
            return ()
        for at in range(2, len(word) - 1):
            if word[:at] in joints or word[:at] in self._vocabulary:
                rest = self._cut(word[at:], joints, pieces - 1)
                if rest:
                    return (word[:at], *rest)
        return ()

    def _nearest(self, word: str) -> str:
        if word in self._vocabulary:
            return word
        if held := self._singled.get(_REPEATED.sub(r"\1", word)):
            return held
        return self._one_slip_away(word)

    def _one_slip_away(self, word: str) -> str:
        slips = 2 if len(word) >= 8 else 1
        near = extractOne(word, self._buckets.get(word[0], ()), scorer=OSA.distance, score_cutoff=slips)
        if near is None:
            return ""
        meant = str(near[0])
        swapped = sorted(meant) == sorted(word)
        enough = min(len(meant), len(word)) >= (8 if near[1] == 2 else 5)
        return meant if enough or (swapped and near[1] == 1) else ""


def _with_g(word: str) -> str:
    """ "leakin" is "leaking"; "" where no letter is missing."""
    return word + "g" if len(word) >= 5 and _DROPPED_G.search(word) else ""
