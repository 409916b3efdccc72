"""How urgent is what a customer wrote: the words that say so, and the words that take it back.

A text is read as words, the words as clauses. In each clause the phrases of the lexicon are triggers or releases; a
trigger gives way only to the kinds of release that its entry names, and a hazard to a plain "no" at most, or where it
is told of somebody else and another time. Places, persons and days weigh by the trouble they come with. Nothing here
hides a text: a miss costs it its place in the queue, never its being read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bridge.domain.words.lexicon import Category, Lexicon, ReleaseKind, Strength
from bridge.domain.words.triage_answers import answers
from bridge.domain.words.triage_clauses import Match, TroubleState, WordSpan, conversation

MAX_PARTS = 12

_CIRCUMSTANCES = frozenset({Strength.RAISES, Strength.PASSING})


class TriageLevel(StrEnum):
    URGENT = "urgent"
    CHECK = "check"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Words that decided: characters `start` to `end` of part number `part`, as the customer wrote them."""

    part: int
    start: int
    end: int
    text: str
    category: Category


@dataclass(frozen=True, slots=True)
class Release:
    """Words that took weight from a trigger."""

    part: int
    start: int
    end: int
    text: str
    kind: ReleaseKind


@dataclass(frozen=True, slots=True)
class Assessment:
    """categories: in the brief's order. hazard: somebody may be in danger."""

    level: TriageLevel
    categories: tuple[Category, ...] = ()
    spans: tuple[TextSpan, ...] = ()
    released_by: tuple[Release, ...] = ()
    hazard: bool = False


def assess(texts: Sequence[str], lexicon: Lexicon, *, asked_urgent: bool = True) -> Assessment:
    """Judge the texts of one customer's last half hour, oldest first; of many the newest MAX_PARTS are read.

    asked_urgent: our text asked whether it is urgent, so that a bare "yes" answers that.
    """
    recent = range(max(len(texts) - MAX_PARTS, 0), len(texts))
    talk = conversation({part: texts[part] for part in recent}, lexicon)
    matches = talk.matches()
    if asked_urgent:
        matches += answers(talk)
    return _summed_up(_strongest(_weighed(matches)), texts, unread=talk.cut)


def _weighed(matches: Sequence[Match]) -> Iterator[Match]:
    """Circumstances by what they come with: a clogged toilet at a daycare is urgent, a daycare a reason to look."""
    troubled = any(match.state > TroubleState.RELEASED and match.strength not in _CIRCUMSTANCES for match in matches)
    for match in matches:
        if troubled or match.strength not in _CIRCUMSTANCES:
            yield match
        elif match.strength is Strength.RAISES:
            yield replace(match, state=min(match.state, TroubleState.UNCLEAR))


def _strongest(matches: Iterable[Match]) -> list[Match]:
    """One match for each place and category: the reading of it that stands, of those a hazard."""
    best: dict[tuple[int, int, Category | None], Match] = {}
    for match in matches:
        key = (match.where.part, match.where.start, match.category)
        if key not in best or _weight(match) > _weight(best[key]):
            best[key] = match
    return sorted(best.values(), key=lambda match: (match.where.part, match.where.start, match.where.end))


def _weight(match: Match) -> tuple[TroubleState, bool]:
    return match.state, match.strength is Strength.HAZARD


def _summed_up(matches: Sequence[Match], texts: Sequence[str], *, unread: bool) -> Assessment:
    standing = [match for match in matches if match.state > TroubleState.RELEASED and match.category]
    categories = {match.category for match in standing}
    return Assessment(
        level=_level(standing, unread=unread),
        categories=tuple(category for category in Category if category in categories),
        spans=tuple(
            TextSpan(*_place(match.where, texts), match.category) for match in _apart(standing) if match.category
        ),
        released_by=tuple(dict.fromkeys(_releases(matches, texts))),
        hazard=any(match.strength is Strength.HAZARD for match in standing),
    )


def _level(standing: Sequence[Match], *, unread: bool) -> TriageLevel:
    if any(match.state is TroubleState.ACTIVE for match in standing):
        return TriageLevel.URGENT
    return TriageLevel.CHECK if standing or unread else TriageLevel.ROUTINE


def _apart(standing: Sequence[Match]) -> Iterator[Match]:
    """Without those that lie inside another of their category. standing: by place."""
    reached: dict[tuple[int, Category | None], int] = {}
    for match in sorted(standing, key=lambda match: (match.where.part, match.where.start, -match.where.end)):
        key = (match.where.part, match.category)
        if match.where.end > reached.get(key, -1):
            reached[key] = match.where.end
            yield match


def _releases(matches: Iterable[Match], texts: Sequence[str]) -> Iterator[Release]:
    for match in matches:
        for kind, where in match.releases:
            yield Release(*_place(where, texts), kind)


def _place(where: WordSpan, texts: Sequence[str]) -> tuple[int, int, int, str]:
    return where.part, where.start, where.end, texts[where.part][where.start : where.end]
