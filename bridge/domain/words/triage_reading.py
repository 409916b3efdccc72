"""The texts of one customer as words in clauses: corrected, without names, with "it" called by its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bridge.domain.words.lexicon import Category, Lexicon
from bridge.domain.words.names import name_spans
from bridge.domain.words.tokens import MAX_HEAD, MAX_TAIL, Clause, Token, clauses, is_cut, tokenise

MAX_WORDS = MAX_HEAD + MAX_TAIL  # of all parts together
FRAGMENT = 2  # words: neighbouring parts so short are read as one sentence ("no", then "heat")
SYSTEMS = {"heating": Category.NO_HEAT, "machine": Category.NO_AC}
"""The classes of words that name a machine, and what its failing is called."""

_PRONOUNS = frozenset({"it", "they"})


@dataclass(frozen=True, slots=True)
class Passages:
    """parts: the words of each part. clauses: all that was said, in order. cut: something was too long to be read."""

    parts: tuple[tuple[Token, ...], ...]
    clauses: tuple[Clause, ...]
    cut: bool


def passages(texts: Mapping[int, str], lexicon: Lexicon) -> Passages:
    """Read the parts (number -> text) of one customer, in order."""
    heard = _newest(texts)
    cut = len(heard) < len(texts) or any(is_cut(texts[part], len(tokens)) for part, tokens in heard.items())
    parts = tuple(_understood(texts[part], tokens, lexicon) for part, tokens in reversed(heard.items()))
    turning = lexicon.words("turning")
    spoken = [clause for passage in _joined(parts) for clause in clauses(passage, turning)]
    spoken[1:] = [_named(clause, before, lexicon) for before, clause in pairwise(spoken)]
    return Passages(parts, tuple(spoken), cut)


def _newest(texts: Mapping[int, str]) -> dict[int, tuple[Token, ...]]:
    """The words of each part, newest first: as many parts as stay within MAX_WORDS, but one at least."""
    heard: dict[int, tuple[Token, ...]] = {}
    left = MAX_WORDS
    for part in reversed(list(texts)):
        tokens = tokenise(texts[part], part)
        left -= len(tokens)
        if heard and left < 0:
            break
        heard[part] = tokens
    return heard


def _understood(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """The words of a part corrected, with those of names made meaningless."""
    meaningless = {at for start, end in name_spans(text, tokens, lexicon) for at in range(start, end)}
    return tuple(
        replace(token, word="", alias="") if token.start in meaningless or token.end - 1 in meaningless else token
        for token in lexicon.corrected(tokens)
    )


def _named(clause: Clause, before: Clause, lexicon: Lexicon) -> Clause:
    """`the heater turns on but it's blowing cold`: behind a "but", "it" is the machine that was spoken of."""
    if len(clause.tokens) < 2 or clause.tokens[0].word not in lexicon.words("turning"):
        return clause
    opening, pronoun, *rest = clause.tokens
    machines = [token.word for token in before.tokens if any(lexicon.classes[name].fits(token) for name in SYSTEMS)]
    if pronoun.word not in _PRONOUNS or not machines:
        return clause
    return replace(clause, tokens=(opening, replace(pronoun, word=machines[-1]), *rest))


def _joined(parts: Sequence[tuple[Token, ...]]) -> Iterator[tuple[Token, ...]]:
    """Every part by itself, but neighbouring fragments as one."""
    fragments: tuple[Token, ...] = ()
    for tokens in parts:
        if len(tokens) <= FRAGMENT:
            fragments += tokens
            continue
        yield fragments
        yield tokens
        fragments = ()
    yield fragments
