"""Answers to our own question, "is this urgent today?": a bare "yes", "yes please, today", "sí"."""

from collections.abc import Iterator, Sequence

from bridge.domain.words.lexicon import Category, ReleaseKind, Strength
from bridge.domain.words.tokens import After, Token
from bridge.domain.words.triage_clauses import Match, ReadTexts, TroubleState, WordSpan

_WAVED_AWAY = frozenset({ReleaseKind.SALES, ReleaseKind.DEFERRED, ReleaseKind.OVER})
_ASKED_BACK = 2  # words: "today?" is an answer still
_OPENING = 2  # words: an answer begins with the day, or with "please"


def answers(talk: ReadTexts) -> list[Match]:
    """A "yes" leans urgent, unless the customer also says that there is no hurry or asks for a price."""
    if any(remark.kind in _WAVED_AWAY for remark in talk.remarks):
        return []
    spoken = ([token for token in part if token.word] for part in talk.parts)
    return [match for tokens in spoken if tokens for match in _answer(talk, tokens)]


def _answer(talk: ReadTexts, tokens: Sequence[Token]) -> Iterator[Match]:
    """tokens: all that one text says beside names and addresses."""
    affirmative = talk.lexicon.words("affirmative")
    if talk.only_answers(tokens):
        says = affirmative | _days(talk, tokens)
        yield from [_match(token, Strength.URGENT, TroubleState.ACTIVE) for token in tokens if token.is_in(says)][:1]
    elif _aside(tokens[0], affirmative):
        yield _match(tokens[0], Strength.PASSING, TroubleState.UNCLEAR)  # "Yes, toilet clogged" may be the answer
    elif answer := _last_words(talk, tokens, affirmative):
        yield _match(answer, Strength.PASSING, TroubleState.ACTIVE)


def _days(talk: ReadTexts, tokens: Sequence[Token]) -> frozenset[str]:
    """`today please` answers as well; `do you want it now?` and `you can do it now` do not."""
    days = talk.lexicon.words("day")
    asks = tokens[-1].after is After.QUESTION and len(tokens) > _ASKED_BACK
    begins = any(token.is_in(days) for token in tokens[:_OPENING])
    return days if begins and not asks else frozenset()


def _aside(token: Token, affirmative: frozenset[str]) -> bool:
    return token.is_in(affirmative) and token.after in {After.COMMA, After.STOP}


def _last_words(talk: ReadTexts, tokens: Sequence[Token], affirmative: frozenset[str]) -> Token | None:
    """`toilet clogged, 12 Elm St, yes`."""
    last = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at - 1].after is not After.SPACE), len(tokens))
    said = tokens[last:]
    return said[0] if said and said[0].is_in(affirmative) and talk.only_answers(said) else None


def _match(token: Token, strength: Strength, state: TroubleState) -> Match:
    return Match(Category.SAME_DAY, strength, WordSpan(token.part, token.start, token.end), state)
