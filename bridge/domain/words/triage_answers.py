"""Answers to our own question, "is this urgent today?": a bare "yes", "yes please, today", "sí"."""

from collections.abc import Iterator, Sequence

from bridge.domain.words.lexicon import Category, ReleaseKind, Strength
from bridge.domain.words.tokens import After, Clause, Token, clauses
from bridge.domain.words.triage_clauses import Match, ReadTexts, TroubleState, WordSpan

_WAVED_AWAY = frozenset({ReleaseKind.SALES, ReleaseKind.DEFERRED, ReleaseKind.OVER})


def answers(talk: ReadTexts) -> list[Match]:
    """A "yes" leans urgent, unless the customer also says that there is no hurry or asks for a price."""
    if any(remark.kind in _WAVED_AWAY for remark in talk.remarks):
        return []
    turning = talk.lexicon.words("turning")
    spoken = [clause for part in talk.parts for clause in clauses(part, turning)]
    return [_urgent(token) for clause in spoken for token in _answer(talk, clause)]


def _answer(talk: ReadTexts, clause: Clause) -> Iterator[Token]:
    tokens = [token for token in clause.tokens if token.word]
    if not tokens:
        return
    affirmative, day = talk.lexicon.words("affirmative"), talk.lexicon.words("day")
    if talk.only_answers(tokens):
        says = day if clause.question else affirmative | day
        yield from [token for token in tokens if token.is_in(says)][:1]
    elif not clause.question:
        yield from _aside(talk, tokens, affirmative)


def _aside(talk: ReadTexts, tokens: Sequence[Token], affirmative: frozenset[str]) -> Iterator[Token]:
    """`Yes, toilet clogged`, `toilet clogged yes`, `toilet clogged, yes urgent`."""
    if tokens[0].is_in(affirmative) and tokens[0].after is After.COMMA:
        yield tokens[0]
        return
    last = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at - 1].after is After.COMMA), len(tokens) - 1)
    if tokens[last].is_in(affirmative) and talk.only_answers(tokens[last:]):
        yield tokens[last]


def _urgent(token: Token) -> Match:
    where = WordSpan(token.part, token.start, token.end)
    return Match(Category.SAME_DAY, Strength.URGENT, where, TroubleState.ACTIVE)
