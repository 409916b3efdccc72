"""What a text carries of other texts: mail quotes (`>`, "On ... wrote:"), subjects, signatures, our own words again.

Everything here works on the folded text (see `tokens.fold`) and gives back stretches of it, in no order.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bridge.domain.office.templates import HINTS, SHIPPED
from bridge.domain.words.reactions import quote_end
from bridge.domain.words.tokens import fold

Stretch = tuple[int, int]

WHOLE_SENTENCE = 4  # words: so much of ours, from the beginning of a sentence to its end, is a quote ...
ANYWHERE = 8  # ... and so much from anywhere
IN_MARKS = 3  # between quotation marks
FILLED_IN = 6  # words that may stand between two stretches of one text of ours: what stood in its blanks
MAX_SENT = 80  # texts of ours that are looked at

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NAME = re.compile(r"(?:^|[\n\"“«„])[ \t]*[^\n.!?:>\"“«„]{1,40}: ?$")
_OPENING, _CLOSING = "\"“«„'‹(", "\"”»“'›)"
_QUOTED_LINE = re.compile(r"^[ \t]*>(?![ \t]?\d).*$", re.MULTILINE)
_TO_THE_END = re.compile(
    r"^[ \t]*(?:"
    r"(?:on|el|le|am)\b(?=[^:]{0,80}\d)[^\n]{4,120}?(?:\n[^\n]{0,80}?)?\b(?:wrote|escribio|a ecrit|schrieb) ?:"
    r"|-{2,} ?(?:original message|mensaje original|message (?:d'origine|original)) ?-{2,}"
    r"|_{5,}\s*\n(?:from|de) ?:"
    r"|(?:from|de|von) ?:[^\n]*\n(?:sent|date|to|enviado|fecha|para|envoye|a) ?:"
    r")",
    re.MULTILINE,
)
_REPLIED = re.compile(
    r"\s*(?:(?:replied|replying|reply|in reply|in response) to|respondi(?:o|endo) a|en respuesta a"
    r"|a repondu a|en reponse a) ?:?\s*"
)
_SUBJECT = re.compile(
    r"^[ \t]*[<(\[]?(?:(?:subject|subj|asunto|objet|sujet) ?:[ \t]*(?:(?:re|rv|tr|fw|fwd) ?:[^\n>)\]]*)?[>)\]]?"
    r"|(?:re|rv|tr) ?:)"
    r"|[<(\[](?:no subject|sin asunto|sans objet)[>)\]]",
    re.MULTILINE,
)
_DEVICE = (
    r"(?:i ?phone|i ?pad|android|samsung|galaxy|verizon|t-mobile|at&t|smartphone|blackberry|pixel|outlook|gmail|yahoo"
    r"|(?:my|mi|mon) (?:car|phone|cell|mobile|(?:apple )?watch|device|movil|celular|telefono|telephone|portable)"
    r"|\w+ effect)"
)
_SIGNATURE = re.compile(
    r"[(\[]?\b(?:sent|enviado|envoye) (?:from|via|with|by|using|desde|con|de|depuis|avec)\b"
    rf"[^\n]{{0,30}}?{_DEVICE}\b[^\n]{{0,60}}"
    r"|\b(?:get|obtener|obtenez|telecharger?) outlook (?:for|para|pour) \w+"
)


def carried(folded: str) -> Iterator[Stretch]:
    """What mail programs and phones add. A text of nothing but quoted lines quotes nobody, unless it repeats us."""
    whole = _TO_THE_END.search(folded)
    lines = [match.span() for match in _QUOTED_LINE.finditer(folded)]
    if whole or _QUOTED_LINE.sub("", folded).strip():
        yield from lines
    if whole:
        quoted_by_lines = any(start >= whole.start() for start, _ in lines)
        yield whole.start(), whole.end() if quoted_by_lines else len(folded)
    replied = _REPLIED.match(folded)
    if replied and (end := quote_end(folded, replied.end())):
        yield replied.start(), end
    for pattern in (_SUBJECT, _SIGNATURE):
        yield from (match.span() for match in pattern.finditer(folded))


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text.

    sentence: in which sentence each stands. questions: the sentences that ask.
    threes: all runs of IN_MARKS words, for a quick look.
    """

    words: tuple[str, ...]
    places: tuple[Stretch, ...]
    sentence: tuple[int, ...]
    questions: frozenset[int]
    threes: frozenset[tuple[str, ...]]

    def ends(self, at: int) -> bool:
        return at + 1 == len(self.words) or self.sentence[at + 1] != self.sentence[at]

    def begins(self, at: int) -> bool:
        return at == 0 or self.sentence[at - 1] != self.sentence[at]


def repeats(folded: str, sent: Sequence[str]) -> list[Stretch]:
    """Where the text repeats what we sent: as it was, in other letters, or cut at its end; with the name before it."""
    said = _words(folded)
    found: list[Stretch] = []
    for text in sent[-MAX_SENT:]:
        if said.threes.isdisjoint(_ours(text).threes):
            continue
        runs = list(_runs(folded, said, _ours(text)))
        between = [(one[1], other[0]) for one, other in pairwise(runs)]
        found += runs + [gap for gap in between if len(_WORD.findall(folded[slice(*gap)])) <= FILLED_IN]
    return [(_name_before(folded, start), end) for start, end in found]


@lru_cache(maxsize=1)
def shipped() -> tuple[str, ...]:
    """What any Textback says that was not given other words, without what it fills in."""
    texts = [*SHIPPED.values(), *(hint for hints in HINTS.values() for hint in hints if hint.endswith("."))]
    return tuple(dict.fromkeys(re.sub(r"\{\w+\}", "\n", text) for text in texts))


def _runs(folded: str, said: _Words, ours: _Words) -> Iterator[Stretch]:
    """In order. At each word the longest run is looked at."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, word in enumerate(ours.words):
        places[word].append(at)
    at = 0
    while at < len(said.words):
        runs = [(_length(said, at, ours, place), place) for place in places.get(said.words[at], ())]
        length, place = max(runs, default=(0, 0))
        if length and _is_quote(folded, said, at, length, ours, place):
            yield said.places[at][0], said.places[at + length - 1][1]
            at += length
        else:
            at += 1


def _length(said: _Words, at: int, ours: _Words, place: int) -> int:
    """How many words go on alike; the last one may be cut where the text ends."""
    length = 0
    while at + length < len(said.words) and place + length < len(ours.words):
        word, meant = said.words[at + length], ours.words[place + length]
        cut = at + length + 1 == len(said.words) and length >= IN_MARKS and meant.startswith(word)
        if word != meant and not cut:
            break
        length += 1
    return length


def _is_quote(folded: str, said: _Words, at: int, length: int, ours: _Words, place: int) -> bool:
    if length >= ANYWHERE:
        return True
    start, last = said.places[at][0], at + length - 1
    before, behind = folded[:start].rstrip(), folded[said.places[last][1] :].lstrip(" .!?…")
    in_marks = before[-1:] in _OPENING and before != "" and (not behind or behind[0] in _CLOSING)
    if in_marks and length >= IN_MARKS:
        return True
    if length < WHOLE_SENTENCE or not (ours.begins(place) and said.begins(at)):
        return False
    if last + 1 == len(said.words) and not ours.ends(place + length - 1):
        return True
    echoed = ours.sentence[place] in ours.questions and "?" not in folded[said.places[last][1] :][:2]
    return ours.ends(place + length - 1) and not echoed


def _name_before(folded: str, start: int) -> int:
    """`Ace Plumbing: ` in front of it belongs to it."""
    name = _NAME.search(folded, max(start - 60, 0), start)
    return name.start() if name else start


@lru_cache(maxsize=512)
def _ours(text: str) -> _Words:
    return _words(fold(text)[0])


def _words(folded: str) -> _Words:
    matches = list(_WORD.finditer(folded))
    sentence, questions, number, end = [], set(), 0, 0
    for match in matches:
        between = folded[end : match.start()]
        if "?" in between:
            questions.add(number)
        number += any(mark in between for mark in ".!?:\n¿")
        sentence.append(number)
        end = match.end()
    if "?" in folded[end:]:
        questions.add(number)
    words = tuple(match.group() for match in matches)
    threes = frozenset(words[at : at + IN_MARKS] for at in range(len(words) - IN_MARKS + 1))
    places = tuple(match.span() for match in matches)
    return _Words(words, places, tuple(sentence), frozenset(questions), threes)


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, those that meet made one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found
