"""Triggers and releases in the clauses of a conversation, and which of them meet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from bridge.domain.words.lexicon import Category, Lexicon, ReleaseKind, Strength, Trigger
from bridge.domain.words.phrases import PhraseMatch
from bridge.domain.words.tokens import After, Clause, Token
from bridge.domain.words.triage_negation import NEGATION_REACH, denied_by_next, negation
from bridge.domain.words.triage_reading import FRAGMENT, SYSTEMS, passages

HYPOTHESIS_REACH = 14
LEADING_REACH = 10  # words from `my neighbor` or `how much` to the trigger
PRESENT_REACH = 2
TELLING_REACH = 4  # words from `had` to the trigger, and from the trigger to `fixed`
MAX_OVERS = 20
HEDGE_REACH = range(-2, 6)  # words from the hedge to the trigger: "might be a leak", "leak maybe"

_CANCELLED_BY_RELAPSE = frozenset({ReleaseKind.PAST, ReleaseKind.RESOLVED, ReleaseKind.OVER})
_FAR_REACHING = frozenset({ReleaseKind.DEFERRED, ReleaseKind.OVER, ReleaseKind.RELAPSE})
_ONLY_DOUBT = frozenset({ReleaseKind.DEFERRED, ReleaseKind.HEDGED, ReleaseKind.GENERAL, ReleaseKind.LONG_AGO})
_OF_ANOTHER_TIME = frozenset({ReleaseKind.PAST, ReleaseKind.PAPERWORK})
_NOT_INSIDE = _CANCELLED_BY_RELAPSE | {ReleaseKind.HEDGED}
_LEADING = frozenset({ReleaseKind.DENIED, ReleaseKind.INQUIRY, ReleaseKind.OUTSIDER})  # they tell of what follows them
_NEARBY = _LEADING | {ReleaseKind.ELSEWHERE, ReleaseKind.HEARSAY}
_SUBJECTS = frozenset({"it", "there", "water"})


class TroubleState(IntEnum):
    RELEASED = 0
    UNCLEAR = 1
    ACTIVE = 2


@dataclass(frozen=True, slots=True)
class WordSpan:
    """Characters `start` to `end` of part number `part`."""

    part: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """A trigger that was found, what speaks against it, and what is left of it."""

    category: Category | None
    strength: Strength
    where: WordSpan
    state: TroubleState
    releases: tuple[tuple[ReleaseKind, WordSpan], ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """A release that was found: in clause number `clause`, from word `first` to word `last`."""

    kind: ReleaseKind
    clause: int
    first: int
    last: int
    where: WordSpan


def conversation(texts: Mapping[int, str], lexicon: Lexicon) -> "ReadTexts":
    """Read the parts (number -> text) of one customer, in order."""
    read = passages(texts, lexicon)
    return ReadTexts(lexicon, read.parts, read.clauses, read.cut)


@dataclass(frozen=True)
class ReadTexts:
    """parts: the words of each part. clauses: all that was said, in order. cut: something was too long to be read."""

    lexicon: Lexicon
    parts: tuple[tuple[Token, ...], ...]
    clauses: tuple[Clause, ...]
    cut: bool

    def matches(self) -> list[Match]:
        found = [match for number in range(len(self.clauses)) for match in self._in_clause(number)]
        return found + list(self._across_parts())

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """Every release in the conversation that no relapse takes back, in order."""
        found = [
            Remark(found.value, number, found.first, found.last, _words(clause.tokens, found.first, found.last))
            for number, clause in enumerate(self.clauses)
            for found in self.lexicon.release_book.find(clause.tokens)
            if not (found.value in _CANCELLED_BY_RELAPSE and self._denied(clause.tokens, found))
        ]
        relapse = max(
            ((other.clause, other.first) for other in found if other.kind is ReleaseKind.RELAPSE), default=(-1, -1)
        )
        return tuple(
            remark
            for remark in found
            if remark.kind not in _CANCELLED_BY_RELAPSE or (remark.clause, remark.last) >= relapse
        )

    @cached_property
    def _by_clause(self) -> dict[int, list[Remark]]:
        """The remarks that act only in their clause."""
        found: dict[int, list[Remark]] = defaultdict(list)
        for remark in self.remarks:
            if remark.kind not in _FAR_REACHING:
                found[remark.clause].append(remark)
        return found

    @cached_property
    def _deferrals(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.kind is ReleaseKind.DEFERRED]

    @cached_property
    def _overs(self) -> list[Remark]:
        """Where everything said before is taken back; of many the last few."""
        return [remark for remark in self.remarks if remark.kind is ReleaseKind.OVER][-MAX_OVERS:]

    def _denied(self, tokens: Sequence[Token], found: PhraseMatch[ReleaseKind]) -> bool:
        """`is not fixed yet`, `will not come back on`; but `no longer leaks` carries its own "no"."""
        negators = self.lexicon.words("negator")
        reach = 2 if found.first and tokens[found.first - 1].word in self.lexicon.words("under_no") else 1
        around = (*tokens[max(found.first - reach, 0) : found.first], *tokens[found.first + 1 : found.last])
        return tokens[found.first].word not in negators and any(token.word in negators for token in around)

    def _in_clause(self, number: int) -> Iterator[Match]:
        tokens = self.clauses[number].tokens
        found = dict.fromkeys(self.lexicon.trigger_book.find(tokens))
        negation_here = negation(tokens, found, self.lexicon)
        for trigger in found:
            denied = list(_denial(tokens, negation_here.of(trigger))) or self._denied_later(number, trigger)
            standing = [(remark.kind, remark.where) for remark in self._standing(number, trigger)]
            yield _match(trigger, tokens, denied + standing, parted=self._over_in_another_part(number, trigger))

    def _denied_later(self, number: int, trigger: PhraseMatch[Trigger]) -> list[tuple[ReleaseKind, WordSpan]]:
        for following in self.clauses[number + 1 : number + 2]:
            if denied_by_next(self.clauses[number], following, trigger):
                return list(_denial(following.tokens, 0))
        return []

    def _across_parts(self) -> Iterator[Match]:
        """Triggers that begin in one part and end in the next ("furnace", then "is not working at all")."""
        for left, right in zip(self.parts, self.parts[1:], strict=False):
            if not left or not right or left[-1].after > After.COMMA or min(len(left), len(right)) > FRAGMENT:
                continue
            tokens = (*left[-NEGATION_REACH:], *right[:NEGATION_REACH])
            triggers = self.lexicon.trigger_book.find(tokens)
            negation_here = negation(tokens, triggers, self.lexicon)
            for found in triggers:
                if tokens[found.first].part != tokens[found.last].part:
                    yield _match(found, tokens, list(_denial(tokens, negation_here.of(found))))

    def _standing(self, number: int, trigger: PhraseMatch[Trigger]) -> Iterator[Remark]:
        """The remarks that release this trigger: those of its clause, and those that speak of everything said."""
        yields = trigger.value.yields
        for remark in self._by_clause.get(number, ()):
            if remark.kind in yields and self._meets(remark, number, trigger):
                kind = self._weakened(remark, number, trigger)
                if kind in yields:
                    yield replace(remark, kind=kind)
        if ReleaseKind.DEFERRED in yields:
            yield from self._deferrals[:1]
        if ReleaseKind.OVER in yields:
            overs = (over for over in self._overs if self._same_part(over, number))
            later = (over for over in overs if (over.clause, over.last) > (number, trigger.first))
            yield from (over for over in later if not self._of_another(over, trigger))

    def _meets(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        tokens = self.clauses[number].tokens
        if remark.kind in _NOT_INSIDE and trigger.first < remark.first and remark.last <= trigger.last:
            return False  # "the AC has stopped", "could you possibly come today"
        if remark.kind is ReleaseKind.HYPOTHETICAL:
            return self._supposes(remark, number, trigger)
        if remark.kind is ReleaseKind.GENERAL:
            return self._asks_generally(remark, number, trigger)
        if remark.kind is ReleaseKind.LONG_AGO:
            return self._is_long_over(remark, number, trigger)
        if remark.kind in _OF_ANOTHER_TIME:
            return not self._is_present(remark, number, trigger)
        if remark.kind in _LEADING and trigger.first - remark.last > LEADING_REACH:
            return False
        if remark.kind in _LEADING and trigger.first < remark.first:
            return tokens[remark.first].word in _AT and self._in_one_breath(remark, number, trigger)
        if remark.kind is ReleaseKind.OUTSIDER and self._involved(remark, number, trigger):
            return False
        if remark.kind in _NEARBY:
            return self._in_one_breath(remark, number, trigger)
        if remark.kind is ReleaseKind.RESOLVED:
            return remark.last >= _segment(tokens, trigger.first) and not self._of_another(remark, trigger)
        if remark.kind is ReleaseKind.HEDGED:
            near = _distance(remark, trigger) in HEDGE_REACH
            return near and remark.last >= _segment(tokens, trigger.first)
        return True

    def _involved(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """`the neighbor's leak comes through my ceiling`, `for my elderly neighbor`, `she asked me to text`."""
        tokens = self.clauses[number].tokens
        asked_for = any(token.word in _FOR for token in tokens[max(remark.first - 3, 0) : remark.first])
        told = tokens[min(remark.last, trigger.last) + 1 : _breath_end(tokens, max(remark.last, trigger.last))]
        return asked_for or self._any(told, "involved")

    def _weakened(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> ReleaseKind:
        """What is told of an outsider's trouble today, or asked of the price of one's own, leaves a doubt."""
        tokens = self.clauses[number].tokens
        if remark.kind is ReleaseKind.INQUIRY and self._any(tokens[remark.last + 1 : trigger.last + 1], "own"):
            return ReleaseKind.HEDGED
        if remark.kind is ReleaseKind.OUTSIDER:
            first, last = min(remark.first, trigger.first), max(remark.last, trigger.last)
            told = tokens[max(first - PRESENT_REACH, 0) : min(last + 1 + PRESENT_REACH, _breath_end(tokens, last))]
            return ReleaseKind.OUTSIDER if self._tells_of_the_past(told) else ReleaseKind.HEDGED
        return remark.kind

    def _tells_of_the_past(self, tokens: Sequence[Token]) -> bool:
        return any(map(self._is_past, tokens)) and not self._any(tokens, "present")

    def _is_past(self, token: Token) -> bool:
        return token.word.endswith("ed") or token.is_in(self.lexicon.words("past_tense"))

    def _any(self, tokens: Iterable[Token], name: str) -> bool:
        return any(token.is_in(self.lexicon.words(name)) for token in tokens)

    def _of_another(self, remark: Remark, trigger: PhraseMatch[Trigger]) -> bool:
        """`heat works fine, it's the AC that's dead`: what is fine is not what is broken."""
        tokens = self.clauses[remark.clause].tokens
        for token in reversed(tokens[_segment(tokens, remark.first) : remark.first]):
            for name, category in SYSTEMS.items():
                if self.lexicon.classes[name].fits(token):
                    return trigger.value.category is not category
        return False

    def _in_one_breath(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """No comma stands between: `my neighbor had a leak`, not `my neighbor had you here, my sink leaks`."""
        first, last = min(remark.last, trigger.last), max(remark.first, trigger.first)
        return all(token.after is After.SPACE for token in self.clauses[number].tokens[first:last])

    def _same_part(self, remark: Remark, number: int) -> bool:
        return remark.where.part == self.clauses[number].tokens[0].part

    def _over_in_another_part(self, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """A later text took it back: nobody lowers a flag but a person, so that only doubt is left."""
        return ReleaseKind.OVER in trigger.value.yields and any(
            over.clause > number and not self._same_part(over, number) for over in self._overs
        )

    def _supposes(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """`if it leaks` does; `it leaks if I run it`, `if it rains it leaks` and `si, es urgente` do not."""
        tokens = self.clauses[number].tokens
        if not remark.last < trigger.first <= remark.last + HYPOTHESIS_REACH or self.only_answers(tokens):
            return False
        own_subject = tokens[trigger.first - 1].word in _SUBJECTS and trigger.first - 1 > remark.last + 2
        return not own_subject and all(token.after is After.SPACE for token in tokens[remark.last : trigger.first])

    def _asks_generally(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """`can a bad breaker cause a fire?`; not `can someone stop it`, nor `should I worry about the smoke here`."""
        tokens = self.clauses[number].tokens
        near = 0 <= trigger.first - remark.first <= HYPOTHESIS_REACH
        if not near or not self._in_one_breath(remark, number, trigger):
            return False
        asked = tokens[remark.first : remark.last + 1]
        if self._any(asked[:1], "asks_of"):
            opening = tokens[_segment(tokens, remark.first) : remark.first]
            if self._any(asked[1:], "personal") or not all(token.word in _ASKING for token in opening):
                return False
        told = tokens[remark.last + 1 : _breath_end(tokens, trigger.last)]
        pointed = tokens[remark.last + 1 : trigger.last + 1]
        if trigger.value.strength is Strength.HAZARD and trigger.first > remark.first:
            pointed = (*pointed, tokens[trigger.first - 1])  # "will the smoke stop"
        return not self._any(told, "at_hand") and not self._any(pointed, "pointing")

    def _is_long_over(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """`had a gas leak two years ago`, `gas leak got fixed last fall`; not `the one you put in last year sparks`.

        In the breath of the hazard stands its date, a verb that tells it as past, and nothing of the present.
        """
        tokens = self.clauses[number].tokens
        begin, end = _breath_begin(tokens, trigger.first), _breath_end(tokens, trigger.last)
        back = any(other.kind is ReleaseKind.RELAPSE for other in self.remarks)
        if back or not begin <= remark.first <= remark.last < end or self._any(tokens[begin:end], "present"):
            return False
        after = tokens[trigger.last + 1 : min(trigger.last + 1 + TELLING_REACH, end)]
        if remark.first > trigger.last and self._any(after, "mended"):
            return True
        first = remark.last + 1 if remark.last < trigger.first else begin
        if any(map(self._is_past, tokens[max(first, trigger.first - TELLING_REACH) : trigger.first])):
            return not any(map(self._is_past, tokens[begin : remark.first])) or remark.first > trigger.last
        return tokens[trigger.last].word.endswith("ed") and not any(map(self._is_past, tokens[begin : trigger.first]))

    def only_answers(self, tokens: Sequence[Token]) -> bool:
        return all(token.is_in(self.lexicon.words("answer")) for token in tokens if token.word)

    def _is_present(self, remark: Remark, number: int, trigger: PhraseMatch[Trigger]) -> bool:
        """`the heater you installed last year is leaking`, `fixed the tub last week, now the sink leaks`."""
        tokens = self.clauses[number].tokens
        begin = _segment(tokens, trigger.first)
        end = _breath_end(tokens, trigger.last)
        apart = remark.last < begin or remark.first >= end
        said = tokens[begin:end] if apart else tokens[max(trigger.first - PRESENT_REACH, 0) : trigger.last + 1]
        return self._any(said, "present")


_AND = frozenset({"and", "y", "so"})
_FOR = frozenset({"for", "behalf", "elderly", "para", "por"})
_ASKING = frozenset({"hi", "hello", "hey", "hola", "so", "and", "also", "y", "but", "pero", "question"})
_AT = frozenset({"at", "in", "en"})


def _segment(tokens: Sequence[Token], at: int) -> int:
    """Where the words between commas begin among which word `at` stands."""
    return next((begin for begin in range(at, 0, -1) if tokens[begin - 1].after > After.SPACE), 0)


def _breath_begin(tokens: Sequence[Token], at: int) -> int:
    """The same towards the beginning."""
    begins = (at for at in range(at, 0, -1) if tokens[at - 1].after > After.SPACE or tokens[at - 1].word in _AND)
    return next(begins, 0)


def _breath_end(tokens: Sequence[Token], at: int) -> int:
    """Where the words behind word `at` end that still belong to it: before a comma or an "and"."""
    ends = (
        end + 1 for end in range(at, len(tokens) - 1) if tokens[end].after > After.SPACE or tokens[end + 1].word in _AND
    )
    return next(ends, len(tokens))


def _distance(remark: Remark, trigger: PhraseMatch[Trigger]) -> int:
    """Words from the remark to the trigger; negative where the remark follows it."""
    if remark.last < trigger.first:
        return trigger.first - remark.last
    return min(trigger.last - remark.first, 0)


def _match(
    found: PhraseMatch[Trigger],
    tokens: Sequence[Token],
    releases: Sequence[tuple[ReleaseKind, WordSpan]],
    *,
    parted: bool = False,
) -> Match:
    trigger = found.value
    kinds = {kind for kind, _ in releases}
    weak = trigger.strength is Strength.CHECK
    if kinds - _ONLY_DOUBT or (weak and kinds):
        state = TroubleState.RELEASED
    else:
        state = TroubleState.UNCLEAR if kinds or parted or weak else TroubleState.ACTIVE
    where = _words(tokens, found.first, found.last)
    return Match(trigger.category, trigger.strength, where, state, tuple(releases))


def _denial(tokens: Sequence[Token], at: int | None) -> Iterator[tuple[ReleaseKind, WordSpan]]:
    if at is not None:
        yield ReleaseKind.NEGATED, _words(tokens, at, at)


def _words(tokens: Sequence[Token], first: int, last: int) -> WordSpan:
    """A match over two parts is shown where it begins."""
    begin = tokens[first]
    ends = [token.end for token in tokens[first : last + 1] if token.part == begin.part]
    return WordSpan(begin.part, begin.start, max(ends))
