"""Answers to our own question, "is this urgent today?": a bare "yes", "yes please, today", "sí"."""

from collections.abc import Iterator, Sequence

from bridge.domain.lexicon import Category, Kind, Strength
from bridge.domain.reading import After, Clause, Token, clauses
from bridge.domain.triage_clauses import Conversation, Match, State, Words

_WAVED_AWAY = frozenset({Kind.SALES, Kind.DEFERRED, Kind.OVER})


def answers(talk: Conversation) -> list[Match]:
    """A "yes" leans urgent, unless the customer also says that there is no hurry or asks for a price."""
    if any(remark.kind in _WAVED_AWAY for remark in talk.remarks):
        return []
    turning = talk.lexicon.words("turning")
    spoken = [clause for part in talk.parts for clause in clauses(part, turning)]
    return [_urgent(token) for clause in spoken for token in _answer(talk, clause)]


def _answer(talk: Conversation, clause: Clause) -> Iterator[Token]:
    tokens = [token for token in clause.tokens if token.word]
    if not tokens:
        return
    affirmative, day = talk.lexicon.words("affirmative"), talk.lexicon.words("day")
    if talk.only_answers(tokens):
        says = day if clause.question else affirmative | day
        yield from [token for token in tokens if token.is_in(says)][:1]
    elif not clause.question and _stands_apart(tokens, affirmative):
        yield tokens[0] if tokens[0].is_in(affirmative) else tokens[-1]


def _stands_apart(tokens: Sequence[Token], affirmative: frozenset[str]) -> bool:
    """`Yes, toilet clogged` and `toilet clogged yes`."""
    leads = tokens[0].is_in(affirmative) and tokens[0].after is After.COMMA
    return leads or (len(tokens) > 1 and tokens[-1].is_in(affirmative))


def _urgent(token: Token) -> Match:
    where = Words(token.part, token.start, token.end)
    return Match(Category.SAME_DAY, Strength.URGENT, where, State.ACTIVE)
