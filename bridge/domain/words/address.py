"""Where the customer is, and what is wrong there, in the customer's own words, over some texts together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.domain.words.lexicon import Lexicon, default_lexicon
from bridge.domain.words.places import Place, places_in
from bridge.domain.words.tokens import After, Token, tokenise

MAX_OPENING = 8  # words: in so short a part an address may begin that goes on in the next one
MAX_ISSUE = 100
FRAGMENT = 2  # words: a part so short may be a piece of the next one


@dataclass(frozen=True, slots=True)
class AddressAndIssue:
    """address, issue: as written by the customer, None where there is none."""

    address: str | None
    issue: str | None


def find(texts: Sequence[str], lexicon: Lexicon | None = None) -> AddressAndIssue:
    """The address (the most certain, then the first) and the issue told in some texts of one customer."""
    words = lexicon or default_lexicon()
    within = [(place,) for part, text in enumerate(texts) for place in places_in(text, tokenise(text, part), words)]
    across = [pieces for part in range(len(texts) - 1) for pieces in _across(texts, part, words)]
    found = across + within
    best = min(found, key=lambda pieces: (not pieces[0].certain, pieces[0].part, pieces[0].start), default=())
    address = " ".join(" ".join(texts[piece.part][piece.start : piece.end] for piece in best).split())
    return AddressAndIssue(address or None, _issue(texts, [piece for pieces in found for piece in pieces], words))


def _across(texts: Sequence[str], part: int, lexicon: Lexicon) -> Iterator[tuple[Place, Place]]:
    """Addresses that begin in a short part and end in the next: `250`, then `Birch St`; `19 Elm St`, then `Apt 4`."""
    left, right = texts[part : part + 2]
    words = tokenise(left)
    if not words or len(words) > MAX_OPENING or words[-1].after >= After.STOP:
        return
    joined = f"{left} {right[:MAX_ISSUE]}"
    for place in places_in(joined, tokenise(joined), lexicon):
        if place.certain and place.start < len(left) < place.end:
            end = place.end - len(left) - 1
            yield Place(part, place.start, len(left)), Place(part + 1, 0, end)


def _issue(texts: Sequence[str], places: Sequence[Place], lexicon: Lexicon) -> str | None:
    """The first words that are neither an address nor a greeting nor only an answer, up to MAX_ISSUE characters."""
    for part, text in enumerate(texts):
        told = list(_pieces(text, part, places, lexicon))
        if told:
            before = _fragments_before(texts, part)
            return _shortened(" ".join((before + text[told[0][0] : _run_end(told)]).split()))
    return None


def _fragments_before(texts: Sequence[str], part: int) -> str:
    """`no`, sent right before `heat`, belongs to it."""
    pair = texts[max(part - 1, 0) : part + 1]
    short = len(pair) == 2 and all(len(tokenise(text)) <= FRAGMENT for text in pair)
    return f"{pair[0]} " if short else ""


def _run_end(told: Sequence[tuple[int, int]]) -> int:
    """Where the last piece ends that still fits behind the first."""
    fitting = [end for start, end in told if end - told[0][0] <= MAX_ISSUE and start - told[0][1] < MAX_ISSUE]
    return fitting[-1] if fitting else told[0][1]


def _pieces(text: str, part: int, places: Sequence[Place], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Stretches between commas and stops that tell something; the words of an address are left out."""
    taken = [(place.start, place.end) for place in places if place.part == part]
    piece: list[Token] = []
    for token in tokenise(text, part):
        inside = any(start <= token.start < end for start, end in taken)
        if not inside:
            piece.append(token)
        if inside or token.after > After.SPACE:
            yield from _staff_messages(piece, lexicon)
            piece = []
    yield from _staff_messages(piece, lexicon)


def _staff_messages(piece: Sequence[Token], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Where the piece stands, without the small words at its end that led to an address."""
    last = len(piece)
    while last and piece[last - 1].word in lexicon.words("leads_to"):
        last -= 1
    if any(token.word not in lexicon.words("small_talk") and not token.word.isdecimal() for token in piece[:last]):
        yield piece[0].start, piece[last - 1].end


def _shortened(text: str) -> str:
    if len(text) <= MAX_ISSUE:
        return text
    return text[:MAX_ISSUE].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
