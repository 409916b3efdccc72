"""What in a text is a name (addresses, streets, towns, people, companies): its words mean nothing (Leake St)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bridge.domain.words.lexicon import Lexicon
from bridge.domain.words.places import places_in
from bridge.domain.words.tokens import After, Token

Span = tuple[int, int]

MAX_BRAND = 5  # words behind the first one of a company's name

_JOINED_BY = frozenset({"&", "and", "of"})
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mister", "senor", "senora", "sr", "sra", "don", "dona"})
_SURE_INTRODUCTIONS = (("my", "name", "is"), ("me", "llamo"), ("mi", "nombre", "es"), ("name", "is"), ("ask", "for"))
_INTRODUCTIONS = (
    ("this", "is"),
    ("i", "am"),
    ("i'm",),
    ("im",),
    ("it's",),
    ("its",),
    ("soy",),
    ("habla",),
    ("le", "habla"),
)
_INTRODUCE = frozenset(words[-1] for words in (*_SURE_INTRODUCTIONS, *_INTRODUCTIONS))
_HERE = frozenset({"here", "calling", "again", "texting", "at", "from"})
_FAREWELLS = frozenset({"thanks", "thank", "you", "regards", "sincerely", "gracias", "best", "cheers", "atentamente"})


def name_spans(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Span]:
    """The stretches of a text that are names, in characters of the original. tokens: its words."""
    reader = _Reader(text, tokens, lexicon)
    spans = [(place.start, place.end) for place in places_in(text, tokens, lexicon)]
    for find in (reader.streets, reader.people, reader.callers, reader.towns, reader.companies, reader.signature):
        spans += [(tokens[first].start, tokens[last].end) for first, last in find()]
    return spans


class _Reader:
    """Each method yields the first and last word of the names of one kind."""

    def __init__(self, text: str, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        self._text = text
        self._tokens = tokens
        self._words = [token.word for token in tokens]
        self._lexicon = lexicon

    def streets(self) -> Iterator[Span]:
        """`on Burnside Ave`, `Heather Ct`: a name before a street type, without a number."""
        types, ambiguous = self._lexicon.words("street_type"), self._lexicon.words("ambiguous_type")
        for at in range(1, len(self._tokens)):
            word = self._words[at]
            sure = word in types and (self._title(at) or word not in ambiguous)
            if sure and self._goes_on(at - 1) and self._nameable(at - 1):
                yield (at - 2 if at > 1 and self._goes_on(at - 2) and self._title(at - 2) else at - 1), at

    def people(self) -> Iterator[Span]:
        for at in range(len(self._tokens)):
            if self._words[at] in _TITLES and self._title(at + 1):
                yield at, self._titled_from(at + 1, most=2)
            if self._words[at - 1] == "from" and self._tokens[at - 1].after is After.COMMA and self._title(at):
                yield at, self._titled_from(at, most=2)  # "From: Joan Sparks"
            if not at or self._words[at - 1] not in _INTRODUCE:
                continue
            if self._introduced(_SURE_INTRODUCTIONS, at) and self._nameable(at):
                yield at, min(at + self._goes_on(at), len(self._tokens) - 1)
            elif self._introduced(_INTRODUCTIONS, at) and self._title(at) and self._nameable(at):
                yield at, self._titled_from(at, most=2)

    def callers(self) -> Iterator[Span]:
        """`Jerry Flood here`, `Jerry Flood, 12 Oak St`: two words that begin a text, the first one unheard of."""
        named = len(self._tokens) > 1 and self._title(0) and self._title(1) and self._goes_on(0)
        behind = "".join(self._words[2:3])
        follows = named and (not behind or behind in _HERE or behind.isdecimal() or not self._goes_on(1))
        if follows and self._nameable(1) and self._lexicon.is_unknown(self._words[0]):
            yield 0, 1

    def towns(self) -> Iterator[Span]:
        """`Sparks, NV`, `Burns Oregon`."""
        states, names = self._lexicon.words("state"), self._lexicon.words("state_name")
        for at in range(1, len(self._tokens)):
            state = self._words[at] in names or (self._words[at] in states and self._upper(at))
            if state and self._title(at - 1) and self._nameable(at - 1) and self._tokens[at - 1].after <= After.COMMA:
                yield (at - 2 if at > 1 and self._goes_on(at - 2) and self._title(at - 2) else at - 1), at

    def companies(self) -> Iterator[Span]:
        """`from Rapid Flood Restoration`, `Smoke & Barrel BBQ`, `Pat with FloodPro`; `Ed, Blaze Fire Systems`."""
        lead, trade = self._lexicon.words("company_lead") | {"@"}, self._lexicon.words("trade_name")
        for at in filter(self._title, range(len(self._tokens))):
            last = self._branded_to(at)
            if at and self._words[at - 1] in lead:
                known = self._words[last] in self._lexicon.words("company") | trade
                named = self._person_at(at - 2) and self._lexicon.is_unknown(self._words[last])
                if (last > at and (known or named)) or self._is_joined_capitals(at):
                    yield at, last
            elif last > at and self._words[last] in trade and self._signs(at, last):
                yield at, last

    def signature(self) -> Iterator[Span]:
        """`Thanks, Bernie Sparks` at the end."""
        last = len(self._tokens) - 1
        for size in (1, 2):
            first = last - size + 1
            if first > 0 and self._words[first - 1] in _FAREWELLS and all(map(self._title, range(first, last + 1))):
                yield first, last

    def _introduced(self, introductions: Sequence[tuple[str, ...]], at: int) -> bool:
        before = tuple(self._words[max(at - 3, 0) : at])
        return any(before[-len(words) :] == words for words in introductions)

    def _titled_from(self, at: int, most: int) -> int:
        last = at
        while last + 1 < len(self._tokens) and last - at + 1 < most and self._goes_on(last) and self._title(last + 1):
            last += 1
        return last

    def _branded_to(self, at: int) -> int:
        """Where a name ends that begins at `at`: `Smoke & Barrel BBQ`."""
        last = at
        while last + 1 < len(self._tokens) and last - at < MAX_BRAND and self._goes_on(last):
            step = 1 + (self._words[last + 1] in _JOINED_BY and self._goes_on(last + 1))
            if not (self._title(last + step) or self._upper(last + step)):
                break
            last += step
        return last

    def _signs(self, first: int, last: int) -> bool:
        """Do the words stand by themselves, a person's name beside them?"""
        ends = last + 1 == len(self._tokens) or not self._goes_on(last)
        apart = ends and (first == 0 or not self._goes_on(first - 1))
        return apart and (self._person_at(first - 1) or self._person_at(last + 1))

    def _person_at(self, at: int) -> bool:
        """A word with a capital that means nothing here: `Kim`, `Dave Hall`."""
        near = (at, at - 1) if at and self._title(at - 1) and self._goes_on(at - 1) else (at,)
        return self._title(at) and any(
            self._nameable(one) and self._lexicon.is_unknown(self._words[one]) for one in near
        )

    def _is_joined_capitals(self, at: int) -> bool:
        """`FloodPro`"""
        written = self._written(at)
        return any(one.islower() and other.isupper() for one, other in pairwise(written))

    def _nameable(self, at: int) -> bool:
        if not 0 <= at < len(self._tokens):
            return False
        word = self._words[at]
        return word[0].isalpha() and word not in self._lexicon.words("not_name") | self._lexicon.words("never_names")

    def _goes_on(self, at: int) -> bool:
        return self._tokens[at].after is After.SPACE

    def _title(self, at: int) -> bool:
        """Written like a name: a capital, then small letters."""
        written = self._written(at)
        return written[:1].isupper() and (len(written) == 1 or not written.isupper())

    def _upper(self, at: int) -> bool:
        return self._written(at).isupper()

    def _written(self, at: int) -> str:
        return self._text[self._tokens[at].start : self._tokens[at].end] if 0 <= at < len(self._tokens) else ""
