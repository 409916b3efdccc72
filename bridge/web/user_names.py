"""What a user may be called: a name that people can tell from every other one (homoglyphs, confusables: UTS 39).

The history names people, so nobody may look like a colleague or like the machine.
"""

import unicodedata
from collections.abc import Iterable

from bridge.domain.callbacks.queue import TEXTBACK
from bridge.domain.lookalikes import as_seen

LONGEST_NAME = 80
LOOK_ALIKE_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE"})


def is_name(written: str) -> bool:
    """In one script a word, and not as the history calls the machine."""
    words = unicodedata.normalize("NFKC", written).split()
    return (
        written.isprintable()
        and 0 < len(written.strip()) <= LONGEST_NAME
        and all(len(_scripts(word)) < 2 for word in words)
        and looks_like(written, [TEXTBACK]) is None
        and written.casefold() != TEXTBACK
    )


def looks_like(name: str, known: Iterable[str]) -> str | None:
    """Which of these names people would take it for, though it is another one."""
    shape = _shape(name)
    return next((one for one in known if one.casefold() != name.casefold() and _shape(one) == shape), None)


def _scripts(word: str) -> set[str]:
    """Those of its letters that have look-alikes in one another."""
    named = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()}
    return named & LOOK_ALIKE_SCRIPTS


def _shape(name: str) -> str:
    """Equal shapes look alike."""
    return "".join(as_seen(name).replace("rn", "m").replace("vv", "w").split())
