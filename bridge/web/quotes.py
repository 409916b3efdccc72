"""A customer's own words, with those marked that made them urgent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from bridge.domain.words import triage
from bridge.domain.words.lexicon import Lexicon
from bridge.domain.words.reactions import Reaction
from bridge.texts.customer_replies import READ_TOGETHER
from storage.conversations import Said

Spans = Sequence[tuple[int, int]]
Mark = Callable[[Sequence[str]], Sequence[Spans]]
"""Which characters of each of a customer's texts, oldest first and read together, made them urgent."""


class Piece(NamedTuple):
    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """One text, cut where it is marked. id: of the reply. Of a reaction the pieces are what else was said."""

    id: int
    at: datetime
    pieces: Sequence[Piece]
    reaction: Reaction | None = None

    @property
    def marked(self) -> bool:
        return any(piece.marked for piece in self.pieces)


def marker(lexicon: Lexicon) -> Mark:
    @lru_cache(maxsize=1000)
    def mark(texts: tuple[str, ...]) -> Sequence[Spans]:
        spans = triage.assess(texts, lexicon).spans
        return [[(span.start, span.end) for span in spans if span.part == part] for part in range(len(texts))]

    return lambda texts: mark(tuple(texts))


def unmarked(texts: Sequence[str]) -> Sequence[Spans]:
    """A Mark that marks nothing, where nobody looks at the words."""
    return [()] * len(texts)


def quotes(said: Sequence[Said], mark: Mark) -> Mapping[int, Quote]:
    """What the customer wrote, by the id of the reply. said: newest first; the office's own texts are passed over."""
    theirs = [text for text in said if text.by is None and text.text]
    return {quote.id: quote for batch in _read_together(theirs) for quote in _marked(batch, mark)}


def _marked(batch: Sequence[Said], mark: Mark) -> Iterator[Quote]:
    spans = mark([text.own_words.text for text in reversed(batch)])
    for text, found in zip(batch, reversed(spans), strict=True):
        shown = text.own_words.text if text.reaction else text.text
        yield Quote(text.id, text.at, tuple(pieces(shown, found)) if shown.strip() else (), text.reaction)


def telling(found: Mapping[int, Quote]) -> Sequence[Quote]:
    """What a row shows: the last words, and before them those that made it urgent, where the last words do not.

    found: newest first. A bare reaction that came last stands behind the words before it.
    """
    newest = next(iter(found.values()), None)
    reaction = [newest] if newest and not newest.pieces else []
    last = next((quote for quote in found.values() if quote.pieces), None)
    if last is None or last.marked:
        return [last, *reaction] if last else reaction
    why = next((quote for quote in found.values() if quote.marked and last.at - quote.at <= READ_TOGETHER), None)
    return [why, last, *reaction] if why else [last, *reaction]


def _read_together(theirs: Sequence[Said]) -> Iterator[Sequence[Said]]:
    """The texts of half an hour at a time."""
    batch: list[Said] = []
    for text in theirs:
        if batch and batch[0].at - text.at > READ_TOGETHER:
            yield batch
            batch = []
        batch.append(text)
    yield batch


def pieces(text: str, spans: Spans) -> Iterator[Piece]:
    """Cut a text at its spans; overlapping ones are joined, what lies outside the text is left out."""
    done = 0
    for start, end in sorted(spans):
        start, end = max(start, done), min(end, len(text))
        if start < end:
            if done < start:
                yield Piece(text[done:start], False)
            yield Piece(text[start:end], True)
            done = end
    if done < len(text):
        yield Piece(text[done:], False)
