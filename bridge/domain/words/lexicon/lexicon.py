"""The lexicon as the readers of texts use it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TypeVar

from bridge.domain.words.lexicon.entries import (
    Category,
    Excuse,
    LexiconError,
    OptOutPhrase,
    Promise,
    ReleaseKind,
    Trigger,
    trigger,
)
from bridge.domain.words.lexicon.spelling import Speller
from bridge.domain.words.phrases import Element, Phrase, PhraseBook, PhraseError, parse
from bridge.domain.words.tokens import Token, folded

T = TypeVar("T")
Entries = tuple[tuple[Phrase, T], ...]

SITE = "site configuration"


@dataclass(frozen=True)
class Lexicon:
    """expand: one word written for several ("dont"). endings: what follows an apostrophe ("'ll").
    compounds: several words that are one ("water heater"), or that mean nothing together ("flood light").
    misspelt: what slips of the pen are corrected to. not_typos: common words near one of those.
    """

    expand: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, Element]
    misspelt: frozenset[str]
    not_typos: frozenset[str]
    compounds: Entries[str]
    triggers: Entries[Trigger]
    releases: Entries[ReleaseKind]
    promises: Entries[Promise]
    excuses: Entries[Excuse]
    opt_outs: Entries[OptOutPhrase]

    def with_site(self, add: Mapping[str, Sequence[str]] | None = None, mute: Sequence[str] = ()) -> "Lexicon":
        """A site's own words: `add` phrases to a category, `mute` phrases that shall flag nothing."""
        added = tuple(
            (_site_phrase(phrase, self.classes), trigger(_site_category(name)))
            for name, phrases in (add or {}).items()
            for phrase in phrases
        )
        muted = tuple((_site_phrase(phrase, self.classes), "") for phrase in mute)
        return replace(self, triggers=self.triggers + added, compounds=muted + self.compounds)

    def plain(self, tokens: Iterable[Token]) -> list[Token]:
        """The words of a text with contractions written out."""
        return [piece for token in tokens for piece in self._written_out(token)]

    def joined(self, tokens: Iterable[Token]) -> tuple[Token, ...]:
        """The same with compounds joined."""
        return tuple(self._joined(self.plain(tokens)))

    def corrected(self, tokens: Iterable[Token]) -> tuple[Token, ...]:
        """The same with slips of the pen corrected as well."""
        spaced = (piece for token in self.plain(tokens) for piece in self._spaced(token))
        return tuple(self._joined([self._corrected(token) for token in spaced]))

    def is_unknown(self, word: str) -> bool:
        """Is it no word of any phrase, nor a slip for one? A name, perhaps."""
        return not self.knows(word) and not self._speller.correct(word)

    def words(self, name: str) -> frozenset[str]:
        """The whole words of a class."""
        return self.classes[name].words

    @cached_property
    def trigger_book(self) -> PhraseBook[Trigger]:
        return PhraseBook(self.triggers)

    @cached_property
    def release_book(self) -> PhraseBook[ReleaseKind]:
        return PhraseBook(self.releases)

    @cached_property
    def promise_book(self) -> PhraseBook[Promise]:
        return PhraseBook(self.promises)

    @cached_property
    def excuse_book(self) -> PhraseBook[Excuse]:
        return PhraseBook(self.excuses)

    @cached_property
    def opt_out_book(self) -> PhraseBook[OptOutPhrase]:
        return PhraseBook(self.opt_outs)

    def knows(self, word: str) -> bool:
        """Does the word stand anywhere here, so that it is hardly a name?"""
        return word in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        tables = (self.triggers, self.releases, self.compounds, self.promises, self.excuses, self.opt_outs)
        used = chain.from_iterable(_used(entries) for entries in tables)
        grouped = chain.from_iterable(element.words for element in self.classes.values())
        return frozenset(chain(used, grouped, self.expand, self.not_typos, self.misspelt))

    @cached_property
    def _compound_book(self) -> PhraseBook[str]:
        return PhraseBook(self.compounds)

    @cached_property
    def _speller(self) -> Speller:
        tables = (self.triggers, self.releases, self.compounds, self.promises, self.excuses, self.opt_outs)
        used = chain.from_iterable(_used(entries) for entries in tables)
        return Speller(self.misspelt, chain(used, self.expand, self.not_typos))

    def _written_out(self, token: Token) -> Iterator[Token]:
        return _pieces(token, self.expand.get(token.word) or self._apart(token.word))

    def _spaced(self, token: Token) -> Iterator[Token]:
        return _pieces(token, self._speller.apart(token.word, self.words("joint")))

    def _apart(self, word: str) -> tuple[str, ...]:
        """ "isn't" is "is not", "we'll" is "we will", "mother's" is "mother"."""
        if "'" not in word:
            return (word,)
        if plain := self.expand.get(word.replace("'", "")):
            return plain
        for ending, meaning in self.endings.items():
            if word.endswith(ending) and len(word) > len(ending):
                return (word.removesuffix(ending), *meaning)
        return (word.replace("'", ""),)

    def _corrected(self, token: Token) -> Token:
        meant = self._speller.correct(token.word)
        return replace(token, alias=meant) if meant else token

    def _joined(self, tokens: Sequence[Token]) -> Iterator[Token]:
        """The longest compound wins; one begun inside another is not looked at."""
        longest = {
            found.first: found for found in sorted(self._compound_book.find(tokens), key=lambda found: found.last)
        }
        index = 0
        undone = self.words("undone_by_no")
        while index < len(tokens):
            found = longest.get(index)
            if found is None or (index and found.value in undone and tokens[index - 1].word in self.words("negator")):
                yield tokens[index]
                index += 1
                continue
            last = tokens[found.last]
            yield Token(found.value, tokens[index].start, last.end, last.after, last.part)
            index = found.last + 1


def _pieces(token: Token, words: tuple[str, ...]) -> Iterator[Token]:
    """A token read as several words, which all stand where it stands."""
    if words == (token.word,):
        yield token
        return
    for word in words[:-1]:
        yield Token(word, token.start, token.end, part=token.part)
    yield replace(token, word=words[-1])


def _used(entries: Iterable[tuple[Phrase, object]]) -> Iterator[str]:
    for phrase, _ in entries:
        for element in phrase:
            yield from element.words


def _site_category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError as error:
        raise LexiconError(SITE, 0, name, f"no such category; there are {', '.join(Category)}") from error


def _site_phrase(phrase: str, classes: Mapping[str, Element]) -> Phrase:
    try:
        return parse(folded(phrase), classes)
    except PhraseError as error:
        raise LexiconError(SITE, 0, phrase, error.why) from error
