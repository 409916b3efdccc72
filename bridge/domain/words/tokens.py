"""A text as words that can be compared, each knowing where it stands in what was written.

Accents, case, full-width letters, curly quotes and invisible characters are folded away on a copy; offsets always count
characters of the original. Anything a telephone can send is readable here: nothing raises, and time grows with length.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from itertools import islice
from unicodedata import category, combining, normalize

from bridge.domain.lookalikes import SMALL_CAPITALS

HEAD = 1_600  # characters, ten SMS: of a longer text this much is read from its beginning ...
TAIL = 300  # ... and this much from its end
MAX_HEAD = 140  # words: of a text of more than both together, the first ...
MAX_TAIL = 40  # ... and the last
MAX_CLAUSE = 60  # words: longer than people go on without a stop

_WORD = re.compile(
    r"a\s?[./]\s?c\b|w/o?\b|2(?:day|nite|night|moro|morrow)\b|b4\b|\d+(?:st|nd|rd|th)\b|\d+(?:[.,]\d+)*"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*|[&#$%@]|[\u2600-\u27bf\U0001f000-\U0001faff]"
)
_DASH = re.compile(r"\s-|-\s|--|[‐‑‒–—―−]")
_APOSTROPHES = dict.fromkeys("’‘‛`´ʼ′", "'")
_LOOKALIKES = SMALL_CAPITALS | dict(zip("асеорухѕіјԁһт" + "οτρι", "aceopyxsijdht" + "otpi", strict=True))
"""Small capitals, Cyrillic and Greek letters that pass for Latin ones (confusables)."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"})
_ABBREVIATED = frozenset(
    {"st", "ave", "av", "dr", "rd", "ln", "ct", "pl", "blvd", "apt", "ste", "mr", "mrs", "ms", "sr", "sra", "num", "no"}
    | {"hwy", "pkwy", "ter", "cir", "carr", "urb", "col", "c", "n", "s", "e", "w"}
)
_SPELLED = {"a/c": "ac", "a.c": "ac"}


class After(IntEnum):
    """What stands between a word and the next one."""

    SPACE = 0
    COMMA = 1
    STOP = 2
    QUESTION = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A word: folded, with its place in part number `part`. alias: the known word it seems to be a slip of."""

    word: str
    start: int
    end: int
    after: After = After.SPACE
    part: int = 0
    alias: str = ""

    def is_in(self, words: frozenset[str]) -> bool:
        return self.word in words or self.alias in words


@dataclass(frozen=True, slots=True)
class Clause:
    """Words between two full stops (or whatever stands for one), where a negation or a release acts."""

    tokens: tuple[Token, ...]
    question: bool = False


def tokenise(text: str, part: int = 0) -> tuple[Token, ...]:
    """The words of a text, in order. Of a very long one the middle is not read (see `is_cut`)."""
    words = tuple(islice(_tokens(text[: HEAD + TAIL], 0, part), MAX_HEAD + MAX_TAIL))
    if not is_cut(text, len(words)):
        return words
    head = stopped(words[:MAX_HEAD])
    read = head[-1].end if head else 0
    last = [token for token in _tokens(text[-TAIL:], max(len(text) - TAIL, 0), part) if token.start >= read]
    return (*head, *last[-MAX_TAIL:])


def is_cut(text: str, words: int) -> bool:
    """Was something of the text not read? words: how many were."""
    return len(text) > HEAD + TAIL or words >= MAX_HEAD + MAX_TAIL


def stopped(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The same words, with a full stop behind them at least."""
    if not tokens or tokens[-1].after >= After.STOP:
        return tuple(tokens)
    return (*tokens[:-1], replace(tokens[-1], after=After.STOP))


def clauses(tokens: Sequence[Token], turning: frozenset[str]) -> list[Clause]:
    """Cut at full stops and before turning words ("but", "pero")."""
    found: list[Clause] = []
    begun = 0
    for index, token in enumerate(tokens):
        last = index + 1 == len(tokens)
        long = index + 1 - begun >= MAX_CLAUSE
        if last or long or token.after >= After.STOP or tokens[index + 1].word in turning:
            found.append(Clause(tuple(tokens[begun : index + 1]), question=token.after is After.QUESTION))
            begun = index + 1
    return found


def folded(text: str) -> str:
    """A text as its words are compared: small letters, no accents, compatibility forms apart."""
    return fold(text)[0]


def _tokens(text: str, shift: int, part: int) -> Iterator[Token]:
    folded, origin = fold(text)
    match = _WORD.search(folded)
    while match:
        following = _WORD.search(folded, match.end())
        between = folded[match.end() : following.start() if following else len(folded)]
        word = match.group().replace(" ", "")
        yield Token(
            word=_SPELLED.get(word, word),
            start=shift + origin[match.start()],
            end=shift + origin[match.end() - 1] + 1,
            after=After.SPACE if between == " " else _after(word, between),
            part=part,
        )
        match = following


def _after(word: str, between: str) -> After:
    if "?" in between:
        return After.QUESTION
    if between.startswith(".") and (word in _ABBREVIATED or word in _SPELLED):
        between = between[1:]
    if any(mark in between for mark in ".!;\n¡¿…") or _DASH.search(between):
        return After.STOP
    return After.COMMA if any(mark in between for mark in ',:()"') else After.SPACE


def fold(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters the index it comes from."""
    if text.isascii() and text.isprintable():
        return text.lower(), range(len(text))
    pieces = [_fold_character(character) for character in text]
    return "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]


@lru_cache(maxsize=4_096)
def _fold_character(character: str) -> str:
    """Compatibility forms apart, accents and invisible characters away; at most four characters for one."""
    if character in _APOSTROPHES:
        return "'"
    if character in "\n\r\u2028\u2029\x85\v\f":
        return "\n"
    if character.isspace():
        return " "
    letters = normalize("NFKD", _LOOKALIKES.get(character.casefold(), character)).casefold()
    return "".join(c for c in letters if not combining(c) and category(c) not in _INVISIBLE)[:4]
