"""Phrases of the lexicon, and where they stand in a text.

A phrase is a line of elements separated by spaces:

    leak          this word (or a slip of the pen for it)
    leak*         a word that begins so
    *mos          a word that ends so
    *             any word
    roof|ceiling  either
    @heating      any word of the class `heating`
    #65-109       a number in this range
    ~3            up to three other words may stand here
    please?       may be missing
    .             a comma stands here, or the clause ends

Matching tries a bounded number of ways at each word, so its time grows with the length of the text and no faster.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod
from typing import Generic, TypeVar

from bridge.domain.words.tokens import After, Token

MAX_WAYS = 300
CLOSING = "."
REMEMBERED = 4_096  # words whose phrases are kept at hand
_STEM_LENGTHS = range(2, 15)

T = TypeVar("T")


class PhraseError(ValueError):
    """A phrase that cannot be read. word: the element at fault."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(f"{word!r}: {why}")
        self.word = word
        self.why = why


@dataclass(frozen=True, slots=True)
class Element:
    words: frozenset[str]
    stems: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    numbers: tuple[int, int] | None = None
    optional: bool = False
    skip: int = 0
    closes: bool = False

    def fits(self, token: Token) -> bool:
        """Asked for every word of a text many times over."""
        word, alias = token.word, token.alias
        if word in self.words or alias in self.words:
            return True
        if self.stems and (word.startswith(self.stems) or alias.startswith(self.stems)):
            return True
        if self.endings and word.endswith(self.endings):
            return True
        return self.numbers is not None and _within(word, self.numbers)

    def may_be_in(self, said: "_Said") -> bool:
        """Could any of these words fit? Answers quickly, and at times yes where the answer is no."""
        anything = self.optional or self.closes or bool(self.endings or self.numbers)
        return anything or not self.words.isdisjoint(said.words) or not said.beginnings.isdisjoint(self.stems)


class _Said:
    """The words of a text, in no order, and all that they begin with."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.words = {word for token in tokens for word in (token.word, token.alias) if word}
        self.beginnings = {word[:length] for word in self.words for length in (0, *_STEM_LENGTHS)}


Phrase = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class PhraseMatch(Generic[T]):
    """`value` stands in the text from word `first` to word `last`, both included."""

    value: T
    first: int
    last: int


class PhraseBook(Generic[T]):
    """Many phrases, each with what it means, found in one pass."""

    def __init__(self, entries: Iterable[tuple[Phrase, T]]) -> None:
        self._by_word: dict[str, list[tuple[Phrase, T]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[Phrase, T]]] = defaultdict(list)
        self._by_ending: dict[str, list[tuple[Phrase, T]]] = defaultdict(list)
        self._by_number: list[tuple[Phrase, T]] = []
        for phrase, value in entries:
            self._enter(phrase, value)
        self._beginning = lru_cache(REMEMBERED)(self._begin)

    def _enter(self, phrase: Phrase, value: T) -> None:
        opening = phrase[0]
        for word in opening.words:
            self._by_word[word].append((phrase, value))
        for stem in opening.stems:
            self._by_stem[stem].append((phrase, value))
        for ending in opening.endings:
            self._by_ending[ending].append((phrase, value))
        if opening.numbers:
            self._by_number.append((phrase, value))

    def find(self, tokens: Sequence[Token]) -> list[PhraseMatch[T]]:
        """Every place where a phrase stands, in the order of its first word."""
        said = _Said(tokens)
        possible = {word: self._possible(word, said) for word in said.words}
        return [
            PhraseMatch(value, first, end - 1)
            for first, token in enumerate(tokens)
            for word in (token.word, token.alias)
            for phrase, value in possible.get(word, ())
            if (end := _end(phrase, 1, tokens, first + 1)) is not None
        ]

    def _possible(self, word: str, said: _Said) -> list[tuple[Phrase, T]]:
        """The phrases that begin with `word` and lack none of their other words."""
        return [entry for entry in self._beginning(word) if all(element.may_be_in(said) for element in entry[0])]

    def _begin(self, word: str) -> tuple[tuple[Phrase, T], ...]:
        """The phrases that can begin with this word."""
        lengths = [length for length in _STEM_LENGTHS if length <= len(word)]
        stemmed = [entry for length in lengths for entry in self._by_stem.get(word[:length], ())]
        ended = [entry for length in lengths for entry in self._by_ending.get(word[-length:], ())]
        numbered = [entry for entry in self._by_number if (numbers := entry[0][0].numbers) and _within(word, numbers)]
        return (*self._by_word.get(word, ()), *stemmed, *ended, *numbered)


def parse(text: str, classes: Mapping[str, Element]) -> Phrase:
    """Read one phrase of the lexicon; `PhraseError` names the element that is wrong."""
    elements: list[Element] = []
    skip = 0
    for written in text.split():
        if written == CLOSING:
            elements.append(Element(frozenset(), closes=True))
            continue
        if written.startswith("~"):
            skip += _count(written)
            continue
        elements.append(_element(written, classes, skip))
        skip = 0
    if not elements or elements[0].optional or elements[0].skip or skip:
        raise PhraseError(text, "a phrase begins and ends with a word that must be there")
    if prod(element.skip + 1 + element.optional for element in elements) > MAX_WAYS:
        raise PhraseError(text, "too loose: fewer or smaller gaps")
    return tuple(elements)


def _element(written: str, classes: Mapping[str, Element], skip: int) -> Element:
    return _read(written, classes, skip) if "@" in written else _plain(written, skip)


@cache
def _plain(written: str, skip: int) -> Element:
    """Most of them come again: `my`, `the`, `is`."""
    return _read(written, {}, skip)


def _read(written: str, classes: Mapping[str, Element], skip: int) -> Element:
    bare = written.removesuffix("?")
    words: set[str] = set()
    stems: list[str] = []
    endings: list[str] = []
    numbers = None
    for choice in bare.split("|"):
        if choice.startswith("@"):
            named = classes.get(choice[1:])
            if named is None:
                raise PhraseError(choice, "no such class of words")
            words |= named.words
            stems += named.stems
            endings += named.endings
        elif choice.startswith("#") and len(choice) > 1:
            numbers = _range(choice)
        elif choice == "*":
            stems.append("")
        elif choice.endswith("*"):
            stems.append(_stem(choice[:-1]))
        elif choice.startswith("*"):
            endings.append(_stem(choice[1:]))
        else:
            words.add(_word(choice))
    return Element(frozenset(words), tuple(stems), tuple(endings), numbers, optional=bare != written, skip=skip)


def _word(choice: str) -> str:
    if not choice or choice != choice.lower() or not choice.isascii():
        raise PhraseError(choice, "words are written small and without accents, as texts are compared")
    return choice


def _stem(written: str) -> str:
    stem = _word(written)
    if len(stem) not in _STEM_LENGTHS:
        raise PhraseError(written, f"a stem has {_STEM_LENGTHS.start} to {_STEM_LENGTHS.stop - 1} letters")
    return stem


def _range(choice: str) -> tuple[int, int]:
    low, dash, high = choice[1:].partition("-")
    if not (dash and low.isdecimal() and high.isdecimal() and int(low) <= int(high)):
        raise PhraseError(choice, "a range of numbers is written #65-109")
    return int(low), int(high)


def _count(written: str) -> int:
    if not (written[1:].isdecimal() and 1 <= int(written[1:]) <= 8):
        raise PhraseError(written, "a gap is written ~1 to ~8")
    return int(written[1:])


def _within(word: str, numbers: tuple[int, int]) -> bool:
    if len(word) > 6 or not (word.isascii() and word.isdecimal()):
        return False
    return numbers[0] <= int(word) <= numbers[1]


def _end(phrase: Phrase, at: int, tokens: Sequence[Token], index: int) -> int | None:
    """Where the rest of the phrase ends if it goes on at `index`; None where it does not."""
    if at == len(phrase):
        return index
    element = phrase[at]
    if element.closes:
        closed = index == len(tokens) or tokens[index - 1].after > After.SPACE
        return _end(phrase, at + 1, tokens, index) if closed else None
    for place in range(index, min(index + element.skip + 1, len(tokens))):
        if element.fits(tokens[place]):
            end = _end(phrase, at + 1, tokens, place + 1)
            if end is not None:
                return end
    return _end(phrase, at + 1, tokens, index) if element.optional else None
