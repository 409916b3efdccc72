"""Which "no" denies which trigger: `no leak`, `the AC is not broken`, `urgent: no`; not `nobody fixed the leak`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.words.lexicon import Lexicon, ReleaseKind, Trigger
from bridge.domain.words.phrases import PhraseMatch
from bridge.domain.words.tokens import After, Clause, Token
from bridge.domain.words.triage_reading import SYSTEMS

NEGATION_REACH = 6
DENIAL_REACH = 3  # words from the "no" to the end of the trigger it stands in: "the AC is not really broken"

_ALTERNATIVES = frozenset({"or", "nor", "ni", "o", "u"})
_NO = frozenset({"no", "nope", "nah"})
_PERCEIVING = frozenset({"seeing", "smelling", "noticing", "getting", "showing", "having", "hearing", "anything"})


@dataclass(frozen=True)
class Negation:
    """The words of a clause and those of its "no"s that are free to deny something.

    spent: places of words that carry a trigger of their own ("no heat"). before: for the first word of each trigger,
    where the "no" stands that reaches it.
    """

    lexicon: Lexicon
    tokens: Sequence[Token]
    spent: frozenset[int]
    before: Mapping[int, int]

    def of(self, trigger: PhraseMatch[Trigger]) -> int | None:
        """Where the word stands that denies the trigger."""
        if ReleaseKind.NEGATED not in trigger.value.yields:
            return None
        before = self.before.get(trigger.first)
        within = self._within(trigger) if before is None else before
        return self._answer(trigger) if within is None else within

    def _within(self, trigger: PhraseMatch[Trigger]) -> int | None:
        for at in range(trigger.last - 1, max(trigger.first, trigger.last - 1 - DENIAL_REACH), -1):
            if self.tokens[at].after > After.SPACE:
                return None
            negates = self.tokens[at].word in self.lexicon.words("negator") and at not in self.spent
            fails = trigger.value.category in SYSTEMS.values()  # "has not stopped working"
            if negates and (fails or not _ends(self.tokens[at + 1], self.lexicon, nearest=True)):
                return at
        return None

    def _answer(self, trigger: PhraseMatch[Trigger]) -> int | None:
        """`Urgent: no`."""
        behind = self.tokens[trigger.last + 1 :]
        asked = self.tokens[trigger.last].after is After.COMMA
        return trigger.last + 1 if asked and says_no(behind) else None


def negation(tokens: Sequence[Token], triggers: Iterable[PhraseMatch[Trigger]], lexicon: Lexicon) -> Negation:
    found = list(triggers)
    spent = frozenset(
        at
        for match in found
        if match.value.category and ReleaseKind.NEGATED not in match.value.yields
        for at in range(match.first, match.last + 1)
    )
    negators = lexicon.words("negator")
    places = {match.first for match in found} if any(token.word in negators for token in tokens) else ()
    before = {first: at for first in places if (at := _before(tokens, first, lexicon)) is not None and at not in spent}
    return Negation(lexicon, tokens, spent, before)


def denied_by_next(clause: Clause, following: Clause, trigger: PhraseMatch[Trigger]) -> bool:
    """`urgent? no`"""
    asked = clause.question and trigger.last + 1 == len(clause.tokens)
    return asked and ReleaseKind.NEGATED in trigger.value.yields and says_no(following.tokens)


def says_no(tokens: Sequence[Token]) -> bool:
    """A "no" that stands for itself."""
    return bool(tokens) and tokens[0].word in _NO and (tokens[0].after > After.SPACE or len(tokens) == 1)


def _before(tokens: Sequence[Token], first: int, lexicon: Lexicon) -> int | None:
    for at in range(first - 1, max(first - 1 - NEGATION_REACH, -1), -1):
        token = tokens[at]
        if token.after > After.SPACE and tokens[at + 1].word not in _ALTERNATIVES:
            return None
        if token.word in lexicon.words("negator"):
            return at
        if _ends(token, lexicon, nearest=at == first - 1):
            return None
    return None


def _ends(token: Token, lexicon: Lexicon, *, nearest: bool) -> bool:
    """Does a new thought begin here, so that a "no" before it says nothing of what follows?"""
    ends = lexicon.classes["negation_end"].fits(token)
    return ends or (token.word.endswith("ing") and not nearest and not token.is_in(_PERCEIVING))
