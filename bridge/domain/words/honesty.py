"""Does an automatic text promise what only a person can give: a call, a visit, a time, a price?

A promise is a phrase of the lexicon: somebody acts and commits. Questions are none, nor is what its clause negates,
hedges or puts under a condition; each rule names which of these excuse it. Beyond the phrases that are known, whatever
the office or its crew says to do is refused unless it is one of the plain things that such a text says, and so is a
sentence that speaks of nothing such a text is about: a slogan promises in more ways than a lexicon can list.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bridge.domain.words import links
from bridge.domain.words.lexicon import Excuse, Lexicon, Promise, Rule
from bridge.domain.words.phrases import PhraseMatch
from bridge.domain.words.tokens import HEAD, After, Clause, Token, clauses, is_cut, tokenise

MAX_ASKS = 3
NEGATION_REACH = 8
CONDITION_REACH = 3
MAX_NAME = 4  # words of a name that stands before everything else

_NUMBERED = re.compile(r"(?:^|\s)(?:[1-9A-E][.):]|\([1-9A-Ea-e]\)|[1-9]\ufe0f?\u20e3)\s")
# The office's own name, as it stands in a finished text: "ASAP Plumbing: ...", "this is Always Cool HVAC".
_NAME = r"(?:[A-Z0-9&][\w&'/-]* ){1,5}[A-Z0-9&][\w&'/-]*"
_OWN_NAME = re.compile(
    rf"^({_NAME})(?=:| here\b)|\b(?i:this is|we are|we're|calling|called|reached|from) ({_NAME})(?=[,.:;!?]| [a-z]|$)"
)
_STRANGE = 'Say only what has happened and what you ask for, in English or Spanish: "We missed your call".'
_OPENING_MARK = "¿"
_JOINING = frozenset({"and", "then", "so", "y", "entonces"})
_BEGINNING = frozenset({"will", "we", "i", "someone", "somebody", "always", "never", "va", "vamos", "le", "alguien"})
_ALTERNATIVES = frozenset({"or", "nor", "ni", "o"})


@dataclass(frozen=True, slots=True)
class Overpromise:
    """The words at `start` to `end` break `rule`; suggestion: what may be said instead."""

    words: str
    start: int
    end: int
    rule: Rule
    suggestion: str


def has_link(text: str) -> bool:
    """Would a phone make a link of something in it? Also without "https"."""
    return any(links.find(text))


def check(text: str, lexicon: Lexicon) -> list[Overpromise]:
    """Everything an automatic text says that it must not, in order. An empty list means: it may be sent."""
    checker = _Checker(text, lexicon)
    found = [*checker.promises(), *checker.strange(), *checker.links(), *checker.asks(), *checker.unread()]
    return sorted(_outermost(found), key=lambda problem: problem.start)


def _outermost(problems: Sequence[Overpromise]) -> Iterator[Overpromise]:
    """Of problems inside one another the longest, of equals the first; a commitment only where nothing else is."""
    kept: list[Overpromise] = []
    for problem in sorted(problems, key=lambda problem: (problem.rule is Rule.COMMITMENT, problem.start - problem.end)):
        if not any(_says_it(other, problem) for other in kept):
            kept.append(problem)
            yield problem


def _says_it(other: Overpromise, problem: Overpromise) -> bool:
    if problem.rule is Rule.COMMITMENT:
        return other.start < problem.end and problem.start < other.end
    return other.start <= problem.start and problem.end <= other.end


def _excuses(excuse: PhraseMatch[Excuse], promise: PhraseMatch[Promise], tokens: Sequence[Token]) -> bool:
    """Harmless words must be those of the promise; others reach over one comma: `usually we call, so wait, we call`."""
    if excuse.value is Excuse.PLAIN:
        return excuse.first <= promise.first <= excuse.last
    last, first = min(excuse.last, promise.last), max(excuse.first, promise.first)
    if excuse.value is Excuse.HARMLESS:
        return first <= last
    between = tokens[last : first + 1]
    commas = sum(token.after is After.COMMA for token in between[:-1])
    return commas <= (excuse.value is not Excuse.ASKED) and not _turns(between)


def _turns(tokens: Sequence[Token]) -> bool:
    """`we try to be quick and will call`: what comes after the "and" stands for itself."""
    return any(one.word in _JOINING and other.word in _BEGINNING for one, other in pairwise(tokens))


def _nameless(text: str, tokens: Sequence[Token]) -> list[Token]:
    """The words with each of the office's name read as "business": names promise nothing.

    Only where capitals tell a name from other words: not in a text that Has Them Everywhere.
    """
    small = sum(text[token.start].islower() for token in tokens)
    named = _OWN_NAME.finditer(text[:HEAD]) if small * 3 > len(tokens) else ()
    spans = [match.span(match.lastindex or 0) for match in named]
    return [
        replace(token, word="business") if any(start <= token.start < end for start, end in spans) else token
        for token in tokens
    ]


class _Checker:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        tokens = tokenise(text)
        self._cut = is_cut(text, len(tokens))
        self._clauses = clauses(lexicon.plain(_nameless(text, tokens)), lexicon.words("turning"))

    def promises(self) -> Iterator[Overpromise]:
        for clause in self._clauses:
            if self._is_question(clause):
                continue
            excuses = self._lexicon.excuse_book.find(clause.tokens)
            for found in self._lexicon.promise_book.find(clause.tokens):
                if not self._excused(clause.tokens, found, excuses):
                    first, last = clause.tokens[found.first], clause.tokens[found.last]
                    yield self._problem(first.start, last.end, found.value.rule, found.value.suggestion)

    def strange(self) -> Iterator[Overpromise]:
        """Sentences that say nothing of calls, texts, hours, addresses and whatever else such a text is about."""
        for number, clause in enumerate(self._clauses):
            said = [token for token in clause.tokens if token.word.isalpha()]
            if len(said) > 1 and not self._on_topic(clause) and not self._is_name(said, opening=number == 0):
                yield self._problem(clause.tokens[0].start, clause.tokens[-1].end, Rule.COMMITMENT, _STRANGE)

    def _on_topic(self, clause: Clause) -> bool:
        topics = self._lexicon.classes["topic"]
        known = any(topics.fits(token) or self._negates(token) for token in clause.tokens)
        return known or clause.question or any(self._lexicon.excuse_book.find(clause.tokens))

    def _is_name(self, said: Sequence[Token], *, opening: bool) -> bool:
        """`Acme Plumbing.` before everything else, `This is Dana at Acme Plumbing`, `Acme Plumbing here`."""
        named = [token for token in said if token.word not in self._lexicon.words("name_frame")]
        framed = opening or len(named) < len(said)
        return framed and len(named) <= MAX_NAME and all(self._text[token.start].isupper() for token in named)

    def _negates(self, token: Token) -> bool:
        return token.word in self._lexicon.words("negator") or token.word in self._lexicon.words("nobody")

    def links(self) -> Iterator[Overpromise]:
        for begins, ends in links.find(self._text[:HEAD]):
            start = max(self._text.rfind(" ", 0, begins) + 1, 0)
            end = self._text.find(" ", ends)
            shown = end if end >= 0 else len(self._text)
            yield self._problem(start, shown, Rule.LINK, "Leave the link out: ask for an answer by text.")

    def asks(self) -> Iterator[Overpromise]:
        questions = sum(clause.question for clause in self._clauses)
        asked = max(questions, sum(map(self._listed, self._clauses)))
        numbered = len(_NUMBERED.findall(self._text[:HEAD])) > 1
        if asked > MAX_ASKS or numbered:
            yield self._problem(0, len(self._text), Rule.ASKS, f"Ask for {MAX_ASKS} things at most, in one sentence.")

    def unread(self) -> Iterator[Overpromise]:
        if self._cut:
            why = f"Keep it within {HEAD} characters: what is longer is not read."
            yield self._problem(0, len(self._text), Rule.LENGTH, why)

    def _listed(self, clause: Clause) -> int:
        """How many things `Reply with the address, issue and ...` asks for; 0 where it is no such sentence."""
        tokens = clause.tokens
        asks = self._lexicon.words("asks_for")
        begin = next((at for at, token in enumerate(tokens) if token.word in asks), None)
        if begin is None or clause.question:
            return 0
        listed = tokens[begin:-1]
        commas = sum(token.after is After.COMMA for token in listed)
        closing = any(
            token.after is After.SPACE and following.word in {"and", "y"}
            for token, following in zip(listed, tokens[begin + 1 :], strict=False)
        )
        return commas + closing + 1 if commas else 0

    def _is_question(self, clause: Clause) -> bool:
        """It ends with a question mark and begins like a question: `we'll call you in 10 minutes, ok?` does not."""
        if not clause.question:
            return False
        first = clause.tokens[0]
        begins = self._text[max(first.start - 1, 0) : first.start] == _OPENING_MARK
        return begins or first.word in self._lexicon.words("asking")

    def _excused(
        self, tokens: Sequence[Token], found: PhraseMatch[Promise], excuses: Sequence[PhraseMatch[Excuse]]
    ) -> bool:
        by = found.value.excused_by
        begun = found.first < found.last and tokens[found.first].after > After.SPACE
        if begun and found.value.rule is Rule.COMMITMENT:
            return True  # "Smith Plumbers: sorry we missed you" says nothing of plumbers
        if any(excuse.value in by and _excuses(excuse, found, tokens) for excuse in excuses):
            return True
        if Excuse.NEGATED in by and self._negated(tokens, found):
            return True
        return Excuse.CONDITION in by and self._conditional(tokens, found)

    def _negated(self, tokens: Sequence[Token], found: PhraseMatch[Promise]) -> bool:
        ends = self._lexicon.words("promise_negation_end")
        behind = tokens[found.last + 1 : found.last + 2] if tokens[found.last].after is After.SPACE else ()
        if any(map(self._negates, (*tokens[found.first + 1 : found.last + 1], *behind))):
            return True
        for at in range(found.first - 1, max(found.first - 1 - NEGATION_REACH, -1), -1):
            listed = any(token.word in _ALTERNATIVES for token in tokens[at + 1 : found.last + 4])
            if (tokens[at].after > After.SPACE and not listed) or tokens[at].word in ends:
                return False
            if self._negates(tokens[at]):
                return True
        return False

    def _conditional(self, tokens: Sequence[Token], found: PhraseMatch[Promise]) -> bool:
        """`until a person answers`, `if we can come today`; not `if it is urgent we will call you`."""
        before = tokens[max(found.first - CONDITION_REACH, 0) : found.first]
        words = self._lexicon.words("conditional")
        return any(token.word in words for token in before) and all(token.after is After.SPACE for token in before)

    def _problem(self, start: int, end: int, rule: Rule, suggestion: str) -> Overpromise:
        return Overpromise(self._text[start:end], start, end, rule, suggestion)
