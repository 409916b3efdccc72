"""What a phrase of the lexicon can mean."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.words.keywords import OptOutRequest


class Category(StrEnum):
    """The ten triggers, under the names that the brief gives them."""

    LEAK = "leak"
    NO_HEAT = "no heat"
    NO_AC = "no AC"
    EMERGENCY = "emergency"
    WATER_DAMAGE = "water damage"
    BURNING_SMELL = "electrical burning smell"
    COMMERCIAL = "commercial location"
    ELDERLY = "elderly resident"
    MEDICAL = "medical equipment"
    SAME_DAY = "same-day service"


class Strength(StrEnum):
    """How much a trigger weighs: a hazard stays whatever else is said, `check` is worth a look but no night alert.

    Circumstances (a place of business, an old person, "today") weigh by what they come with. They make a trouble
    urgent; without one, what `raises` is worth a look, and what is said in `passing` is nothing. A `trouble` is a fault
    of none of the ten kinds ("toilet clogged"): no trigger by itself.
    """

    HAZARD = "hazard"
    URGENT = "urgent"
    CHECK = "check"
    RAISES = "raises"
    PASSING = "passing"
    TROUBLE = "trouble"


class ReleaseKind(StrEnum):
    """What takes the weight from a trigger (and `relapse`, which gives it back)."""

    NEGATED = "negated"
    DENIED = "denied"  # with its whole clause, faults that carry their own "no" as well: "it's not that the AC is dead"
    PAST = "past"
    RESOLVED = "resolved"  # in its clause: "the leak is fixed"
    OVER = "over"  # of everything said before it: "never mind"
    HYPOTHETICAL = "hypothetical"
    SALES = "sales"
    NEW = "new"  # a wish to have, for what is missing: "no AC, want to add it"
    THING = "thing"  # of a thing, not of persons or homes: "the house is 80 years old"
    PAPERWORK = "paperwork"
    INQUIRY = "inquiry"  # what it would cost, or whether it is done at all: "how much to fix a leak"
    ELSEWHERE = "elsewhere"  # no business of a customer: "hiring"
    OUTSIDER = "outsider"  # of somebody who is no customer: "my neighbor had a leak"
    HEARSAY = "hearsay"  # who or what led them to us: "my grandma recommended you"
    DEFERRED = "deferred"  # in no hurry: the trigger is still shown, as `check`
    HEDGED = "hedged"  # not sure: the same
    GENERAL = "general"  # asked of hazards as such, the same: "can a bad breaker cause a fire?"
    LONG_AGO = "long ago"  # over with its year or season, the same: "we had a fire in 2021"
    RELAPSE = "relapse"


class Rule(StrEnum):
    """What an automatic text may not claim."""

    AVAILABILITY = "availability"
    BOOKING = "booking"
    DISPATCH = "dispatch"
    RESPONSE_TIME = "response time"
    PRICE = "price"
    GUARANTEE = "guarantee"
    COMMITMENT = "commitment"  # anything else that somebody says to do
    LINK = "link"
    ASKS = "asks"
    LENGTH = "length"


class Excuse(StrEnum):
    """What makes words of a promise no promise."""

    NEGATED = "negated"  # in its clause, before it
    HEDGED = "hedged"  # in its clause
    HABIT = "habit"  # in its clause: "we usually call back", which with a time is a promise all the same
    CONDITION = "condition"  # in its clause, before it
    THEIRS = "theirs"  # the customer's own appointment, in its clause
    HARMLESS = "harmless"  # in the very words of it: "will read"
    ASKED = "asked"  # no comma away from it: what is asked of the customer, or the office's hours
    PLAIN = "plain"  # it says no more than what is: "we missed your call"


class Scope(StrEnum):
    """Of how much a phrase must be all that is said."""

    ANYWHERE = "anywhere"
    SENTENCE = "sentence"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class OptOutPhrase:
    """What the words ask for; `none` of them takes that back where it stands, or in the whole text."""

    kind: OptOutRequest
    scope: Scope


class LexiconError(ValueError):
    """A mistake in a lexicon file. line: counted from 1, 0 where it cannot be told."""

    def __init__(self, file: str, line: int, word: str, why: str) -> None:
        super().__init__(f"{file}, line {line}: {word!r}: {why}")
        self.file = file
        self.line = line
        self.word = word
        self.why = why


_DENIALS = frozenset({ReleaseKind.NEGATED, ReleaseKind.DENIED, ReleaseKind.DEFERRED, ReleaseKind.HEDGED})
_OTHER_TIMES = frozenset({ReleaseKind.PAST, ReleaseKind.RESOLVED, ReleaseKind.OVER, ReleaseKind.HYPOTHETICAL})
_OTHER_MATTERS = frozenset({ReleaseKind.PAPERWORK, ReleaseKind.INQUIRY, ReleaseKind.ELSEWHERE, ReleaseKind.GENERAL})
_CIRCUMSTANCE = _DENIALS | _OTHER_TIMES | _OTHER_MATTERS
_ALWAYS = _CIRCUMSTANCE | {ReleaseKind.OUTSIDER}
_YIELDS = {
    Strength.HAZARD: frozenset({ReleaseKind.NEGATED, ReleaseKind.OUTSIDER, ReleaseKind.GENERAL, ReleaseKind.LONG_AGO}),
    Strength.URGENT: _ALWAYS,
    Strength.CHECK: _ALWAYS | {ReleaseKind.SALES},
    Strength.RAISES: _CIRCUMSTANCE,
    Strength.PASSING: _CIRCUMSTANCE | {ReleaseKind.SALES},
    Strength.TROUBLE: _ALWAYS | {ReleaseKind.SALES},
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """yields: the kinds of release that this trigger gives way to. category: None for a trouble."""

    category: Category | None
    strength: Strength
    yields: frozenset[ReleaseKind]


def trigger(
    category: Category | None,
    strength: Strength = Strength.URGENT,
    also: frozenset[ReleaseKind] = frozenset(),
    never: frozenset[ReleaseKind] = frozenset(),
) -> Trigger:
    return Trigger(category, strength, (_YIELDS[strength] | also) - never)


@dataclass(frozen=True, slots=True)
class Promise:
    """rule: what it claims. excused_by: what makes it no promise. suggestion: what may be said instead."""

    rule: Rule
    excused_by: frozenset[Excuse]
    suggestion: str
